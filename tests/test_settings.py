"""The one table of settings, and the lists that are filters over it."""

import dataclasses

import pytest

from grokviz import hosting
from grokviz.config import CHANGEABLE, SETTINGS, RunConfig, same_course, settings_of, to_json
from grokviz.errors import ConfigError
from grokviz.hosting import Limits
from grokviz.models.spec import ModelSpec
from grokviz.settings import flag_of


def names(property: str) -> set[str]:
    return {name for name, setting in SETTINGS.items() if getattr(setting, property)}


def test_every_field_is_in_the_table_with_its_default_and_says_what_it_is():
    assert {name: s.default for name, s in SETTINGS.items()} == dataclasses.asdict(RunConfig())
    assert [name for name, s in SETTINGS.items() if not s.label or not s.help] == []
    for name, s in SETTINGS.items():
        assert (s.within is not None) == (s.kind in (int, float)), name
        assert bool(s.choices) == (s.kind is str and name not in ("train_pairs", "group")), name


def test_flags_are_those_of_version_1_and_one_each():
    flags = [flag for setting in SETTINGS.values() if (flag := flag_of(setting))]
    assert len(flags) == len(set(flags))
    assert set(flags) >= {
        "--modulus", "--operation", "--frac-train", "--split", "--seed", "--optimizer", "--loss", "--weight-decay",
        "--lr", "--steps", "--stop", "--d-model", "--d-mlp", "--heads", "--log-every", "--snapshots", "--precision",
        "--muon-momentum", "--grokfast-lambda",
    }  # fmt: skip


def test_what_may_change_and_what_is_kept():
    assert CHANGEABLE == ("lr", "weight_decay")
    assert names("may_differ") == {"steps", "stop", "changes", "max_snapshots"}
    assert names("kept_by_forks") == {
        "p", "operation", "group", "wrong_labels", "split", "train_pairs", "seed", "d_model", "n_heads", "d_mlp", "precision",
        "architecture", "attention_rate", "read_at",
    }  # fmt: skip
    assert names("limited") == {"p", "d_model", "n_heads", "d_mlp", "steps", "max_snapshots"}
    assert names("limited") <= set(Limits._fields)
    assert set(hosting.SIZES) == {"p", "d_model", "n_heads", "d_mlp"}


def test_runs_of_one_course_differ_only_in_what_is_incidental():
    one = RunConfig()
    assert same_course(one, RunConfig(seed=5, split="paper", steps=7, stop="cleanup", precision="float32"))
    assert same_course(one, RunConfig(muon_scale=0.5))  # no constant of its optimiser
    assert not same_course(RunConfig(optimizer="muon"), RunConfig(optimizer="muon", muon_scale=0.5))
    imported = RunConfig(p=3, split="stored", train_pairs="f4A=")
    assert same_course(imported, RunConfig(p=3))
    for name, other in (("lr", 2e-3), ("beta2", 0.9), ("p", 97), ("changes", ((3, "lr", 0.1),))):
        assert not same_course(one, dataclasses.replace(one, **{name: other})), name


def test_constants_of_an_optimiser_are_settings_that_older_records_lack():
    assert RunConfig() == RunConfig(
        muon_momentum=0.95, muon_scale=0.2, muon_iterations=5, grokfast_alpha=0.98, grokfast_lambda=2.0
    )
    assert not names("of_optimizer") & to_json(RunConfig(optimizer="muon")).keys()
    assert to_json(RunConfig(optimizer="muon", muon_scale=0.5))["muon_scale"] == 0.5
    assert settings_of(RunConfig()).keys() == SETTINGS.keys() - names("of_optimizer")
    assert "grokfast_alpha" in settings_of(RunConfig(optimizer="grokfast"))


@pytest.mark.parametrize(
    ("sizes", "says"),
    [
        ({"d_model": 0}, "whole number above 0"), ({"d_mlp": -3}, "whole number above 0"),
        ({"n_heads": True}, "whole number above 0"), ({"n_heads": 3}, "multiple of n_heads"),
        ({"n_layers": 2}, "networks of one layer"), ({"architecture": "mlp", "attention_rate": 0.5}, "has no attention"),
    ],
)  # fmt: skip
def test_sizes_that_are_no_network_are_refused(sizes, says):
    spec = ModelSpec(d_vocab=114, d_vocab_out=113, n_ctx=3, d_model=128, n_heads=4, d_mlp=512)
    assert spec == RunConfig().model
    with pytest.raises(ConfigError, match=says):
        dataclasses.replace(spec, **sizes)
