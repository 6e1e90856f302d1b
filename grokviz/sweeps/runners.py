"""All batches of a sweep, to its table: in this process, in several here, or on a Ray cluster.

Which runs make a batch follows from the sweep and the device alone, so a sweep that was killed makes the same batches
again when it goes on, and the same table.
"""

import concurrent.futures
import contextlib
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from grokviz import installation
from grokviz.engine.schedule import LogRow
from grokviz.engine.train import leave_a_core
from grokviz.errors import BadInputError, RunError
from grokviz.forecast import speed
from grokviz.runs.storage import saying, write_lock
from grokviz.sweeps import grid, outcomes
from grokviz.sweeps.grid import Sweep
from grokviz.sweeps.outcomes import Outcome
from grokviz.sweeps.training import Task, batches, nothing, task, train_batch

ENGINES = ("local", "ray")


class Progress(NamedTuple):
    """Runs that are over, of how many; what is new; seconds left if it goes on like this, None while nobody knows."""

    done: int
    total: int
    new: tuple[Outcome, ...] = ()
    seconds_left: float | None = None


class How(NamedTuple):
    """Where and how to train. `workers`: processes, of one thread each; 0: one for every core."""

    engine: str = "local"
    device: str = "auto"
    workers: int = 0
    heard: Callable[[int, LogRow], None] = nothing  # every row of every run by its number; of one worker only


HERE = How()


def begin(folder: Path, sweep: Sweep) -> None:
    """Make the folder of a new sweep. Raises `RunError` when it holds anything."""
    with saying(folder.name):
        folder.mkdir(parents=True, exist_ok=True)
    if found := sorted(name for name in os.listdir(folder) if not name.endswith((".tmp", ".lock"))):
        raise RunError(
            f"{folder.name!r} already holds {found[0]!r}, expected a new or empty folder.",
            mend="Go on with that sweep with --resume, or choose another folder.",
        )
    grid.write(folder, sweep)


def run(folder: Path, how: How = HERE) -> Iterator[Progress]:
    """Train what the table lacks, and say how far it is after every batch, and once before.

    Raises `RunError` when the folder is no sweep or in use, `BadInputError` for an engine that is none.
    """
    if how.engine not in ENGINES:
        raise BadInputError(
            f"--engine {how.engine[:40]!r} is not known.", mend=f"Choose one of: {', '.join(ENGINES)}."
        )
    if how.engine == "ray":
        installation.require("ray")
    with write_lock(folder):
        sweep = grid.read(folder)
        known = {o.run: o for o in outcomes.read(folder) if o.run < len(sweep)}
        parts = batches(sweep, how.device)
        missing = [part for part in parts if not all(number in known for number in part)]
        # Of a batch of which some rows are there, all are made again: as they are when nobody kills it.
        for part in missing:
            for number in part:
                known.pop(number, None)
        outcomes.rewrite(folder, [known[number] for part in parts for number in part if number in known])
        yield Progress(len(known), len(sweep), tuple(known.values()))
        yield from _train(folder, sweep, missing, how, len(known))


def _train(folder: Path, sweep: Sweep, parts: list[list[int]], how: How, done: int) -> Iterator[Progress]:
    tasks = [[task(sweep, number, folder.resolve()) for number in part] for part in parts]
    work = [sum(speed.step_flops(t.config) * t.config.steps for t in part) for part in tasks]
    begin, worked = time.monotonic(), 0.0
    train = _on_ray if how.engine == "ray" else _here if _processes(how, len(tasks)) == 1 else _beside
    for i, found in train(tasks, how):
        outcomes.append(folder, found)
        done, worked = done + len(found), worked + work[i]
        left = (time.monotonic() - begin) / worked * (sum(work) - worked)
        yield Progress(done, len(sweep), tuple(found), left)


def _processes(how: How, n_batches: int) -> int:
    """On a GPU one process has it for itself."""
    has_gpu = how.device != "cpu" and torch.cuda.is_available()
    return max(1, min(how.workers or (1 if has_gpu else os.cpu_count() or 1), n_batches))


def _here(tasks: list[list[Task]], how: How) -> Iterator[tuple[int, list[Outcome]]]:
    leave_a_core()
    for i, part in enumerate(tasks):

        def heard(index: int, row: LogRow, part: list[Task] = part) -> None:
            how.heard(part[index].run, row)

        yield i, train_batch(part, how.device, heard)


def _beside(tasks: list[list[Task]], how: How) -> Iterator[tuple[int, list[Outcome]]]:
    """In processes of one thread each. They end when this one does, however it ends."""
    context = multiprocessing.get_context("spawn")
    with (
        _one_thread(),
        concurrent.futures.ProcessPoolExecutor(_processes(how, len(tasks)), context, _follow_parent) as pool,
    ):
        waiting = {pool.submit(train_batch, part, how.device): i for i, part in enumerate(tasks)}
        try:
            for done in concurrent.futures.as_completed(waiting):
                yield waiting[done], done.result()
        finally:
            for process in list((pool._processes or {}).values()):
                process.kill()  # all that is left of a sweep that was interrupted
            pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Processes that are started within count on one core each."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before


def _follow_parent() -> None:
    """Ends this process as soon as the one that started it has ended."""

    def wait() -> None:
        parent = multiprocessing.parent_process()
        if parent:
            parent.join()
        os._exit(1)

    torch.set_num_threads(1)
    threading.Thread(target=wait, daemon=True).start()


def _on_ray(tasks: list[list[Task]], how: How) -> Iterator[tuple[int, list[Outcome]]]:
    """Each batch is a task of the cluster that RAY_ADDRESS names, or of one that is started here."""
    import ray  # pyright: ignore[reportMissingImports]

    if not ray.is_initialized():
        ray.init(log_to_driver=False, include_dashboard=False)
    gpus = 1 if how.device == "cuda" else 0
    train = ray.remote(num_cpus=1, num_gpus=gpus)(_ray_task)
    waiting = {train.remote(part, how.device): i for i, part in enumerate(tasks)}
    while waiting:
        (done,), _ = ray.wait(list(waiting))
        yield waiting.pop(done), ray.get(done)


def _ray_task(part: Sequence[Task], device: str) -> list[Outcome]:
    torch.set_num_threads(1)
    return train_batch(part, device)
