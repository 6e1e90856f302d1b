"""What few data make of the three tasks on sequences, with weight decay and without, as `python -m bench.few_data` found it.

Its table stands beside this file, with the command that makes it. Digits and repeats are smaller here than their recipes: at
full size the wait is of ten or two hundred thousand steps (Nanda and Lieberum's released curves).
"""

import functools
import statistics
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float

from grokviz.forecast import recorded
from grokviz.sequence_config import SequenceConfig, recipe

FILE = Path(__file__).with_name("few_data.json")
KNOWN = 0.1  # of the plateau: with such a training loss the sequences are known by heart
UNDERSTOOD = 0.5  # of the plateau: with such a loss on others it does more than guess
LATER = 3  # times as late as known by heart: then it was a wait
TOWER = 1.25  # times the plateau: with such a loss it is surely wrong of others
SMALLER: dict[str, dict[str, object]] = {
    "skip-trigrams": {"n_train": 100, "steps": 2000},
    "digits": {
        "n_digits": 3, "d_model": 64, "d_head": 16, "d_mlp": 256, "n_train": 300, "lr": 3e-3, "weight_decay": 1.0,
        "batch_size": 150, "n_test": 200, "steps": 4000,
    },
    "repeats": {
        "n_symbols": 32, "length": 43, "span": 8, "n_train": 256, "lr": 3e-3, "weight_decay": 1.0, "batch_size": 64,
        "n_test": 64, "steps": 4000,
    },
}  # fmt: skip


def config(task: str, decays: bool, **changed: object) -> SequenceConfig:
    """A training on few data, with the weight decay of the table or with none, and with some settings changed."""
    settings = {**SMALLER[task], "log_every": 50, "max_snapshots": 2}
    return recipe(task, **(settings | ({} if decays else {"weight_decay": 0.0}) | changed))


class Outcome(NamedTuple):
    """One training, by the steps of its log; losses in nats."""

    task: str
    seed: int
    decays: bool
    plateau: float
    at: tuple[int, ...]
    train: tuple[float, ...]
    test: tuple[float, ...]

    @property
    def known_at(self) -> int | None:
        """The first step at which it knows its sequences by heart."""
        return next(
            (s for s, loss in zip(self.at, self.train, strict=True) if loss < KNOWN * self.plateau), None
        )

    @property
    def peak(self) -> float:
        """The highest loss on others."""
        return max(self.test)

    @property
    def understood_at(self) -> int | None:
        """The first step from which on it does better than guess on others, to the end."""
        good = [loss < UNDERSTOOD * self.plateau for loss in self.test]
        if not good[-1]:
            return None
        return self.at[max((i + 1 for i, is_good in enumerate(good) if not is_good), default=0)]

    @property
    def groks(self) -> bool:
        """It understood, and long after it knew its sequences by heart, with a loss on others far above guessing in between."""
        if self.known_at is None or self.understood_at is None:
            return False
        return self.understood_at >= LATER * self.known_at and self.peak > TOWER * self.plateau


@functools.cache
def outcomes() -> tuple[Outcome, ...]:
    """All of them."""
    return tuple(Outcome(**row) for row in recorded.rows(FILE, "outcomes"))


def arrays(
    found: Outcome, side: Literal["train", "test"]
) -> tuple[Float[np.ndarray, " rows"], Float[np.ndarray, " rows"]]:
    """Steps and losses of one side, to be drawn."""
    return np.array(found.at, float), np.array(getattr(found, side), float)


def command() -> str:
    """The command that made the table."""
    return recorded.command(FILE)


def of(task: str, decays: bool) -> tuple[Outcome, ...]:
    """The trainings of a task, one a seed."""
    return tuple(found for found in outcomes() if (found.task, found.decays) == (task, decays))


def median(values: list[int | None]) -> int | None:
    """The median step; None where most have none."""
    late = 10**9
    middle = statistics.median_high([late if value is None else value for value in values])
    return None if middle == late else middle
