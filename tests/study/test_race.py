"""The race of the frequencies: made-up ones, and what was found of the bundled runs by other means."""

import numpy as np
import pytest

from grokviz import study
from grokviz.app.explorer.lottery import telling
from grokviz.runs import library
from grokviz.runs.folder import open_run
from grokviz.study.race import Race, race, race_of, winners_ahead

STEPS = np.array([0, 10, 20, 30, 40])


def coefficients(*orders):
    """A row a snapshot: the frequencies 1..4 in the order of their strength."""
    alpha = np.zeros((len(orders), 4))
    for row, order in zip(alpha, orders, strict=True):
        for place, k in enumerate(order):
            row[k - 1] = 1.0 - place / 4
    return alpha


def test_a_race_with_a_swap_is_decided_after_it():
    alpha = coefficients((3, 4, 1, 2), (1, 3, 2, 4), (2, 1, 3, 4), (1, 3, 2, 4), (1, 2, 4, 3))
    assert winners_ahead(alpha, (1, 2)).tolist() == [0, 1, 2, 1, 2]
    assert race_of(STEPS, alpha, (1, 2)) == Race(open=0, ahead=20, decided=40)


@pytest.mark.parametrize(
    ("orders", "keys", "found"),
    [
        (((1, 2, 3, 4),) * 5, (1,), Race(None, 0, 0)),  # from the first on
        (((2, 1, 3, 4),) * 5, (1,), Race()),  # never, by this order
        (((2, 1, 3, 4),) * 4 + ((1, 2, 3, 4),), (1,), Race(30, 40, 40)),
        (((1, 2, 3, 4),) * 4 + ((2, 1, 3, 4),), (1,), Race(None, 0, None)),  # ahead once, and not at the end
    ],
)
def test_races_at_the_edge(orders, keys, found):
    assert race_of(STEPS, coefficients(*orders), keys) == found


def auc(alpha, keys):
    """The chance that a winner stands before a loser: counted pair by pair."""
    losers = [k for k in range(1, len(alpha) + 1) if k not in keys]
    return np.mean([alpha[w - 1] > alpha[k - 1] for w in keys for k in losers])


@pytest.mark.parametrize(
    ("run", "perfect", "ahead", "decided"),
    [
        ("mod113-paper", {62, 96}, 62, "for good"),
        ("mod59-quick", {48, 78}, 48, "and from step {:,} on for good"),
    ],
)
def test_the_bundled_runs_are_decided_while_they_memorise(run, perfect, ahead, decided):
    """Steps at which every winner stands before every loser were found by hand: 62 and 96, 48 and 78; at step 0 not."""
    found = study.load(open_run(library.BUNDLED / run))
    t, keys = found.timeline, found.timeline.key_freqs
    by_pairs = {int(s): auc(row, keys) for s, row in zip(t.steps, t["trig_coefficients"], strict=True)}
    assert all(by_pairs[step] == 1 for step in perfect)
    assert by_pairs[0] < 1
    told = race(t)
    assert told.ahead == ahead == min(step for step, area in by_pairs.items() if area == 1)
    assert all(by_pairs[int(step)] == 1 for step in t.steps if step >= told.decided)
    assert by_pairs[int(t.steps[t.steps < told.decided][-1])] < 1
    assert told.open is not None
    assert told.open < ahead <= told.decided < found.phases.grokked.step
    words = telling(found)
    said = (
        f"At step {ahead:,} the winners are all in front for the first time, {decided.format(told.decided)}."
    )
    assert said.replace(", for", ", and for") in words


def test_where_nothing_wins_there_is_nothing_to_tell():
    found = study.load(open_run(library.BUNDLED / "mod59-no-decay"))
    assert race(found.timeline) == Race()
    assert telling(found) == ""
