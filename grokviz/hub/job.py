"""Opening a reference in a process of its own: a page stays quick, what reads files stays out of the server, and a reload
finds the job again by the words of its reference. `python -m grokviz.hub.job ROOT/JOB` is that process: see `jobs`.
"""

import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from grokviz.errors import GrokVizError, HubError, RunError, Unanswered
from grokviz.hosting import is_hosted
from grokviz.hub import refs
from grokviz.hub.client import FULL, CancelledError
from grokviz.hub.fetch import open_ref
from grokviz.hub.refs import Ref
from grokviz.jobs import files, processes
from grokviz.jobs.files import Job, Progress
from grokviz.jobs.processes import Status
from grokviz.runs.storage import write_lock

KIND = "open"
DOWNLOADING = "Downloading"  # what `fetch` says of itself meanwhile
AT_ONCE = 2
TELL_SECONDS = 0.25
LISTEN_SECONDS = 0.1
FULL_BELOW = 1_000_000  # bytes left on the disk: a job that died there could not even write why
ENDED = ("finished", "failed", "cancelled")
BROKEN = HubError(
    "The download was interrupted.", "What has arrived is kept:", "try again, and it goes on from there."
)
FULL_DISK = HubError(FULL)
CANCELLED = HubError("Cancelled.", mend="What has arrived is kept for another time.")


def job_name(ref: Ref) -> str:
    """The name of the job that opens a reference: the same words, the same job."""
    return hashlib.sha256(str(ref).encode()).hexdigest()[:16]


def start(ref: Ref, root: Path, given: Mapping | None = None) -> None:
    """Begin opening the reference. Where that is under way, it goes on, and what is said of the file now is heard by it.

    Raises `RunError` when too many are, or the disk is full.
    """
    if (now := status(ref, root)) and now.state == "running":
        if given:
            _write(ref, root, arguments={"ref": str(ref), "given": dict(given)})
        return
    if is_hosted() and sum(files.is_running(job, KIND) for job in files.jobs_in(root)) >= AT_ONCE:
        raise HubError(
            f"{AT_ONCE} downloads are under way for other visitors.", mend="Try again in a minute."
        )
    arguments = {"ref": str(ref), "given": dict(given or {})}
    processes.begin(_path(ref, root), Job(KIND, time.time_ns(), kind=KIND, arguments=arguments))


def status(ref: Ref, root: Path) -> Status | None:
    """How far the job for this reference is; None when there is none. One that died says so."""
    now = processes.status(_path(ref, root))
    if now and now.state == "died":
        is_full = shutil.disk_usage(root).free < FULL_BELOW
        return now._replace(state="failed", error=FULL_DISK if is_full else BROKEN)
    return now


def bytes_of(ref: Ref, root: Path) -> int:
    """What the job for this reference downloads in all, as far as it has said."""
    now = files.progress(_path(ref, root))
    return now.total if now.what == DOWNLOADING else 0


def given_of(ref: Ref, root: Path) -> dict:
    """What the person said of the file when the job was started."""
    try:
        return _said_of(_path(ref, root))
    except RunError:
        return {}


def _said_of(path: Path) -> dict:
    given = files.read(path).arguments.get("given")
    return given if isinstance(given, dict) else {}


def cancel(ref: Ref, root: Path) -> None:
    """Ask the job to stop; it does at the next piece that arrives."""
    if files.has_job(_path(ref, root)):
        _write(ref, root, wanted="cancel")


def _write(ref: Ref, root: Path, **changed: object) -> None:
    with files.one_at_a_time:
        job = files.read(_path(ref, root))._asdict()
        files.write_job(_path(ref, root), Job(**{**job, **changed}))


def forget(ref: Ref, root: Path) -> None:
    """Remove what an ended job has said."""
    if (now := status(ref, root)) and now.state in ENDED:
        shutil.rmtree(files.folder_of(_path(ref, root)), ignore_errors=True)


def _path(ref: Ref, root: Path) -> Path:
    return root / job_name(ref)


def main(path: Path) -> None:
    """The process: opens the reference, and says how far it is four times a second."""
    with write_lock(files.folder_of(path)):
        try:
            files.end(path, "finished", result=_open(path))
        except CancelledError:
            files.end(path, "cancelled", CANCELLED)
        except GrokVizError as error:
            files.end(path, "failed", error)
        except Exception as error:
            files.end(path, "failed", HubError(f"It cannot be opened ({type(error).__name__})."))
            raise


def _open(path: Path) -> str:
    """The run of the job, made of what was said last: also of what is said while it arrives."""
    ref = refs.parse(str(files.read(path).arguments.get("ref")))
    while True:
        given, asked, run = _said_of(path), None, ""
        try:
            run = open_ref(
                ref, path.parent, given, _teller(path), _listener(path), os.environ.get("HF_ENDPOINT")
            )
        except Unanswered as error:
            asked = error
        if _said_of(path) != given:
            continue
        if asked:
            raise asked
        return run


def _teller(path: Path) -> Callable[[str, int, int], None]:
    """A function that is told how far the job is, and passes it on now and then."""
    said: list = ["", 0.0, 0.0, 0]  # what, when last, when begun, from where

    def tell(what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if what != said[0]:
            said[:] = [what, 0.0, now, done]
        if now - said[1] > TELL_SECONDS or done == total:
            rate = (done - said[3]) / (now - said[2]) if now - said[2] > 0.5 else 0.0
            files.tell(path, Progress(what, done, max(total, 1), rate))
            said[1] = now

    return tell


def _listener(path: Path) -> Callable[[], bool]:
    """A function that says whether the job is to stop, and looks at the disk now and then."""
    heard: list = [0.0, False]

    def is_cancelled() -> bool:
        if time.monotonic() - heard[0] > LISTEN_SECONDS:
            heard[:] = [time.monotonic(), files.read(path).wanted == "cancel"]
        return heard[1]

    return is_cancelled


if __name__ == "__main__":
    main(Path(sys.argv[1]))
