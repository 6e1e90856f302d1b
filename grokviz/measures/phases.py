"""When a run memorised, formed its circuit and cleaned up: found in its own losses, never assumed.

The three phases are those of Nanda et al. 2023 (arXiv 2301.05217, section 5.2). The paper gives their ends
for one run by eye (1,400, 9,400 and 14,000 steps); the rules below are ours, and find such ends in any run.
"""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Num

ACCURATE = 0.99  # accuracy that counts as having learnt a split
FALLEN = 0.5  # of its peak: where the test loss leaves its plateau
SETTLED = 10.0  # times its later minimum: where the test loss has arrived
SHRUNK = 1.05  # times their later minimum: where the squared weights have arrived
UNDERWAY = 0.8  # of its peak: where a fall of the test loss is more than a wobble
# A wrong pair costs at least log 2: another answer is as likely as the right one. So a mean loss L over all pairs
# leaves at most a share L / log 2 of them wrong, and below this one the accuracy is `ACCURATE` whatever it was.
SURELY_ACCURATE = (1 - ACCURATE) * math.log(2)


class Event(NamedTuple):
    """Something that happened at `step`, and not yet at the evaluation before it, `after`.

    `by_loss`: nobody logged the accuracy there; the loss says that it had happened by then at the latest.
    `after` is `step` itself where no evaluation came before.
    """

    step: int
    after: int
    by_loss: bool = False


EVENT_NAMES = ("memorised_at", "circuit_from", "cleanup_from", "grokked_at", "cleanup_to")


class Phases(NamedTuple):
    """The events of a run in order, each None where it did not happen (or not yet).

    - memorised: train accuracy reaches 99 %.
    - circuit: the test loss is at its peak. From here on it falls: memorisation has ended and the circuit
      that generalises takes over, long before the accuracy shows it.
    - cleanup: the test loss falls below half its peak for the last time before the run groks.
    - grokked: test accuracy reaches 99 %.
    - cleaned: the test loss is within a factor of ten, and the squared weights within 5 %, of the lowest that
      they will reach.
    """

    memorised: Event | None = None
    circuit: Event | None = None
    cleanup: Event | None = None
    grokked: Event | None = None
    cleaned: Event | None = None

    memorised_at = property(lambda self: _step(self.memorised))
    circuit_from = property(lambda self: _step(self.circuit))
    cleanup_from = property(lambda self: _step(self.cleanup))
    grokked_at = property(lambda self: _step(self.grokked))
    cleanup_to = property(lambda self: _step(self.cleaned))

    @property
    def bands(self) -> list[tuple[str, int, int | None]]:
        """(phase, first step, first step after it; None while it lasts) for every phase the run has entered."""
        starts = [("memorisation", 0)]
        if self.circuit:
            starts.append(("circuit formation", self.circuit.step))
        if self.cleanup:
            starts.append(("cleanup", self.cleanup.step))
        ends = [start for _, start in starts[1:]] + [self.cleaned.step if self.cleaned else None]
        return [(name, start, end) for (name, start), end in zip(starts, ends, strict=True)]

    def phase_at(self, step: int) -> str:
        """The phase a step is in, "after cleanup" once all is done."""
        for name, start, end in reversed(self.bands):
            if step >= start and (end is None or step < end):
                return name
        return "after cleanup"

    def to_json(self) -> dict:
        """The steps by the names of the command line, null where nothing happened, with their intervals."""
        events = dict(zip(EVENT_NAMES, self, strict=True))
        steps: dict = {name: _step(event) for name, event in events.items()}
        intervals = {name: [event.after, event.step] if event else None for name, event in events.items()}
        return steps | {"intervals": intervals, "summary": self.summary()}

    def summary(self) -> str:
        """What became of the run, in one sentence."""
        if not self.memorised:
            return "It never memorised its training pairs."
        if not self.grokked:
            going = "though its test loss has begun to fall" if self.circuit else "and nothing generalises"
            return f"It memorised by step {self.memorised.step:,} and has not grokked, {going}."
        if 0 < self.grokked.step == self.grokked.after:
            return f"It had generalised by step {self.grokked.step:,}, where its record begins."
        if 0 < self.memorised.step == self.memorised.after:
            return (
                f"It had memorised by step {self.memorised.step:,}, where its record begins, and grokked "
                f"at step {self.grokked.step:,}."
            )
        if self.memorised.by_loss or self.grokked.by_loss:
            return (
                f"It memorised by step {self.memorised.step:,} and grokked by step {self.grokked.step:,}, "
                "as its losses tell."
            )
        if self.grokked.step <= 2 * self.memorised.step:
            return f"It generalised at step {self.grokked.step:,}, almost as it memorised: no plateau to see."
        return f"It memorised by step {self.memorised.step:,} and grokked at step {self.grokked.step:,}."


class NoHistory(Phases):
    """The phases of a run that was looked at once, or whose losses are of no known split: not known."""

    @property
    def bands(self) -> list[tuple[str, int, int | None]]:
        return []

    def phase_at(self, step: int) -> str:
        return "a phase that is not known"

    def summary(self) -> str:
        return "When it memorised and when it generalised is not known: its history is not here."


def find_phases(
    step: Num[np.ndarray, " n"],
    train_accuracy: Float[np.ndarray, " n"],
    test_accuracy: Float[np.ndarray, " n"],
    test_loss: Float[np.ndarray, " n"],
    squared_weights: Float[np.ndarray, " n"] | None = None,
    can_generalise: bool = True,
    train_loss: Float[np.ndarray, " n"] | None = None,
    restart: tuple[int, int] | None = None,
) -> Phases:
    """The phases of a run from its logged losses and accuracies.

    `restart` is (step, steps until it has settled) of a fork or a change of settings: see `_height`. `can_generalise` is False for random labels: weight decay then lowers the test loss too, yet there is no
    circuit to form. Rows with a value that is NaN, which was not measured, count as not there, but for accuracies
    with a loss beside them: below `SURELY_ACCURATE` it says enough.
    """
    record = _known_rows(step, train_accuracy, test_accuracy, test_loss, train_loss, squared_weights)
    memorised = _first(record.train_accuracy >= ACCURATE, _surely(record.train_accuracy, record.train_loss))
    if memorised is None:
        return Phases()
    grokked = _first(
        record.test_accuracy >= ACCURATE, _surely(record.test_accuracy, record.test_loss), start=memorised
    )
    told = record.reached(memorised, record.train_accuracy)
    ended = record.reached(grokked, record.test_accuracy)
    before_grokking = len(record.steps) if grokked is None else grokked + 1
    # A test loss that peaked even before memorisation was done gives way to the end of memorisation.
    peak = max(int(np.argmax(record.test_loss[:before_grokking])), memorised)
    start, peak_loss = _height(record, peak, before_grokking, restart)
    falling = record.test_loss[-1] < UNDERWAY * peak_loss or grokked is not None
    if not (falling and can_generalise):
        return Phases(memorised=told, grokked=ended)
    cleanup = _left(record, start, peak_loss, before_grokking)
    return Phases(told, record.event(peak), cleanup, ended, _cleaned(record, grokked))


def _left(record: "_Record", start: int, height: float, before_grokking: int) -> Event | None:
    """When the test loss has fallen to half of its height for good; None where that is not before it groks."""
    above = np.flatnonzero(record.test_loss[:before_grokking] >= FALLEN * height)
    left = max(int(above[-1]) + 1 if len(above) else start, start)
    return record.event(left) if left < before_grokking else None


def _height(
    record: "_Record", peak: int, before_grokking: int, restart: tuple[int, int] | None
) -> tuple[int, float]:
    """From which row on the test loss falls, and from how high: from its peak or, where a restart came after that and
    before grokking, from what it was once that had settled: such a change moves the loss by itself, at once, and that is
    no cleanup."""
    if restart and record.steps[peak] < sum(restart) and restart[0] <= record.steps[before_grokking - 1]:
        start = min(int(np.searchsorted(record.steps, sum(restart))), before_grokking - 1)
        return start, float(record.test_loss[start:before_grokking].max())
    return peak, float(record.test_loss[: peak + 1].max())


class _Record(NamedTuple):
    """The rows of a log that can be judged."""

    steps: Float[np.ndarray, " n"]
    train_accuracy: Float[np.ndarray, " n"]
    test_accuracy: Float[np.ndarray, " n"]
    test_loss: Float[np.ndarray, " n"]
    train_loss: Float[np.ndarray, " n"]
    squared_weights: Float[np.ndarray, " n"]

    def event(self, i: int) -> Event:
        return Event(int(self.steps[i]), int(self.steps[max(i - 1, 0)]))

    def reached(self, i: int | None, accuracy: Float[np.ndarray, " n"]) -> Event | None:
        """The event, and when it had not happened yet: where an accuracy was measured, or before the training."""
        if i is None:
            return None
        if not np.isnan(accuracy[max(i - 1, 0) : i + 1]).any():
            return self.event(i)
        looks = np.flatnonzero(~np.isnan(accuracy[:i]))
        before = int(self.steps[looks[-1]]) if len(looks) else 0
        return Event(int(self.steps[i]), before, bool(np.isnan(accuracy[i])))


def _known_rows(step, train_accuracy, test_accuracy, test_loss, train_loss, squared_weights) -> _Record:
    """The rows with a step, a test loss and what tells of both accuracies; a column that is not there is NaN."""
    unknown = np.full(len(step), np.nan)
    optional = [unknown if column is None else column for column in (train_loss, squared_weights)]
    columns = np.array([step, train_accuracy, test_accuracy, test_loss, *optional], dtype=float)
    known = ~np.isnan(columns[[0, 3]]).any(axis=0) & ~np.isnan(columns[[1, 4]]).all(axis=0)
    known &= ~np.isnan(columns[1:3]).any(axis=0) | (train_loss is not None)
    return _Record(*columns[:, known])


def _cleaned(record: _Record, grokked: int | None) -> Event | None:
    """When test loss and weights have come down to stay; None where that is not sure yet."""
    if grokked is None:
        return None
    arrived = record.test_loss <= SETTLED * _later_minimum(record.test_loss)
    arrived &= ~(
        record.squared_weights > SHRUNK * _later_minimum(record.squared_weights)
    )  # NaN does not object
    cleaned = _first(arrived, start=grokked)
    if cleaned is None or not _has_settled(record.steps[cleaned:]):
        return None
    return record.event(cleaned)


def _surely(accuracy: np.ndarray, loss: np.ndarray) -> np.ndarray:
    """Where no accuracy was measured, whether the loss leaves no doubt of it."""
    return np.isnan(accuracy) & (loss <= SURELY_ACCURATE)


def _step(event: Event | None) -> int | None:
    return event and event.step


def _first(*happened: np.ndarray, start: int = 0) -> int | None:
    """The first row, from `start`, in which one of these is true."""
    found = np.flatnonzero(np.any(happened, axis=0)[start:])
    return start + int(found[0]) if len(found) else None


def _later_minimum(x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    return np.fmin.accumulate(x[::-1])[::-1]


def _has_settled(steps: np.ndarray) -> bool:
    """Whether a tenth of the run has gone by since: a loss still falling is always within ten of its end."""
    return bool(steps[-1] > 1.1 * steps[0])
