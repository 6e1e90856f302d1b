"""Presets: for their own modulus or another, and never for one that was not asked for."""

import dataclasses

import pytest

from grokviz.errors import ConfigError
from grokviz.forecast.presets import PRESETS, preset


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_made_for_the_modulus_that_is_asked_for(name):
    assert preset(name).p == (PRESETS[name].p or 113)
    assert preset(name, 31).p == 31
    with pytest.raises(ConfigError, match="p = 0"):
        preset(name, 0)


def test_quick_is_the_same_recipe_at_every_modulus():
    assert preset("quick", 67) == dataclasses.replace(preset("quick"), p=67)
