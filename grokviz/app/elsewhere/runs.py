"""Which runs on sequences the page shows: those that came with GrokViz, or the one that the visitor has trained last."""

from pathlib import Path

import numpy as np

from grokviz.app.session import keys, visitor
from grokviz.app.session.bounded import Cache, kept
from grokviz.app.session.cache import RunHandle
from grokviz.errors import RunError
from grokviz.runs import library
from grokviz.runs.folder import SequenceRun, iter_weights, open_sequences
from grokviz.runs.summary import stamp_of
from grokviz.study import sequences as study
from grokviz.study.sequences import Said, Score
from grokviz.view.elsewhere import Question

OPENED = Cache("runs on sequences", 16, 40)
SCORES = Cache("what heads of runs on sequences do", 32, 2)
SAID = Cache("sequences put to a network", 40, 80)
BUNDLED = {"few": "skip-trigrams-few"}  # whose folder is not named by its place on the page
TOYS = Cache("the two parts of toys", 8, 2)


def handle_of(path: Path) -> RunHandle | None:
    """The run in a folder as it is now; None where there is none."""
    stamp = stamp_of(str(path))
    return RunHandle(str(path), stamp) if stamp else None


@kept(OPENED)
def opened(handle: RunHandle) -> SequenceRun:
    """Raises `RunError` when it cannot be opened."""
    return open_sequences(handle.path)


def bundled(name: str) -> RunHandle | None:
    """One that came with GrokViz, by the name of its folder."""
    return handle_of(library.sequences() / name)


def mine(task: str) -> Path | None:
    """The folder of the run of this task that the visitor has trained last here, if it is still there."""
    name = keys.trained_elsewhere(task).get("")
    path = visitor.root() / name if name else None
    return path if path and path.is_dir() else None


def in_view(task: str) -> tuple[RunHandle, SequenceRun] | None:
    """The run of a task that the page shows: the visitor's own, once it has finished, else the bundled one."""
    path = mine(task)
    own = handle_of(path) if path else None
    for handle in (own, bundled(BUNDLED.get(task, task))):
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
