"""Presets: for their own modulus or another, and never for one that was not asked for."""

import csv
import dataclasses
import os
import statistics

import pytest

from devtools import ROOT
from grokviz.engine.schedule import LogRow
from grokviz.engine.train import train
from grokviz.errors import ConfigError
from grokviz.forecast import recipes
from grokviz.forecast.presets import PRESETS, adapted, preset, to_watch
from grokviz.forecast.recipes import expected_grok_step, fast_preset


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


@pytest.mark.parametrize("group", recipes.GROUPS)
def test_what_is_said_of_a_group_was_measured(group):
    """docs/group-recipes.csv, which the search writes, at the settings of its preset."""
    config, seen = fast_preset(0, group), recipes.GROUPS[group]
    with (ROOT / "docs/group-recipes.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["group"] == group and is_of(row, config)]
    late = 10**9

    def median(name: str) -> int | None:
        found = statistics.median_high([int(row[name] or late) for row in rows])
        return None if found == late else found

    done = sum(bool(row["grokked"]) for row in rows)
    within = max(int(row["steps"]) for row in rows)
    assert seen == recipes.Seen(
        config.frac_train,
        median("memorised") or 0,
        median("grokked"),
        len(rows),
        done,
        within,
        config.architecture,
    )
    assert expected_grok_step(config) == seen.grokked
    assert f"within {within:,} steps" in recipes.of_group_in_words(config)
    assert recipes.of_group_in_words(dataclasses.replace(config, lr=1e-4)) == ""


def is_of(row, config):
    names = ("frac_train", "lr", "weight_decay", "d_model", "d_mlp")
    return row["architecture"] == config.architecture and all(
        float(row[name]) == getattr(config, name) for name in names
    )


def test_of_a_group_that_was_not_tried_nothing_is_expected():
    assert expected_grok_step(fast_preset(0, "D_17")) is None
    assert recipes.of_group_in_words(fast_preset(0, "D_17")) == ""
    assert fast_preset(0, "C_5xC_7").frac_train == fast_preset(35).frac_train  # as on a clock
    assert fast_preset(0, "C_5xC_7").architecture == "transformer"
    assert fast_preset(0, "D_5").architecture == "mlp"
    assert fast_preset(0, "D_5").frac_train > fast_preset(0, "D_40").frac_train


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3 if "GROKVIZ_FUZZ" in os.environ else 1))
def test_taught_one_false_answer_in_ten_it_contradicts_its_teacher(seed):
    """At first it knows every label by heart; then it is wrong in a tenth by its labels, and right by the true answers, where it was
    never shown them too."""
    config = dataclasses.replace(preset("teacher"), seed=seed)
    (change,) = config.changes
    rows = [row for row in train(config, "cpu") if isinstance(row, LogRow)]
    before, last = [row for row in rows if row.step <= change[0]][-1], rows[-1]
    assert before.train_accuracy == 1
    assert before.test_accuracy < 0.7
    assert 0.89 < last.train_accuracy < 0.91
    assert last.test_accuracy > 0.95
    assert (last.corrected or 0) > 0.9


def test_a_preset_that_changes_on_its_way_does_so_only_from_where_it_begins():
    teacher = preset("teacher")
    assert adapted(teacher, seed=3, steps=900).changes == teacher.changes
    assert adapted(teacher, weight_decay=teacher.weight_decay).changes == teacher.changes
    assert adapted(teacher, weight_decay=1.0).changes == ()
    assert adapted(teacher, weight_decay=1.0) == dataclasses.replace(teacher, weight_decay=1.0, changes=())
    with pytest.raises(ConfigError, match="lr = 7"):
        adapted(teacher, lr=7.0)
