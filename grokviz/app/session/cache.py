"""Runs opened and studied once, and shared by every visitor: read-only."""

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from grokviz import study
from grokviz.app.session import visitor
from grokviz.errors import RunError
from grokviz.measures.phases import Phases
from grokviz.models.forward import Activations, Weights, forward
from grokviz.runs import library
from grokviz.runs.catalog import Card
from grokviz.runs.folder import open_run, read_weights
from grokviz.runs.storage import is_locked
from grokviz.runs.write import RESUME
from grokviz.study import Growing, Study
from grokviz.view import frames


def load(run_id: str) -> Study:
    """The study of a run by its name. Raises `RunError` when it cannot be opened."""
    path = library.find(run_id, visitor.root())
    return _any_study(str(path), _stamp(path))


def load_if_any(run_id: str) -> Study | None:
    """The same, or None when it cannot be opened, as long as it has no snapshot."""
    try:
        return load(run_id)
    except RunError:
        return None


def _is_packed(stamp: tuple) -> bool:
    return any(name.startswith("snapshots-") for name, *_ in stamp)


def _any_study(path: str, stamp: tuple) -> Study:
    if _is_packed(stamp) and not (_growing(path).measured and is_locked(path)):
        return _study(path, stamp)
    return _live_study(path, stamp)


def blob(run_id: str) -> bytes:
    """What the film plays."""
    path = library.find(run_id, visitor.root())
    return _blob(str(path), _stamp(path))


def maps(run_id: str) -> bytes:
    """What the film's larger panels need besides."""
    path = library.find(run_id, visitor.root())
    return _maps(str(path), _stamp(path))


def weights(run_id: str, index: int) -> Weights:
    """The weights of one snapshot, float32, for reading only."""
    path = library.find(run_id, visitor.root())
    return _weights(str(path), _stamp(path), index)


def network(run_id: str, index: int) -> Activations:
    """One snapshot run on every pair, in float32."""
    path = library.find(run_id, visitor.root())
    return _network(str(path), _stamp(path), index)


class Glance(NamedTuple):
    """What a card shows of a run besides its config: no snapshot is read for it."""

    log: pd.DataFrame
    phases: Phases
    last_step: int
    provenance: dict


def glance(run_id: str) -> Glance:
    """The curves and phases of a run, from its log alone."""
    path = library.find(run_id, visitor.root())
    return _glance(str(path), _stamp(path))


@st.cache_resource(max_entries=200, show_spinner=False)
def _glance(path: str, stamp: tuple) -> Glance:
    run = open_run(path)
    last = int(max([0, *run.steps[-1:], *run.log["step"].iloc[-1:]]))
    return Glance(run.log, study.phases_of(run), last, run.provenance)


def cards() -> list[Card]:
    """What there is to say of every run, opened anew only when something in a folder of runs has changed."""
    roots = library.roots(visitor.root())
    folders = [entry for root in roots if root.is_dir() for entry in (root, *root.iterdir())]
    shown = [path for path in folders if path.is_dir() and (path in roots or path.name[0] != ".")]
    return _cards(str(roots[1]), tuple((str(path), _stamp(path)) for path in shown))


@st.cache_resource(max_entries=16, show_spinner=False)
def _cards(mine: str, stamps: tuple) -> list[Card]:
    return library.cards(Path(mine))


def _stamp(path: Path) -> tuple:
    """Changes whenever something is written to the run."""
    stamp = []
    for entry in os.scandir(path):
        if entry.name == RESUME:
            continue  # nothing that is shown comes from it
        with contextlib.suppress(FileNotFoundError):  # half-written files come and go
            stamp.append((entry.name, entry.stat().st_mtime_ns, entry.stat().st_size))
    return tuple(sorted(stamp))


@st.cache_resource(max_entries=8, show_spinner="Measuring every snapshot of this run, once …")
def _study(path: str, stamp: tuple) -> Study:
    return study.load(open_run(path))


@st.cache_resource(max_entries=4, show_spinner=False)
def _live_study(path: str, stamp: tuple) -> Study:
    """Of a run that is being trained, or has just been: only what is new is measured."""
    growing = _growing(path)
    with growing.lock:
        return growing.look(open_run(path))


@st.cache_resource(max_entries=16, show_spinner=False)
def _growing(path: str) -> Growing:
    return Growing()


@st.cache_resource(max_entries=8, show_spinner=False)
def _blob(path: str, stamp: tuple) -> bytes:
    found = _any_study(path, stamp)
    return frames.timeline_blob(found.run, found.timeline, found.task, found.phases)


@st.cache_resource(max_entries=8, show_spinner=False)
def _maps(path: str, stamp: tuple) -> bytes:
    found = _any_study(path, stamp)
    return frames.maps_blob(found.run, found.timeline)


@st.cache_resource(max_entries=32, show_spinner=False)
def _weights(path: str, stamp: tuple, index: int) -> Weights:
    return read_weights(_any_study(path, stamp).run, index, np.float32)


@st.cache_resource(max_entries=8, show_spinner=False)  # about 40 MB each for p = 113
def _network(path: str, stamp: tuple, index: int) -> Activations:
    return forward(_weights(path, stamp, index))
