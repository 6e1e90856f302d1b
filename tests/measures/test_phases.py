"""Curves drawn by hand, whose phases anyone can read off with a finger."""

import json

import numpy as np
import pytest

from grokviz.measures.phases import SURELY_ACCURATE, Event, NoHistory, Phases, find_phases

# A textbook run, an evaluation every 100 steps: train accuracy, test accuracy, test loss.
TEXTBOOK = [
    (0.01, 0.01, 4.7), (0.50, 0.01, 8.0), (1.00, 0.01, 15.0), (1.00, 0.01, 24.0), (1.00, 0.02, 22.0),
    (1.00, 0.02, 20.0), (1.00, 0.03, 18.0), (1.00, 0.05, 14.0), (1.00, 0.20, 11.0), (1.00, 0.60, 6.0),
    (1.00, 0.98, 1.0), (1.00, 0.99, 1e-1), (1.00, 1.00, 1e-2), (1.00, 1.00, 1e-3), (1.00, 1.00, 1e-4),
    (1.00, 1.00, 1e-5), (1.00, 1.00, 1e-6), (1.00, 1.00, 9e-7), (1.00, 1.00, 8e-7), (1.00, 1.00, 6e-7),
    (1.00, 1.00, 5e-7),
]  # fmt: skip
EXPECTED = Phases(
    memorised=Event(200, 100),
    circuit=Event(300, 200),  # the peak, 24
    cleanup=Event(800, 700),  # 14 is still over half of it, 11 is not
    grokked=Event(1100, 1000),
    cleaned=Event(1600, 1500),  # 1e-6 is within ten times 5e-7, 1e-5 is not
)


def phases(rows, **options):
    train, test, loss = np.array(rows, dtype=float).reshape(-1, 3).T
    return find_phases(100 * np.arange(len(rows)), train, test, loss, **options)


def test_textbook_curve():
    found = phases(TEXTBOOK)
    assert found == EXPECTED
    assert [name for name, *_ in found.bands] == ["memorisation", "circuit formation", "cleanup"]
    assert [band[1:] for band in found.bands] == [(0, 300), (300, 800), (800, 1600)]
    assert found.summary() == "It memorised by step 200 and grokked at step 1,100."


@pytest.mark.parametrize(
    ("step", "phase"),
    [
        (0, "memorisation"),
        (299, "memorisation"),
        (300, "circuit formation"),
        (799, "circuit formation"),
        (800, "cleanup"),
        (1599, "cleanup"),
        (1600, "after cleanup"),
        (10**6, "after cleanup"),
    ],
)
def test_the_phase_of_a_step(step, phase):
    assert EXPECTED.phase_at(step) == phase


def test_json_has_the_names_of_the_command_line_and_the_interval_of_each_event():
    values = json.loads(json.dumps(EXPECTED.to_json()))
    steps = {"memorised_at": 200, "circuit_from": 300, "cleanup_from": 800, "cleanup_to": 1600}
    steps["grokked_at"] = 1100
    assert {name: values[name] for name in steps} == steps
    assert {name: getattr(EXPECTED, name) for name in steps} == steps
    assert values["intervals"] == {name: [step - 100, step] for name, step in steps.items()}


def test_a_bump_after_the_fall_began_delays_cleanup():
    bumped = [(*row[:2], 13.0) if i == 9 else row for i, row in enumerate(TEXTBOOK)]
    assert phases(bumped).cleanup == Event(1000, 900)


def test_a_slingshot_after_grokking_changes_neither_peak_nor_cleanup():
    late = [(*row[:2], 30.0) if i == 13 else row for i, row in enumerate(TEXTBOOK)]
    assert phases(late)[:4] == EXPECTED[:4]


def test_never_memorises():
    found = phases([(0.01 * i, 0.01, 5.0 + i) for i in range(30)])
    assert found == Phases()
    assert found.bands == [("memorisation", 0, None)]
    assert found.phase_at(2_000) == "memorisation"
    assert found.summary() == "It never memorised its training pairs."
    assert set(found.to_json()["intervals"].values()) == {None}


def test_memorises_and_never_groks():
    found = phases([(min(1, i / 4), 0.1, 4.7 + i) for i in range(30)])
    assert found == Phases(memorised=Event(400, 300))
    assert "has not grokked, and nothing generalises" in found.summary()


def test_a_fall_that_is_under_way_is_said_to_be():
    found = phases(TEXTBOOK[:9])
    assert found == EXPECTED._replace(grokked=None, cleaned=None)
    assert "its test loss has begun to fall" in found.summary()
    assert found.bands[-1] == ("cleanup", 800, None)


def test_a_wobble_at_the_peak_is_no_fall():
    assert phases(TEXTBOOK[:6]).circuit is None  # 20 of 24
    assert phases(TEXTBOOK[:7]).circuit == Event(300, 200)  # 18 of 24


def test_random_labels_form_no_circuit_however_far_weight_decay_lowers_the_test_loss():
    rows = [(1.0, 0.1, 20 * 0.8**i) for i in range(20)]
    assert phases(rows, can_generalise=False) == Phases(memorised=Event(0, 0))
    assert phases(rows).circuit is not None


def test_groks_at_once_without_a_plateau():
    found = phases([(0.1, 0.1, 4.7), (0.9, 0.5, 3.0), (1, 1, 0.1), (1, 1, 1e-3), (1, 1, 1e-3)])
    assert found.memorised == found.grokked == found.circuit == found.cleanup == Event(200, 100)
    assert found.summary() == "It generalised at step 200, almost as it memorised: no plateau to see."


def test_still_cleaning_up_is_not_cleaned():
    assert phases(TEXTBOOK[:17]).cleaned is None  # within ten of the end, but the end is now
    assert phases(TEXTBOOK[:17])[:4] == EXPECTED[:4]


def test_rows_that_were_not_measured_count_as_not_there():
    holes = TEXTBOOK.copy()
    for i in (0, 3, 11):
        holes[i] = (np.nan, 1.0, 99.0)
    holes[20] = (1.0, 1.0, np.nan)
    found = phases(holes)
    assert found.circuit == Event(400, 200)
    assert found.grokked == Event(1200, 1000)
    assert phases([(np.nan, np.nan, np.nan)] * 3) == Phases()


def test_cleaned_waits_for_the_weights_to_shrink():
    weights = np.linspace(100, 80, len(TEXTBOOK))  # one a row; 84 is within 5 % of the last, 85 is not
    assert phases(TEXTBOOK, squared_weights=weights).cleaned == Event(1600, 1500)
    weights[:18] += 5
    assert phases(TEXTBOOK, squared_weights=weights).cleaned == Event(1800, 1700)
    weights[-1] = 70  # still shrinking: it has arrived nowhere
    assert phases(TEXTBOOK, squared_weights=weights).cleaned is None
    assert phases(TEXTBOOK, squared_weights=weights)[:4] == EXPECTED[:4]


def test_weights_that_were_not_measured_are_not_waited_for():
    weights = np.full(len(TEXTBOOK), np.nan)
    assert phases(TEXTBOOK, squared_weights=weights) == EXPECTED
    weights[-4:] = 80
    holes = [(np.nan, 1.0, 1.0), *TEXTBOOK[1:]]
    assert phases(holes, squared_weights=weights) == EXPECTED


def test_one_row_and_none():
    assert phases([]) == Phases()
    assert phases([(0.01, 0.01, 4.7)]) == Phases()
    assert phases([(1.0, 0.0, 4.7)]) == Phases(memorised=Event(0, 0))
    at_once = phases([(1.0, 1.0, 1e-9)])
    assert at_once.grokked == Event(0, 0)
    assert at_once.cleaned is None  # nothing came after
    assert at_once.summary().startswith("It generalised at step 0")


def noisy():
    rng = np.random.default_rng(0)
    return [(*row[:2], row[2] * rng.uniform(0.5, 1.5)) for row in TEXTBOOK for _ in range(8)]


@pytest.mark.parametrize("rows", [TEXTBOOK, noisy()], ids=["textbook", "noisy"])
def test_a_live_run_never_takes_an_event_back_once_it_has_grokked(rows):
    before = Phases()
    for n in range(len(rows) + 1):
        now = phases(rows[:n])
        assert all(event.after <= event.step for event in now if event)
        settled = now[:4] if before.grokked else now[:1]
        assert settled == (before[:4] if before.grokked else settled)
        for earlier, later in zip(before[:4], now[:4], strict=True):
            assert not (earlier and later) or later.step >= earlier.step  # before that, it moves on only
        assert now.memorised == before.memorised or before.memorised is None
        starts = [start for _, start, _ in now.bands]
        assert starts == sorted(starts)
        before = now
    assert before.cleaned


def without_accuracies(rows):
    """Train loss far below, test loss as drawn, and no accuracy but at the last row."""
    steps = 100 * np.arange(len(rows))
    train, test, loss = np.array(rows, dtype=float).T
    train_loss = np.where(train == 1, 1e-4, 2.0)
    train[:-1] = test[:-1] = np.nan
    return find_phases(steps, train, test, loss, train_loss=train_loss)


def test_where_no_accuracy_was_logged_losses_say_when_at_the_latest():
    found = without_accuracies(TEXTBOOK)
    assert found.memorised == Event(200, 0, by_loss=True)
    assert found.grokked == Event(1300, 0, by_loss=True)  # 1e-2 could hide a share of 1.4 %, 1e-3 cannot
    assert found.circuit == EXPECTED.circuit
    assert found.summary() == "It memorised by step 200 and grokked by step 1,300, as its losses tell."


def test_a_loss_that_could_hide_wrong_answers_tells_nothing():
    """The bound is tight: a share of wrong answers, each as likely as the right one, costs just that much."""
    p, wrong = 113, 0.01
    uncertain = -np.log(0.5)  # the right answer and another share everything: as low as a wrong pair can be
    assert wrong * uncertain == pytest.approx(SURELY_ACCURATE)
    at = np.array([np.nan, np.nan])
    for loss, is_told in ((wrong * uncertain * 1.001, False), (wrong * uncertain * 0.999, True)):
        found = find_phases(
            np.array([0, 100]), at, at, np.array([np.log(p), loss]), train_loss=np.array([np.log(p), 1e-9])
        )
        assert (found.grokked is not None) == is_told


def test_a_record_that_begins_late_is_said_to():
    rows = [(1.0, 1.0, 1e-3), (1.0, 1.0, 1e-4)]
    train, test, loss = np.array(rows).T
    found = find_phases(np.array([5000, 6000]), train, test, loss)
    assert found.summary() == "It had generalised by step 5,000, where its record begins."
    found = find_phases(np.array([5000, 6000]), train, np.array([0.1, 1.0]), loss)
    assert (
        found.summary()
        == "It had memorised by step 5,000, where its record begins, and grokked at step 6,000."
    )


def test_no_history_claims_nothing():
    nothing = NoHistory()
    assert "not known" in nothing.summary()
    assert nothing.bands == []
    assert "memorisation" not in nothing.phase_at(0)
    assert set(nothing.to_json()["intervals"].values()) == {None}


def test_a_change_of_settings_is_no_cleanup():
    """Weight decay raised at step 500 halves the test loss at once; 400 steps later it groks."""
    steps = np.arange(0, 1600, 100)
    loss = np.array([4, 9, 16, 18, 17, 16, 8, 7.5, 7, 6.5, 2, 0.1, 1e-3, 1e-5, 1e-5, 1e-5])
    train = np.where(steps >= 200, 1.0, 0.5)
    test = np.where(steps >= 1100, 1.0, 0.2)
    rows = (steps, train, test, loss)
    assert find_phases(*rows).cleanup_from == 600, "it falls below half of its peak"
    found = find_phases(*rows, restart=(500, 50))
    assert (found.memorised_at, found.circuit_from, found.cleanup_from, found.grokked_at) == (
        200,
        300,
        1000,
        1100,
    )
    # while it is trained: nothing is judged before it has settled, and no cleanup after that
    for n in range(6, 11):
        found = find_phases(*(column[:n] for column in rows), restart=(500, 50))  # pyright: ignore[reportArgumentType]
        assert found.cleanup is None
    # a change after grokking, or before the peak, changes nothing
    for restart in ((1200, 50), (100, 50)):
        assert find_phases(*rows, restart=restart) == find_phases(*rows)
