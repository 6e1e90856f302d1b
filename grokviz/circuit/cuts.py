"""Cuts: what to take out of a network or to replace in it, as a record that fits into a link.

    neurons-drop-7-11.heads-0.polynomial.noise-10-3

Items are joined by points, the words of an item by hyphens: characters that an address leaves as they are.
"""

from dataclasses import dataclass, fields
from typing import NamedTuple

from grokviz.config import RunConfig
from grokviz.errors import CutsError

MODES = ("drop", "keep")
SKIPS = ("attention", "mlp")
NOISE_LIMIT = 500  # per cent of the size of the weights
SEEDS = 1000
MAX_TEXT = 4000  # characters: beyond any address that a browser takes


class Choice(NamedTuple):
    """Frequencies to drop, or to keep while all others are dropped."""

    mode: str
    freqs: tuple[int, ...]


@dataclass(frozen=True)
class Cuts:
    """Everything that is cut, in the order in which it is done; nothing by default. See `interventions`."""

    noise: tuple[int, ...] = ()  # level in per cent of the root mean square of every matrix, seed
    embedding: Choice | None = None  # waves of the numbers in W_E
    linear: bool = False  # attention as a sum of waves of one frequency, without the softmax
    heads: tuple[int, ...] = ()  # silenced: they write nothing
    means: tuple[int, ...] = ()  # heads that write their mean over all pairs
    skips: tuple[str, ...] = ()  # removed: the way around "attention", around the "mlp"
    polynomial: bool = False  # neurons of one frequency as polynomials of degree 2 in its waves
    neurons: Choice | None = None  # waves of a + b in the neurons
    directions: Choice | None = None  # the neurons along the waves of W_L over the answers
    clusters: tuple[int, ...] = ()  # all neurons of these frequencies are silenced
    silence: tuple[int, ...] = ()  # single neurons that are silenced
    spectrum: Choice | None = None  # products of waves of a and b in the logits
    logits: Choice | None = None  # waves of a + b in the logits
    waves: tuple[int, ...] = ()  # the logits as nothing but the fitted waves of these frequencies


CHOICES = ("embedding", "neurons", "directions", "spectrum", "logits")
FLAGS = ("linear", "polynomial")
NO_CUTS = Cuts()


def format_cuts(cuts: Cuts) -> str:
    """The cuts as a text, the same for the same cuts; empty when nothing is cut."""
    items = []
    for field in fields(Cuts):
        value = getattr(cuts, field.name)
        if isinstance(value, Choice):
            items.append("-".join([field.name, value.mode, *map(str, value.freqs)]))
        elif value is True:
            items.append(field.name)
        elif value:
            items.append("-".join([field.name, *map(str, value)]))
    return ".".join(items)


def parse_cuts(text: str, config: RunConfig, freqs: int) -> Cuts:
    """The cuts back from their text, for a run with so many frequencies, or blocks of its group.

    Raises `CutsError` when an item is unknown, comes twice, or names what the network does not have.
    """
    if len(text) > MAX_TEXT:
        raise CutsError(f"Cuts of {len(text):,} characters are too many. Use at most {MAX_TEXT:,}.")
    found: dict = {}
    for item in text.split(".") if text else []:
        name, *words = item.split("-")
        if name not in _NAMES:
            raise CutsError(f"Unknown cut {item[:40]!r}. The cuts are: {', '.join(_NAMES)}.")
        if name in found:
            raise CutsError(f"The cut {name} comes twice. Put all it cuts into one item.")
        found[name] = _value(name, words)
    return check_cuts(Cuts(**found), config, freqs)


def check_cuts(cuts: Cuts, config: RunConfig, freqs: int) -> Cuts:
    """The cuts as they are. Raises `CutsError` when they name what the network does not have."""
    for name in CHOICES:
        choice = getattr(cuts, name)
        if choice:
            _check_numbers(name, choice.freqs, 1, freqs)
    for name, low, high in (
        ("heads", 0, config.n_heads - 1),
        ("means", 0, config.n_heads - 1),
        ("clusters", 1, freqs),
        ("silence", 0, config.d_mlp - 1),
        ("waves", 1, freqs),
    ):
        _check_numbers(name, getattr(cuts, name), low, high)
    if both := set(cuts.heads) & set(cuts.means):
        raise CutsError(f"Head {min(both)} is both in heads and in means. Leave it in one of them.")
    if cuts.noise:
        if len(cuts.noise) != 2:
            raise CutsError(f"noise has {len(cuts.noise)} numbers. Write its level in per cent, then a seed.")
        _check_numbers("noise", cuts.noise[:1], 1, NOISE_LIMIT)
        _check_numbers("noise", cuts.noise[1:], 0, SEEDS - 1)
    return cuts


_NAMES = tuple(field.name for field in fields(Cuts))


def _value(name: str, words: list[str]) -> object:
    if name in FLAGS:
        if words:
            raise CutsError(f"{name} stands alone, got {'-'.join(words)[:40]!r} after it.")
        return True
    if name == "skips":
        if not words or not set(words) <= set(SKIPS) or len(set(words)) < len(words):
            raise CutsError(f"skips got {'-'.join(words)[:40]!r}. Write {' or '.join(SKIPS)}, or both.")
        return tuple(words)
    if name in CHOICES:
        mode, *words = words or [""]
        if mode not in MODES:
            raise CutsError(f"{name} got {mode[:40]!r}. Write {' or '.join(MODES)}, then its frequencies.")
        return Choice(mode, _numbers(name, words))
    return _numbers(name, words)


def _numbers(name: str, words: list[str]) -> tuple[int, ...]:
    if not words or not all(word.isascii() and word.isdigit() and len(word) < 6 for word in words):
        raise CutsError(
            f"{name} got {'-'.join(words)[:40]!r}. Write whole numbers with hyphens between them."
        )
    return tuple(map(int, words))


def _check_numbers(name: str, numbers: tuple[int, ...], low: int, high: int) -> None:
    if len(set(numbers)) < len(numbers):
        raise CutsError(f"{name} names {numbers} with one of them twice. Name each once.")
    if wrong := [number for number in numbers if not low <= number <= high]:
        raise CutsError(f"{name} names {wrong[0]}, and this network has {low} to {high}.")
