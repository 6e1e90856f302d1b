"""A job that a page has asked for and looks after: one that is no training, has no run folder of its own, and is queued.

What all kinds of them share: whether one is wanted, to stop it, and where it stands.
"""

import contextlib
from collections.abc import Mapping
from pathlib import Path

from grokviz.errors import HostingError, RunError
from grokviz.hosting import Limits, limits
from grokviz.jobs import files
from grokviz.jobs.files import Progress
from grokviz.jobs.processes import Status
from grokviz.jobs.supervisor import is_active, queue


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
    """Raises `HostingError` where a visitor has something going on already, or too many wait."""
    if any(map(is_wanted, files.jobs_in(root))) or any(map(is_active, files.runs_in(root))):
        raise HostingError(
            "One training or measuring at a time: another of yours is still going on or waiting."
        )
    if len(queue(root.parent)) >= most.waiting:
        raise HostingError(f"{most.waiting} are waiting already. Please come back in a while.")


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
