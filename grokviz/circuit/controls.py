"""The random control of a cut: the same cut with as many others of what it names, drawn at random.

What a cut destroys says something only beside what as many others destroy. Frequencies, neurons and heads that the
cut names are replaced by as many others that it does not name; all else of it (noise, shapes, ways around) stays.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from grokviz.circuit.cuts import CHOICES, Choice, Cuts
from grokviz.config import RunConfig

DRAWS = 10
TRIES = 200  # of a draw that is another than those before
STREAM = 11  # of random numbers
FREQUENCIES, NEURONS, HEADS = "frequencies", "neurons", "heads"


class Part(NamedTuple):
    """One part of a cut that names things: which, and out of how many."""

    name: str  # the field of `Cuts`
    what: str  # frequencies, neurons or heads
    named: tuple[int, ...]
    among: range

    @property
    def others(self) -> int:
        """How many the cut does not name."""
        return len(self.among) - len(self.named)


class Control(NamedTuple):
    """The draws of a control, and why there are none where there are none; "" otherwise."""

    draws: tuple[Cuts, ...]
    why_none: str = ""


def parts_of(
    cuts: Cuts, config: RunConfig, freqs: int, owners: Int[np.ndarray, " d_mlp"] | None
) -> tuple[Part, ...]:
    """What a cut names, part by part; `freqs` is how many frequencies there are, or blocks of the group, `owners` that of each neuron.

    Neurons are silenced by their frequency (`clusters`) or one by one (`silence`): here they are neurons all alike.
    Heads that are silenced and heads that write their mean are two parts of the same heads.
    """
    every = range(1, freqs + 1)
    found = [
        Part(name, FREQUENCIES, choice.freqs, every)
        for name in CHOICES
        if (choice := getattr(cuts, name)) is not None and choice.freqs
    ]
    if cuts.waves:
        found.append(Part("waves", FREQUENCIES, cuts.waves, every))
    found += [
        Part(name, HEADS, getattr(cuts, name), range(config.n_heads))
        for name in ("heads", "means")
        if getattr(cuts, name)
    ]
    if silent := silenced(cuts, owners):
        found.append(Part("silence", NEURONS, silent, range(config.d_mlp)))
    return tuple(found)


def silenced(cuts: Cuts, owners: Int[np.ndarray, " d_mlp"] | None) -> tuple[int, ...]:
    """The neurons that a cut silences, one by one or by their frequency."""
    by_frequency = [] if owners is None else np.flatnonzero(np.isin(owners, cuts.clusters)).tolist()
    return tuple(sorted({*cuts.silence, *by_frequency}))


def control(
    cuts: Cuts, parts: tuple[Part, ...], draws: int = DRAWS, frequencies: str = FREQUENCIES
) -> Control:
    """Cuts of the same kind and size as `cuts` with none of what its parts name, all different.

    There are `draws` of them, or as many as there are. The same random orders are used for every cut, so that two cuts of
    one size share most of their draws, and what is computed of them. `frequencies`: what they are called where none can be drawn.
    """
    if not parts:
        return Control(
            (), "Nothing that can be counted is cut, so there is nothing to draw as many others of."
        )
    for what in (FREQUENCIES, NEURONS, HEADS):
        same = [part for part in parts if part.what == what]
        asked = (
            sum(len(part.named) for part in same)
            if what == HEADS
            else max((len(p.named) for p in same), default=0)
        )
        left = min((_left(part, same) for part in same), default=0)
        if asked > left:
            return Control(
                (),
                f"The cut takes {asked} of the {len(same[0].among)} {frequencies if what == FREQUENCIES else what}, and as many others do not exist.",
            )
    possible = math.prod(math.comb(part.others, len(part.named)) for part in parts)
    found: dict[Cuts, None] = {}
    for drawn in _orders(cuts, parts):
        found[drawn] = None
        if len(found) == min(draws, possible):
            break
    return Control(tuple(found))


def _left(part: Part, same: list[Part]) -> int:
    """How many there are besides what the cut names: of heads, in either of their two parts."""
    named = {one for other in same for one in other.named} if part.what == HEADS else set(part.named)
    return len(part.among) - len(named)


def _orders(cuts: Cuts, parts: tuple[Part, ...]) -> Iterator[Cuts]:
    for draw in range(TRIES):
        changed: dict[str, object] = {"clusters": ()}
        taken = {one for part in parts if part.what == HEADS for one in part.named}
        for part in parts:
            order = np.random.default_rng([STREAM, draw, len(part.among)]).permutation(part.among).tolist()
            out = taken if part.what == HEADS else set(part.named)
            others = tuple(sorted([one for one in order if one not in out][: len(part.named)]))
            if part.what == HEADS:
                taken = taken | set(others)
            mine = getattr(cuts, part.name)
            changed[part.name] = Choice(mine.mode, others) if isinstance(mine, Choice) else others
        yield replace(cuts, **changed)  # pyright: ignore[reportArgumentType]


def key_hits(cuts: Cuts, key_freqs: tuple[int, ...]) -> bool:
    """Whether a draw takes a key frequency or block: what it then destroys is no accident."""
    named = {k for name in CHOICES if (choice := getattr(cuts, name)) is not None for k in choice.freqs}
    return bool({*named, *cuts.waves} & {*key_freqs})
