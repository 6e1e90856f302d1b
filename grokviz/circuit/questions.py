"""Questions to a network: what it says to a pair, which frequencies spoke for it, and which pairs to ask about."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from grokviz.tasks.groups import Group, cyclic
from grokviz.tasks.pairs import NO_ANSWER


class Answer(NamedTuple):
    """What the network says to one pair."""

    ranked: Int[np.ndarray, " p"]  # the answers, the most probable first
    probability: Float[np.ndarray, " p"]  # of each answer
    margin: float  # logit of the right answer above the best of the others, in nats; below 0 it is wrong
    rival: int  # the best of the others


def ask(logits: Float[np.ndarray, " p"], right: int) -> Answer:
    """The softmax of the logits of one pair, and how the right answer stands in it."""
    logits = logits.astype(np.float64)
    weight = np.exp(logits - logits.max())
    ranked = np.argsort(-logits, kind="stable")
    rival = int(next(c for c in ranked if c != right))
    return Answer(ranked, weight / weight.sum(), float(logits[right] - logits[rival]), rival)


def speakers(
    logits: Float[np.ndarray, " n"], right: int, rival: int, group: Group | None = None
) -> Float[np.ndarray, " blocks"]:
    """What each frequency k = 1..n//2 of the logits adds to right minus rival; together exactly that margin."""
    group = group or cyclic(len(logits))
    basis = group.basis
    spoken = (basis @ logits.astype(np.float64)) * (basis[:, right] - basis[:, rival])
    return np.add.reduceat(spoken, group.starts[1:])


def margins(logits: Float[np.ndarray, "p p p"], answers: Int[np.ndarray, "p p"]) -> Float[np.ndarray, "p p"]:
    """Logit of the right answer above the best of the others, of every pair; NaN where there is no answer."""
    index = answers[..., None]  # -1 reads the last class; dropped below
    right = np.take_along_axis(logits, index, axis=2)
    others = logits.copy()
    np.put_along_axis(others, index, -np.inf, axis=2)
    return np.where(answers == NO_ANSWER, np.nan, right[..., 0] - others.max(axis=2))


def from_the_worst(margin: Float[np.ndarray, "p p"]) -> list[tuple[int, int]]:
    """All pairs with an answer, the ones it is most wrong about first, those it is surest of last."""
    order = np.argsort(np.where(np.isnan(margin), np.inf, margin), axis=None, kind="stable")
    order = order[: int((~np.isnan(margin)).sum())]
    return [divmod(int(cell), len(margin)) for cell in order]


def least_sure(margin: Float[np.ndarray, "p p"]) -> tuple[int, int] | None:
    """The pair whose right answer and best other are closest; None when nothing can be compared."""
    if np.isnan(margin).all():
        return None
    a, b = divmod(int(np.nanargmin(abs(margin))), len(margin))
    return a, b


def learned_last(is_right: Bool[np.ndarray, "n p p"]) -> tuple[int, int, int] | None:
    """(a, b, snapshot): the pair that is right at the end and became so for good last, and since when.

    None when no pair is right at the end, or each of them was so from the beginning.
    """
    n = len(is_right)
    wrong_last = n - 1 - np.argmin(is_right[::-1], axis=0)  # the last snapshot at which it was wrong
    since = np.where(is_right.all(axis=0), 0, wrong_last + 1)
    since = np.where(is_right[-1], since, 0)
    if not since.any():
        return None
    a, b = divmod(int(since.argmax()), is_right.shape[2])
    return a, b, int(since[a, b])
