"""The race of the frequencies: when it was decided with which of them the finished network computes.

Ding et al. 2024 (arXiv 2405.17420) and He et al. 2026 (arXiv 2602.16849): frequencies compete, and how strong one is
early on says whether it survives. What is looked at here is its wave in the logits, `trig_coefficients`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from grokviz.study.timeline import Timeline


class Race(NamedTuple):
    """The moments of a race, each a step that has a snapshot; None where there is no such moment.

    Leaders are the m frequencies with the largest coefficients at a snapshot, winners the m key frequencies.

    - open: the last snapshot before `ahead` at which fewer than half of the leaders are winners: by the order of the
      frequencies, nobody could have told.
    - ahead: the first snapshot at which the leaders are the winners, be it for a moment.
    - decided: the first snapshot from which on they are, at every later one.
    """

    open: int | None = None
    ahead: int | None = None
    decided: int | None = None


def winners_ahead(alpha: Float[np.ndarray, "n half_p"], keys: Sequence[int]) -> Int[np.ndarray, " n"]:
    """How many of the m key frequencies are among the m with the largest coefficients, at each snapshot."""
    m = len(keys)
    leaders = np.argsort(-alpha, axis=1, kind="stable")[:, :m] + 1
    return np.isin(leaders, list(keys)).sum(axis=1)


def race(timeline: Timeline) -> Race:
    """When the race was decided in this run; nothing where it is not measured, or no frequency is key, or all are."""
    if "trig_coefficients" not in timeline.series:
        return Race()
    keys, alpha = timeline.key_freqs, timeline["trig_coefficients"]
    if not 0 < len(keys) < alpha.shape[1]:
        return Race()
    return race_of(timeline.steps, alpha, keys)


def race_of(steps: Int[np.ndarray, " n"], alpha: Float[np.ndarray, "n half_p"], keys: Sequence[int]) -> Race:
    """The same of these steps, coefficients and winners."""
    n_ahead, m = winners_ahead(alpha, keys), len(keys)
    all_ahead = np.flatnonzero(n_ahead == m)
    if not len(all_ahead):
        return Race()
    first, undecided = int(all_ahead[0]), np.flatnonzero(n_ahead < m)
    anybody = np.flatnonzero(2 * n_ahead[:first] < m)
    for_good = int(undecided[-1]) + 1 if len(undecided) else 0
    return Race(
        int(steps[anybody[-1]]) if len(anybody) else None,
        int(steps[first]),
        int(steps[for_good]) if for_good < len(steps) else None,
    )
