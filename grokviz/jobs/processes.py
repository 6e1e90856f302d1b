"""The processes of jobs: started here, waited for here, asked here how they are."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, NamedTuple

from grokviz import installation
from grokviz.errors import GrokVizError, RunError
from grokviz.jobs import files
from grokviz.jobs.files import Job, Progress
from grokviz.jobs.kinds import KINDS

STARTING_SECONDS = 20.0  # a process that has not said anything after that never will

# Those that this process has started, kept so that they are waited for when they have ended.
children: dict[Path, subprocess.Popen] = {}  # of queued kinds: the supervisor's
unqueued: dict[Path, subprocess.Popen] = {}


class Status(NamedTuple):
    """Where a job stands.

    Queued, starting, training, measuring, leaving, paused, failed and finished are the states of a training; those
    of another job are running, failed, finished, cancelled and died, which says that it has not said why.
    """

    state: str
    sentence: str = ""  # why it is paused
    note: str = ""  # what the viewer should know besides
    place: int | None = None  # in the queue, from 1
    error: GrokVizError | None = None  # why it has failed
    progress: Progress = Progress()
    result: str = ""  # what came of it


def spawn(
    module: str, arguments: list[str], out: int | IO, log: int | IO, environment: Mapping[str, str] = {}
) -> subprocess.Popen:
    """A process of its own for `python -m MODULE ...`. It outlives this server, should that be killed."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=installation.HOME,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=log,
        env={**os.environ, **environment},
        start_new_session=True,
    )


def start(run: Path, kind: str) -> None:
    """Start the process of a job that has been written."""
    started = children if KINDS[kind].is_queued else unqueued
    if child := started.pop(run, None):
        child.wait()  # it has said its last word and is about to end
    with open(files.folder_of(run) / "worker.log", "wb") as log:
        started[run] = spawn(KINDS[kind].module, [str(run.resolve())], log, log, KINDS[kind].environment)


def reap() -> None:
    """Forget those of queued kinds that have ended."""
    for run, child in list(children.items()):
        if child.poll() is not None:
            children.pop(run, None)


def begin(run: Path, job: Job) -> None:
    """Ask for a job of a kind that is not queued, and start it."""
    (files.folder_of(run) / "ended.json").unlink(missing_ok=True)
    files.tell(run, Progress("Starting"))
    files.write_job(run, job._replace(started=True))
    start(run, job.kind)


def status(run: Path) -> Status | None:
    """Where a job of a kind that is not queued stands; None when there is none, or it cannot be read."""
    child = unqueued.get(run)
    has_ended = child is not None and child.poll() is not None
    if has_ended:
        unqueued.pop(run, None)
    try:
        kind = files.read(run).kind
    except RunError:
        return None
    is_running = files.is_running(
        run, kind
    )  # first: what is read after a process has let go is its last word
    now, over = files.progress(run), files.ended(run)
    if over:
        return Status(over.why, error=over.error, progress=now, result=over.result)
    is_starting = not has_ended and now.what == "Starting" and time.time() - now.at < STARTING_SECONDS
    return Status("running" if is_running or is_starting else "died", progress=now)
