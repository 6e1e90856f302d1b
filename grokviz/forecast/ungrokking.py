"""What becomes of a grokked network that goes on with fewer pairs, as `python -m bench.ungrokking` found it.

Its table stands beside this file, with the command that makes it.
"""

import functools
import statistics
from pathlib import Path
from typing import NamedTuple

from grokviz.forecast import recorded

PARENT = "mod59-quick"  # the bundled run that is forked, at its last snapshot
FILE = Path(__file__).with_name("ungrokking.json")
STEPS = 1_600  # that every fork was trained for
SHARES = (
    0.05,
    0.06,
    0.07,
    0.08,
    0.1,
    0.12,
    0.15,
    0.2,
    0.25,
    0.35,
)  # of the table; the last is the parent's own
DECAYS = (2.0, 1.0, 0.0)  # the parent's own, and the others that were tried with the smallest share


class Fork(NamedTuple):
    """One fork: rows by steps since it began."""

    seed: int
    share: float
    weight_decay: float
    pairs: int  # that it goes on with
    at: tuple[int, ...]
    never_seen: tuple[float, ...]  # accuracy on pairs that neither it nor its parent was trained on
    removed: tuple[float | None, ...]  # and on those that its parent was; None where there are none
    train: tuple[float, ...]
    sum_squared_weights: tuple[float, ...]


@functools.cache
def forks() -> tuple[Fork, ...]:
    """All of them, by seed."""
    return tuple(Fork(**row) for row in recorded.rows(FILE, "forks"))


def command() -> str:
    """The command that made the table."""
    return recorded.command(FILE)


def of(share: float, weight_decay: float = DECAYS[0]) -> tuple[Fork, ...]:
    """The forks with this share and weight decay, one a seed."""
    return tuple(fork for fork in forks() if (fork.share, fork.weight_decay) == (share, weight_decay))


def median_end(share: float, weight_decay: float = DECAYS[0]) -> float:
    """The median over the seeds of the accuracy on pairs never seen, at the last row."""
    return statistics.median(fork.never_seen[-1] for fork in of(share, weight_decay))
