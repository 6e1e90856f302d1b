"""What a file does not say, inferred where its own numbers can confirm it, and else asked for."""

import random
from typing import NamedTuple

import numpy as np

from grokviz.config import RunConfig
from grokviz.errors import RunError
from grokviz.importers.sources import Source
from grokviz.tasks.numbers import is_prime
from grokviz.tasks.pairs import NO_ANSWER, OPERATIONS, build_task, operation_label

SURE = 0.9  # share of right answers from which an operation is recognised
RIVAL = 0.02  # and by how much the next best must fall behind
SEEDS = 100  # of the paper's shuffle that are tried
CLOSE = 0.05  # how far a loss may be from the logged one: checkpoints are an update apart from the log
APART = 10.0  # train and test loss must differ by this factor, or they cannot tell one split from another


class Split(NamedTuple):
    """A split as `RunConfig` says it, and how it is known."""

    split: str
    seed: int
    frac_train: float
    is_train: np.ndarray | None  # of split "stored"
    how: str


def operation(predicted: np.ndarray, settings: dict) -> tuple[str, str]:
    """The operation that the final model's answers are right for, and how it is known.

    Raises `RunError` when none fits: then it has to be given.
    """
    p = len(predicted)
    shares = {}
    for name, ours in OPERATIONS.items():
        if ours.answer and (is_prime(p) or not ours.needs_prime):
            table = ours.table(p, seed=0)
            asked = table != NO_ANSWER
            shares[name] = float((predicted == table)[asked].mean())
    (best, share), (_, next_share) = sorted(shares.items(), key=lambda item: -item[1])[:2]
    if share >= SURE and share - next_share >= RIVAL:
        return best, f"{100 * share:.1f} % of the final model's answers are those of {operation_label(best)}"
    named = str(settings.get("fn_name"))
    if found := [name for name, ours in OPERATIONS.items() if named in ours.other_names]:
        return found[0], "the settings in the file"
    raise RunError(
        f"The file does not say which operation it was trained on, and its answers fit none of ours: at best "
        f"{100 * share:.0f} % are those of {operation_label(best)}. Give it: --operation {best}, or one of "
        f"{', '.join(OPERATIONS)}."
    )


def stored_split(source: Source, p: int, operation: str) -> Split | None:
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
    is_train, seed, fraction = (
        is_train.reshape(p, p),
        _whole(source.settings.get("seed")),
        share_of(len(train), p),
    )
    how = "the training pairs in the file"
    for guess in dict.fromkeys([seed, 0]):
        config = RunConfig(p=p, operation=operation, split="paper", seed=guess, frac_train=fraction)
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
    loss: np.ndarray, logged: tuple[float, float], fractions: list[float], first: int
) -> Split | None:
    """The seed and share of the paper's shuffle for which the loss of every pair gives the two logged losses.

    `loss` [p, p] is that of a checkpoint at which train and test loss differ much. None when no seed fits.
    """
    p = len(loss)
    flat, total = loss.reshape(-1), loss.sum()
    counts = np.array([int(fraction * p * p) for fraction in fractions])
    best: tuple[float, int, float] | None = None
    for seed in dict.fromkeys([first, *range(SEEDS)]):
        sums = np.cumsum(flat[_shuffled(p, seed)])[counts - 1]
        train, test = sums / counts, (total - sums) / (p * p - counts)
        off = np.maximum(_off(train, logged[0]), _off(test, logged[1]))
        i = int(off.argmin())
        if best is None or off[i] < best[0]:
            best = float(off[i]), seed, fractions[i]
    if best is None or best[0] > CLOSE:
        return None
    how = f"the shuffle of the paper's code with seed {best[1]} gives the logged losses to {100 * best[0]:.2g} %"
    return Split("paper", best[1], best[2], None, how)


def _off(found: np.ndarray, logged: float) -> np.ndarray:
    return np.abs(found - logged) / logged


def telling_checkpoint(source: Source) -> tuple[int, tuple[float, float]] | None:
    """The checkpoint at which the logged train and test loss are furthest apart, and the two; None if nowhere."""
    best: tuple[float, int, tuple[float, float]] | None = None
    for index, step in enumerate(source.steps):
        train, test = loss_at(source.train_losses, step), loss_at(source.test_losses, step)
        if train and test and min(train, test) > 1e-7:  # below, float32 has rounded them
            ratio = abs(float(np.log(test / train)))
            if best is None or ratio > best[0]:
                best = ratio, index, (train, test)
    return best[1:] if best and best[0] >= np.log(APART) else None


def loss_at(rows: np.ndarray, step: int) -> float | None:
    """The logged loss at a step, or None."""
    index = int(np.searchsorted(rows[:, 0], step))
    return float(rows[index, 1]) if index < len(rows) and rows[index, 0] == step else None


def _shuffled(p: int, seed: int) -> list[int]:
    order = list(range(p * p))
    random.Random(seed).shuffle(order)
    return order


def _whole(value: object) -> int:
    return value if type(value) is int and 0 <= value < 2**32 else 0
