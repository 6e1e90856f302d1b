"""What a list says of a run, kept so that a thousand runs are listed without opening one.

Kept outside of the runs, in a file `.summaries` beside them: so a run folder stays what it is (at most 8 files, each
of them checked), runs of every age and those that may not be written are listed alike, and whoever throws the file
away loses nothing. Each summary is marked with the stamp of its folder, and one that is out of date is made again.
"""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from grokviz.config import RunConfig, from_json, to_json
from grokviz.errors import GrokVizError, RunError
from grokviz.runs.folder import DEEP, AnyRun, Run, SequenceRun, open_any
from grokviz.runs.storage import LOCK, canonical, open_inside, replace_file
from grokviz.runs.write import RESUME

SUMMARIES = ".summaries"
VERSION = 1
MAX_SUMMARIES = 64 * 2**20  # bytes
UNSEEN = (RESUME, LOCK, DEEP)  # nothing that lists, films or charts of the timeline show comes from them

Stamp = tuple[tuple[str, int, int], ...]  # (name, modified in ns, size) of every file in a folder, by name


class Card(NamedTuple):
    """What a list of runs shows of one. A run that cannot be opened has a `problem` and no config."""

    id: str
    title: str
    sentence: str
    config: RunConfig | None
    finished: bool
    n_snapshots: int
    last_step: int  # logged or stored; 0 before the first
    size_bytes: int
    path: Path
    problem: str | None
    train_loss: float | None = None  # the last that were measured
    test_loss: float | None = None
    test_accuracy: float | None = None
    task: str = ""  # of a run on sequences, which has no config here; "": on pairs


class Known(Protocol):
    """Cards by path and stamp, in memory."""

    def peek(self, key: tuple[str, Stamp]) -> Card | None: ...
    def put(self, key: tuple[str, Stamp], value: Card) -> None: ...


def stamp_of(path: str) -> Stamp | None:
    """Changes whenever something that is shown is written to the folder; None where there is none."""
    try:
        return tuple(sorted(_files(path)))
    except (FileNotFoundError, NotADirectoryError):
        return None


def _files(path: str) -> Iterator[tuple[str, int, int]]:
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.name not in UNSEEN:
                with contextlib.suppress(FileNotFoundError):  # half-written files come and go
                    now = entry.stat()
                    yield entry.name, now.st_mtime_ns, now.st_size


def summarise(path: Path) -> Card:
    """The card of a run, made by opening it."""
    size = folder_size(path)
    try:
        run = open_any(path)
    except RunError as error:
        return Card(path.name, path.name, "", None, False, 0, 0, size, path, str(error))
    return Card(
        id=path.name,
        title=run.title or path.name,
        sentence=run.sentence,
        config=run.config if isinstance(run, Run) else None,
        finished=run.finished,
        n_snapshots=len(run.steps),
        last_step=run.last_step,
        size_bytes=size,
        path=path,
        problem=None,
        train_loss=_last(run, "train_loss"),
        test_loss=_last(run, "test_loss"),
        test_accuracy=_last(run, "test_accuracy"),
        task=run.config.task if isinstance(run, SequenceRun) else "",
    )


def _last(run: AnyRun, column: str) -> float | None:
    values = run.logged[column]
    measured = values[np.isfinite(values)]
    return float(measured[-1]) if len(measured) else None


def folder_size(path: Path) -> int:
    """Bytes of the files of the folder. Files that vanish meanwhile count nothing."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except OSError:
                continue
    return total


def read_summaries(root: Path) -> dict[str, tuple[Stamp, Card]]:
    """Stamp and card of each run by its name, as they were kept beside the runs; nothing where that is damaged."""
    try:
        with open_inside(root, SUMMARIES) as file:
            data = file.read(MAX_SUMMARIES)
        match json.loads(data):
            case {"version": int(version), "runs": dict(runs)} if version == VERSION:
                return {name: found for name, values in runs.items() if (found := _entry(root, name, values))}
    except (RunError, ValueError, RecursionError):
        pass
    return {}


def _entry(root: Path, name: str, values: object) -> tuple[Stamp, Card] | None:
    match values:
        case {"stamp": list(stamp), "card": dict(card)}:
            with contextlib.suppress(GrokVizError, TypeError, ValueError):
                made = Card(**{**card, "id": name, "path": root / name, "config": from_json(card["config"])})
                return tuple((str(n), int(at), int(size)) for n, at, size in stamp), made
    return None


def write_summaries(root: Path, entries: Mapping[str, tuple[Stamp, Card]]) -> None:
    """Keep the cards of runs that have finished beside the runs; where that cannot be, nothing is kept."""
    runs = {
        name: {
            "stamp": stamp,
            "card": {n: v for n, v in card._asdict().items() if n not in ("id", "path")}
            | {"config": to_json(card.config)},
        }
        for name, (stamp, card) in entries.items()
        if card.finished and card.config is not None
    }
    with contextlib.suppress(RunError):
        replace_file(root / SUMMARIES, canonical({"version": VERSION, "runs": runs}), durable=False)
