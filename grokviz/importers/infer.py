"""What a file does not say, inferred where its own numbers can confirm it, and else asked for."""

import random
from collections.abc import Mapping
from typing import NamedTuple, TypedDict

import numpy as np

from grokviz.config import SETTINGS, RunConfig
from grokviz.errors import RunError
from grokviz.importers.sources import Source
from grokviz.importers.values import whole_of
from grokviz.tasks import named_groups
from grokviz.tasks.numbers import is_prime
from grokviz.tasks.pairs import COMPOSE, NO_ANSWER, OPERATIONS, build_task, composition, operation_label

SURE = 0.9  # share of right answers from which an operation is recognised
RIVAL = 0.02  # and by how much the next best must fall behind
SEEDS = 100  # of the paper's shuffle that are tried
CLOSE = 0.05  # how far a loss may be from the logged one: checkpoints are an update apart from the log
CLOSELY = 1e-3  # the same where one seed and share, those of the settings, are all that is tried
A_LITTLE = 1.05  # and how far apart train and test loss must be then
APART = 10.0  # train and test loss must differ by this factor, or they cannot tell one split from another
FLOOR = 1e-7  # below, a log in float32 has rounded its losses, to multiples of `ROUNDED` and to zero
ROUNDED = 2.0**-24
OPERATION_KEYS = SETTINGS["operation"].in_files


class Split(NamedTuple):
    """A split as `RunConfig` says it, and how it is known."""

    split: str
    seed: int
    frac_train: float
    is_train: np.ndarray | None  # of split "stored"
    how: str


class Asked(TypedDict):
    """A question, by the settings of `RunConfig`."""

    operation: str
    group: str  # "" of other operations


class Guess(NamedTuple):
    """An operation, how it is known, and the share of the final model's answers that are right for it."""

    operation: str | None  # None when it has to be asked for
    how: str
    group: str = ""  # of the operation that composes its elements

    @property
    def settings(self) -> Asked:
        """As a `RunConfig` says it."""
        return {"operation": str(self.operation), "group": self.group}


def operation(predicted: np.ndarray, settings: Mapping[str, object]) -> Guess:
    """The operation that the file names and the final model's answers do not gainsay, or that they are right for."""
    p = len(predicted)
    shares = {}
    for name, ours in OPERATIONS.items():
        if ours.answer and (is_prime(p) or not ours.needs_prime):
            table = ours.table(p, seed=0)
            asked = table != NO_ANSWER
            shares[name] = float((predicted == table)[asked].mean())
    (best, share), (_, next_share) = sorted(shares.items(), key=lambda item: -item[1])[:2]
    group, of_group = _composition(predicted)
    if of_group >= SURE and of_group - share >= RIVAL:
        words = (
            f"{100 * of_group:.1f} % of the final model's answers are those of {composition(group).task(p)}"
        )
        return Guess(COMPOSE, words, group)
    words = f"{100 * share:.1f} % of the final model's answers are those of {operation_label(best)}"
    named = _named(settings)
    is_sure = share >= SURE and share - next_share >= RIVAL
    if named is not None and (not is_sure or named == best):
        return Guess(named, words if named == best and is_sure else "the settings in the file")
    if is_sure:
        return Guess(best, words + (f", though its settings say {operation_label(named)}" if named else ""))
    return Guess(
        None,
        f"The file does not say which operation it was trained on, and its answers fit none of ours: at best "
        f"{100 * share:.0f} % are those of {operation_label(best)}.",
    )


def _composition(predicted: np.ndarray) -> tuple[str, float]:
    """Of the groups with as many elements, each in its own order, the one whose products these answers are, and the
    share that are."""
    names = [name for name in named_groups.OFFERED if named_groups.order_of(name) == len(predicted)]
    shares = {name: float((predicted == named_groups.made(name).product).mean()) for name in names}
    return max(shares.items(), key=lambda item: item[1], default=("", 0.0))


def _named(settings: Mapping[str, object]) -> str | None:
    """The operation that the settings name, by our name for it or one of others."""
    for key in OPERATION_KEYS:
        for name, ours in OPERATIONS.items():
            if isinstance(text := settings.get(key), str) and text in (name, *ours.other_names):
                return name
    return None


def stored_split(source: Source, p: int, asked: Asked) -> Split | None:
    """The split by the training pairs in the file, in the words of the paper's shuffle where it is that."""
    if source.train_pairs is None:
        return None
    train, test = source.train_pairs, source.test_pairs
    if train.max() >= p * p or (test is not None and test.max() >= p * p):
        raise RunError(f"The training pairs in this file go beyond the {p * p:,} pairs of p = {p}.")
    if test is not None and np.intersect1d(train, test).size:
        raise RunError(
            "Some pairs in this file are both for training and for testing. It cannot be measured."
        )
    if len(train) == p * p:
        raise RunError("This file trained on every pair, so there is no test loss to watch.")
    is_train = np.zeros(p * p, dtype=bool)
    is_train[train] = True
    is_train, seed, fraction = is_train.reshape(p, p), seed_of(source.settings) or 0, share_of(len(train), p)
    how = "the training pairs in the file"
    for guess in dict.fromkeys([seed, 0]):
        config = RunConfig(p=p, split="paper", seed=guess, frac_train=fraction, **asked)
        if np.array_equal(build_task(config).is_train, is_train):
            return Split("paper", guess, fraction, None, how)
    if test is not None and len(train) + len(test) < p * p:
        how += f"; {p * p - len(train) - len(test):,} pairs that it names nowhere count as test pairs"
    return Split("stored", seed, fraction, is_train, how)


def share_of(n: int, p: int) -> float:
    """A share of the p x p pairs that makes n of them, in whole hundredths if possible."""
    rounded = round(n / p**2, 2)
    share = rounded if int(rounded * p * p) == n else (n + 0.5) / p**2
    return min(max(share, 0.01), 0.99)


def paper_split(
    loss: np.ndarray,
    logged: tuple[float, float],
    fractions: list[float],
    seeds: list[int],
    close: float = CLOSE,
) -> Split | None:
    """The seed and share of the paper's shuffle for which the loss of every pair gives the two logged losses.

    `loss` [p, p] in float64 is that of a checkpoint at which train and test loss differ much. None when no seed fits,
    or several do.
    """
    p = len(loss)
    flat = loss.reshape(-1)
    counts = np.clip([int(fraction * p * p) for fraction in fractions], 1, p * p - 1)
    fits: list[tuple[float, int, float]] = []
    for seed in dict.fromkeys(seeds):
        # Both from their own pairs: what is left of a sum of large losses says nothing of small ones.
        ordered = flat[_shuffled(p, seed)]
        train = np.cumsum(ordered)[counts - 1] / counts
        test = np.cumsum(ordered[::-1])[p * p - counts - 1] / (p * p - counts)
        off = np.maximum(distance(train, logged[0]), distance(test, logged[1]))
        i = int(off.argmin())
        if off[i] <= close:
            fits.append((float(off[i]), seed, fractions[i]))
    if len(fits) != 1:
        return None
    off, seed, fraction = fits[0]
    how = f"the shuffle of the paper's code with seed {seed} gives the logged losses to {100 * off:.2g} %"
    return Split("paper", seed, fraction, None, how)


def distance(found: np.ndarray | float, logged: float) -> np.ndarray:
    """How far losses are from a logged one, as a share of it; what float32 may have rounded away does not count."""
    off = np.abs(np.asarray(found) - logged)
    return np.maximum(off - ROUNDED, 0) / max(logged, FLOOR) if logged < FLOOR else off / logged


def telling_checkpoint(source: Source, factor: float = APART) -> tuple[int, tuple[float, float]] | None:
    """The checkpoint at which the logged train and test loss are furthest apart, and the two; None if nowhere."""
    best: tuple[float, int, tuple[float, float]] | None = None
    for index, step in enumerate(source.steps):
        train, test = loss_at(source.train_losses, step), loss_at(source.test_losses, step)
        if train is not None and test is not None and min(train, test) >= 0:
            ratio = _ratio((train, test))
            if best is None or ratio > best[0]:
                best = ratio, index, (train, test)
    return best[1:] if best and are_apart(best[2], factor) else None


def are_apart(losses: tuple[float, float], factor: float) -> bool:
    """Whether one loss is so many times the other."""
    return _ratio(losses) >= np.log(factor)


def _ratio(losses: tuple[float, float]) -> float:
    train, test = (max(loss, FLOOR) for loss in losses)
    return abs(float(np.log(test / train)))


def loss_at(rows: np.ndarray, step: int) -> float | None:
    """The logged loss at a step, or None."""
    index = int(np.searchsorted(rows[:, 0], step))
    return float(rows[index, 1]) if index < len(rows) and rows[index, 0] == step else None


def _shuffled(p: int, seed: int) -> list[int]:
    order = list(range(p * p))
    random.Random(seed).shuffle(order)
    return order


def seed_of(settings: Mapping[str, object]) -> int | None:
    """The seed that the settings name, if it can be one."""
    seed = whole_of(settings.get("seed"))
    return seed if seed is not None and 0 <= seed < 2**32 else None
