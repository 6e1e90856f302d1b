"""A race as a job: a few trainings side by side in one process, each in a run folder of its own.

The process is `grokviz/racer.py`. A race is found again by the folder of its job, and its runs by what that says.
"""

import contextlib
import secrets
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from grokviz import installation
from grokviz.config import RunConfig
from grokviz.errors import HostingError, RunError
from grokviz.hosting import Limits
from grokviz.jobs import asked, files, requests
from grokviz.jobs.files import Job
from grokviz.jobs.processes import Status
from grokviz.runs.imported import NO_TORCH
from grokviz.runs.record import read_any

KIND = "race"
PREFIX = "_race-"  # no run can have such a name
WHY = {
    "abandoned": "Nobody was looking any more, so the race was stopped where it was.",
    "time": "It has had the time that this shared machine gives to one training, and was stopped where it was.",
    "killed": "Its process was ended from outside, perhaps for want of memory.",
    "cancelled": "Stopped where it was.",
}


def start(root: Path, entries: Sequence[tuple[RunConfig, str]], most: Limits | None = None) -> Path:
    """Makes a run of every config with its title, and asks for a race between them; where just this race is going on or waits, this one.

    Raises `HostingError` beyond the limits of a visitor, `RunError` where nothing can be trained.
    """
    if not installation.has("torch"):
        raise RunError(NO_TORCH)
    with requests.pressed_once(root):
        wanted = [config for config, _ in entries]
        last = latest(root)
        if last and asked.is_wanted(last) and [read_any(run).config for run in runs_of(last)] == wanted:
            return last
        return _start(root, entries, most)


def _start(root: Path, entries: Sequence[tuple[RunConfig, str]], most: Limits | None) -> Path:
    if most:
        _refuse(root, len(entries), most)
    runs: list[Path] = []
    try:
        for config, title in entries:
            runs.append(requests.create(root, config, title, most))
    except BaseException:
        for run in runs:
            shutil.rmtree(run, ignore_errors=True)
        raise
    race = root / f"{PREFIX}{secrets.token_hex(3)}"
    arguments = {"runs": [run.name for run in runs]}
    with files.one_at_a_time:
        files.write_job(race, Job(KIND, time.time_ns(), kind=KIND, arguments=arguments))
        files.seen(race)
    return race


def _refuse(root: Path, count: int, most: Limits) -> None:
    asked.refuse_more(root, most)
    if len(files.runs_in(root)) + count > most.runs:
        raise HostingError(
            f"A race of {count} makes {count} runs, and you may have {most.runs} here.",
            mend="Delete some on page Train, then start it.",
        )


def latest(root: Path) -> Path | None:
    """The race that was asked for last by whoever's runs are in `root`, if any of its runs are still there."""
    found = []
    for job in files.jobs_in(root):
        with contextlib.suppress(RunError):
            if job.name.startswith(PREFIX) and runs_of(job):
                found.append((files.read(job).queued, job))
    return max(found)[1] if found else None


def runs_of(race: Path) -> list[Path]:
    """Its runs, as far as they are still there. Raises `RunError` when the job cannot be read."""
    match files.read(race).arguments:
        case {"runs": list(names)}:
            here = {run.name: run for run in files.runs_in(race.parent)}
            return [here[name] for name in names if name in here]
    return []


def cancel(race: Path) -> None:
    """Stop it where it is, or leave the queue: its runs are kept as far as they have come."""
    asked.cancel(race)


def status(race: Path) -> Status | None:
    """Where it stands: queued, running, or how it ended; None when there is no such race."""
    return asked.status(race, race.parent, WHY)
