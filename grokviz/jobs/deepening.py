"""Measuring a run deeply as a job: in the queue with trainings, in a process of its own, with progress and an end.

`python -m grokviz.jobs.deepening ROOT/JOB` is that process. On a shared machine it keeps to half of what a visitor's
pages may compute, ends when nobody looks any more, and what it has measured by then is kept.
"""

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from grokviz.errors import RunError
from grokviz.hosting import Limits, limits
from grokviz.jobs import asked, files
from grokviz.jobs.files import Job, Progress
from grokviz.jobs.processes import Status
from grokviz.measures.deep import registry
from grokviz.runs.folder import open_run
from grokviz.study import deep

KIND = "deepen"
TELL_SECONDS = 0.5
WHY = {
    "abandoned": "Nobody was looking any more, so it was stopped. What was measured is kept.",
    "time": "It has had the time that this shared machine gives to one visitor. What was measured is kept: go on later.",
    "killed": "Its process was ended from outside, perhaps for want of memory. What was measured is kept.",
    "cancelled": "Stopped. What was measured is kept.",
}


def path_of(run: Path, root: Path) -> Path:
    """The job of a run for whoever's runs are in `root`: no run can have such a name."""
    return root / f"_deepen-{run.name}"


def share(most: Limits | None) -> float:
    """Of a core that such a job may use: all of one on one's own machine."""
    return min(1.0, most.cpu_seconds / 60 / 2) if most else 1.0


def start(run: Path, root: Path, most: Limits | None = None) -> None:
    """Ask for it, unless it is asked for already. Raises `HostingError` beyond the limits of a visitor."""
    job = path_of(run, root)
    with files.one_at_a_time:
        if asked.is_wanted(job):
            return
        if most:
            asked.refuse_more(root, most)
        shutil.rmtree(files.folder_of(job), ignore_errors=True)
        arguments = {"run": str(run.resolve())}
        files.write_job(job, Job(KIND, time.time_ns(), kind=KIND, arguments=arguments))
        files.seen(job)


def cancel(run: Path, root: Path) -> None:
    """Stop it, or leave the queue."""
    asked.cancel(path_of(run, root))


def status(run: Path, root: Path) -> Status | None:
    """Where it stands: queued, running, or how it ended; None when it was never asked for."""
    return asked.status(path_of(run, root), root, WHY)


def main(job: Path) -> None:
    """The process."""
    with asked.carried_out(job, lambda error: RunError(f"It cannot be measured ({type(error).__name__}).")):
        run = open_run(str(files.read(job).arguments.get("run")))
        deep.deepen(run, registry.deep_measures(), _teller(job), _listener(job, limits()))


def _teller(job: Path) -> Callable[[deep.Progress], None]:
    said = [0.0]

    def tell(now: deep.Progress) -> None:
        if time.monotonic() - said[0] > TELL_SECONDS:
            rate = (now.total - now.done) / now.seconds_left if now.seconds_left > 0 else 0.0
            what = f"{now.title}, step {now.step:,}"
            files.tell(job, Progress(what, int(now.done), max(int(now.total), 1), rate))
            said[0] = time.monotonic()

    return tell


def _listener(job: Path, most: Limits | None) -> Callable[[], None]:
    """What is called many times a second: hears whether it shall end, and rests where it has had its share."""
    begin, used, listen = time.monotonic(), time.process_time(), asked.listener(job, most)

    def tick() -> None:
        if most:
            now = time.monotonic()
            time.sleep(max(0.0, min((time.process_time() - used) / share(most) - (now - begin), 2.0)))
        listen()

    return tick


if __name__ == "__main__":
    main(Path(sys.argv[1]))
