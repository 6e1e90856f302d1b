"""How fast this machine trains: its steps measured once, in a process of its own, and what trainings have taken since.

Both are kept beside the runs. The first is the arithmetic of a step on an idle core; the second, what became of it in
trainings with their log, their snapshots and whoever was watching, on this machine as it is.
"""

import json
import math
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

from grokviz.config import RunConfig
from grokviz.forecast import speed
from grokviz.jobs import processes
from grokviz.jobs.files import JOBS
from grokviz.runs.storage import replace_file

LEAST_SECONDS = 2.0  # a training shorter than that tells nothing of the speed
NEWEST = 0.5  # how much the newest training weighs against all before it

_measuring: dict[Path, subprocess.Popen] = {}


class Experience(NamedTuple):
    """What trainings take here: `slowness` times what `speed.seconds` says, and `startup` seconds before the first step.

    Without any it is what was seen on two cores with a browser beside.
    """

    slowness: float = 1.2
    startup: float = 4.0


def rate(runs: Path) -> speed.Rate | None:
    """What has been measured of this machine, or None as long as nothing has."""
    try:
        return speed.from_json(rate_file(runs).read_text("utf-8"))
    except (OSError, ValueError):
        return None


def seconds(runs: Path, config: RunConfig, steps: int) -> float | None:
    """How long so many steps of a training will take, by what others took; None while nothing is measured."""
    measured = rate(runs)
    return measured and speed.seconds(config, measured, steps) * experience(runs).slowness


def seconds_from_start(runs: Path, config: RunConfig, steps: int) -> float | None:
    """The same from the press on Start, with the time in which its process starts."""
    taken = seconds(runs, config, steps)
    return None if taken is None else taken + experience(runs).startup


def experience(runs: Path) -> Experience:
    """What trainings have taken on this machine so far."""
    try:
        match json.loads(_experience_file(runs).read_text("utf-8")):
            case {"slowness": float(slowness), "startup": float(startup)} if (
                0.01 < slowness < 1_000 and 0 <= startup < 600
            ):
                return Experience(slowness, startup)
    except (OSError, ValueError, RecursionError):
        pass
    return Experience()


def learn(runs: Path, config: RunConfig, steps: int, taken: float, startup: float | None = None) -> None:
    """A training made so many steps in `taken` seconds, `startup` seconds after its process was asked for, if known."""
    measured, before = rate(runs), experience(runs)
    if not measured or steps < 1 or taken < LEAST_SECONDS:
        return
    is_first = not _experience_file(runs).exists()

    def newer(old: float, new: float) -> float:
        return new if is_first else old ** (1 - NEWEST) * new**NEWEST

    told = Experience(
        newer(before.slowness, max(taken / speed.seconds(config, measured, steps), 0.02)),
        before.startup if startup is None else newer(before.startup, min(max(startup, 0.1), 500.0)),
    )
    if all(math.isfinite(value) for value in told):
        replace_file(_experience_file(runs), json.dumps(told._asdict()).encode(), durable=False)


def rate_file(runs: Path) -> Path:
    """Where the rate of this machine is kept: runs may come from another."""
    return runs / JOBS / f"rate-{os.cpu_count()}-cores.json"


def _experience_file(runs: Path) -> Path:
    return runs / JOBS / f"experience-{os.cpu_count()}-cores.json"


def is_busy_measuring(runs: Path) -> bool:
    """Sees to it that the machine is measured: whether that is going on. Nothing else should train meanwhile."""
    if rate(runs):
        return False
    file = rate_file(runs)
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
