"""The settings of the form Train in the address: taken, checked, and given back."""

import dataclasses

import pytest

from grokviz.app.train import link
from grokviz.forecast.presets import PRESETS, to_watch
from tests.app.conftest import healthy, unescaped


def parsed(query):
    return link.read(
        dict(part.split("=") for part in query.replace("%2B", "+").replace("%5E", "^").split("&"))
    )


@pytest.mark.parametrize(
    "recipe", [name for name, preset in PRESETS.items() if preset.words and name != "paper"]
)
def test_a_link_to_a_recipe_leads_back_to_its_settings(recipe):
    config = to_watch(recipe, 59)
    found, wrong = parsed(link.query(config))
    assert wrong == []
    assert found
    assert found == config


@pytest.mark.parametrize(
    "change",
    [{"p": 97, "weight_decay": 2.5}, {"operation": "x^2+y^2"}, {"optimizer": "muon", "lr": 0.02}, {"wrong_labels": 0.1, "seed": 7}],
)  # fmt: skip
def test_what_was_changed_by_hand_travels(change):
    config = dataclasses.replace(to_watch("fast", change.get("p", 59)), **change)
    found, wrong = parsed(link.query(config))
    assert (found, wrong) == (config, [])


def test_a_group_travels_by_its_name():
    found, wrong = parsed(link.query(to_watch("fast", 120, "S_5")))
    assert wrong == []
    assert found
    assert (found.group, found.p) == ("S_5", 120)


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"modulus": "abc"}, "Modulus should be a whole number"), ({"modulus": "1"}, "out of range"),
        ({"weight_decay": "nan"}, "out of range"), ({"operation": "power"}, "Choose one of"),
        ({"recipe": "soup"}, "does not exist"), ({"steps": "3"}, "choose a value from 50"),
        ({"frac_train": "1e999"}, "out of range"), ({"group": "monster"}, "monster"),
        ({"modulus": "12", "operation": "divide"}, "not prime"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_it_is_said_and_left_out(params, says):
    found, wrong = link.read(params | {"lr": "0.002"})
    assert any(says in sentence for sentence in wrong), wrong
    assert found is None or found.lr == 0.002


def test_an_address_without_settings_asks_for_nothing():
    assert link.read({"run": "mod113-paper", "step": "3"}) == (None, [])


def test_the_form_is_filled_from_the_address_and_says_what_is_wrong(no_runs, visit):
    app = visit("train", modulus="97", weight_decay="2.5", lr="fast")
    numbers = {one.label: one.value for one in app.number_input}
    assert (numbers["Modulus"], numbers["Weight decay"]) == (97, 2.5)
    assert "lr = “fast”" in unescaped(app.toast[0].value)
    assert any("modulus=97&weight_decay=2.5" in code.value for code in app.code)
    app = healthy(app.run())
    assert not app.toast  # said once


def test_a_recipe_keeps_on_the_form_what_the_form_does_not_ask_for(no_runs, visit):
    app = visit("train", recipe="teacher", seed="4")
    (chosen,) = [one.value for one in app.get("button_group") if one.label == "Recipe"] or [None]
    assert chosen == "teacher" or any("seed=4" in c.value and "recipe=teacher" in c.value for c in app.code)
    told = {one.label: one.value for one in app.number_input}
    assert told["Weight decay"] == to_watch("teacher", 59).weight_decay
    assert any(PRESETS["teacher"].words in one.value for one in app.caption)
