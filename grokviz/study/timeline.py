"""The timeline: everything that is measured of a run, for every snapshot, computed in one pass."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from grokviz.measures import registry
from grokviz.measures.circuit import check_keys, key_frequencies
from grokviz.measures.declaration import Value
from grokviz.measures.encoding import Stored
from grokviz.measures.neurons import busiest_neurons, choose_neurons
from grokviz.measures.snapshot import Snapshot
from grokviz.models.forward import Weights, parameters
from grokviz.tasks.pairs import Task


@dataclass(frozen=True, eq=False)
class Timeline:
    """n snapshots of one run. Its series have the names and definitions of the declared measures.

    `timeline["test_loss"]`, or `timeline.test_loss`, are the numbers of one, the snapshots along the first axis;
    `series` holds them as they are stored, in the cache and in what the film is sent.
    """

    steps: Int[np.ndarray, " n"]
    key_freqs: tuple[int, ...]
    neurons: Int[np.ndarray, " m"]  # that are drawn
    series: Mapping[str, Stored]
    matrices: tuple[str, ...]  # of weights: the axis "matrix"
    _numbers: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> Shaped[np.ndarray, "n ..."]:
        """The numbers of a series. Raises `KeyError` where there is none of that name."""
        if name not in self._numbers:
            self._numbers[name] = self.series[name].numbers()
        return self._numbers[name]

    def __getattr__(self, name: str) -> Shaped[np.ndarray, "n ..."]:
        series = self.__dict__.get("series", {})  # a copy has none yet when it is first asked for something
        if name not in series:
            raise AttributeError(f"A timeline has no {name!r}. Its series: {', '.join(series)}.")
        return self[name]

    @cached_property
    def right_probability(self) -> Float[np.ndarray, "n p p"]:
        """Of the right answer; 0 where there is none."""
        return (self["answers"] & 127).astype(np.float32) / np.float32(127)

    @cached_property
    def is_right(self) -> Bool[np.ndarray, "n p p"]:
        return self["answers"] >= 128

    def columns(self) -> dict[str, Shaped[np.ndarray, " n"]]:
        """Every measure with one number a snapshot, and those with one for each key frequency: a table by name."""
        table: dict[str, np.ndarray] = {
            m.name: self[m.name] for m in registry.scalars() if m.name in self.series
        }
        for measure in registry.measures():
            if measure.axes == ("key",) and not measure.drawn_only and measure.name in self.series:
                stem = measure.name.removesuffix("_per_freq")
                table |= {f"{stem}_{k}": self[measure.name][:, i] for i, k in enumerate(self.key_freqs)}
        return table


class Measured(NamedTuple):
    """The snapshots of a run that have been measured so far, under keys and neurons that hold for all of them."""

    key_freqs: tuple[int, ...]
    neurons: Int[np.ndarray, " m"]
    matrices: tuple[str, ...]
    rows: list[dict[str, Value]]


def analyse(
    steps: Sequence[int],
    weights: Iterable[Weights],
    final_weights: Weights,
    task: Task,
    key_freqs: Sequence[int] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Timeline:
    """The timeline of a run: one forward pass a snapshot, and one of the final weights before.

    The final weights choose the key frequencies, unless given, and the neurons to be drawn; both hold for
    all steps. `on_progress(done, total)` is called after every snapshot. A snapshot that is not finite (a
    run that diverged) gives measures that are not finite.
    Raises `ValueError` when steps and weights differ in number, or there are none.
    """
    measured = choose(final_weights, task, key_freqs)
    for done in measure_more(measured, weights, task):
        if on_progress:
            on_progress(done, len(steps))
    return assemble(steps, measured)


@np.errstate(over="ignore", invalid="ignore")  # a run that diverged is measured, not refused
def choose(final_weights: Weights, task: Task, key_freqs: Sequence[int] | None = None) -> Measured:
    """Nothing measured yet, under the key frequencies (unless given) and neurons that these weights choose."""
    final = Snapshot(final_weights, task)
    keys = chosen_keys(final) if key_freqs is None else check_keys(key_freqs, final.group)
    neurons = (
        choose_neurons(*final.neuron_fit, keys) if task.places else busiest_neurons(final.activations.post)
    )
    return Measured(keys, neurons, tuple(sorted(parameters(final_weights))), [])


def chosen_keys(final: Snapshot) -> tuple[int, ...]:
    """The key frequencies that a final snapshot chooses; none where no group is known, and so no circuit."""
    return key_frequencies(final.cube, final.sums, final.group) if final.task.places else ()


def measure_more(measured: Measured, weights: Iterable[Weights], task: Task) -> Iterator[int]:
    """Measures further snapshots, and yields after each how many there are."""

    def row(snapshot: Weights) -> dict[str, Value]:
        return registry.values_of(Snapshot(snapshot, task, measured.key_freqs, measured.neurons))

    for values in _rows_in_pairs(weights, row):
        measured.rows.append(values)
        yield len(measured.rows)


def assemble(steps: Sequence[int], measured: Measured) -> Timeline:
    """The timeline of what has been measured. Raises `ValueError` unless that is one snapshot a step, and some."""
    rows = measured.rows
    if len(rows) != len(steps) or not rows:
        raise ValueError(
            f"Got {len(steps)} steps and {len(rows)} snapshots of weights. Give one step for every snapshot, "
            "and at least one."
        )
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return encoded(np.array(steps), measured, columns)


def encoded(steps: Int[np.ndarray, " n"], measured: Measured, columns: Mapping[str, np.ndarray]) -> Timeline:
    """The timeline of these columns of measures, each stored as its measure declares."""
    series = {name: registry.by_name(name).encoding.encode(values) for name, values in columns.items()}
    return Timeline(steps, measured.key_freqs, measured.neurons, series, measured.matrices)


def _rows_in_pairs(
    weights: Iterable[Weights], row: Callable[[Weights], dict[str, Value]]
) -> Iterator[dict[str, Value]]:
    """The row of every snapshot in order, two at a time: numpy leaves the interpreter to the other thread."""
    with _one_thread_a_product(), ThreadPoolExecutor(max_workers=2) as pool:
        waiting: deque[Future[dict[str, Value]]] = deque()
        for snapshot in weights:
            waiting.append(pool.submit(row, snapshot))
            if len(waiting) > 2:  # as many in memory as are being worked on, and the next
                yield waiting.popleft().result()
        yield from (future.result() for future in waiting)


def _one_thread_a_product() -> AbstractContextManager:
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:  # not among what measuring needs: without it the same comes out, more slowly
        return nullcontext()
    return threadpool_limits(1, "blas")
