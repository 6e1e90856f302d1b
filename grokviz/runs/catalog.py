"""The runs in a folder of runs: those bundled with GrokViz, in `catalog.json`, and those trained here."""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from grokviz.config import RunConfig
from grokviz.errors import RunError
from grokviz.runs.folder import open_run
from grokviz.runs.storage import read_json

CATALOG = "catalog.json"
ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


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


def list_runs(root: Path | str) -> list[Card]:
    """A card for every run in a folder: first those of its catalog.json in their order, then by name.

    `{"runs": [{"id": "mod113-paper", "sentence": "The run of the paper"}]}`; the file may be missing. What
    is damaged, the catalog too, is a card with a problem, never an exception.
    """
    root = Path(root)
    try:
        sentences, cards = read_catalog(root), []
    except RunError as error:
        problem = str(error)
        sentences, cards = {}, [Card(CATALOG, CATALOG, "", None, False, 0, 0, 0, root / CATALOG, problem)]
    try:
        found = sorted(
            entry.name for entry in os.scandir(root) if entry.is_dir() and ID.fullmatch(entry.name)
        )
    except OSError:
        found = []
    ids = [*sentences, *(name for name in found if name not in sentences)]
    return cards + [_card(root / name, sentences.get(name, "")) for name in ids]


def read_catalog(root: Path) -> dict[str, str]:
    """Id -> sentence of the bundled runs, in order. Raises `RunError` when catalog.json is damaged."""
    if not os.path.lexists(root / CATALOG):
        return {}
    match read_json(root, CATALOG):
        case {"runs": list(entries)}:
            return dict(_catalog_entry(entry) for entry in entries)
    raise RunError(f'{CATALOG} holds no list of runs, expected {{"runs": [..]}}.')


def _catalog_entry(entry: object) -> tuple[str, str]:
    match entry:
        case {"id": str(name), "sentence": str(sentence)} if ID.fullmatch(name):
            return name, sentence
    raise RunError(f'{CATALOG} names a run by {str(entry)[:80]}, expected {{"id": .., "sentence": ..}}.')


def _card(path: Path, sentence: str) -> Card:
    size = folder_size(path)
    try:
        run = open_run(path)
    except RunError as error:
        return Card(path.name, path.name, sentence, None, False, 0, 0, size, path, str(error))
    return Card(
        id=path.name,
        title=run.title or path.name,
        sentence=sentence or run.sentence,
        config=run.config,
        finished=run.finished,
        n_snapshots=len(run.steps),
        last_step=run.last_step,
        size_bytes=size,
        path=path,
        problem=None,
    )


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


def check_id(id: str) -> None:
    """Raises `RunError` when it is no name for a run."""
    if not ID.fullmatch(id):
        raise RunError(
            f"{id[:64]!r} is no name of a run. Use up to 64 of a-z, 0-9 and . _ - after a letter or digit."
        )


def find_run(id: str, roots: Iterable[Path | str]) -> Path:
    """The folder of the run with this id, in the first root that has it.

    An id is a name and never a path: lower-case letters, digits, and . _ - but not at the start.
    Raises `RunError` when it is no such name, or no root has the run.
    """
    check_id(id)
    for root in roots:
        if os.path.isdir(path := Path(root) / id):
            return path
    raise RunError(f"There is no run {id!r} here. Choose one from the list of runs.")
