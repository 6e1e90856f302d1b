"""What few data make of tasks on sequences: the table is whole, its rule is what it says, and the page tells it."""

import dataclasses
import statistics

import numpy as np
import pytest

from grokviz.app.elsewhere import few
from grokviz.forecast import few_data
from grokviz.forecast.few_data import Outcome, config, of, outcomes

PLATEAU = 2.0


def outcome(train, test):
    at = tuple(range(0, 100 * len(train), 100))
    return Outcome("digits", 0, True, PLATEAU, at, tuple(train), tuple(test))


def test_every_task_has_its_trainings_with_weight_decay_and_without():
    assert few_data.command().startswith("python -m bench.few_data")
    for task in few_data.SMALLER:
        seeds = [[one.seed for one in of(task, decays)] for decays in (True, False)]
        assert seeds[0] == seeds[1] == list(range(len(seeds[0]))) != []
        for one in [*of(task, True), *of(task, False)]:
            assert one.at[0] == 0
            assert one.at[-1] == config(task, True).steps
            assert len(one.at) == len(one.train) == len(one.test)
            assert one.plateau == pytest.approx(config(task, True).question.plateau, abs=1e-4)
            assert one.test[0] > 0.9 * one.plateau  # it begins by guessing
    assert len(outcomes()) == sum(
        len(of(task, decays)) for task in few_data.SMALLER for decays in (True, False)
    )


def test_without_weight_decay_nothing_else_differs():
    for task in few_data.SMALLER:
        bare = dataclasses.replace(config(task, True, seed=3), weight_decay=0.0)
        assert config(task, False, seed=3) == bare
        assert config(task, True).n_train > 0


def test_grokking_is_a_wait_with_a_tower():
    known = [2.0, 0.1, 0.01, 0.01, 0.01, 0.01]
    late = outcome(known, [2.0, 5.0, 6.0, 4.0, 0.9, 0.5])
    assert (late.known_at, late.understood_at, late.peak) == (100, 400, 6.0)
    assert late.groks
    assert not outcome(known, [2.0, 1.5, 0.9, 0.5, 0.4, 0.4]).groks  # no wait
    assert not outcome(known, [2.0, 2.4, 1.8, 1.7, 0.9, 0.5]).groks  # no tower
    assert outcome(known, [2.0, 5.0, 0.9, 4.0, 0.9, 3.0]).understood_at is None
    assert outcome(known, [2.0, 0.9, 3.0, 0.9, 0.5, 0.3]).understood_at == 300  # for good
    assert not outcome([2.0] * 6, [2.0, 5.0, 6.0, 4.0, 0.9, 0.5]).groks  # never known by heart


def test_a_median_of_those_that_mostly_never_came_is_none():
    assert few_data.median([300, None, 100]) == 300
    assert few_data.median([300, None, None]) is None


@pytest.mark.parametrize("task", few_data.SMALLER)
def test_the_page_says_what_the_table_says(task):
    told, found = few.told(task), of(task, True)
    peaks = [float(np.max(one.test)) for one in found]
    assert f"loss on others is {statistics.median(peaks):.2g} at most" in told
    ends = [one.test[-1] for one in of(task, False)]
    assert f"Without weight decay it ends at {statistics.median(ends):.2g}." in told
    known = [
        next(s for s, loss in zip(one.at, one.train, strict=True) if loss < 0.1 * one.plateau)
        for one in found
    ]
    assert f"by heart at step {statistics.median_high(known):,}" in told
    for one in found:
        understood = one.test[-1] < 0.5 * one.plateau
        assert understood or f"Seed {one.seed}: {one.test[-1]:.2g} at the last step, {one.at[-1]:,}." in told


def test_of_the_three_repeats_grok_on_some_seed_and_the_others_hardly():
    verdicts = {task: [one.groks for one in of(task, True)] for task in few_data.SMALLER}
    assert verdicts == {"skip-trigrams": [False] * 2, "digits": [False] * 2, "repeats": [True, False]}
    assert few.told("digits").endswith("**It hardly groks.**")
    assert few.told("repeats").endswith("**It groks on one seed of two.**")
    assert not any(one.groks for task in few_data.SMALLER for one in of(task, False))


def test_what_is_drawn_is_the_first_seed():
    data = few.curves("repeats")
    (first, *_), (bare, *_) = of("repeats", True), of("repeats", False)
    never, trained, without = data["curves"]
    assert (never["values"], trained["values"]) == (list(first.test), list(first.train))
    assert without["values"] == list(bare.test)
    assert data["last"] == first.at[-1]
    assert data["top"] > max(*first.test, *bare.test)
