"""The runs in a folder of runs: those bundled with GrokViz, in `catalog.json`, and those trained here."""

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from grokviz.errors import RunError
from grokviz.runs.storage import read_json
from grokviz.runs.summary import Card, Known, Stamp, read_summaries, stamp_of, summarise, write_summaries

CATALOG = "catalog.json"
ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def list_runs(
    root: Path | str,
    look: Callable[[str], Stamp | None] = stamp_of,
    known: Known | None = None,
) -> list[Card]:
    """A card for every run in a folder: first those of its catalog.json in their order, then by name.

    `{"runs": [{"id": "mod113-paper"}]}`, with a `"sentence"` where another one than the run's own is to be shown; the file
    may be missing. What is damaged, the catalog too, is a card with a problem, never an exception. Only runs that were written since they
    were listed last are opened: see `summary`. `look` gives the stamp of a folder, `known` keeps cards in memory.
    """
    root = Path(root)
    try:
        sentences, cards = read_catalog(root), []
    except RunError as error:
        problem = str(error)
        sentences, cards = {}, [Card(CATALOG, CATALOG, "", None, False, 0, 0, 0, root / CATALOG, problem)]
    ids = [*sentences, *(name for name in sorted(run_names(root)) if name not in sentences)]
    for card in _cards(root, ids, look, known):
        cards.append(card._replace(sentence=sentences.get(card.id) or card.sentence))
    return cards


def run_names(root: Path | str) -> list[str]:
    """The folders in `root` whose name can be that of a run."""
    try:
        with os.scandir(root) as entries:
            return [entry.name for entry in entries if ID.fullmatch(entry.name) and entry.is_dir()]
    except OSError:
        return []


FEW = 8  # runs that are sooner opened than the summaries of all are read


def _cards(
    root: Path, ids: list[str], look: Callable[[str], Stamp | None], known: Known | None
) -> list[Card]:
    stamps = {name: look(str(root / name)) or () for name in ids}
    found: dict[str, Card] = {}
    if known is not None:
        cards = {name: known.peek((str(root / name), stamp)) for name, stamp in stamps.items()}
        found = {name: card for name, card in cards.items() if card is not None}
    missing = [name for name in ids if name not in found]
    kept = read_summaries(root) if len(missing) > FEW else {}
    is_news = False
    for name in missing:
        was, card = kept.get(name, ((), None))
        if card is None or was != stamps[name]:
            card = summarise(root / name)
            is_news |= card.finished
        found[name] = card
        if known is not None:
            known.put((str(root / name), stamps[name]), card)
    came_with_grokviz = os.path.lexists(root / CATALOG)  # where nothing is to be written
    if is_news and len(missing) > FEW and not came_with_grokviz:
        write_summaries(root, {name: (stamps[name], card) for name, card in found.items()})
    return [found[name] for name in ids]


def read_catalog(root: Path) -> dict[str, str]:
    """Id -> sentence of the bundled runs, "" for the run's own, in order. Raises `RunError` when catalog.json is damaged."""
    if not os.path.lexists(root / CATALOG):
        return {}
    match read_json(root, CATALOG):
        case {"runs": list(entries)}:
            return dict(_catalog_entry(entry) for entry in entries)
    raise RunError(f'{CATALOG} holds no list of runs, expected {{"runs": [..]}}.')


def _catalog_entry(entry: object) -> tuple[str, str]:
    match entry:
        case {"id": str(name), **rest} if ID.fullmatch(name) and isinstance(rest.get("sentence", ""), str):
            return name, str(rest.get("sentence", ""))
    raise RunError(
        f'{CATALOG} names a run by {str(entry)[:80]}, expected {{"id": ..}} or {{"id": .., "sentence": ..}}.'
    )


def check_id(id: str) -> None:
    """Raises `RunError` when it is no name for a run."""
    if not ID.fullmatch(id):
        raise RunError(
            f"{id[:64]!r} is no name of a run.",
            mend="Use up to 64 of a-z, 0-9 and . _ - after a letter or digit.",
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
    raise RunError(f"There is no run {id!r} here.", mend="Choose one from the list of runs.")
