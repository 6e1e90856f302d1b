"""From the engine into a run folder: the glue behind `python -m grokviz train`."""

import datetime
import os
import platform
import time
from collections.abc import Iterator
from pathlib import Path

import torch

import grokviz
from grokviz.config import RunConfig
from grokviz.engine.schedule import LogRow, Schedule
from grokviz.engine.train import Snapshot, State, choose_device, train
from grokviz.runs import folder, write
from grokviz.runs.storage import write_lock

STATE_PARTS = ("weights", "exp_avg", "exp_avg_sq")
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
        for event in train(opened.config, device, state):
            if isinstance(event, LogRow):
                rows.append(event)
                yield event
            if isinstance(event, Snapshot) or time.monotonic() - written > LOG_SECONDS:
                write.append_log(path, [row._asdict() for row in rows])
                rows, written = [], time.monotonic()
            if isinstance(event, Snapshot):
                write.write_snapshot(path, event.step, event.weights)
                _write_state(path, event.state)
        write.pack(path)


def _write_state(path: Path, state: State) -> None:
    arrays = {f"{part}.{name}": w for part in STATE_PARTS for name, w in getattr(state, part).items()}
    write.write_resume(path, arrays, {"step": state.step, "schedule": state.schedule.to_json()})


def _read_state(path: Path, config: RunConfig) -> State | None:
    found = write.read_resume(path)
    if found is None:
        return None
    arrays, meta = found
    # In the order of the config: a sum over parameters must round as it did in the run that was stopped.
    parts = {part: {name: arrays[f"{part}.{name}"] for name in config.shapes} for part in STATE_PARTS}
    return State(step=meta["step"], schedule=Schedule.from_json(meta["schedule"]), **parts)


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
