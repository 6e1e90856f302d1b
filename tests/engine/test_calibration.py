"""The steps that are timed are real ones, and the command prints what `speed.from_json` reads."""

import os
import subprocess
import sys

import pytest

from devtools import ROOT
from grokviz.engine import calibration
from grokviz.errors import TrainingError
from grokviz.forecast import speed


def test_three_sizes_are_timed():
    samples = calibration.measure("cpu", limit=0.0)  # no fewer than a few steps each, whatever the limit
    assert [config for config, _ in samples] == list(calibration.SIZES)
    seconds = [taken for _, taken in samples]
    assert 0 < seconds[0] < seconds[2]  # the flops of the first are a fortieth of those of the last
    assert min(speed.fit(samples)) >= 0


def test_a_larger_limit_times_more_steps(monkeypatch):
    ticks = iter(range(10_000))
    monkeypatch.setattr(calibration.time, "perf_counter", lambda: float(next(ticks)))
    made = []
    monkeypatch.setattr(calibration, "make_batch", lambda *a: None)
    monkeypatch.setattr(calibration, "operations", lambda b: Steps(made))
    assert [taken for _, taken in calibration.measure("cpu", limit=0.0)] == [1.0] * 3
    few, made[:] = len(made), []
    calibration.measure("cpu", limit=60.0)
    assert few == 3 * (1 + calibration.MIN_STEPS) < len(made)
    made[:] = []
    calibration.measure("cpu", limit=1e9)
    assert len(made) == 3 * (1 + calibration.MAX_STEPS)


class Steps:
    """A training that only counts."""

    def __init__(self, made):
        self.gradient = lambda: made.append(1)
        self.update = lambda: None


@pytest.mark.slow
def test_the_command_prints_a_rate():
    command = [sys.executable, "-W", "error", "-m", "grokviz.engine.calibration", "--device", "cpu"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True, timeout=100)
    rate = speed.from_json(done.stdout)
    assert done.stdout.count("\n") == 1
    assert 0.0001 < speed.seconds(calibration.SIZES[1], rate, 1) < 10


def test_a_device_that_is_not_there(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(TrainingError, match="no GPU here"):
        calibration.measure("cuda")
