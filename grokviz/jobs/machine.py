"""How fast this machine trains: measured once, in a process of its own, and kept beside the runs."""

import os
import subprocess
from pathlib import Path

from grokviz.forecast import speed
from grokviz.jobs import processes
from grokviz.jobs.files import JOBS

_measuring: dict[Path, subprocess.Popen] = {}


def rate(runs: Path) -> speed.Rate | None:
    """What has been measured of this machine, or None as long as nothing has."""
    try:
        return speed.from_json(_file(runs).read_text("utf-8"))
    except (OSError, ValueError):
        return None


def _file(runs: Path) -> Path:
    return runs / JOBS / f"rate-{os.cpu_count()}-cores.json"


def is_busy_measuring(runs: Path) -> bool:
    """Sees to it that the machine is measured: whether that is going on. Nothing else should train meanwhile."""
    if rate(runs):
        return False
    file = _file(runs)
    half = file.with_suffix(".half")
    if child := _measuring.get(runs):
        if child.poll() is None:
            return True
        if child.returncode == 0:
            os.replace(half, file)
            del _measuring[runs]
        return False  # where it failed, trainings go on without a forecast
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(half, "wb") as out:
        _measuring[runs] = processes.spawn("grokviz.engine.calibration", [], out, subprocess.DEVNULL)
    return True
