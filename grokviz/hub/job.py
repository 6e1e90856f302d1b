"""Opening a reference in a process of its own: a page stays quick, torch stays out of the server, and a reload finds
the job again by the words of its reference. `python -m grokviz.hub.job ROOT JOB` is that process.

    ROOT/.jobs/JOB/job.json     the reference, and what the person knows of the run
    ROOT/.jobs/JOB/status.json  how far it is: state, what, done, total, run, message, questions
    ROOT/.jobs/JOB/cancel       there when it is to stop
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from grokviz import installation
from grokviz.errors import Question, RunError, Unanswered
from grokviz.hosting import is_hosted
from grokviz.hub import refs
from grokviz.hub.client import FULL, CancelledError
from grokviz.hub.fetch import open_ref
from grokviz.hub.refs import Ref
from grokviz.runs.storage import is_locked, parse_json, saying, write_lock

AT_ONCE = 2
STARTING_SECONDS = 20.0  # a process that has not said anything after that never will
FULL_BELOW = 1_000_000  # bytes left on the disk: a job that died there could not even write why
ENDED = ("done", "failed", "cancelled")
BROKEN = "The download was interrupted. What has arrived is kept: try again, and it goes on from there."


class Status(NamedTuple):
    """How far a job is. `rate` is in units of `done` a second, 0 while it is not known."""

    state: str  # running, done, failed, cancelled
    what: str = ""
    done: int = 0
    total: int = 1
    rate: float = 0.0
    run: str = ""
    message: str = ""
    at: float = 0.0
    questions: tuple[Question, ...] = ()  # of one that failed: what would let it go on


def job_name(ref: Ref) -> str:
    return hashlib.sha256(str(ref).encode()).hexdigest()[:16]


def start(ref: Ref, root: Path, given: Mapping | None = None) -> None:
    """Begin opening the reference, unless that is under way. Raises `RunError` when too many are, or the disk is full."""
    folder = _folder(root, ref)
    if (now := status(ref, root)) and now.state == "running":
        return
    if is_hosted() and sum(is_locked(job) for job in (root / ".jobs").glob("*")) >= AT_ONCE:
        raise RunError(f"{AT_ONCE} downloads are under way for other visitors. Try again in a minute.")
    if child := _children.pop(folder.name, None):
        child.wait()  # it has said its last word and is about to end
    with saying("The download"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cancel").unlink(missing_ok=True)
        (folder / "job.json").write_text(json.dumps({"ref": str(ref), "given": dict(given or {})}))
        _write(folder, Status("running", "Starting"))
    command = [sys.executable, "-m", "grokviz.hub.job", str(root), folder.name]
    environment = {**os.environ, "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    null = subprocess.DEVNULL
    child = subprocess.Popen(
        command,
        cwd=installation.HOME,
        env=environment,
        start_new_session=True,
        stdin=null,
        stdout=null,
        stderr=null,
    )
    _children[folder.name] = child


_children: dict[str, subprocess.Popen] = {}  # kept so that those that have ended are waited for


def status(ref: Ref, root: Path) -> Status | None:
    """How far the job for this reference is; None when there is none. One that died says so."""
    folder = _folder(root, ref)
    has_ended = (child := _children.get(folder.name)) is not None and child.poll() is not None
    if has_ended:
        del _children[folder.name]
    if not (found := _said(folder)):
        return None
    starting = not has_ended and found.what == "Starting" and time.time() - found.at < STARTING_SECONDS
    if found.state == "running" and not starting and not is_locked(folder):
        found = _said(folder) or found  # its last word may have come between the two looks
        if found.state == "running":
            is_full = shutil.disk_usage(folder).free < FULL_BELOW
            return Status("failed", message=FULL if is_full else BROKEN)
    return found


def _said(folder: Path) -> Status | None:
    try:
        said = parse_json((folder / "status.json").read_bytes(), "status.json")
        questions = tuple(Question(q[0], q[1], tuple(q[2])) for q in said.pop("questions", ()))
        return Status(**said, questions=questions)
    except (OSError, RunError, TypeError, IndexError):
        return None


def given_of(ref: Ref, root: Path) -> dict:
    """What the person said of the file when the job was started."""
    try:
        given = parse_json((_folder(root, ref) / "job.json").read_bytes(), "job.json").get("given")
    except (OSError, RunError):
        return {}
    return given if isinstance(given, dict) else {}


def cancel(ref: Ref, root: Path) -> None:
    """Ask the job to stop; it does at the next piece that arrives."""
    folder = _folder(root, ref)
    if folder.is_dir():
        (folder / "cancel").touch()


def forget(ref: Ref, root: Path) -> None:
    """Remove what an ended job has said."""
    if (now := status(ref, root)) and now.state in ENDED:
        shutil.rmtree(_folder(root, ref), ignore_errors=True)


def _folder(root: Path, ref: Ref) -> Path:
    return root / ".jobs" / job_name(ref)


def _write(folder: Path, status: Status) -> None:
    temporary = folder / f"status.{os.getpid()}.tmp"
    temporary.write_text(json.dumps(status._replace(at=time.time())._asdict()))
    os.replace(temporary, folder / "status.json")


def main(root: Path, name: str) -> None:
    """The process: opens the reference, and says how far it is four times a second."""
    folder = root / ".jobs" / name
    with write_lock(folder):
        job = parse_json((folder / "job.json").read_bytes(), "job.json")
        said: list = ["", 0.0, 0.0, 0]  # what, when last, when begun, from where

        def show(what: str, done: int, total: int) -> None:
            now = time.monotonic()
            if what != said[0]:
                said[:] = [what, 0.0, now, done]
            if now - said[1] > 0.25 or done == total:
                rate = (done - said[3]) / (now - said[2]) if now - said[2] > 0.5 else 0.0
                _write(folder, Status("running", what, done, max(total, 1), rate))
                said[1] = now

        try:
            ref = refs.parse(job["ref"])
            run = open_ref(
                ref, root, job["given"], show, (folder / "cancel").exists, os.environ.get("HF_ENDPOINT")
            )
            _write(folder, Status("done", run=run))
        except CancelledError:
            _write(
                folder, Status("cancelled", message="Cancelled. What has arrived is kept for another time.")
            )
        except Unanswered as error:
            _write(folder, Status("failed", message=str(error), questions=error.questions))
        except ValueError as error:  # RunError and ConfigError: a sentence
            _write(folder, Status("failed", message=str(error)))
        except Exception as error:
            _write(folder, Status("failed", message=f"It cannot be opened ({type(error).__name__})."))
            raise


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
