"""The maps that come with GrokViz, and those that it offers to train."""

import dataclasses
import statistics
from collections.abc import Iterator

import pytest

from grokviz.runs import library
from grokviz.runs.catalog import list_runs
from grokviz.runs.folder import open_run
from grokviz.sweeps import grid, outcomes
from grokviz.sweeps.bundled import MODULI, OFFERS, STEPS, bundled
from grokviz.sweeps.outcomes import Outcome
from grokviz.sweeps.rules import FATES, GROKKING, RULES, middle

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


def middles(name: str) -> Iterator[tuple[float, float, Outcome]]:
    """Of each cell of a map, the values of its columns and rows, and the seed in the middle by the ratio."""
    sweep, found = grid.read(bundled()[name]), outcomes.read(bundled()[name])
    for i, cell in enumerate(sweep.cells):
        column, row = map(float, cell.values())
        yield column, row, middle([o for o in found if o.run // len(sweep.seeds) == i], RULES["ratio"])


def understood(outcome):
    return RULES["ratio"].judge(outcome).letter in "CG"


def test_up_to_a_decay_fewer_pairs_are_enough_and_with_the_largest_nothing_is_learnt():
    found = list(middles("share-decay-59"))
    least = {
        decay: min((share for share, d, o in found if d == decay and understood(o)), default=1)
        for decay in (0.5, 1.0, 2.0)
    }
    assert least[0.5] > least[1.0] > least[2.0]
    assert {RULES["ratio"].judge(o).letter for _, decay, o in found if decay == 8} == {"X"}


def test_the_product_of_rate_and_decay_sets_when_it_groks():
    steps: dict[float, list[int]] = {}
    for rate, decay, o in middles("rate-decay-59"):
        if decay <= 2 and o.grokked is not None:
            steps.setdefault(round(rate * decay, 6), []).append(o.grokked)
    several = {product: found for product, found in steps.items() if len(found) > 1}
    assert len(several) >= 2
    assert all(max(found) <= 2.5 * min(found) for found in several.values())
    few = [step for product, found in steps.items() if product <= 0.014 for step in found]
    many = [step for product, found in steps.items() if product >= 0.02 for step in found]
    assert statistics.median(few) > 1.5 * statistics.median(many)


def test_where_two_maps_have_the_same_settings_they_say_the_same():
    """Trained apart, in other batches: steps may differ by rounding, what became of a run may not."""
    known: dict[object, list[str]] = {}
    for folder in bundled().values():
        sweep = grid.read(folder)
        for o in outcomes.read(folder):
            config = dataclasses.replace(sweep.config(o.run), max_snapshots=2)
            known.setdefault(config, []).append(RULES["ratio"].judge(o).name)
    several = [fates for fates in known.values() if len(fates) > 1]
    assert len(several) >= 18
    assert all(len(set(fates)) == 1 for fates in several)


def test_larger_moduli_need_smaller_shares_and_a_number_ten_to_twenty_examples():
    least: dict[float, float] = {}
    for p, share, o in middles("modulus-share"):
        if understood(o):
            least[p] = min(share, least.get(p, 1.0))
    moduli = sorted(least)
    assert [least[p] for p in moduli] == sorted(least.values(), reverse=True)
    assert {p: least[p] for p in (moduli[0], moduli[-1])} == {13: 0.8, 67: 0.3}  # as the page says
    assert all(10 <= p * least[p] <= 20.5 for p in moduli)


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
