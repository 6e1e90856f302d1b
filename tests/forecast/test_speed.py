"""How long a training takes: the algebra, with made-up machines. Real ones are in `bench/training.py`."""

import dataclasses
import itertools
import json
import math

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from grokviz.config import RunConfig
from grokviz.engine import batch
from grokviz.engine.schedule import is_logged
from grokviz.forecast.presets import preset
from grokviz.forecast.speed import (
    BAG_FLOPS,
    LOGIT_FLOPS,
    Rate,
    fit,
    from_json,
    n_rows,
    row_flops,
    seconds,
    step_flops,
    to_json,
)

MACHINE = Rate(1e-3, 2e-11)
SIZES = [
    dataclasses.replace(RunConfig(), p=p, d_mlp=m) for p, m in ((7, 64), (31, 512), (113, 512), (251, 2048))
]


def times(overhead, per_flop, noise=0.0):
    rng = np.random.default_rng(0)
    return [(c, (overhead + per_flop * step_flops(c)) * float(np.exp(noise * rng.normal()))) for c in SIZES]


def test_flops_are_those_of_the_fused_step():
    """Those of its matrix products, as torch counts them; and bags and losses cost something."""
    config = preset("paper")
    b = batch.make_batch([config], [batch.first_state(config)], torch.device("cpu"))
    with FlopCounterMode(display=False) as step:
        batch.gradient(b)
    with FlopCounterMode(display=False) as row:
        batch.row(b)
    n, n_test = (pairs.answers.numel() for pairs in (b.train, b.test))
    bag, p = 9 * (config.d_mlp + config.p), config.p
    products = step_flops(config) - n * (3 * BAG_FLOPS * bag + LOGIT_FLOPS * p)
    assert products == pytest.approx(step.get_total_flops(), rel=0.03)
    products = row_flops(config) - n_test * BAG_FLOPS * bag - (n + n_test) * LOGIT_FLOPS * p
    assert products == pytest.approx(row.get_total_flops(), rel=0.03)
    assert LOGIT_FLOPS > BAG_FLOPS > 2  # of a product; both are checked by `bench/training.py`


@pytest.mark.parametrize(("overhead", "per_flop"), [(1e-3, 2e-11), (0.0, 2e-11), (1e-3, 0.0), (1e-6, 1e-12)])
def test_fit_finds_the_machine_again(overhead, per_flop):
    found = fit(times(overhead, per_flop))
    assert found == pytest.approx((overhead, per_flop), rel=1e-6, abs=1e-15)


@pytest.mark.slow
def test_fit_is_the_best_of_all_rates_that_are_not_negative():
    rng = np.random.default_rng(1)
    for _ in range(20):
        samples = [(c, float(rng.uniform(1e-3, 1e-1))) for c in SIZES]  # times that fit no machine

        def error(rate, samples=samples):
            return sum(((rate[0] + rate[1] * step_flops(c)) / t - 1) ** 2 for c, t in samples)

        best = fit(samples)
        assert min(best) >= 0
        scale = np.array([1e-3, 1e-11])
        for other in np.abs(
            np.array(best) + scale * rng.normal(size=(300, 2)) * rng.choice([0.01, 1], (300, 1))
        ):
            assert error(best) <= error(other) + 1e-12


def test_fit_bears_noise_and_equal_samples():
    found = fit(times(1e-3, 2e-11, noise=0.1))
    assert found == pytest.approx((1e-3, 2e-11), rel=0.25)
    config = SIZES[2]
    assert seconds(config, fit([(config, 0.05)] * 3), 1000) == pytest.approx(50, rel=0.2)


@pytest.mark.parametrize(
    "samples", [[], [(RunConfig(), 0.0)], [(RunConfig(), -1.0)], [(RunConfig(), math.nan)]]
)
def test_fit_refuses_times_that_cannot_be(samples):
    with pytest.raises(ValueError, match="expected some, each with a time above 0"):
        fit(samples)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("steps", "log_every"),
    [*itertools.product([1, 24, 25, 49, 60, 200, 1000, 6000], [1, 3, 10, 20, 1000]), (40_000, 20)],
)
def test_rows_are_counted_as_the_schedule_logs_them(steps, log_every):
    config = RunConfig(steps=steps, log_every=log_every)
    counted = sum(is_logged(step, config) for step in range(steps + 1))
    assert abs(n_rows(config, steps) - counted) <= 2


@pytest.mark.slow
def test_seconds_are_those_of_steps_and_rows():
    config = RunConfig(steps=40_000, log_every=20)
    by_hand = sum(
        MACHINE[0] * (1 + logged) + MACHINE[1] * (step_flops(config) + logged * row_flops(config))
        for logged in (is_logged(step, config) for step in range(config.steps))
    )
    assert seconds(config, MACHINE, 40_000) == pytest.approx(by_hand, rel=1e-3)
    assert seconds(config, MACHINE, 0) < 1
    steps_alone = 40_000 * (MACHINE[0] + MACHINE[1] * step_flops(config))
    assert 1 < seconds(config, MACHINE, 40_000) / steps_alone < 1.08


def test_json_round_trip_is_exact():
    for rate in (MACHINE, Rate(0.0, 1 / 3e11), Rate(1e-3, 0.0)):
        assert from_json(to_json(rate)) == rate


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "[]", "[1.0, 2.0]", "{}", "[" * 10_000, '"' + "x" * 10_000),
        '{"seconds_per_step_overhead": 1.0}',
        '{"seconds_per_step_overhead": 1.0, "seconds_per_flop": 1.0, "more": 1.0}',
        *(
            json.dumps({"seconds_per_step_overhead": a, "seconds_per_flop": b})
            for a, b in [("1", 1.0), (True, 1.0), (-1.0, 1.0), (math.nan, 1.0), (1.0, math.inf), (0.0, 0.0)]
        ),
    ],
)
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(
        ValueError, match=r"is no rate, expected .*seconds_per_flop.*Measure it again"
    ) as error:
        from_json(text)
    assert len(str(error.value)) < 300
