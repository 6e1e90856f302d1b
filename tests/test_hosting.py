"""Who may use how much: read from the environment, strictly."""

import dataclasses
from pathlib import Path

import pytest

from grokviz import hosting
from grokviz.errors import HostingError
from grokviz.forecast.presets import PRESETS, preset
from grokviz.hosting import Limits
from grokviz.sequence_config import RECIPES, recipe


def test_ones_own_machine_has_no_limits(monkeypatch):
    for value in (None, "0"):
        monkeypatch.setenv(hosting.HOSTED, value) if value else monkeypatch.delenv(hosting.HOSTED, False)
        assert hosting.limits() is None
        assert hosting.visitor_roots(Path("runs")) == [Path("runs")]


def test_a_shared_machine_has_those_of_the_environment(monkeypatch):
    monkeypatch.setenv(hosting.HOSTED, "1")
    monkeypatch.delenv(hosting.LIMITS, False)
    assert hosting.limits() == Limits()
    monkeypatch.setenv(hosting.LIMITS, " p=97, minutes = 2.5,,")
    assert hosting.limits() == Limits(p=97, minutes=2.5)


@pytest.mark.parametrize("value", ["yes", "", "2", "x" * 1000])
def test_it_is_shared_or_it_is_not(monkeypatch, value):
    monkeypatch.setenv(hosting.HOSTED, value)
    with pytest.raises(HostingError, match="Set it to 1") as error:
        hosting.limits()
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("speed=3", "The limits are: p, d_model"),
        ("p", "p is '', expected a number"),
        ("p=many", "expected a number"),
        ("p=1.5", "expected a number"),
        ("p=0", "expected more than 0"),
        ("minutes=-1", "expected more than 0"),
        ("minutes=nan", "expected more than 0"),
        ("p=" + "9" * 5000, "expected a number"),
    ],
)
def test_limits_that_cannot_be_are_refused(text, says):
    with pytest.raises(HostingError, match=says) as error:
        hosting.parse_limits(text)
    assert len(str(error.value)) < 300


def test_the_presets_may_be_trained_on_a_shared_machine():
    for config in map(preset, PRESETS):
        hosting.check(config, Limits())
    with pytest.raises(HostingError, match="p = 139 is more .*, which is 131"):
        hosting.check(dataclasses.replace(preset("quick"), p=139), Limits())


@pytest.mark.parametrize("secret", ["", "a" * 31, "A" * 32, "a" * 32 + "\n", "../" * 10 + "aa", "g" * 32])
def test_a_folder_opens_only_to_a_key(secret):
    with pytest.raises(HostingError, match="Reload the page"):
        hosting.visitor_root(Path("runs"), secret)


def test_the_folder_does_not_tell_the_key(tmp_path, monkeypatch):
    monkeypatch.setenv(hosting.HOSTED, "1")
    one, two = (hosting.visitor_root(tmp_path, c * 32) for c in "ab")
    assert one != two
    assert one.parent == tmp_path
    assert "a" * 8 not in one.name
    for path in (one, two, tmp_path / ".nobody", tmp_path / "v-x", tmp_path / "mine"):
        path.mkdir()
    assert set(hosting.visitor_roots(tmp_path)) == {one, two}
    assert hosting.visitor_roots(tmp_path / "nowhere") == []


def test_a_visitor_trains_recipes_on_sequences_and_nothing_larger():
    for task in RECIPES:
        hosting.check(recipe(task), hosting.Limits())
    hosting.check(recipe("skip-trigrams", n_train=100, steps=3_000), hosting.Limits())
    for changed in ({"steps": 40_001}, {"d_mlp": 1024}, {"batch_size": 4096}, {"n_train": 20_000}):
        (name,) = changed
        with pytest.raises(HostingError, match=f"{name} = .*more than this shared machine allows"):
            hosting.check(recipe("digits", **changed), hosting.Limits())
