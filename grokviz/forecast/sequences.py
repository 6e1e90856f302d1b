"""How long a training on sequences takes: measured steps of the recipes, and what other sizes make of them.

Their table stands beside this file, with the machine and the command that makes it.
"""

import functools
import json
from pathlib import Path

from grokviz.sequence_config import SequenceConfig, recipe

FILE = Path(__file__).with_name("sequences.json")
TOY = "toy"


@functools.cache
def step_ms() -> dict[str, float]:
    """Milliseconds of a step with its share of the log, of the recipe of each task and of the toy, on one core."""
    return json.loads(FILE.read_text("utf-8"))["ms"]


def seconds(config: SequenceConfig) -> float:
    """Of a training on such a core; sizes count by sequences, tokens and numbers of the network."""
    if config.network == TOY:
        return config.steps * step_ms()[TOY] / 1000
    usual = recipe(config.task)
    more = _work(config) / _work(usual)
    return config.steps * step_ms()[config.task] * (0.3 + 0.7 * more) / 1000


def _work(config: SequenceConfig) -> float:
    size = min(config.batch_size, config.n_train or config.batch_size)
    return size * config.question.n_ctx * config.n_parameters
