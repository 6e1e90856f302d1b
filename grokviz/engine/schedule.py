"""When to log and when to keep the weights: densely where things happen, within a fixed budget."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable


class LogRow(NamedTuple):
    """The scalars of one step, of the weights as they are after `step` updates."""

    step: int
    train_loss: float
    test_loss: float
    train_accuracy: float
    test_accuracy: float
    sum_squared_weights: float
    # `tasks.pairs.further_columns`: None of a run that does not have them.
    removed_accuracy: float | None = None
    corrected: float | None = None


@runtime_checkable
class Paced(Protocol):
    """What a config says of the pace: that of pairs, and that of sequences."""

    @property
    def steps(self) -> int: ...
    @property
    def stop(self) -> str: ...
    @property
    def log_every(self) -> int: ...
    @property
    def max_snapshots(self) -> int: ...


def is_logged(step: int, config: Paced) -> bool:
    """Every step at first, then ever wider, up to every `log_every` steps; the last step always."""
    return step % max(1, min(config.log_every, step // 25)) == 0 or step == config.steps


# How far a run is expected to travel, in decades of loss: through time (the square root of the step, so
# that early steps count for more), and through losses and weight norm (typical of a run that groks).
TIME_PATH = 20.0
MOVE_PATH = 20.0
NORM_WEIGHT = 14.0  # a decade of squared weights is worth this many decades of loss
GROKKED = 0.999  # test accuracy
LOSS_FLOOR = 1e-5  # below, nothing a person can see changes


@dataclass(frozen=True)
class Schedule:
    """Spends the snapshots that are left evenly over the path that is left.

    A run moves when its losses or its weight norm change, and a little merely by going on. A snapshot is
    due when it has moved by (path left) / (snapshots left) since the last one. A run that moves more than
    was expected gets wider gaps, never more snapshots.
    """

    taken: int = 0
    moved: float = 0.0  # of MOVE_PATH, so far
    last: tuple[float, ...] = ()  # coordinates at the last snapshot
    best_step: int = 0  # when the test loss last halved its record
    best_loss: float = math.inf

    def after(
        self, row: LogRow, config: Paced, where: Callable[[LogRow, Paced], tuple[float, ...]] | None = None
    ) -> tuple[bool, "Schedule"]:
        """Whether a snapshot is due at this row, and the schedule to go on with.

        `where` gives the place of a row on its path, the time first; a run on pairs is measured in decades of loss.
        """
        here = (where or _coordinates)(row, config)
        best = (row.step, row.test_loss) if row.test_loss < self.best_loss / 2 else self.best
        if not self.last:
            return True, Schedule(1, 0.0, here, *best)
        time, *moves = (abs(x - y) for x, y in zip(here, self.last, strict=True))
        path_left = TIME_PATH - here[0] + max(MOVE_PATH - self.moved, 0)
        left = config.max_snapshots - self.taken - 1  # one is kept for the last step
        due = left > 0 and time + sum(moves) >= path_left / left
        after = Schedule(self.taken, self.moved, self.last, *best)
        if not (due or row.step == config.steps or after.has_finished(row, config)):
            return False, after
        return True, Schedule(self.taken + 1, self.moved + sum(moves), here, *best)

    @property
    def best(self) -> tuple[int, float]:
        return self.best_step, self.best_loss

    def has_finished(self, row: LogRow, config: Paced) -> bool:
        """Whether training ends here: at the last step or, by the stop rule "cleanup", once the network has
        grokked and its test loss has not halved for a quarter of its way."""
        if row.step == config.steps:
            return True
        cleaned_up = row.test_accuracy >= GROKKED and row.step >= 1.25 * self.best_step + 200
        return config.stop == "cleanup" and cleaned_up

    def to_json(self) -> dict[str, object]:
        return dataclasses.asdict(self)

    @staticmethod
    def from_json(values: Mapping[str, object]) -> "Schedule":
        """Back from `to_json`. Raises `TypeError` when the values are no schedule's."""
        match values:
            case {
                "taken": int(taken), "moved": float(moved) | int(moved), "last": list(last) | tuple(last),
                "best_step": int(best_step), "best_loss": float(best_loss) | int(best_loss),
            }:  # fmt: skip
                return Schedule(taken, float(moved), tuple(map(float, last)), best_step, float(best_loss))
        raise TypeError("no schedule")


def _coordinates(row: LogRow, config: Paced) -> tuple[float, ...]:
    """Where a run stands: [time, log train loss, log test loss, log weight norm], in decades of loss."""
    return (
        TIME_PATH * math.sqrt(row.step / config.steps),
        math.log10(max(row.train_loss, LOSS_FLOOR)),
        math.log10(max(row.test_loss, LOSS_FLOOR)),
        NORM_WEIGHT * math.log10(max(row.sum_squared_weights, 1e-12)),
    )
