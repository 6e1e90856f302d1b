"""From the engine into a run folder: the glue behind `python -m grokviz train`."""

import datetime
import os
import platform
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import torch

import grokviz
from grokviz.config import RunConfig
from grokviz.engine.batch import State
from grokviz.engine.model import Weights
from grokviz.engine.optimizers import OPTIMIZERS
from grokviz.engine.schedule import LogRow, Schedule
from grokviz.engine.train import Snapshot, choose_device, train
from grokviz.runs import folder, write
from grokviz.runs.storage import write_lock

LOG_SECONDS = 0.5  # a killed training loses at most this much of its log


def start(path: Path, config: RunConfig, device: str = "auto", title: str = "", sentence: str = "") -> None:
    """Makes the run folder. Raises `RunError` where there is something already."""
    write.create_run(path, config, _provenance(device), title, sentence)


def run(path: Path, device: str = "auto") -> Iterator[LogRow]:
    """Trains the run in the folder to its end, from step 0 or from where it was stopped, and packs it.

    Yields every row as it is logged. Whatever happens in between, the folder opens, and calling this again
    goes on from the last snapshot. Raises `RunError` when the folder is damaged or in use.
    """
    with write_lock(path):
        opened = folder.open_run(path)
        if opened.finished:
            write.pack(path)  # tidies up, should it have been killed just before it had
            return
        state = _read_state(path, opened.config)
        write.rewind(path, state.step if state else -1)
        rows: list[LogRow] = []
        written = time.monotonic()
        with writing_thread() as write_soon:
            for event in train(opened.config, device, state):
                if isinstance(event, LogRow):
                    rows.append(event)
                    yield event
                if isinstance(event, Snapshot) or time.monotonic() - written > LOG_SECONDS:
                    write_soon(_write, path, rows, event if isinstance(event, Snapshot) else None)
                    rows, written = [], time.monotonic()
        write.pack(path)


@contextmanager
def writing_thread() -> Iterator[Callable[..., None]]:
    """A function that calls others in a thread, so that training need not wait for the disk: one after the
    other, at most one behind. What a call raises is raised by the next one, or at the end."""
    with ThreadPoolExecutor(1) as thread:
        last: Future[None] | None = None

        def soon(function: Callable[..., None], *arguments: object) -> None:
            nonlocal last
            if last:
                last.result()
            last = thread.submit(function, *arguments)

        yield soon
        if last:
            last.result()


def _write(path: Path, rows: list[LogRow], snapshot: Snapshot | None) -> None:
    write.append_log(path, [row._asdict() for row in rows])
    if snapshot:
        write.write_snapshot(path, snapshot.step, snapshot.weights)
        _write_state(path, snapshot.state)


def _write_state(path: Path, state: State) -> None:
    parts = {"weights": state.weights, **state.moments}
    arrays = {f"{part}.{name}": w for part, weights in parts.items() for name, w in weights.items()}
    write.write_resume(path, arrays, {"step": state.step, "schedule": state.schedule.to_json()})


def _read_state(path: Path, config: RunConfig) -> State | None:
    found = write.read_resume(path)
    if found is None:
        return None
    arrays, meta = found

    def part(kind: str) -> Weights:
        return {name: arrays[f"{kind}.{name}"] for name in config.shapes}

    moments = {kind: part(kind) for kind in OPTIMIZERS[config.optimizer].moments}
    return State(meta["step"], part("weights"), moments, Schedule.from_json(meta["schedule"]))


def _provenance(device: str) -> dict:
    where = choose_device(device)
    return {
        "grokviz": grokviz.__version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "device": torch.cuda.get_device_name(where) if where.type == "cuda" else "cpu",
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }
