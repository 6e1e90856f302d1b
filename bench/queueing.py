"""While a run of 150 snapshots is forked: how long whatever a visitor asks the queue takes to be answered."""

import dataclasses
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas  # noqa: F401  a server has it before anybody comes

from bench.table import Row
from grokviz.config import RunConfig
from grokviz.jobs import files, requests, supervisor
from grokviz.runs import folder, write
from grokviz.runs.log import LOG_COLUMNS

CONFIG = RunConfig(p=59, d_model=64, steps=150, max_snapshots=150)
TIMES = 5


def rows() -> list[Row]:
    taken: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        parent = _long_run(root)
        for n in range(TIMES):
            _fork_and_ask(parent, root, f"fork {n}", taken)
    every = sorted(t for times in taken.values() for t in times)
    slowest = max(taken, key=lambda act: max(taken[act]))
    said = f"median {_ms(every[len(every) // 2])}, slowest {_ms(every[-1])} ({slowest}) of {len(every):,}"
    return [Row("queue: an answer while a run of 150 snapshots is forked", said, "50 ms, all")]


def _long_run(root: Path) -> folder.Run:
    """A finished run of 150 snapshots of random weights."""
    path, rng = root / "long", np.random.default_rng(0)
    write.create_run(path, CONFIG, {}, title="long")
    for step in range(150):
        write.append_log(path, [dict.fromkeys(LOG_COLUMNS, 0.5) | {"step": step}])
        weights = {name: rng.normal(size=shape) for name, shape in CONFIG.shapes.items()}
        write.write_snapshot(path, step, {name: array.astype(np.float32) for name, array in weights.items()})
    write.finish(path)
    return folder.open_run(path)


def _fork_and_ask(parent: folder.Run, root: Path, title: str, taken: dict[str, list[float]]) -> None:
    """Everything there is to ask, again and again, until the fork is there."""
    other = requests.start(root, dataclasses.replace(CONFIG, seed=1), "other")
    longer = dataclasses.replace(CONFIG, steps=1_000)
    writing = threading.Thread(target=requests.fork, args=(parent, 149, root, longer, title))
    writing.start()
    while writing.is_alive():
        for name, act in _acts(root, other):
            begin = time.perf_counter()
            act()
            taken.setdefault(name, []).append(time.perf_counter() - begin)
    writing.join()


def _acts(root: Path, run: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    yield "the queue", lambda: supervisor.queue(root)
    yield "where it stands", lambda: supervisor.status(run, root)
    yield "pause", lambda: requests.pause(run)
    yield "resume", lambda: requests.resume(run)
    yield "change", lambda: requests.change(run, weight_decay=0.5)
    yield "what its process hears", lambda: files.order_for(run, 0.0, None)


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"


if __name__ == "__main__":
    for row in rows():
        print(*row, sep=" | ")
