"""Every cache of the app with its caps, and the one way to a run: its name is resolved once a rerun, to a handle
that says where it is and in which state, and by this handle everything is kept. Shared by all visitors: read-only."""

import contextlib
import functools
import os
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, cast
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from grokviz import hosting
from grokviz import study as studies
from grokviz.app.session import apart, budget, visitor
from grokviz.app.session.bounded import Cache, kept
from grokviz.errors import HostingError, RunError
from grokviz.forecast import looking
from grokviz.measures.phases import Phases
from grokviz.runs import library
from grokviz.runs.catalog import check_id
from grokviz.runs.folder import Run, open_run
from grokviz.runs.record import Provenance
from grokviz.runs.storage import is_locked
from grokviz.runs.summary import Card, Known, Stamp, stamp_of
from grokviz.study import Growing, Study, chosen
from grokviz.view import frames

# Sizes for p = 113: a study 3 MB, its film 5 MB, a network in float64 65 MB, one from the inside 3 MB.
STUDIES = Cache("studies", 8, 200, spinner="Measuring every snapshot of this run, once …")
LIVE_STUDIES = Cache("studies of runs being trained", 4, 100)
GROWING = Cache("measures of runs being trained", 16, 200)
FILMS = Cache("what the film plays", 8, 200)
DISTANCES = Cache("tables of sums and distances", 8, 100)
MAPS = Cache("the film's larger panels", 8, 280)
GLANCES = Cache("curves on cards", 200, 200)
CARDS = Cache("what lists say of runs", 5_000, 100)
WAVES = Cache("frequencies followed in a run", 16, 1)
NETWORKS = Cache("uncut networks on every pair", 2, 300)
OWNERS = Cache("frequencies of neurons", 16, 2)
INSIDES = Cache("snapshots from the inside", 40, 60)
STACKS = Cache("weights of all snapshots of a run", 2, 150)
PAIRS = Cache("pairs at all snapshots", 200, 30)
COSTS = Cache("what cuts cost at every snapshot", 60, 60)
CUT_PAIRS = Cache("pairs at every snapshot with cuts", 200, 20)
ANATOMIES = Cache("what the stages of every snapshot say over all pairs", 8, 60)
EXPERIMENTS = Cache("the paper's experiments", 8, 50, spinner="Cutting one thing after the other …")
ABLATIONS = Cache("losses without a frequency", 8, 1, spinner="Taking out one frequency after the other …")
LOSSES = Cache("losses of random controls", 4_000, 2)
DEEP = Cache("what takes its time to measure", 32, 20)
HAND_MADE = Cache("networks made by hand", 32, 50)
SUFFICIENT = Cache("tables of how few waves suffice", 16, 2)
CURVES = Cache("charts of whole runs", 56, 50)
GROUPS = Cache("neurons on cosets", 60, 200)
SWEEPS = Cache("outcomes of sweeps", 8, 40)
ACCOUNTS = Cache("experiments on groups", 8, 20, spinner="Changing one thing after the other …")


MEASURING = "Measuring every snapshot"


NICE = 10  # as a training is, see `worker`
SHARE_OF_WATCHING = 0.1  # of a core: a run that is watched is trained on the same machine


class RunHandle(NamedTuple):
    """A run in one state of its folder. Another write, another handle."""

    path: str
    stamp: Stamp  # (name, modified in ns, size) of every file that is shown

    @property
    def id(self) -> str:
        return Path(self.path).name

    @property
    def weights(self) -> "RunHandle":
        """The handle as far as the snapshots go: a row of the log does not change it."""
        return self._replace(stamp=tuple(file for file in self.stamp if file[0].startswith("snapshots")))

    @property
    def is_packed(self) -> bool:
        return any(name.startswith("snapshots-") for name, *_ in self.stamp)


# One rerun


@dataclass
class _Seen:
    """What has been looked up on the disk in this rerun."""

    handles: dict[str, RunHandle] = field(default_factory=dict)  # by the name of the run
    stamps: dict[str, Stamp | None] = field(default_factory=dict)  # by the path of a folder


_seen: ContextVar[_Seen | None] = ContextVar("what this rerun has seen", default=None)


@contextmanager
def one_rerun() -> Iterator[None]:
    """Within it no folder is looked at twice. Inside another one, as a fragment within its page, it is part of that."""
    if _seen.get() is not None:
        yield
        return
    token = _seen.set(_Seen())
    try:
        yield
    finally:
        _seen.reset(token)


def begin_rerun() -> None:
    """From here to the end of this thread it is one rerun: for a page that runs without the app around it, in tests."""
    if _seen.get() is None:
        _seen.set(_Seen())


def resolve(run_id: str) -> RunHandle:
    """The run of this name, as it is now. Raises `RunError` when there is none."""
    seen = _seen.get() or _Seen()
    if run_id not in seen.handles:
        seen.handles[run_id] = _find(run_id, seen)
    return seen.handles[run_id]


def _find(run_id: str, seen: _Seen) -> RunHandle:
    check_id(run_id)
    for root in library.roots(visitor.root()):
        path = str(root / run_id)
        if (stamp := _stamp(path, seen)) is not None:
            return RunHandle(path, stamp)
    library.find(run_id, visitor.root())  # says that there is none
    return _find(run_id, _Seen())  # it has just come


def _stamp(path: str, seen: _Seen) -> Stamp | None:
    if path not in seen.stamps:
        seen.stamps[path] = stamp_of(path)
    return seen.stamps[path]


# What is kept of a run


def load(run_id: str) -> Study:
    """The study of a run by its name. Raises `RunError` when it cannot be opened."""
    return study(resolve(run_id))


def load_if_any(run_id: str) -> Study | None:
    """The same, or None when it cannot be opened, as long as it has no snapshot, or is being measured."""
    try:
        return load(run_id)
    except (RunError, HostingError):
        return None


def study(handle: RunHandle) -> Study:
    """The study of a run. Raises `RunError` when it cannot be opened."""
    found = _whole_study(handle) if _is_whole(handle) else _live_study(handle)
    _handles[found] = handle
    return found


_handles: WeakKeyDictionary[Study, RunHandle] = WeakKeyDictionary()


def handle_of(study: Study) -> RunHandle | None:
    """By which handle a study was opened here; None when it was not."""
    return _handles.get(study)


def _is_whole(handle: RunHandle) -> bool:
    return handle.is_packed and not (GROWING.peek(handle.path) and is_locked(handle.path))


def _open(handle: RunHandle) -> Run:
    """The run, unless it is larger than what a shared machine trains: whoever made it, looking inside costs as much."""
    run = open_run(handle.path)
    limits = hosting.limits()
    if limits and run.path.parent != library.BUNDLED:
        try:
            hosting.check_size(run.config, len(run.steps), limits)
        except HostingError as error:
            raise RunError(error.found, error.expected, error.mend) from error
    return run


@kept(STUDIES)
def _whole_study(handle: RunHandle) -> Study:
    run = _open(handle)
    cost = looking.of_study(run.config, len(run.steps))
    if apart.is_large(cost) and run.path.parent != library.BUNDLED and not studies.is_kept(run):
        apart.compute(MEASURING, cost, studies.measure_and_keep, handle.path)
        run = _open(handle)
    with apart.in_turn():
        begin = time.monotonic()
        found = studies.load(run)
        budget.spend(time.monotonic() - begin)  # of threads of its own
    return found


@kept(LIVE_STUDIES)
def _live_study(handle: RunHandle) -> Study:
    """Of a run that is being trained, or has just been: only what is new is measured."""
    growing = GROWING.get(handle.path, lambda: Growing(share=SHARE_OF_WATCHING))
    with growing.lock:
        run = _open(handle)
        cost = looking.of_study(run.config, len(run.steps) - len(growing.steps))
        if apart.is_large(cost):  # a fork, or a run that nobody has looked at since the server began
            growing.know(apart.compute(MEASURING, cost, studies.look_at, handle.path))
        with apart.in_turn():
            found = _quiet().submit(growing.look, run).result()
    GROWING.measure_again(handle.path)
    return found


@functools.cache
def _quiet() -> ThreadPoolExecutor:
    """A thread that measures runs which are being trained, no more urgent than the training itself: with it the threads
    that it starts. Elsewhere than on Linux a thread has no priority of its own."""

    def give_way() -> None:
        if sys.platform == "linux":
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)

    return ThreadPoolExecutor(1, "grokviz-quiet", initializer=give_way)


@kept(FILMS)
def blob(handle: RunHandle) -> bytes:
    """What the film plays."""
    found = study(handle)
    return frames.timeline_blob(found.run, found.timeline, found.task, found.phases)


@kept(MAPS)
def maps(handle: RunHandle, neurons: tuple[int, ...] = ()) -> bytes:
    """What the film's larger panels need besides; with neurons that were chosen, each measured at every snapshot."""
    found = study(handle)
    drawn = chosen.with_neurons(found.run, found.timeline, neurons) if neurons else found.timeline
    return frames.maps_blob(found.run, found.timeline, drawn)


@kept(OWNERS)
def neuron_fits(handle: RunHandle) -> tuple[np.ndarray, np.ndarray]:
    """Of every neuron of the last snapshot its frequency, and how much of it that explains."""
    return chosen.neuron_fits(study(handle).run)


@kept(MAPS)
def chosen_rings(handle: RunHandle, freqs: tuple[int, ...], heads: tuple[int, ...]) -> bytes:
    """Which frequencies and heads the film draws in place of those that it prefers; none where it shall draw its own."""
    found = study(handle)
    rings = chosen.rings_of(found.run, freqs) if freqs else None
    return frames.chosen_blob(found.run, found.timeline, freqs, heads, rings)


@kept(DISTANCES)
def distances(handle: RunHandle) -> bytes:
    """The logit of the right answer by sum and distance, for the panel that draws it."""
    found = study(handle)
    return frames.distances_blob(found.run, found.timeline, found.task)


class Glance(NamedTuple):
    """What a card shows of a run besides its config: no snapshot is read for it."""

    log: pd.DataFrame
    phases: Phases
    last_step: int
    provenance: Provenance


@kept(GLANCES)
def glance(handle: RunHandle) -> Glance:
    """The curves and phases of a run, from its log alone."""
    run = open_run(handle.path)
    return Glance(run.log, studies.phases_of(run), run.last_step, run.provenance)


def cards() -> list[Card]:
    """What there is to say of every run on pairs. A run is opened for it only when it was written since."""
    return [card for card in all_cards() if not card.task]


def all_cards() -> list[Card]:
    """The same, and of runs on sequences."""
    seen = _seen.get() or _Seen()
    return library.all_cards(visitor.root(), lambda path: _stamp(path, seen), cast(Known, CARDS))
