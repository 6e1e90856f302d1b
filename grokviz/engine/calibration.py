"""How fast this machine trains: `python -m grokviz.engine.calibration` prints its `speed.Rate` as JSON."""

import argparse
import statistics
import time

import torch

from grokviz.config import RunConfig
from grokviz.engine.batch import first_state, make_batch, operations
from grokviz.engine.train import DEVICES, choose_device, leave_a_core
from grokviz.forecast.presets import preset
from grokviz.forecast.speed import fit, to_json

# From one that is mostly overhead to one that is mostly matrix products.
SIZES = (preset("quick", 31), preset("quick", 67), preset("paper"))
MIN_STEPS, MAX_STEPS = 3, 40


def measure(device: str = "auto", limit: float = 1.5) -> list[tuple[RunConfig, float]]:
    """The median seconds of a training step of three sizes, in about `limit` seconds altogether.

    Raises `TrainingError` when the device is not there.
    """
    where = choose_device(device)
    return [(config, _seconds_per_step(config, where, limit / len(SIZES))) for config in SIZES]


def _seconds_per_step(config: RunConfig, where: torch.device, limit: float) -> float:
    end = time.perf_counter() + limit
    batch = make_batch([config], [first_state(config)], where)
    do = operations(batch)

    def step() -> float:
        start = time.perf_counter()
        do.gradient()
        do.update()
        if where.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    step()  # the first touches fresh memory
    taken: list[float] = []
    while len(taken) < MIN_STEPS or (len(taken) < MAX_STEPS and time.perf_counter() < end):
        taken.append(step())
    return statistics.median(taken)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m grokviz.engine.calibration", description=__doc__)
    parser.add_argument("--device", default="auto", choices=DEVICES)
    leave_a_core()  # as the trainings will
    print(to_json(fit(measure(parser.parse_args().device))))
