"""The race that is bundled: what the page says of it, from its own numbers."""

import statistics

import pytest

from grokviz.config import RunConfig
from grokviz.errors import ConfigError
from grokviz.forecast.race import FILE, STEPS, TRICKS, Lane, Outcome, Run, config_of, race


def test_every_trick_has_five_seeds_and_settings_that_can_be_trained():
    found = race()
    assert [lane.trick for lane in found.lanes] == list(TRICKS)
    for lane in found.lanes:
        assert [run.outcome.seed for run in lane.runs] == [0, 1, 2, 3, 4]
        assert lane.settings.items() >= TRICKS[lane.trick].settings.items()
        assert isinstance(config_of(lane.settings, 3), RunConfig)
    assert FILE.stat().st_size < 300_000


def test_outcomes_are_those_of_the_curves():
    """Which are rounded to whole per cents."""
    found = race()
    for lane in found.lanes:
        for outcome, train, test in lane.runs:
            assert len(train) == len(test) <= len(found.looked_at)
            for step, curve in ((outcome.memorised, train), (outcome.grokked, test)):
                reached = [at for at, right in zip(found.looked_at, curve, strict=False) if right >= 99]
                assert (step is None) <= (max(curve) <= 99)
                if step is not None:
                    assert step in reached
            assert abs(100 * outcome.at_the_end - test[-1]) <= 0.51


def lane(*steps):
    runs = [
        Run(Outcome(i, 50 + i, 0.1, step, 1.0, 0.9 if step else 0.1 * i), (), ())
        for i, step in enumerate(steps)
    ]
    return Lane("adamw", {}, 3, tuple(runs))


def test_a_seed_that_did_not_grok_counts_as_later_than_any():
    assert lane(300, 100, None, 200, None).grokked == 300
    assert lane(300, 100, None, 200, None).done == 3
    never = lane(300, None, None, None, 100)
    assert never.grokked is None
    assert never.median.outcome.seed == 3, "of those that did not, the one that knows most"
    assert lane(1, 2, 3).memorised == statistics.median([50, 51, 52])


def test_the_race_is_the_fast_preset_with_the_settings_of_the_trick():
    config = config_of({"optimizer": "sphere", "weight_decay": 0.0}, 7, 31)
    assert (config.p, config.seed, config.steps, config.stop) == (31, 7, STEPS, "steps")
    assert (config.d_model, config.optimizer, config.weight_decay) == (64, "sphere", 0.0)
    with pytest.raises(ConfigError):
        config_of({"lr": 7.0}, 0)
