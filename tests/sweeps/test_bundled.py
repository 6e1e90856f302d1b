"""The maps that come with GrokViz, and those that it offers to train."""

import dataclasses

import pytest

from grokviz.runs import library
from grokviz.runs.catalog import list_runs
from grokviz.runs.folder import open_run
from grokviz.sweeps import grid, outcomes
from grokviz.sweeps.bundled import MODULI, OFFERS, STEPS, bundled
from grokviz.sweeps.rules import FATES, GROKKING, RULES

MAX_BYTES = 200_000


@pytest.mark.parametrize("name", bundled())
def test_a_bundled_map_is_small_and_whole(name):
    folder = bundled()[name]
    sweep, found = grid.read(folder), outcomes.read(folder)
    assert sum(file.stat().st_size for file in folder.iterdir()) <= MAX_BYTES
    assert {file.name for file in folder.iterdir()} <= {grid.DEFINITION, outcomes.TABLE}
    assert sweep.title
    assert len(sweep.cells) >= 48
    assert {o.run // len(sweep.seeds) for o in found} == set(range(len(sweep.cells)))
    for o in found:
        assert dict(o.cell) == dict(sweep.cell(o.run))
        assert o.seed == sweep.seed(o.run)
        assert o.step <= sweep.base.steps
    assert len({RULES["ratio"].judge(o).letter for o in found}) >= 3  # a map with nothing on it says nothing


def kept():
    """Every outcome of a bundled map whose run is bundled too, with its sweep."""
    for folder in bundled().values():
        sweep = grid.read(folder)
        yield from ((sweep, o) for o in outcomes.read(folder) if o.folder)


def test_of_each_fate_a_run_is_bundled_that_did_what_the_map_says_of_it():
    cards = {card.id: card for card in list_runs(library.of_maps())}
    assert sorted(cards) == sorted(o.folder for _, o in kept())
    assert {RULES["ratio"].judge(o).name for _, o in kept()} == {fate.name for fate in FATES}
    for sweep, o in kept():
        run = open_run(library.find(o.folder))
        wanted = sweep.config(o.run)
        assert run.config == dataclasses.replace(wanted, max_snapshots=run.config.max_snapshots)
        assert run.finished
        assert run.steps[0] == 0
        assert run.steps[-1] == o.step
        for name, side, level in (
            ("train_90", "train", 0.9), ("test_90", "test", 0.9), ("memorised", "train", 0.99), ("grokked", "test", 0.99)
        ):  # fmt: skip
            rows = zip(run.log["step"], run.log[f"{side}_accuracy"], strict=True)
            assert getattr(o, name) == next((step for step, right in rows if right >= level), None)
        assert o.test_loss == pytest.approx(run.log["test_loss"].iloc[-1], rel=1e-4)
        for step in filter(None, (o.memorised, o.grokked)):  # what its sentence says
            if RULES["ratio"].judge(o) is GROKKING:
                assert f"step {step}" in cards[o.folder].sentence


@pytest.mark.parametrize("p", MODULI)
@pytest.mark.parametrize("name", OFFERS)
def test_what_is_offered_can_be_trained_within_the_limits_of_a_map(name, p):
    sweep = OFFERS[name].sweep(p)
    assert len(sweep) == 30
    assert sweep.base.steps == STEPS
    assert sweep.config(29).log_every == 20
    assert not any(map(sweep.is_kept, range(30)))
    assert all(map(OFFERS[name].sweep(p, keep=True).is_kept, range(30)))
