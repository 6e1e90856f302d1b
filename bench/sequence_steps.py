"""A step of the recipes on sequences: what a training is promised by, before this machine has trained one.

    python -m bench.sequence_steps      # trains a little, and writes grokviz/forecast/sequences.json

Seconds of the processor, in one thread, so that other work on the machine hardly counts; better still on an idle one.
"""

import argparse
import json
import time
from pathlib import Path

import torch

from bench.__main__ import machine
from grokviz.engine.sequences import train
from grokviz.forecast.sequences import FILE, TOY
from grokviz.sequence_config import RECIPES, SequenceConfig, recipe

STEPS, WARM_UP = 200, 250  # until then it is logged more often than later
TIMED = {task: recipe(task) for task in RECIPES} | {TOY: recipe("skip-trigrams", network="toy")}


def main(out: Path) -> None:
    torch.set_num_threads(1)
    where = machine()
    ms = {name: round(milliseconds(config), 2) for name, config in TIMED.items()}
    about = {"command": "python -m bench.sequence_steps", "machine": where, "ms": ms}
    out.write_text(json.dumps(about, indent=1) + "\n", "utf-8")
    print(out.read_text("utf-8"))


def milliseconds(config: SequenceConfig) -> float:
    """Of a step, with its share of the log."""
    begin = first = 0
    for event in train(config, "cpu"):
        step = getattr(event, "step", 0)
        if not begin and step >= WARM_UP and step % config.log_every == 0:
            begin, first = time.process_time(), step
        elif begin and step >= first + STEPS:
            return 1000 * (time.process_time() - begin) / (step - first)
    raise AssertionError("The recipe is shorter than what is timed.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=FILE)
    main(parser.parse_args().out)
