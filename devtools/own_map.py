"""A finished map of a visitor's own, without a training."""

from collections.abc import Iterable
from pathlib import Path

from grokviz.jobs import files, sweeping
from grokviz.jobs.files import Job
from grokviz.sweeps import grid, outcomes
from grokviz.sweeps.grid import Sweep
from grokviz.sweeps.outcomes import Outcome


def finished(root: Path, sweep: Sweep, found: Iterable[Outcome]) -> Path:
    """The folder of the sweep, beside the runs in `root`."""
    home, job = sweeping.folder_of(root), sweeping.path_of(root)
    home.mkdir(parents=True)
    grid.write(home, sweep)
    outcomes.append(home, found)
    files.write_job(job, Job(sweeping.KIND, kind=sweeping.KIND, started=True))
    files.end(job, "finished")
    return home
