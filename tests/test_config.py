import dataclasses
import json
import math

import pytest

from grokviz.config import RunConfig, from_json, of_group, to_json
from grokviz.errors import ConfigError
from grokviz.forecast.presets import PRESETS, preset
from grokviz.tasks import named_groups
from grokviz.tasks.numbers import is_prime, next_prime
from grokviz.tasks.pairs import OPERATIONS


def test_paper_preset_is_the_published_recipe():
    paper = preset("paper")
    assert (paper.p, paper.frac_train, paper.split, paper.seed) == (113, 0.3, "paper", 0)
    assert (paper.d_model, paper.n_heads, paper.model.d_head, paper.d_mlp) == (128, 4, 32, 512)
    assert (paper.lr, paper.weight_decay, paper.beta1, paper.beta2, paper.eps) == (1e-3, 1.0, 0.9, 0.98, 1e-8)
    assert paper.steps == 40_000
    # The paper's 226,816 parameters have 114 output columns; ours have p = 113.
    assert paper.n_parameters == 226_816 - 128


@pytest.mark.parametrize("config", [*map(preset, PRESETS), RunConfig(p=7, operation="divide", lr=3e-3)])
def test_json_round_trip_is_exact(config):
    assert from_json(json.loads(json.dumps(to_json(config)))) == config


def test_a_younger_field_is_written_only_where_it_says_something():
    """Records, fingerprints and caches of older runs stay what they were."""
    assert not {"optimizer", "loss"} & to_json(RunConfig()).keys()
    muon = RunConfig(optimizer="muon", loss="stablemax")
    assert to_json(muon).items() > {("optimizer", "muon"), ("loss", "stablemax")}
    assert from_json(to_json(muon)) == muon


def test_missing_fields_take_their_defaults():
    assert from_json({"p": 97}) == RunConfig(p=97)


CHANGED = RunConfig(changes=((40, "weight_decay", 0.0), (40, "lr", 0.01), (90, "weight_decay", 2.0)))


def test_changes_travel_as_json_and_hold_from_their_step_on():
    assert from_json(json.loads(json.dumps(to_json(CHANGED)))) == CHANGED
    assert "changes" not in to_json(RunConfig())
    settings = {
        step: (c.weight_decay, c.lr, c.changes)
        for step in (0, 39, 40, 89, 90, 10**9)
        for c in [CHANGED.at(step)]
    }
    assert settings == {
        0: (1.0, 1e-3, ()), 39: (1.0, 1e-3, ()), 40: (0.0, 0.01, ()), 89: (0.0, 0.01, ()),
        90: (2.0, 0.01, ()), 10**9: (2.0, 0.01, ()),
    }  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        None, "lr", {"lr": 1}, 3, [3], ["lr"], [[]], [[1, "lr"]], [[1, "lr", 0.1, 2]], [["1", "lr", 0.1]],
        [[1.0, "lr", 0.1]], [[-1, "lr", 0.1]], [[5, "lr", 0.1], [4, "lr", 0.1]], [[1, "p", 7]], [[1, 2, 0.1]],
        [[1, "lr", "0.1"]], [[1, "lr", None]], [[1, "lr", 2.0]], [[1, "weight_decay", -0.1]], [[1, "lr", math.nan]],
        [[True, "lr", 0.1]], [[1, "weight_decay", True]], [[1, "lr", [0.1]]], [[n, "lr", 0.1] for n in range(101)],
    ],
)  # fmt: skip
def test_changes_that_cannot_be_are_refused(changes):
    with pytest.raises(ConfigError) as error:
        from_json({"changes": changes})
    assert len(str(error.value)) < 300


def test_config_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        RunConfig().p = 5  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("p", 2, "3 to 251"),
        ("p", 252, "3 to 251"),
        ("p", 113.0, "whole number"),
        ("p", True, "whole number"),
        ("p", "113", "whole number"),
        ("operation", "power", "add, subtract"),
        ("operation", 3, "a text"),
        ("frac_train", 0.0, "0.01 to 0.99"),
        ("frac_train", 1.0, "0.01 to 0.99"),
        ("frac_train", math.nan, "0.01 to 0.99"),
        ("split", "random", "seeded, paper"),
        ("seed", -1, "0 to"),
        ("d_model", 0, "4 to 1024"),
        ("n_heads", 0, "1 to 64"),
        ("n_heads", 3, "multiple of n_heads"),
        ("d_mlp", 10**9, "4 to 8192"),
        ("optimizer", "sgd", "adamw, muon, grokfast"),
        ("loss", "hinge", "softmax, stablemax"),
        ("lr", math.inf, "1e-07 to 1"),
        ("weight_decay", -1.0, "0 to 100"),
        ("beta1", 1.0, "0 to"),
        ("beta2", 1.0, "0 to"),
        ("eps", 0.0, "1e-16 to 1"),
        ("warmup_steps", 0, "1 to"),
        ("steps", 0, "1 to"),
        ("stop", "never", "steps, cleanup"),
        ("log_every", 0, "1 to"),
        ("max_snapshots", 1, "2 to"),
        ("precision", "int8", "float16, float32"),
    ],
)
def test_bad_value_says_what_it_got_and_what_to_choose(field, value, says):
    with pytest.raises(ConfigError) as error:
        dataclasses.replace(RunConfig(), **{field: value})
    assert says in str(error.value)
    assert str(value) in str(error.value)


def test_a_stored_split_needs_its_pairs_and_no_other_split_has_any():
    eight_of_nine = "f4A="  # 0111 1111 1000 0000, of which nine bits count
    assert RunConfig(p=3, split="stored", train_pairs=eight_of_nine).train_pairs == eight_of_nine
    with pytest.raises(ConfigError, match="the split is paper"):
        RunConfig(p=3, split="paper", train_pairs=eight_of_nine)
    for wrong in ("", "AAA=", "f4A", "f4A=f4A=", "not base64!", "/4A="):
        with pytest.raises(ConfigError, match="expected base64 of 2 bytes"):
            RunConfig(p=3, split="stored", train_pairs=wrong)


@pytest.mark.parametrize("operation", ["divide", "parity"])
def test_division_needs_a_prime_and_names_one(operation):
    with pytest.raises(ConfigError, match="p = 12 is not prime.*Choose p = 13"):
        RunConfig(p=12, operation=operation)


def test_unknown_setting_and_wrong_shape_are_refused():
    with pytest.raises(ConfigError, match="'modulus'"):
        from_json({"modulus": 113})
    with pytest.raises(ConfigError, match="got list"):
        from_json([113])


def test_every_operation_makes_a_config():
    assert {RunConfig(p=7, operation=operation).operation for operation in OPERATIONS} == set(OPERATIONS)


@pytest.mark.parametrize("name", [*named_groups.OFFERED, "C_113"])
def test_every_group_makes_a_config_that_travels(name):
    config = RunConfig(**of_group(name.lower().replace("_", " ")))
    assert (config.operation, config.group, config.p) == ("compose", name, named_groups.order_of(name))
    assert from_json(json.loads(json.dumps(to_json(config)))) == config
    assert "group" not in to_json(RunConfig())


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"group": "S_5"}, "goes with the operation compose.*leave the group empty"),
        ({"operation": "compose"}, "S_3, S_4, S_5"),
        ({"operation": "compose", "group": "S_5"}, "with p = 113 does not fit.*120"),
        ({"operation": "compose", "group": "s5", "p": 120}, "Its name is S_5"),
        ({"operation": "compose", "group": "monster", "p": 7}, "not known"),
    ],
)
def test_a_group_that_does_not_fit_is_refused(settings, says):
    with pytest.raises(ConfigError, match=says):
        RunConfig(**settings)


def test_primes_by_the_sieve():
    sieve = set(range(2, 252))
    for n in range(2, 16):
        sieve -= set(range(2 * n, 252, n))
    assert {n for n in range(252) if is_prime(n)} == sieve
    assert next_prime(252) == 251
    assert next_prime(1) == 3


def test_whole_numbers_become_what_the_field_holds_when_a_record_is_read():
    """Some write 1 for 1.0, and the widgets of a page take no mixture of the two."""
    read = from_json(to_json(RunConfig()) | {"lr": 1, "weight_decay": 2, "changes": [[5, "lr", 1]]})
    assert [type(value) for value in (read.lr, read.weight_decay, read.changes[0][2])] == [float] * 3
    assert (read.lr, read.weight_decay) == (1.0, 2.0)
    with pytest.raises(ConfigError, match="out of range"):
        from_json({"lr": 10**400})
