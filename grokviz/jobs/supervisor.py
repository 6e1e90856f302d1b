"""Where every run stands, and the thread that starts what waits and notices what died."""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

from grokviz import hosting, installation
from grokviz.errors import HostingError, RunError
from grokviz.jobs import machine
from grokviz.jobs.files import (
    JOBS,
    Job,
    all_jobs,
    end,
    ended,
    folder_of,
    has_job,
    is_waiting,
    note,
    one_at_a_time,
    read,
    unseen_seconds,
    write_job,
)
from grokviz.runs.record import read_record
from grokviz.runs.storage import is_locked

TRASH_SECONDS = 600  # a run that was deleted can be had back for so long
MAX_RESTARTS = 2  # of a training that was killed, by itself

PAUSED_BECAUSE = {
    "paused": "",
    "abandoned": "Nobody was looking any more, so it was paused to let others train.",
    "time": "It has had the time that this shared machine gives to one training. It can go on after the others.",
    "stopped": "The machine asked it to stop, so it was paused.",
    "killed": "Its process was ended from outside, perhaps because memory ran out.",
}


STATES = ("queued", "starting", "training", "measuring", "leaving", "paused", "failed", "finished")


class Status(NamedTuple):
    """Where a run stands: `place` is that in the queue, from 1."""

    state: str
    sentence: str = ""  # why it is paused or has failed
    note: str = ""
    place: int | None = None


def is_active(run: Path) -> bool:
    """Whether it is being trained, or is to be. A job that cannot be read asks for nothing."""
    if is_locked(run):
        return True
    with contextlib.suppress(RunError):
        return read(run).wanted == "train" and ended(run) is None
    return False


def queue(runs: Path) -> list[Path]:
    """The runs that wait for their turn, of every visitor, first come first."""
    return [run for run, job in all_jobs(runs) if is_waiting(run, job) and not is_locked(run)]


def status(run: Path, runs: Path) -> Status:
    """Where a run stands; `runs` is the folder of all visitors' runs. Raises `RunError` when it is no run."""
    is_trained = is_locked(run)  # first: what is read after a process has let go is its last word
    record, over = read_record(run), ended(run)
    try:
        words = (folder_of(run) / "note.txt").read_text("utf-8")
    except OSError:
        words = ""
    if has_job(run) and read(run).wanted == "discard":
        return Status("leaving")
    if is_trained:
        return Status("measuring" if record.finished else "training", note=words)
    if record.finished:
        return Status("finished", note=words)
    if over and over.why == "failed":
        return Status("failed", over.sentence, words)
    if over or not has_job(run):
        return Status(
            "paused", PAUSED_BECAUSE.get(over.why, "") if over else "Its training was interrupted.", words
        )
    if read(run).started:
        return Status("starting", note=words)
    waiting = queue(runs)
    return Status("queued", note=words, place=waiting.index(run) + 1 if run in waiting else None)


_children: dict[Path, subprocess.Popen] = {}


def supervise(runs: Path, every: float = 0.3) -> threading.Thread:
    """A thread that starts what waits and notices what died, for as long as this process lives."""

    def loop() -> None:
        while True:
            # What cannot be read now may be readable the next time.
            with contextlib.suppress(RunError, HostingError, OSError):
                tick(runs)
            time.sleep(every)

    thread = threading.Thread(target=loop, daemon=True, name="grokviz-supervisor")
    thread.start()
    return thread


def slots() -> int:
    """How many trainings at once: one for every two cores."""
    return max(1, (os.cpu_count() or 1) // 2)


def tick(runs: Path) -> None:
    """One look at all jobs: forgets what was discarded, starts again what was killed, starts what waits."""
    with one_at_a_time:
        for run, child in list(_children.items()):
            if child.poll() is not None:
                del _children[run]
        jobs = all_jobs(runs)
        # Also one whose run was discarded before it had begun: it is a process until it notices.
        busy = {*_children, *(run for run, _ in jobs if is_locked(run))}
        if not busy and machine.is_busy_measuring(runs):
            return
        for run, job in jobs:
            if run not in busy:
                with contextlib.suppress(RunError):  # one that is damaged holds nobody up
                    _look_at(run, job, busy)
        _sweep(runs)


def _look_at(run: Path, job: Job, busy: set[Path]) -> None:
    limits = hosting.limits()
    if job.wanted == "discard":
        forget(run)
    elif job.wanted == "train" and job.started and not ended(run):
        _was_killed(run, job)
    elif is_waiting(run, job):
        if limits and unseen_seconds(run) > limits.unseen_seconds:
            end(run, "abandoned")
        elif len(busy) < slots():
            _start_worker(run, job)
            busy.add(run)


def _was_killed(run: Path, job: Job) -> None:
    if read_record(run).finished:  # just before it could say so
        end(run, "finished")
    elif job.restarts >= MAX_RESTARTS:
        end(run, "killed")
    else:
        note(run, "Its process was ended from outside, perhaps for want of memory. It was started again and goes on "
                  "from where it was.")  # fmt: skip
        write_job(run, job._replace(started=False, restarts=job.restarts + 1))


def _start_worker(run: Path, job: Job) -> None:
    write_job(run, job._replace(started=True))
    with open(folder_of(run) / "worker.log", "wb") as log:
        _children[run] = subprocess.Popen(
            [sys.executable, "-m", "grokviz.worker", str(run.resolve())],
            cwd=installation.HOME,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=os.environ
            | {"OMP_WAIT_POLICY": "PASSIVE"},  # threads that spin on shared cores slow each other down
            start_new_session=True,  # it outlives this server, should that be killed
        )


def forget(run: Path) -> None:
    shutil.rmtree(run, ignore_errors=True)
    shutil.rmtree(folder_of(run), ignore_errors=True)


def _sweep(runs: Path) -> None:
    """Deleted runs that nobody wanted back."""
    for root in hosting.visitor_roots(runs):
        for bin in (root / JOBS / "trash").glob("*"):
            born = bin.name.split("-")[0]
            if born.isdecimal() and time.time() - int(born) / 1e9 > TRASH_SECONDS:
                forget(bin)
                run = root / bin.name.partition("-")[2]
                if not run.exists():
                    shutil.rmtree(folder_of(run), ignore_errors=True)
