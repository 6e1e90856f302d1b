"""A small map of a visitor's own as a job: in the queue with trainings, filled cell by cell, stopped and gone on with.

`python -m grokviz.jobs.sweeping ROOT/JOB` is that process. The sweep lies in the folder of the job, so that what is
trained is there whoever ends it: on a shared machine it has the minutes of one training, then it can go on after others.
"""

import shutil
import sys
import time
from pathlib import Path

from grokviz import hosting
from grokviz.errors import HostingError, TrainingError
from grokviz.hosting import Limits, limits
from grokviz.jobs import asked, files, machine
from grokviz.jobs.files import Job, Progress
from grokviz.jobs.processes import Status
from grokviz.runs.library import trained
from grokviz.sweeps import grid
from grokviz.sweeps.grid import Sweep

KIND = "sweep"
NAME = "_sweep-own"  # no run can have such a name: one for each visitor
TABLE = "sweep"  # the folder of the sweep, in that of the job
MOST_RUNS = 60  # of one map, on a shared machine
TOGETHER = 0.7  # of the time of as many runs one by one: measured at p = 59
WHY = {
    "abandoned": "Nobody was looking any more, so it was stopped. What was trained is kept.",
    "time": "It has had the time that this shared machine gives to one training. What was trained is kept: go on later.",
    "killed": "Its process was ended from outside, perhaps for want of memory. What was trained is kept.",
    "cancelled": "Stopped. What was trained is kept.",
    "finished": "",
}


def path_of(root: Path) -> Path:
    """The job of whoever's runs are in `root`."""
    return root / NAME


def folder_of(root: Path) -> Path:
    """The folder of their sweep."""
    return files.folder_of(path_of(root)) / TABLE


def start(sweep: Sweep, root: Path, most: Limits | None = None) -> None:
    """Ask for a new map, which takes the place of the one before. Raises `HostingError` beyond a visitor's limits."""
    if most:
        if len(sweep) > MOST_RUNS:
            raise HostingError(
                f"This map has {len(sweep)} runs, and a shared machine trains {MOST_RUNS} for one at most."
            )
        for number in range(len(sweep)):
            hosting.check(sweep.config(number), most)
    with files.one_at_a_time:
        _refuse(root, most)
        shutil.rmtree(files.folder_of(path_of(root)), ignore_errors=True)
        folder_of(root).mkdir(parents=True)
        grid.write(folder_of(root), sweep)
        _queue(root)


def resume(root: Path, most: Limits | None = None) -> None:
    """Go on with the map that is there. Raises `RunError` where there is none, `HostingError` as `start` does."""
    grid.read(folder_of(root))
    with files.one_at_a_time:
        _refuse(root, most)
        (files.folder_of(path_of(root)) / "ended.json").unlink(missing_ok=True)
        _queue(root)


def cancel(root: Path) -> None:
    """Stop it, or leave the queue."""
    asked.cancel(path_of(root))


def status(root: Path) -> Status | None:
    """Where it stands: queued, running, or how it ended; None when none was ever asked for."""
    return asked.status(path_of(root), root, WHY)


def seconds(sweep: Sweep, done: int = 0) -> float | None:
    """How long a map will take here at most, but for what is done; None while nothing is known of this machine."""
    runs = [
        machine.seconds(trained(), sweep.config(number), sweep.base.steps) for number in range(len(sweep))
    ]
    known = [one for one in runs if one is not None]
    return TOGETHER * sum(known) * (1 - done / len(sweep)) if len(known) == len(runs) else None


def _refuse(root: Path, most: Limits | None) -> None:
    if asked.is_wanted(path_of(root)):
        raise HostingError("A map of yours is being trained already.", mend="Wait for it, or stop it.")
    if most:
        asked.refuse_more(root, most)


def _queue(root: Path) -> None:
    job = path_of(root)
    files.write_job(job, Job(KIND, time.time_ns(), kind=KIND))
    files.seen(job)


def main(job: Path) -> None:
    """The process."""
    from grokviz.sweeps import runners  # needs torch

    with asked.carried_out(job, lambda error: TrainingError("GrokViz met an error that it did not foresee.")):
        tell, listen = _Teller(job), asked.listener(job, limits())

        def heard(run: int, row: object) -> None:
            tell.row()
            listen()

        folder = files.folder_of(job) / TABLE
        for now in runners.run(folder, runners.How(workers=1, heard=heard)):
            tell.batch(now.done, now.total, now.seconds_left)


class _Teller:
    """Says how far it is: runs that are over, and how many a second if it goes on like this."""

    def __init__(self, job: Path) -> None:
        self.job, self.now, self.said = job, Progress("Starting"), 0.0

    def batch(self, done: int, total: int, left: float | None) -> None:
        rate = (total - done) / left if left else 0.0
        self.now = Progress("Training", done, total, rate)
        files.tell(self.job, self.now)

    def row(self) -> None:
        """Shows that it lives."""
        if time.monotonic() - self.said > 5:
            self.said = time.monotonic()
            files.tell(self.job, self.now)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
