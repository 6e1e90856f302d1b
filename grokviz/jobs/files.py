"""The files of a job, and what they say: see `grokviz/jobs`."""

import contextlib
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from grokviz.config import CHANGEABLE
from grokviz.errors import RunError
from grokviz.hosting import Limits, visitor_roots
from grokviz.runs.catalog import ID
from grokviz.runs.storage import canonical, read_json, replace_file

JOBS = ".jobs"
WANTED = ("train", "pause", "keep", "discard")


class Order(NamedTuple):
    """What a training shall do after a row of its log."""

    wanted: str = "train"  # or pause: stop so that it can go on; keep: finish here; discard: stop at once
    settings: Mapping[str, float] = {}  # learning rate or weight decay to go on with
    why: str = ""  # it pauses


GO_ON = Order()
one_at_a_time = threading.RLock()  # held by whoever reads a job to write it again


class Job(NamedTuple):
    """job.json"""

    wanted: str = "train"
    queued: int = 0  # nanoseconds since 1970: the order of the queue
    device: str = "auto"
    settings: Mapping[str, float] = {}
    started: bool = False  # a process was started for it
    restarts: int = 0


class Ended(NamedTuple):
    """ended.json: "finished", "paused", "abandoned", "time", "stopped", "failed" or "killed", and what to say."""

    why: str
    sentence: str = ""


def folder_of(run: Path) -> Path:
    return run.parent / JOBS / run.name


def read(run: Path) -> Job:
    """What is wanted of a run. Raises `RunError` when there is no such job, or its file is damaged."""
    values = read_json(folder_of(run), "job.json")
    match values:
        case {
            "wanted": str(wanted), "queued": int(queued), "device": str(device), "settings": dict(settings),
            "started": bool(started), "restarts": int(restarts),
        } if wanted in WANTED and settings.keys() <= set(CHANGEABLE):  # fmt: skip
            return Job(wanted, queued, device, settings, started, restarts)
    raise RunError(f"The job of {run.name} is damaged. Pause and resume it, or delete it.")


def write_job(run: Path, job: Job) -> None:
    home = folder_of(run)
    home.mkdir(parents=True, exist_ok=True)
    replace_file(home / "job.json", canonical(job._asdict()))


def has_job(run: Path) -> bool:
    return (folder_of(run) / "job.json").is_file()


def ended(run: Path) -> Ended | None:
    """Why its training is not going on, or None."""
    try:
        values = read_json(folder_of(run), "ended.json")
    except RunError:
        return None
    return Ended(str(values.get("why"))[:20], str(values.get("sentence"))[:500])


def end(run: Path, why: str, sentence: str = "") -> None:
    """Says that a training is not going on."""
    replace_file(folder_of(run) / "ended.json", canonical(Ended(why, sentence)._asdict()))


def note(run: Path, sentence: str) -> None:
    """Something the viewer should know of this training."""
    replace_file(folder_of(run) / "note.txt", sentence.encode())


def seen(run: Path) -> None:
    """Somebody is looking at this run."""
    with contextlib.suppress(OSError):
        (folder_of(run) / "seen").touch()


def unseen_seconds(run: Path) -> float:
    try:
        return time.time() - (folder_of(run) / "seen").stat().st_mtime
    except OSError:
        return 0.0


def order_for(run: Path, seconds: float, limits: Limits | None) -> Order:
    """What a training that has been going for so long shall do now."""
    if limits and seconds > 60 * limits.minutes:
        return Order("pause", why="time")
    if limits and unseen_seconds(run) > limits.unseen_seconds:
        return Order("pause", why="abandoned")
    job = read(run)
    return Order(job.wanted, job.settings, "paused" if job.wanted == "pause" else "")


def runs_in(root: Path) -> list[Path]:
    try:
        return [entry for entry in root.iterdir() if ID.fullmatch(entry.name) and entry.is_dir()]
    except OSError:
        return []


def all_jobs(runs: Path) -> list[tuple[Path, Job]]:
    """Every run with a job, of every visitor, in the order in which they were queued."""
    found = []
    for root in visitor_roots(runs):
        for run in runs_in(root):
            if has_job(run):
                with contextlib.suppress(RunError):
                    found.append((run, read(run)))
    return sorted(found, key=lambda entry: entry[1].queued)


def is_waiting(run: Path, job: Job) -> bool:
    return job.wanted == "train" and not job.started and ended(run) is None
