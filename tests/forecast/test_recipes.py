"""The fast preset: a legal config for every modulus, and what is promised of it, trained."""

import csv
import dataclasses
import statistics
from pathlib import Path

import pytest

from grokviz.config import RunConfig
from grokviz.engine.schedule import LogRow
from grokviz.engine.train import train
from grokviz.errors import ConfigError
from grokviz.forecast.recipes import FAST, expected_grok_step, fast_preset, shows_plateau


def test_every_modulus_has_a_fast_preset():
    shares = [fast_preset(p).frac_train for p in range(5, 252)]
    assert shares == sorted(shares, reverse=True)  # the fewer numbers, the larger the share
    assert all(fast_preset(p).p == p for p in range(5, 252))
    assert all(fast_preset(p).frac_train == measured.frac_train for p, measured in FAST.items())
    with pytest.raises(ConfigError, match="p = 252 is out of range"):
        fast_preset(252)


def test_what_to_expect_is_known_between_measured_moduli_for_any_seed_and_for_nothing_else():
    for p, measured in FAST.items():
        assert expected_grok_step(fast_preset(p)) == measured.grokked
    low, between, high = (expected_grok_step(fast_preset(p)) or 0 for p in (43, 50, 59))
    assert min(low, high) <= between <= max(low, high)
    same = dataclasses.replace(fast_preset(59), seed=7, steps=300, stop="steps", max_snapshots=9)
    assert expected_grok_step(same) == FAST[59].grokked
    for changes in ({"weight_decay": 0.0}, {"operation": "subtract"}, {"frac_train": 0.2}, {"d_mlp": 64}):
        assert expected_grok_step(dataclasses.replace(fast_preset(59), **changes)) is None
    assert expected_grok_step(RunConfig()) is None
    assert expected_grok_step(fast_preset(251)) is None


@pytest.fixture(scope="module")
def measured_rows():
    with (Path(__file__).parents[2] / "docs" / "recipes.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def of_preset(rows, p):
    """Those of the fast preset of this modulus, whatever the seed."""
    config = dataclasses.asdict(fast_preset(p))
    fields = [name for name in rows[0] if name in config and name != "seed"]
    return [row for row in rows if all(row[name] == str(config[name]) for name in fields)]


def test_the_table_is_what_was_measured(measured_rows):
    """Medians over ten seeds in docs/recipes.csv; a seed that did not grok counts as later than any."""
    for p, measured in FAST.items():
        seeds = of_preset(measured_rows, p)
        if measured.grokked is None:
            assert not seeds
            continue
        assert sorted(row["seed"] for row in seeds) == list("0123456789")
        for name in ("memorised", "grokked"):
            expected = statistics.median_high(float(row[name] or "inf") for row in seeds)
            assert getattr(measured, name) == expected, (p, name)


@pytest.mark.parametrize("seeds", ["01234", "56789"])
def test_every_modulus_that_was_measured_has_memorised_by_a_quarter_of_the_way(seeds, measured_rows):
    """Medians over the seeds that the shares were chosen on, and over others."""
    moduli = {p for p in (int(row["p"]) for row in measured_rows) if p != 12}
    assert {11, 131} <= moduli
    for p in moduli:
        ratios = [
            float(row["grokked"] or "inf") / float(row["memorised"])
            for row in of_preset(measured_rows, p)
            if row["seed"] in seeds
        ]
        assert len(ratios) == 5, p
        assert 4 <= statistics.median(ratios) < float("inf"), p


def test_small_moduli_show_no_plateau():
    assert not shows_plateau(5)
    assert not shows_plateau(13)
    assert not shows_plateau(24)
    assert all(shows_plateau(p) for p in (31, 59, 97, 113))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_it_memorises_first_and_groks_later(seed):
    memorised = None
    for row in train(dataclasses.replace(fast_preset(31), seed=seed), "cpu"):
        if isinstance(row, LogRow) and row.train_accuracy >= 0.99 and not memorised:
            memorised = row
        if isinstance(row, LogRow) and row.test_accuracy >= 0.99:
            break
    else:
        pytest.fail("it never grokked")
    assert memorised.train_accuracy - memorised.test_accuracy >= 0.5
    assert row.step >= 4 * memorised.step
    assert row.step <= 3 * (expected_grok_step(fast_preset(31)) or 0)
