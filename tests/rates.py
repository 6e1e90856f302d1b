"""A machine whose speed is known: to measure it takes two seconds of a core, and each server does that for its runs."""

from pathlib import Path

from grokviz.forecast import speed
from grokviz.jobs import machine

RATE = speed.Rate(seconds_per_step_overhead=1e-3, seconds_per_flop=1e-11)


def measured(runs: Path) -> Path:
    """The folder of runs, made where it is not there, as after this machine was measured."""
    file = machine.rate_file(runs)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(speed.to_json(RATE), "utf-8")
    return runs
