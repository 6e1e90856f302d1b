"""Which runs on sequences the page shows: those that came with GrokViz, or one that the visitor has trained or chosen.

The page has a place for each task, and one for a run on few sequences. Which run stands there is kept in the address.
"""

from pathlib import Path

import numpy as np
import streamlit as st

from grokviz import hosting
from grokviz.app.session import address, visitor
from grokviz.app.session.address import FEW
from grokviz.app.session.bounded import Cache, kept
from grokviz.app.session.cache import RunHandle
from grokviz.errors import HostingError, RunError
from grokviz.runs import library
from grokviz.runs.folder import SequenceRun, iter_weights, open_sequences
from grokviz.runs.summary import stamp_of
from grokviz.study import sequences as study
from grokviz.study.sequences import Said, Score
from grokviz.view.elsewhere import Question

OPENED = Cache("runs on sequences", 16, 40)
SCORES = Cache("what heads of runs on sequences do", 32, 2)
SAID = Cache("sequences put to a network", 40, 80)
BUNDLED = {FEW: "skip-trigrams-few"}  # whose folder is not named by its place on the page
TOYS = Cache("the two parts of toys", 8, 2)


def handle_of(path: Path) -> RunHandle | None:
    """The run in a folder as it is now; None where there is none."""
    stamp = stamp_of(str(path))
    return RunHandle(str(path), stamp) if stamp else None


@kept(OPENED)
def opened(handle: RunHandle) -> SequenceRun:
    """Raises `RunError` when it cannot be opened, or is larger than what a shared machine trains."""
    run = open_sequences(handle.path)
    if (most := hosting.limits()) and run.path.parent != library.sequences():
        try:
            hosting.check_size(run.config, len(run.steps), most)
        except HostingError as error:
            raise RunError(error.found, error.expected, error.mend) from error
    return run


def bundled(name: str) -> RunHandle | None:
    """One that came with GrokViz, by the name of its folder."""
    return handle_of(library.sequences() / name)


def put_in_view(place: str, name: str | None) -> None:
    """This run, or with None the bundled one, from here on."""
    address.set_extra(place, name)


def show(task: str, name: str) -> None:
    """Go to the page with a run in the place of its task."""
    put_in_view(task, name)
    st.switch_page("pages/elsewhere.py")


def mine(place: str) -> Path | None:
    """The folder of the run that was put into this place; None where that is none, or it is gone, which is said."""
    name = address.extra(place)
    if not name or not visitor.is_known():
        return None
    try:
        path = library.find(name, visitor.root())
        handle = handle_of(path)
        if handle and place in (FEW, opened(handle).config.task):
            return path
        why = ""
    except RunError as error:
        why = str(error)
    address.notice(
        f"The link names a run that is not here, or of another task ({address.quoted(name)}). {why}"
    )
    put_in_view(place, None)
    return None


def whose(path: Path) -> str:
    """Whose run it is, in a few words."""
    if path.parent == library.sequences():
        return "a run that comes with GrokViz"
    return "a run from the Hub" if path.parent == library.downloaded() else "a run of yours"


def in_view(place: str) -> tuple[RunHandle, SequenceRun] | None:
    """The run that the page shows in a place: the one that was put there, once it has finished, else the bundled one."""
    path = mine(place)
    own = handle_of(path) if path else None
    for handle in (own, bundled(BUNDLED.get(place, place))):
        if handle:
            try:
                run = opened(handle)
            except RunError:
                continue
            if run.finished and len(run.steps) and len(run.logged["step"]):
                return handle, run
    return None


@kept(SCORES)
def scores(handle: RunHandle) -> tuple[Score, ...]:
    """What its heads do, at every snapshot."""
    return study.scores(opened(handle))


def said(handle: RunHandle, asked: Question) -> Said:
    """What every snapshot makes of a sequence."""
    return _said(handle.weights, tuple(asked.tokens.tolist()), tuple(asked.places.tolist()))


@kept(SAID)
def _said(weights: RunHandle, tokens: tuple[int, ...], places: tuple[int, ...]) -> Said:
    run = open_sequences(weights.path)
    return study.said_to(run, np.array(tokens), np.array(places))


@kept(TOYS)
def toy_parts(handle: RunHandle) -> tuple[np.ndarray, np.ndarray]:
    """QK and OV of a toy, at every snapshot."""
    found = [(w["QK"], w["OV"]) for w in iter_weights(opened(handle))]
    return np.array([qk for qk, _ in found]), np.array([ov for _, ov in found])
