"""The files of a job, and what they say: see `grokviz/jobs`."""

import contextlib
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from grokviz.config import CHANGEABLE
from grokviz.errors import GrokVizError, RunError, from_json, to_json
from grokviz.hosting import Limits, visitor_roots
from grokviz.jobs.kinds import KINDS
from grokviz.runs.catalog import ID
from grokviz.runs.storage import canonical, is_locked, read_json, replace_file, saying

JOBS = ".jobs"
WANTED = (*KINDS, "pause", "keep", "discard", "cancel")


class Order(NamedTuple):
    """What a training shall do after a row of its log."""

    wanted: str = "train"  # or pause: stop so that it can go on; keep: finish here; discard: stop at once
    settings: Mapping[str, float] = {}  # learning rate or weight decay to go on with
    why: str = ""  # it pauses


GO_ON = Order()
one_at_a_time = (
    threading.RLock()
)  # held by whoever reads a job to write it again, and never while a run is written


class Job(NamedTuple):
    """job.json: what is to be done. `wanted` is the kind of the job as long as it shall go on."""

    wanted: str = "train"
    queued: int = 0  # nanoseconds since 1970: the order of the queue
    device: str = "auto"
    settings: Mapping[str, float] = {}
    started: bool = False  # a process was started for it
    restarts: int = 0
    kind: str = "train"  # one of `KINDS`
    arguments: Mapping[str, object] = {}  # what else its process has to know


class Ended(NamedTuple):
    """ended.json: why it is not going on, the error if it is one, and what came of it.

    `why` is "finished", "paused", "abandoned", "time", "stopped", "failed", "killed" or "cancelled".
    """

    why: str
    error: GrokVizError | None = None
    result: str = ""


class Progress(NamedTuple):
    """progress.json: how far it is. `rate` is in units of `done` a second, 0 while it is not known."""

    what: str = ""
    done: int = 0
    total: int = 1
    rate: float = 0.0
    at: float = 0.0  # seconds since 1970


def folder_of(run: Path) -> Path:
    return run.parent / JOBS / run.name


def read(run: Path) -> Job:
    """What is wanted of a run. Raises `RunError` when there is no such job, or its file is damaged."""
    values = {**Job()._asdict(), **read_json(folder_of(run), "job.json")}  # older ones say less
    match values:
        case {
            "wanted": str(wanted), "queued": int(queued), "device": str(device), "settings": dict(settings),
            "started": bool(started), "restarts": int(restarts), "kind": str(kind), "arguments": dict(arguments),
        } if wanted in WANTED and kind in KINDS and settings.keys() <= set(CHANGEABLE):  # fmt: skip
            return Job(wanted, queued, device, settings, started, restarts, kind, arguments)
    raise RunError(
        f"The job of {run.name} is damaged.", mend="Pause and resume it, or delete it and ask for it again."
    )


def write_job(run: Path, job: Job) -> None:
    _write(run, "job.json", job._asdict())


def has_job(run: Path) -> bool:
    return (folder_of(run) / "job.json").is_file()


def ended(run: Path) -> Ended | None:
    """Why its training is not going on, or None."""
    try:
        values = read_json(folder_of(run), "ended.json")
    except RunError:
        return None
    error = values.get("error")
    if said := values.get("sentence"):  # as older versions wrote it
        error = {"found": said}
    found = from_json(error) if isinstance(error, dict) else None
    return Ended(str(values.get("why"))[:20], found, str(values.get("result", ""))[:200])


def end(run: Path, why: str, error: GrokVizError | None = None, result: str = "") -> None:
    """Says that a training is not going on."""
    _write(run, "ended.json", {"why": why, "error": to_json(error) if error else None, "result": result})


def progress(run: Path) -> Progress:
    """How far it is, as its process said last."""
    try:
        values = read_json(folder_of(run), "progress.json")
    except RunError:
        return Progress()
    match values:
        case {
            "what": str(what), "done": int(done), "total": int(total),
            "rate": float(rate) | int(rate), "at": float(at) | int(at),
        }:  # fmt: skip
            return Progress(what, done, total, float(rate), float(at))
    return Progress()


def tell(run: Path, now: Progress) -> None:
    """Says how far it is."""
    _write(run, "progress.json", now._replace(at=time.time())._asdict())


def _write(run: Path, name: str, values: Mapping[str, object]) -> None:
    """Does not wait for the disk: the queue is busy meanwhile, and a power cut ends every process anyway."""
    home = folder_of(run)
    with saying("The queue"):
        home.mkdir(parents=True, exist_ok=True)
    replace_file(home / name, canonical(values), durable=False)


def is_running(run: Path, kind: str) -> bool:
    """Whether a process works on it: it holds the lock of the run, or of the job where there is no run yet."""
    return is_locked(run if KINDS[kind].locks_run else folder_of(run))


def note(run: Path, sentence: str) -> None:
    """Something the viewer should know of this training."""
    replace_file(folder_of(run) / "note.txt", sentence.encode(), durable=False)


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


def jobs_in(root: Path) -> list[Path]:
    """Every job beside the runs in `root`, also those of runs that are still to come."""
    return [root / home.name for home in (root / JOBS).glob("*") if (home / "job.json").is_file()]


def all_jobs(runs: Path) -> list[tuple[Path, Job]]:
    """Every run with a job, and every job besides that waits for its turn, of every visitor, in the order of the queue."""
    found = []
    for root in visitor_roots(runs):
        for run in jobs_in(root):
            with contextlib.suppress(RunError):
                job = read(run)
                if run.is_dir() or (KINDS[job.kind].is_queued and not KINDS[job.kind].locks_run):
                    found.append((run, job))
    return sorted(found, key=lambda entry: entry[1].queued)


def is_waiting(run: Path, job: Job) -> bool:
    return job.wanted == job.kind and not job.started and ended(run) is None
