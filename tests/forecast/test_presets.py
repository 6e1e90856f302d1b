"""Presets: for their own modulus or another, and never for one that was not asked for."""

import csv
import dataclasses

import pytest

from devtools import ROOT
from grokviz.errors import ConfigError
from grokviz.forecast import recipes
from grokviz.forecast.presets import PRESETS, preset, to_watch
from grokviz.forecast.recipes import expected_grok_step, fast_preset
from grokviz.tasks import named_groups


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_made_for_the_modulus_that_is_asked_for(name):
    assert preset(name).p == (PRESETS[name].p or 113)
    assert preset(name, 31).p == 31
    with pytest.raises(ConfigError, match="p = 0"):
        preset(name, 0)


def test_quick_is_the_same_recipe_at_every_modulus():
    assert preset("quick", 67) == dataclasses.replace(preset("quick"), p=67)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_made_for_a_group(name):
    found = preset(name, None, "s5")
    assert (found.operation, found.group, found.p) == ("compose", "S_5", 120)
    assert to_watch(name, 120, "S_5").group == "S_5"
    with pytest.raises(ConfigError, match="monster"):
        preset(name, None, "monster")


@pytest.mark.parametrize("group", named_groups.OFFERED)
def test_the_fast_preset_of_a_group_says_what_was_measured_of_it(group):
    """docs/group-recipes.csv, which the search writes."""
    config = fast_preset(0, group)
    with (ROOT / "docs/group-recipes.csv").open(newline="") as file:
        rows = [
            row for row in csv.DictReader(file)
            if row["group"] == group
            and all(float(row[name]) == getattr(config, name) for name in ("frac_train", "lr", "weight_decay", "d_model", "d_mlp"))
        ]  # fmt: skip
    expected = expected_grok_step(config)
    if group in recipes.GROUPS:
        steps = sorted(int(row["grokked"] or 10**9) for row in rows)
        assert expected == (steps[len(steps) // 2] if steps[len(steps) // 2] < 10**9 else None)
    else:
        assert expected is None
