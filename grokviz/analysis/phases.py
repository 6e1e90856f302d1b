"""When a run memorised, formed its circuit and cleaned up: found in its own losses, never assumed.

The three phases are those of Nanda et al. 2023 (arXiv 2301.05217, section 5.2). The paper gives their ends
for one run by eye (1,400, 9,400 and 14,000 steps); the rules below are ours, and find such ends in any run.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

ACCURATE = 0.99  # accuracy that counts as having learnt a split
FALLEN = 0.5  # of its peak: where the test loss leaves its plateau
SETTLED = 10.0  # times its later minimum: where the test loss has arrived
SHRUNK = 1.05  # times their later minimum: where the squared weights have arrived
UNDERWAY = 0.8  # of its peak: where a fall of the test loss is more than a wobble


class Event(NamedTuple):
    """Something that happened at `step`, and not yet at the evaluation before it, `after`."""

    step: int
    after: int


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
        if self.grokked.step <= 2 * self.memorised.step:
            return f"It generalised at step {self.grokked.step:,}, almost as it memorised: no plateau to see."
        return f"It memorised by step {self.memorised.step:,} and grokked at step {self.grokked.step:,}."


def find_phases(
    step: Int[np.ndarray, " n"],
    train_accuracy: Float[np.ndarray, " n"],
    test_accuracy: Float[np.ndarray, " n"],
    test_loss: Float[np.ndarray, " n"],
    squared_weights: Float[np.ndarray, " n"] | None = None,
    can_generalise: bool = True,
) -> Phases:
    """The phases of a run from its logged losses and accuracies.

    `can_generalise` is False for random labels: weight decay then lowers the test loss too, yet there is no
    circuit to form. Rows with a value that is NaN, which was not measured, count as not there.
    """
    columns = np.array([step, train_accuracy, test_accuracy, test_loss], dtype=float)
    known = ~np.isnan(columns).any(axis=0)
    steps, train_accuracy, test_accuracy, test_loss = columns[:, known]

    def event(i: int | None) -> Event | None:
        return None if i is None else Event(int(steps[i]), int(steps[max(i - 1, 0)]))

    memorised = _first(train_accuracy >= ACCURATE)
    if memorised is None:
        return Phases()
    grokked = _first(test_accuracy >= ACCURATE, start=memorised)
    before_grokking = len(steps) if grokked is None else grokked + 1
    # A test loss that peaked even before memorisation was done gives way to the end of memorisation.
    peak = max(int(np.argmax(test_loss[:before_grokking])), memorised)
    peak_loss = test_loss[: peak + 1].max()
    falling = test_loss[-1] < UNDERWAY * peak_loss or grokked is not None
    if not (falling and can_generalise):
        return Phases(memorised=event(memorised), grokked=event(grokked))

    above = np.flatnonzero(test_loss[:before_grokking] >= FALLEN * peak_loss)
    left = max(int(above[-1]) + 1 if len(above) else peak, peak)
    cleanup = left if left < before_grokking else None
    cleaned = None
    if grokked is not None:
        arrived = test_loss <= SETTLED * _later_minimum(test_loss)
        if squared_weights is not None:
            squares = np.asarray(squared_weights, dtype=float)[known]
            arrived &= ~(squares > SHRUNK * _later_minimum(squares))  # NaN does not object
        cleaned = _first(arrived, start=grokked)
        if cleaned is not None and not _has_settled(test_loss[cleaned:], steps[cleaned:]):
            cleaned = None
    return Phases(event(memorised), event(peak), event(cleanup), event(grokked), event(cleaned))


def _step(event: Event | None) -> int | None:
    return event and event.step


def _first(happened: np.ndarray, start: int = 0) -> int | None:
    found = np.flatnonzero(happened[start:])
    return start + int(found[0]) if len(found) else None


def _later_minimum(x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    return np.fmin.accumulate(x[::-1])[::-1]


def _has_settled(test_loss: np.ndarray, steps: np.ndarray) -> bool:
    """Whether a tenth of the run has gone by since: a loss still falling is always within ten of its end."""
    return steps[-1] > 1.1 * steps[0]
