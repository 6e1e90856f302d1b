"""How long a training on sequences takes: measured steps of the recipes, and what other sizes make of them."""

from grokviz.sequence_config import SequenceConfig, recipe

# Milliseconds of a step with its share of the log, of the recipe of each task, on one core of two that were otherwise
# idle: python -m grokviz train --task NAME, divided by its steps.
STEP_MS = {"skip-trigrams": 5.3, "digits": 16.0, "repeats": 80.0}
TOY_MS = 2.5


def seconds(config: SequenceConfig) -> float:
    """Of a training on such a core; sizes count by sequences, tokens and numbers of the network."""
    if config.network == "toy":
        return config.steps * TOY_MS / 1000
    usual = recipe(config.task)
    more = _work(config) / _work(usual)
    return config.steps * STEP_MS[config.task] * (0.3 + 0.7 * more) / 1000


def _work(config: SequenceConfig) -> float:
    size = min(config.batch_size, config.n_train or config.batch_size)
    return size * config.question.n_ctx * config.n_parameters
