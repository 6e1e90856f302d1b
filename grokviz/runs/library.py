"""The runs that are here: those bundled with GrokViz, those trained on this machine, those fetched from the Hub."""

import os
from collections.abc import Callable
from pathlib import Path

from grokviz import installation
from grokviz.errors import RunError
from grokviz.runs.catalog import find_run, list_runs
from grokviz.runs.summary import Card, Known, Stamp, stamp_of

BUNDLED = installation.HOME / "checkpoints"
DEFAULT_RUN = "mod113-paper"


def trained() -> Path:
    """The folder for runs trained here: the environment variable GROKVIZ_RUNS, or `installation.runs_folder`."""
    return Path(os.environ.get("GROKVIZ_RUNS") or installation.runs_folder())


def downloaded() -> Path:
    """The folder for runs of the Hub: hidden in that of the runs trained here, so that one folder holds all."""
    return trained() / ".hub"


def roots(mine: Path | None = None) -> tuple[Path, ...]:
    """The folders of runs, the bundled first; `mine` in place of `trained()` where each visitor has one."""
    return BUNDLED, of_maps(), mine or trained(), downloaded()


def cards(
    mine: Path | None = None, look: Callable[[str], Stamp | None] = stamp_of, known: Known | None = None
) -> list[Card]:
    """The runs on pairs, the bundled first; `look` and `known` as in `list_runs`."""
    return [card for card in all_cards(mine, look, known) if not card.task]


def all_cards(
    mine: Path | None = None, look: Callable[[str], Stamp | None] = stamp_of, known: Known | None = None
) -> list[Card]:
    """Those and the runs on sequences."""
    return [card for root in (*roots(mine), sequences()) for card in list_runs(root, look, known)]


def of_maps() -> Path:
    """The folder of the bundled runs that are cells of a bundled map of outcomes."""
    return BUNDLED / "_maps"


def sequences() -> Path:
    """The folder of the bundled runs on sequences: no list of runs on pairs looks there."""
    return BUNDLED / "_sequences"


def find(run_id: str, mine: Path | None = None) -> Path:
    """The folder of a run by its name. Raises `RunError` when there is none of that name."""
    return find_run(run_id, (*roots(mine), sequences()))


def locate(name_or_path: str) -> Path:
    """The folder of a run by name or by path, as a person types it on the command line."""
    if os.path.isdir(name_or_path):
        return Path(name_or_path)
    try:
        return find(name_or_path)
    except RunError:
        known = ", ".join(card.id for card in cards()) or "none yet"
        raise RunError(
            f"{name_or_path[:200]!r} is neither a folder nor the name of a run. Runs here: {known}."
        ) from None
