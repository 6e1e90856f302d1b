"""The maps that come with GrokViz, and those that it offers to train."""

import pytest

from grokviz.sweeps import grid, outcomes
from grokviz.sweeps.bundled import MODULI, OFFERS, STEPS, bundled
from grokviz.sweeps.rules import RULES

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


@pytest.mark.parametrize("p", MODULI)
@pytest.mark.parametrize("name", OFFERS)
def test_what_is_offered_can_be_trained_within_the_limits_of_a_map(name, p):
    sweep = OFFERS[name].sweep(p)
    assert len(sweep) == 30
    assert sweep.base.steps == STEPS
    assert sweep.config(29).log_every == 20
