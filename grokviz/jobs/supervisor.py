"""Where every run stands, and the thread that starts what waits and notices what died."""

import contextlib
import os
import shutil
import threading
import time
from pathlib import Path

from grokviz import hosting
from grokviz.errors import HostingError, RunError
from grokviz.jobs import machine, processes
from grokviz.jobs.files import (
    JOBS,
    Job,
    all_jobs,
    end,
    ended,
    folder_of,
    has_job,
    is_running,
    is_waiting,
    note,
    one_at_a_time,
    read,
    unseen_seconds,
    write_job,
)
from grokviz.jobs.kinds import KINDS
from grokviz.jobs.processes import Status
from grokviz.runs.record import read_any
from grokviz.runs.storage import is_locked, saying

TRASH_SECONDS = 600  # a run that was deleted can be had back for so long

PAUSED_BECAUSE = {
    "paused": "",
    "abandoned": "Nobody was looking any more, so it was paused to let others train.",
    "time": "It has had the time that this shared machine gives to one training. It can go on after the others.",
    "stopped": "The machine asked it to stop, so it was paused.",
    "killed": "Its process was ended from outside, perhaps because memory ran out.",
}


def is_active(run: Path) -> bool:
    """Whether it is being trained, or is to be. A job that cannot be read asks for nothing."""
    if is_locked(run):
        return True
    with contextlib.suppress(RunError):
        job = read(run)
        return job.wanted == job.kind and ended(run) is None
    return False


def queue(runs: Path) -> list[Path]:
    """The runs that wait for their turn, of every visitor, first come first."""
    return [run for run, job in all_jobs(runs) if is_waiting(run, job) and not is_locked(run)]


def status(run: Path, runs: Path) -> Status:
    """Where a training stands; `runs` is the folder of all visitors' runs. Raises `RunError` when it is no run."""
    is_trained = is_locked(run)  # first: what is read after a process has let go is its last word
    record, over = read_any(run), ended(run)
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
        return Status("failed", note=words, error=over.error)
    if over or not has_job(run):
        return Status(
            "paused", PAUSED_BECAUSE.get(over.why, "") if over else "Its training was interrupted.", words
        )
    if read(run).started:
        return Status("starting", note=words)
    waiting = queue(runs)
    return Status("queued", note=words, place=waiting.index(run) + 1 if run in waiting else None)


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


_looking = threading.Lock()  # held by whoever looks at all jobs: they look one after the other


def tick(runs: Path) -> None:
    """One look at all jobs: forgets what was discarded, starts again what was killed, starts what waits.

    What takes its time (a process to start, a folder to remove) is done while the queue is free for others.
    """
    with _looking:
        processes.reap()
        jobs = [(run, job) for run, job in all_jobs(runs) if KINDS[job.kind].is_queued]
        # Also one whose run was discarded before it had begun: it is a process until it notices.
        busy = {*processes.children, *(run for run, job in jobs if is_running(run, job.kind))}
        if not busy and machine.is_busy_measuring(runs):
            return
        for run, _ in jobs:
            if run not in busy:
                with contextlib.suppress(RunError):  # one that is damaged holds nobody up
                    _look_at(run, busy)
        _sweep(runs)


def _look_at(run: Path, busy: set[Path]) -> None:
    bin, kind = None, ""
    with one_at_a_time:
        job, limits = (
            read(run),
            hosting.limits(),
        )  # as it is now: somebody may have asked for something else since
        if job.wanted == "discard" and not is_locked(run):
            bin = put_aside(run)
        elif job.wanted == job.kind and job.started and not ended(run):
            _was_killed(run, job)
        elif is_waiting(run, job):
            if limits and unseen_seconds(run) > limits.unseen_seconds:
                end(run, "abandoned")
            elif len(busy) < slots():
                write_job(run, job._replace(started=True))
                kind = job.kind
    if bin:
        forget(bin)
    if kind:
        processes.start(run, kind)
        busy.add(run)


def _was_killed(run: Path, job: Job) -> None:
    if KINDS[job.kind].locks_run and read_any(run).finished:  # just before it could say so
        end(run, "finished")
    elif job.restarts >= KINDS[job.kind].restarts:
        end(run, "killed")
    else:
        note(run, "Its process was ended from outside, perhaps for want of memory. It was started again and goes on "
                  "from where it was.")  # fmt: skip
        write_job(run, job._replace(started=False, restarts=job.restarts + 1))


def put_aside(run: Path) -> Path:
    """Move a run out of the way, at once: what is returned can be forgotten, or swept later."""
    bin = run.parent / JOBS / "trash" / f"{time.time_ns()}-{run.name}"
    bin.parent.mkdir(parents=True, exist_ok=True)
    with saying(run.name), contextlib.suppress(FileNotFoundError):  # another was quicker
        os.replace(run, bin)
    return bin


def forget(bin: Path) -> None:
    """Remove a run that was put aside, and its job unless there is such a run again."""
    shutil.rmtree(bin, ignore_errors=True)
    run = bin.parents[2] / bin.name.partition("-")[2]
    if not run.exists():
        shutil.rmtree(folder_of(run), ignore_errors=True)


def _sweep(runs: Path) -> None:
    """Deleted runs that nobody wanted back."""
    for root in hosting.visitor_roots(runs):
        for bin in (root / JOBS / "trash").glob("*"):
            born = bin.name.split("-")[0]
            if born.isdecimal() and time.time() - int(born) / 1e9 > TRASH_SECONDS:
                forget(bin)
