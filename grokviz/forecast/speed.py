"""How long a training takes on this machine: two numbers, fitted to steps that `engine/calibration.py` times."""

import json
import math
from collections.abc import Sequence
from typing import NamedTuple

from grokviz.config import RunConfig

# What takes as long as so many operations of a matrix product in float32, at 85 to 170 Gflop/s on one and two cores:
LOGIT_FLOPS = 200  # the loss of one logit, and its gradient
BAG_FLOPS = 7  # one number of one row in the bag of a pair, there or back


class Rate(NamedTuple):
    seconds_per_step_overhead: float  # whatever the size of the network
    seconds_per_flop: float


def step_flops(config: RunConfig) -> float:
    """Operations of one training step (`engine/fused.py`): the products of neurons and logits over the training
    pairs, there and twice back, the bags likewise, the products of the weights, and the loss."""
    n = config.frac_train * config.p**2
    products = n * config.d_mlp * config.p + _products_of_weights(config)
    return 6 * products + 3 * BAG_FLOPS * n * _bag(config) + LOGIT_FLOPS * n * config.p


def row_flops(config: RunConfig) -> float:
    """Operations of a logged row: the way there for the test pairs, and the loss of all pairs."""
    n_test = (1 - config.frac_train) * config.p**2
    products = n_test * config.d_mlp * config.p + _products_of_weights(config)
    return 2 * products + BAG_FLOPS * n_test * _bag(config) + LOGIT_FLOPS * config.p**3


def _products_of_weights(config: RunConfig) -> int:
    """W_O with W_in and W_U, the values of all sources with that, and W_out with W_U; of an mlp, its two tables."""
    if config.architecture == "mlp":
        return 2 * config.p * config.d_model * config.d_mlp
    width = config.d_mlp + config.p
    return config.d_model * ((config.d_model + 2 * config.p) * width + config.d_mlp * config.p)


def _bag(config: RunConfig) -> int:
    """Numbers that are added up for a pair."""
    if config.architecture == "mlp":
        return 2 * config.d_mlp
    return (2 * config.n_heads + 1) * (config.d_mlp + config.p)


def fit(samples: Sequence[tuple[RunConfig, float]]) -> Rate:
    """The rate, not negative, with the least squares of relative errors; of (config, seconds of a step).

    Raises `ValueError` when there is no sample, or a time is not above 0.
    """
    if not samples or not all(0 < seconds < math.inf for _, seconds in samples):
        raise ValueError(f"Got {len(samples)} samples, expected some, each with a time above 0 seconds.")
    x, y = zip(*((1 / seconds, step_flops(config) / seconds) for config, seconds in samples), strict=True)
    # Every sample says 1 = x * overhead + y * seconds_per_flop. Where a number comes out below 0, it is 0.
    xx, xy, yy = (sum(a * b for a, b in zip(*pair, strict=True)) for pair in ((x, x), (x, y), (y, y)))
    rates = [Rate(0.0, sum(y) / yy), Rate(sum(x) / xx, 0.0)]
    if (det := xx * yy - xy * xy) > 1e-12 * xx * yy:
        rates.append(Rate((sum(x) * yy - sum(y) * xy) / det, (sum(y) * xx - sum(x) * xy) / det))
    possible = [rate for rate in rates if min(rate) >= 0]
    return min(possible, key=lambda r: sum((a * r[0] + b * r[1] - 1) ** 2 for a, b in zip(x, y, strict=True)))


def n_rows(config: RunConfig, steps: int) -> int:
    """How many rows so many steps log, within two: at step s every max(1, min(log_every, s // 25)) steps."""
    widest = max(1, min(config.log_every, steps // 25))
    return 25 + sum(math.ceil(25 / k) for k in range(1, widest)) + (steps - 25 * widest) // widest + 1


def seconds(config: RunConfig, rate: Rate, steps: int) -> float:
    """To train so many steps, with the rows of the log. Snapshots are written beside it."""
    rows = n_rows(config, steps)
    flops = steps * step_flops(config) + rows * row_flops(config)
    return (steps + rows) * rate.seconds_per_step_overhead + flops * rate.seconds_per_flop


def to_json(rate: Rate) -> str:
    return json.dumps(rate._asdict())


def from_json(text: str) -> Rate:
    """The rate back from `to_json`. Raises `ValueError` when the text is anything else."""
    try:
        rate = Rate(**json.loads(text))
        if all(type(value) is float and 0 <= value < math.inf for value in rate) and any(rate):
            return rate
    except (ValueError, TypeError, RecursionError):
        pass
    raise ValueError(f"{text[:80]!r} is no rate, expected {Rate._fields}. Measure it again.")
