"""A batch of runs through the engine, to its outcomes; and which runs make a batch."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from grokviz.config import RunConfig
from grokviz.engine.provenance import provenance
from grokviz.engine.schedule import LogRow
from grokviz.engine.train import Snapshot, choose_device, together, train_many
from grokviz.errors import TrainingError
from grokviz.runs import write
from grokviz.runs.record import read_record
from grokviz.sweeps import grid
from grokviz.sweeps.grid import Cell, Sweep
from grokviz.sweeps.outcomes import Outcome

ROWS_AT_ONCE = 50  # of the log of a run that is kept


class Task(NamedTuple):
    """One run of a batch. `folder`: where to keep it; None: only its outcome."""

    run: int
    config: RunConfig
    cell: Cell
    folder: Path | None = None


def task(sweep: Sweep, run: int, home: Path) -> Task:
    """A run of a sweep by its number."""
    folder = home / grid.FOLDERS / folder_name(sweep, run) if sweep.is_kept(run) else None
    return Task(run, sweep.config(run), sweep.cell(run), folder)


def folder_name(sweep: Sweep, run: int) -> str:
    """What the folder of a run is called: its number, and its seed."""
    return f"run-{run:0{len(str(len(sweep) - 1))}d}-seed-{sweep.seed(run)}"


def batches(sweep: Sweep, device: str = "auto") -> list[list[int]]:
    """The runs that are trained together: the first seed of all cells, then the next, those with the most pairs first.

    So a map is there as a whole, if thinly, as soon as can be. The same for the same sweep and device.
    """
    configs, n, where = (
        [sweep.config(run) for run in range(len(sweep))],
        len(sweep.seeds),
        choose_device(device),
    )

    def size(run: int) -> float:
        return configs[run].p ** 2 * configs[run].frac_train

    found = []
    for first in range(
        n
    ):  # seeds apart: what is trained together takes as long as the run with the most pairs
        order = sorted(range(first, len(sweep), n), key=lambda run: (-size(run), run))
        parts = together([configs[run] for run in order], where)
        found += [sorted(order[i] for i in part) for part in parts]
    return found


def nothing(done: int, row: LogRow) -> None:
    pass


def train_batch(
    tasks: Sequence[Task], device: str = "auto", heard: Callable[[int, LogRow], None] = nothing
) -> list[Outcome]:
    """The outcomes of runs that are trained together. One that only its outcome is wanted of ends with all that the
    table asks; the others go on as their settings say, into their folders.

    `heard` is told the index of a task with every row of its log, and may raise to end all.
    """
    found = [Outcome(task.run, task.cell, task.config.seed) for task in tasks]
    keepers = [_Keeper(task, device) if task.folder else None for task in tasks]

    def enough(index: int, row: LogRow) -> bool:
        heard(index, row)
        return keepers[index] is None and found[index].is_done

    for index, event in train_many([task.config for task in tasks], device, enough=enough):
        if isinstance(event, LogRow):
            found[index] = found[index].after(event)
        elif isinstance(event, TrainingError):
            found[index] = replace(found[index], diverged=event.found)
        if keeper := keepers[index]:
            keeper.take(event)
    return [
        replace(outcome, folder=keeper.close()) if keeper else outcome
        for outcome, keeper in zip(found, keepers, strict=True)
    ]


class _Keeper:
    """Writes one run into its folder, from its beginning."""

    def __init__(self, task: Task, device: str) -> None:
        assert task.folder
        self.folder = task.folder
        self.rows: list[dict[str, float]] = []
        shutil.rmtree(self.folder, ignore_errors=True)  # of a batch that was killed
        title = f"{grid.in_words(task.cell)}, seed {task.config.seed}"
        write.create_run(self.folder, task.config, provenance(task.config, device), title)

    def take(self, event: object) -> None:
        """Write what the engine says."""
        if isinstance(event, LogRow):
            self.rows.append(event._asdict())
        if isinstance(event, Snapshot) or len(self.rows) >= ROWS_AT_ONCE:
            self.flush()
        if isinstance(event, Snapshot):
            write.write_snapshot(self.folder, event.step, event.weights)

    def flush(self) -> None:
        write.append_log(self.folder, self.rows)
        self.rows = []

    def close(self) -> str:
        """Pack it. Its name."""
        self.flush()
        if not read_record(self.folder).finished:
            write.pack(self.folder)
        return self.folder.name
