"""Grids: what they come to, and what is said of those that cannot be."""

import pytest

from grokviz.config import RunConfig
from grokviz.errors import BadInputError, ConfigError, GrokVizError, RunError
from grokviz.sweeps import grid
from grokviz.sweeps.grid import Sweep, parse_grid, parse_keep

BASE = RunConfig(p=7, d_model=8, n_heads=1, d_mlp=8, steps=50)


def test_spans_lists_and_even_ratios():
    texts = ["frac-train=0.15:0.8:3", "lr=1e-4:1e-2:3:log,0.5", "modulus=5:9:3", "optimizer=adamw,muon"]
    assert dict(parse_grid(texts)) == {
        "frac_train": (0.15, 0.475, 0.8),
        "lr": (1e-4, 1e-3, 1e-2, 0.5),
        "p": (5, 7, 9),
        "optimizer": ("adamw", "muon"),
    }


def test_runs_are_numbered_cell_by_cell_and_seed_by_seed():
    sweep = Sweep(BASE, parse_grid(["frac_train=0.3,0.6", "weight_decay=0,1,2"]), (4, 5))
    assert len(sweep) == 12
    config = sweep.config(7)
    assert (config.frac_train, config.weight_decay, config.seed) == (0.6, 0.0, 5)
    assert [tuple(cell.values()) for cell in sweep.cells] == [(s, d) for s in (0.3, 0.6) for d in (0, 1, 2)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("frac_train", "has no values"),
        ("frac_train=", "has no values"),
        ("fraction=0.1,0.2", "'fraction' is no setting that can vary"),
        ("seed=0,1", "--seeds 3"),
        ("frac_train=a,b", "'a', expected a number"),
        ("frac_train=nan", "finite"),
        ("frac_train=0.1:0.9", "no span of values"),
        ("frac_train=0.1:0.9:1", "no span of values"),
        ("lr=0:1:3:log", "above 0"),
        ("p=5:8:3", "comes to 6.5"),
        ("optimizer=a:b:3", "no span of values"),
        ("optimizer=adam", "Choose one of: adamw"),
        ("frac_train=0.1,1.5", "out of range"),
        ("frac_train=0.1,0.1", "value 0.1 twice"),
        ("d_mlp=8.5", "expected a whole number"),
    ],
)
def test_a_bad_grid_is_refused_in_words(text, says):
    with pytest.raises(GrokVizError, match=says):
        parse_grid([text])


def test_a_setting_may_be_there_once():
    with pytest.raises(BadInputError, match="p is there twice"):
        parse_grid(["p=5", "modulus=7"])


def test_what_cannot_be_trained_is_refused_before_anything_is():
    with pytest.raises(ConfigError, match=r"At p = 9, operation = divide: .*not prime"):
        Sweep(BASE, parse_grid(["p=7,9", "operation=divide"]))
    with pytest.raises(ConfigError, match="1,200,000 runs"):
        Sweep(BASE, parse_grid(["lr=1e-6:1:1200:log"]), tuple(range(1000)))


def test_what_is_to_be_kept_has_to_be_in_the_grid():
    axes = parse_grid(["frac_train=0.3,0.6"])
    sweep = Sweep(BASE, axes, (0, 1), parse_keep(["frac_train=0.6", "seed=1"], axes, (0, 1)))
    assert [sweep.is_kept(run) for run in range(4)] == [False, False, False, True]
    assert Sweep(BASE, axes, (0,), parse_keep(["all"], axes, (0,))).is_kept(0)
    with pytest.raises(BadInputError, match=r"no run has frac_train = 0.5. This grid has: 0.3, 0.6"):
        parse_keep(["frac_train=0.5"], axes, (0,))


def test_a_definition_survives_the_disk(tmp_path):
    axes = parse_grid(["frac_train=0.3,0.6", "optimizer=adamw,muon"])
    sweep = Sweep(BASE, axes, (3, 4), parse_keep(["optimizer=muon"], axes, (3, 4)), "Two of two")
    grid.write(tmp_path, sweep)
    assert grid.read(tmp_path) == sweep


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"format":1', '"format":9'),
        ('"frac_train",[', '"fraction",['),
        ('"seeds":[0]', '"seeds":[]'),
        ('"grid":[[', '"grid":[3,['),
        ("0.6", '"x"'),
        ('"p":7', '"p":2'),
    ],
)
def test_a_damaged_definition_is_refused_in_words(tmp_path, old, new):
    grid.write(tmp_path, Sweep(BASE, parse_grid(["frac_train=0.3,0.6"])))
    file = tmp_path / grid.DEFINITION
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(RunError, match=r"damaged|newer"):
        grid.read(tmp_path)
