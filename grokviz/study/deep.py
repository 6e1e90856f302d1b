"""Deep measures of a run: computed when somebody asks, kept beside its timeline, and read as far as they fit.

The file carries its own table of contents: of every measure its version, settings and series. Each row is marked with
the step and the checksum of its snapshot, so that what was measured before a run was trained on, or of the run that it
was forked from, goes on being right; what does not fit is ignored, and measured anew.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from grokviz.errors import RunError
from grokviz.measures.deep.declaration import Deep, Found, Subject, axis_sizes
from grokviz.measures.deep.registry import deep_measures
from grokviz.models.forward import forward
from grokviz.models.gradient import loss_and_gradient, pairs_of, why_not
from grokviz.runs import folder, write
from grokviz.runs.folder import Run
from grokviz.tasks.pairs import build_task

FORMAT = "1"
KEEP_SECONDS = 2.0  # a measuring that is killed loses at most so much, and the snapshot it was at


class Kept(NamedTuple):
    """What is kept of one measure: a row for every snapshot that was measured, by ascending steps."""

    steps: Int[np.ndarray, " n"]
    checksums: Int[np.ndarray, " n"]  # of those snapshots
    series: Mapping[str, Float[np.ndarray, "n ..."]]  # float64

    def row(self, i: int) -> dict[str, np.ndarray]:
        return {name: np.asarray(values[i]) for name, values in self.series.items()}


class Progress(NamedTuple):
    """How far a measuring is, in gradients over the training pairs, or as much work."""

    title: str  # of the measure that it is at
    step: int
    done: float
    total: float
    seconds_left: float


def read(run: Run) -> dict[str, Kept]:
    """What is kept of every deep measure by its name, as far as it is of this run and of today's declarations."""
    found = folder.read_deep(run)
    if found is None or not len(run.steps):
        return {}
    arrays, meta = found
    if meta.get("version") != FORMAT or meta.get("key") != _key(run):
        return {}
    try:
        contents = json.loads(meta.get("contents", ""))
        told = {m.name: contents[m.name] for m in deep_measures() if m.name in contents}
    except (ValueError, TypeError, RecursionError):
        return {}
    kept = {}
    for measure in deep_measures():
        if told.get(measure.name) == _entry(measure) and not measure.applies(run.config):
            rows = _rows(measure, arrays, run)
            if rows is not None and len(rows.steps):
                kept[measure.name] = rows
    return kept


def _rows(measure: Deep, arrays: Mapping[str, np.ndarray], run: Run) -> Kept | None:
    """The rows of one measure that are of snapshots of this run; None when they are of another shape than declared."""
    sizes = axis_sizes(run.config)
    steps, checksums = (arrays.get(f"{measure.name}.{what}") for what in ("steps", "checksums"))
    series = {one.name: arrays.get(one.name) for one in measure.series}
    if steps is None or checksums is None or steps.ndim != 1:
        return None
    if not all(x.shape == steps.shape and x.dtype == np.int64 for x in (steps, checksums)):
        return None
    for one in measure.series:
        values, shape = series[one.name], (len(steps), *(sizes[axis] for axis in one.axes))
        if values is None or values.shape != shape or values.dtype != np.float64:
            return None
    now = dict(zip(run.steps.tolist(), run.checksums, strict=True))
    places = {
        s: i
        for i, (s, c) in enumerate(zip(steps.tolist(), checksums.tolist(), strict=True))
        if now.get(s) == c
    }
    order = [places[step] for step in sorted(places)]
    return Kept(
        steps[order], checksums[order], {name: x[order] for name, x in series.items() if x is not None}
    )


def _key(run: Run) -> str:
    """Changes with the task, the split and the first weights: what numbers hang on besides a snapshot."""
    task = build_task(run.config)
    content = task.labels.astype(np.int64).tobytes() + np.packbits(task.is_train).tobytes()
    return hashlib.blake2b(content + str(run.checksums[0]).encode(), digest_size=8).hexdigest()


def _entry(measure: Deep) -> dict[str, object]:
    """What the table of contents says of a measure."""
    series = {one.name: list(one.axes) for one in measure.series}
    return {"version": measure.version, "settings": dict(measure.settings), "series": series}


def keep(run: Run, found: Mapping[str, Kept]) -> None:
    """Keep measures with a run, in place of what was kept. Raises `RunError` where the folder cannot be written."""
    arrays: dict[str, np.ndarray] = {}
    for name, rows in found.items():
        arrays |= {f"{name}.steps": rows.steps, f"{name}.checksums": rows.checksums, **rows.series}
    table = {m.name: _entry(m) for m in deep_measures() if m.name in found}
    write.write_deep(
        run.path, arrays, {"version": FORMAT, "key": _key(run), "contents": json.dumps(table, sort_keys=True)}
    )


# Measuring


class Work(NamedTuple):
    """One snapshot still to be measured by one measure."""

    measure: Deep
    index: int


def missing(run: Run, measures: Sequence[Deep], kept: Mapping[str, Kept]) -> list[Work]:
    """What is still to be done, the quickest measure first, and of each the whole run coarsely before it is filled in."""
    work = []
    for measure in sorted(measures, key=lambda measure: measure.passes):
        if measure.applies(run.config):
            continue
        known = set(kept[measure.name].steps.tolist()) if measure.name in kept else set()
        wanted = chosen_snapshots(len(run.steps), measure.most)
        work += [Work(measure, i) for i in wanted if int(run.steps[i]) not in known]
    return work


def chosen_snapshots(n: int, most: int) -> list[int]:
    """At most so many of n snapshots, evenly, the last and the first among them; ordered from coarse to fine."""
    chosen = sorted({round(i) for i in np.linspace(0, n - 1, min(n, most))})
    bits = max(len(chosen) - 1, 1).bit_length()
    places = sorted(range(len(chosen)), key=lambda i: int(f"{i:0{bits}b}"[::-1], 2))
    ordered = [chosen[i] for i in places]
    return sorted(ordered, key=lambda i: i != chosen[-1])  # the end first: what most ask about


def seconds_a_pass(run: Run) -> float:
    """How long a gradient over the training pairs takes on this machine now: the quicker of two."""
    weights, task = folder.read_weights(run, len(run.steps) - 1), build_task(run.config)
    by_hand = not why_not(run.config.shapes, getattr(run.config, "attention_rate", 1.0))
    pairs = pairs_of(task, task.is_train)
    times = []
    for _ in range(2):
        begin = time.perf_counter()
        loss_and_gradient(weights, pairs) if by_hand else forward(weights)
        times.append(time.perf_counter() - begin)
    return min(times)


def seconds_for(run: Run, work: Sequence[Work]) -> float:
    """How long that will take, roughly."""
    return seconds_a_pass(run) * sum(one.measure.passes for one in work) if work else 0.0


def deepen(
    run: Run,
    measures: Sequence[Deep],
    on_progress: Callable[[Progress], None] = lambda progress: None,
    tick: Callable[[], None] = lambda: None,
) -> dict[str, Kept]:
    """Measures what is not measured yet, keeps it with the run, and returns all that is kept then.

    Killed at any moment, what it had done two seconds before is there, and calling it again goes on from it. `tick` is
    called many times a second; whatever it raises ends the measuring, and what was done is kept.
    Raises `RunError` when the run has no snapshot, one is damaged, or its folder cannot be written.
    """
    if not len(run.steps):
        raise RunError("This run has no snapshot yet, so there is nothing to measure. Train it first.")
    found = read(run)
    work = missing(run, measures, found)
    total, done = sum(one.measure.passes for one in work), 0.0
    task, first = build_task(run.config), folder.read_weights(run, 0)
    begin = kept_at = time.monotonic()
    new: dict[str, dict[int, Found]] = {}
    try:
        for one in work:
            step = int(run.steps[one.index])
            left = (time.monotonic() - begin) * (total - done) / done if done else seconds_for(run, work)
            on_progress(Progress(one.measure.title, step, done, total, left))
            tick()
            weights = folder.read_weights(run, one.index)
            subject = Subject(weights, first, task, run.config, step, tick)
            new.setdefault(one.measure.name, {})[one.index] = one.measure.compute(subject)
            done += one.measure.passes
            if time.monotonic() - kept_at > KEEP_SECONDS:
                found, new = _keep_new(run, new), {}
                kept_at = time.monotonic()
    finally:
        if new:
            found = _keep_new(run, new)
    return found


def _keep_new(run: Run, new: Mapping[str, Mapping[int, Found]]) -> dict[str, Kept]:
    """Adds rows to what is kept now: another process may have added some, too."""
    found = read(run)
    for measure in deep_measures():
        rows = new.get(measure.name, {})
        before = found.get(measure.name)
        known = {int(step): before.row(i) for i, step in enumerate(before.steps)} if before else {}
        known |= {int(run.steps[index]): dict(row) for index, row in rows.items()}
        if known:
            crc = dict(zip(run.steps.tolist(), run.checksums, strict=True))
            steps = sorted(known)
            series = {
                one.name: np.array([known[step][one.name] for step in steps], np.float64)
                for one in measure.series
            }
            marks = np.array([crc[step] for step in steps], np.int64)
            found[measure.name] = Kept(np.array(steps, np.int64), marks, series)
    keep(run, found)
    return found
