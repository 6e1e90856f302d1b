"""A job that a page has asked for and looks after: one that is no training, has no run folder of its own, and is queued.

What all kinds of them share: whether one is wanted, to stop it, where it stands, and the frame of its process.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from grokviz.errors import GrokVizError, HostingError, RunError
from grokviz.hosting import Limits, limits
from grokviz.jobs import files
from grokviz.jobs.files import Progress
from grokviz.jobs.processes import Status
from grokviz.jobs.supervisor import is_active, queue
from grokviz.runs.storage import write_lock

LISTEN_SECONDS = 0.2
NICE = 10  # pages come first


class EndedError(Exception):
    """It shall not go on; `why` as in `files.Ended`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def is_wanted(job: Path) -> bool:
    """Whether it is going on or waiting."""
    with contextlib.suppress(RunError):
        known = files.read(job)
        return known.wanted == known.kind and files.ended(job) is None
    return False


def refuse_more(root: Path, most: Limits) -> None:
    """The one refusal of a second job of any kind, a training too: raises `HostingError` where a visitor has something
    going on or waiting already, or too many wait."""
    if any(map(is_wanted, files.jobs_in(root))) or any(map(is_active, files.runs_in(root))):
        raise HostingError(
            "One training or measuring at a time: another of yours is still going on or waiting."
        )
    if len(queue(root.parent)) >= most.waiting:
        raise HostingError(f"{most.waiting} are waiting already. Please come back in a while.")


@contextlib.contextmanager
def carried_out(job: Path, unforeseen: Callable[[Exception], GrokVizError]) -> Iterator[None]:
    """Within it the job is done, in this process: less urgent than pages, alone, and how it ended is written down. For an
    error of none of our kinds `unforeseen` says what to write, and it goes on its way."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICE)
    with write_lock(files.folder_of(job)):
        try:
            yield
            files.end(job, "finished")
        except EndedError as ended:
            files.end(job, ended.why)
        except GrokVizError as error:
            files.end(job, "failed", error)
        except Exception as error:
            files.end(job, "failed", unforeseen(error))
            raise


def listener(job: Path, most: Limits | None) -> Callable[[], None]:
    """What is called many times a second: hears now and then whether the job shall end, and raises `EndedError` then."""
    begin, heard = time.monotonic(), [0.0]

    def listen() -> None:
        now = time.monotonic()
        if now - heard[0] < LISTEN_SECONDS:
            return
        heard[0] = now
        if why := why_to_end(job, most, now - begin):
            raise EndedError(why)

    return listen


def why_to_end(job: Path, most: Limits | None, seconds: float) -> str:
    """Why a job that has been going on for so long shall end, as in `files.Ended`; "" where it shall go on."""
    now = files.read(job)
    if now.wanted != now.kind:
        return "cancelled"
    if most and seconds > 60 * most.minutes:
        return "time"
    if most and files.unseen_seconds(job) > most.unseen_seconds:
        return "abandoned"
    return ""


def cancel(job: Path) -> None:
    """Stop it, or leave the queue."""
    with files.one_at_a_time, contextlib.suppress(RunError):
        now = files.read(job)
        files.write_job(job, now._replace(wanted="cancel"))
        if not now.started:
            files.end(job, "cancelled")


def status(job: Path, root: Path, why: Mapping[str, str]) -> Status | None:
    """Where it stands: queued, running, or how it ended, in the words of `why`; None when it was never asked for."""
    try:
        kind = files.read(job).kind
        is_running = files.is_running(job, kind)  # first: what is read after it has let go is its last word
        known, over, now = files.read(job), files.ended(job), files.progress(job)
    except RunError:
        return None
    if is_running:
        is_ending = known.wanted == "cancel"
        return Status("running", progress=now._replace(what="Stopping", rate=0.0) if is_ending else now)
    if over:
        return Status(over.why, why.get(over.why, ""), error=over.error, progress=now)
    if known.wanted == "cancel":
        return Status("cancelled", why["cancelled"])
    if known.started:
        return Status("running", progress=Progress("Starting"))
    waiting = queue(root.parent if limits() else root)
    return Status("queued", place=waiting.index(job) + 1 if job in waiting else None)
