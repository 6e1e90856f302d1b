"""A file of somebody's code becomes a run folder: recognised, thinned, measured, checked, packed."""

import dataclasses
import hashlib
import math
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from grokviz.config import RunConfig
from grokviz.errors import RunError
from grokviz.importers.describe import describe, refuse_other_architectures, with_attention_rate
from grokviz.importers.layouts import Checkpoint, read_checkpoint
from grokviz.importers.sources import Source, open_source
from grokviz.importers.splits import check_given
from grokviz.runs import write
from grokviz.runs.folder import MAX_FILE, Weights, iter_weights, open_run
from grokviz.runs.imported import UNKNOWN
from grokviz.runs.record import read_record
from grokviz.runs.storage import saying
from grokviz.study import cache, timeline
from grokviz.tasks.pairs import Task, build_task, task_of

SNAPSHOTS = 150  # kept at most, unless asked for more
MAX_STEPS = 10_000_000  # of a config
LOG_ROWS = 6_000  # about as many rows of losses are kept
READING = "Opening the file"  # what it does until it is known what the file holds
Progress = Callable[[str, int, int], None]


def import_file(
    path: Path,
    out: Path,
    given: Mapping | None = None,
    origin: Mapping | None = None,
    title: str = "",
    snapshots: int = SNAPSHOTS,
    on_progress: Progress = lambda what, done, total: None,
) -> dict:
    """Write the run in a file of another project into the new folder `out`; returns its provenance.

    `given` holds what a person knows of it: operation, frac_train, split, seed. `origin` says where the file came
    from. Weights are kept in float32, thinned to `snapshots` that lie close where the losses move. The folder
    appears when it is complete, and not before.
    Raises `RunError`, which is `Unanswered` where a person has to say more, or `ConfigError`.
    """
    if os.path.lexists(out) and not (out.is_dir() and not os.listdir(out)):
        raise RunError(f"{out.name!r} is there already. Choose a new folder.")
    known = check_given(given or {})
    on_progress(READING, 0, 1)
    with np.errstate(all="ignore"):  # of weights without sense: what comes of them is looked at instead
        return _import(path, out, known, dict(origin or {}), (title, snapshots), on_progress)


def _import(
    path: Path, out: Path, given: dict, origin: dict, wishes: tuple[str, int], on_progress: Progress
) -> dict:
    source = open_source(path)
    refuse_other_architectures(source.settings)
    source = with_attention_rate(source, given)
    final = read_checkpoint(source.states[-1])
    config, provenance = describe(source, final, given)
    title, snapshots = wishes
    kept = thin(source, budget(config, snapshots))
    provenance["kept"] = f"{len(kept)} of {len(source.steps)} checkpoints"
    provenance |= {"file": path.name, "sha256": digest(path), "origin": origin}
    steps = min(last_step(source), MAX_STEPS)
    if last_step(source) > MAX_STEPS:
        provenance["out_of_range"]["steps"] = last_step(source)
    config = dataclasses.replace(config, max_snapshots=max(len(kept), 2), steps=steps)
    config = dataclasses.replace(config, log_every=log_spacing(source))
    making = out.with_name(making_name(out.name, os.getpid()))
    sentence = f"Imported from {path.name}: {task_of(config)}."
    try:
        write.create_run(making, config, provenance, title or path.stem, sentence)
        _write_all(making, source, kept, final, build_task(config), on_progress)
        with saying(out.name):
            if out.is_dir():
                out.rmdir()
            os.rename(making, out)
    finally:
        remove(making)
    return provenance


def remove(making: Path) -> None:
    """Take away what an import that ended too early has left."""
    shutil.rmtree(making, ignore_errors=True)


def making_name(name: str, process: int) -> str:
    """The folder in which a process makes the run of this name."""
    return f".{name}.{process}.importing"


def _write_all(
    making: Path, source: Source, kept: list[int], final: Checkpoint, task: Task, on_progress: Progress
) -> None:
    """Snapshots, log and timeline of a run that has been created."""
    for n, (index, weights) in enumerate(zip(kept, _read(source, kept, final), strict=True)):
        write.write_snapshot(making, source.steps[index], weights)
        on_progress("Reading checkpoints", n + 1, len(kept))
    found = _measure(making, final.weights, task, on_progress)
    config = read_record(making).config
    write.append_log(making, log_rows(source, found, config))
    write.pack(making)
    cache.keep(making, found, task)


def _read(source: Source, kept: list[int], final: Checkpoint) -> Iterator[Weights]:
    """The checkpoints to keep, one at a time in memory. Raises `RunError` if one is of another network."""
    for index in kept:
        checkpoint = read_checkpoint(source.states[index])
        if checkpoint.layout != final.layout or any(
            checkpoint.weights[name].shape != w.shape for name, w in final.weights.items()
        ):
            raise RunError(
                f"The checkpoint of step {source.steps[index]:,} is of another network than the last one."
            )
        yield checkpoint.weights


def _measure(folder: Path, final: Weights, task: Task, on_progress: Progress) -> timeline.Timeline:
    run = open_run(folder)
    steps = run.steps.tolist()
    return timeline.analyse(
        steps, iter_weights(run), final, task, on_progress=lambda n, total: on_progress("Measuring", n, total)
    )


def budget(config: RunConfig, wanted: int) -> int:
    """How many snapshots fit into a packed run of float32, at most those wanted."""
    each = (MAX_FILE - write.HEADER_ROOM) // (config.n_parameters * 4 + 8)
    if each < 1:
        raise RunError(
            f"One checkpoint of {config.n_parameters:,} parameters does not fit into a file of a run."
        )
    return max(min(wanted, write.MAX_SHARDS * each), 2)


def thin(source: Source, most: int) -> list[int]:
    """Which checkpoints to keep: all, or first, last and those at equal distances along the loss curves.

    The distance between two neighbours is their share of the steps plus that of all movement of the logarithms of
    train and test loss, so that snapshots lie close where something happens.
    """
    steps = np.array(source.steps, dtype=float)
    if len(steps) <= most:
        return list(range(len(steps)))
    distance = np.diff(steps) / (steps[-1] - steps[0])
    for rows in (source.train_losses, source.test_losses):
        rows = rows[rows[:, 1] > 0]
        if len(rows) > 1:
            moved = np.abs(np.diff(np.log(np.interp(steps, rows[:, 0], np.maximum(rows[:, 1], 1e-9)))))
            distance += moved / max(moved.sum(), 1e-12)
    along = np.concatenate([[0], np.cumsum(distance)])
    kept = {0, len(steps) - 1}
    for points in range(
        most, 20 * most, most // 4 or 1
    ):  # where much happens, several points share a checkpoint
        more = set(np.searchsorted(along, np.linspace(0, along[-1], points)).clip(0, len(steps) - 1).tolist())
        if len(more | {0, len(steps) - 1}) > most:
            break
        kept = more | {0, len(steps) - 1}
    return sorted(kept)


def last_step(source: Source) -> int:
    ends = [rows[-1, 0] for rows in (source.train_losses, source.test_losses) if len(rows)]
    return int(max([1, source.steps[-1], *ends]))


def log_spacing(source: Source) -> int:
    """Steps between two rows of the log: about `LOG_ROWS` of them, and no finer than the test losses."""
    rows = source.test_losses if len(source.test_losses) else source.train_losses
    finest = int(np.diff(rows[:, 0]).min()) if len(rows) > 1 else 1
    longest = rows[-1, 0] if len(rows) else 0
    return int(min(max(finest * math.ceil(longest / finest / LOG_ROWS), 1), 10_000))


COLUMNS = ("train_loss", "test_loss", "train_accuracy", "test_accuracy", "sum_squared_weights")


def log_rows(source: Source, found: timeline.Timeline, config: RunConfig) -> list[dict]:
    """The losses of the file at every step to be logged, and at each snapshot what its weights give besides.

    Where the file holds no loss for a snapshot, that of the weights stands in the log. Of a split that is not known,
    weights give the loss of all pairs alone: it stands on both sides of the log, and only where the file logged none.
    """
    rows: dict[int, dict] = {}
    logged = (("train_loss", source.train_losses), ("test_loss", source.test_losses))
    for name, losses in logged:
        wanted = (losses[:, 0] % config.log_every == 0) | np.isin(losses[:, 0], found.steps)
        for step, loss in losses[wanted]:
            rows.setdefault(int(step), dict.fromkeys(COLUMNS))[name] = float(loss)
    measured = COLUMNS
    if config.split == UNKNOWN:
        measured = (*(() if any(len(losses) for _, losses in logged) else COLUMNS[:2]), COLUMNS[-1])
    for i, step in enumerate(found.steps.tolist()):
        row = rows.setdefault(step, dict.fromkeys(COLUMNS))
        for name in measured:
            if row[name] is None:
                row[name] = float(getattr(found, name)[i])
    return [{"step": step, **rows[step]} for step in sorted(rows)]


def digest(path: Path) -> str:
    """SHA-256 of the file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
