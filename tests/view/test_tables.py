"""Tidy tables against values written down or computed here, pair by pair."""

import dataclasses
import io
import itertools

import numpy as np
import pandas as pd
import pytest

from devtools.made_up_run import run_like
from grokviz.measures.phases import Event, Phases
from grokviz.study import Study
from grokviz.tasks.pairs import NO_ANSWER
from grokviz.view import tables

PHASES = Phases(Event(900, 800), Event(1400, 1300), Event(9400, 9300), Event(12000, 11900), Event(14000, 0))


@pytest.fixture
def study():
    columns = {"excluded_loss_train_per_freq": np.arange(12.0).reshape(6, 2)}
    run, timeline, task, _ = run_like(p=7, n=6, keys=(2, 3), columns=columns)
    return Study(run, task, timeline, PHASES)


def with_log(study, columns):
    logged = {name: np.array(values, float) for name, values in columns.items()}
    return dataclasses.replace(study, run=dataclasses.replace(study.run, logged=logged))


def test_losses_are_logged_where_they_can_be_and_measured_otherwise(study):
    study = with_log(study, {"step": [0.0, 5, 9], "train_loss": [3.0, 2, 1], "test_loss": [4.0, 5, 6]})
    table = tables.losses(study)
    assert list(table.columns) == ["step", "series", "loss"]
    rows = {series: part[["step", "loss"]].to_numpy().tolist() for series, part in table.groupby("series")}
    t = study.timeline
    assert rows == {
        "train": [[0, 3], [5, 2], [9, 1]],
        "test": [[0, 4], [5, 5], [9, 6]],
        "restricted": [[s, x] for s, x in zip(t.steps, t.restricted_loss_test, strict=True)],
        "excluded": [[s, x] for s, x in zip(t.steps, t.excluded_loss_train, strict=True)],
    }
    assert table["step"].dtype == int


def test_a_long_log_is_thinned_and_keeps_both_ends(study):
    n = 3_000
    study = with_log(
        study, {"step": np.arange(n), "train_loss": np.full(n, 1.0), "test_loss": np.full(n, 2.0)}
    )
    train = tables.losses(study).query("series == 'train'")["step"]
    assert len(train) == tables.CURVE_POINTS
    assert (train.iloc[0], train.iloc[-1]) == (0, n - 1)


def test_measures_are_one_row_a_snapshot_and_series(study):
    table = tables.measures(study, {"embedding": "gini_W_E", "map": "gini_W_L"})
    expected = [
        (step, word, value)
        for word, values in (("embedding", study.timeline.gini_W_E), ("map", study.timeline.gini_W_L))
        for step, value in zip(study.timeline.steps, values, strict=True)
    ]
    assert list(table.itertuples(index=False, name=None)) == expected


def test_bands_end_with_the_axis_while_a_phase_lasts():
    assert tables.bands(PHASES, 40_000).to_numpy().tolist() == [
        ["memorisation", 0, 1400],
        ["circuit formation", 1400, 9400],
        ["cleanup", 9400, 14000],
    ]
    assert tables.bands(Phases(), 70).to_numpy().tolist() == [["memorisation", 0, 70]]


def test_spectrum_says_which_frequency_is_key(study):
    table = tables.spectrum(study, 4)
    assert len(table) == 6
    for _, row in table.iterrows():
        norms = study.timeline.spectrum_W_E if "W_E" in row.matrix else study.timeline.spectrum_W_L
        assert row.norm == norms[4, row.frequency - 1]
        assert row.role == ("key" if row.frequency in (2, 3) else "other")


def test_answers_tell_pair_by_pair(study):
    index = 3
    study.timeline["answers"][index, 0] &= 127  # wrong, all of that row
    table = tables.answers(study, index).set_index(["a", "b"])
    assert len(table) == 49
    for a, b in itertools.product(range(7), range(7)):
        row = table.loc[a, b]
        seen = "trained on" if study.task.is_train[a, b] else "never seen"
        verdict = "right" if study.timeline.is_right[index, a, b] else "wrong"
        assert row["result"] == f"{seen}, {verdict}"
        assert row["answer"] == (a + b) % 7
        assert row["probability"] == pytest.approx(study.timeline.right_probability[index, a, b], abs=5e-4)
    assert set(table["result"].str.split(", ").str[1]) == {"right", "wrong"}


def test_pairs_without_an_answer_are_left_out(study):
    study.task.answers[:, 0] = NO_ANSWER
    assert sorted(set(tables.answers(study, 0)["b"])) == [1, 2, 3, 4, 5, 6]


def test_curves_as_csv_keep_every_digit(study):
    study = with_log(study, {"step": [0.0, 10.0], "train_loss": [1 / 3, 1e-17], "test_loss": [np.nan, 2.0]})
    assert tables.curves_csv(study) == "step,train_loss,test_loss\n0,0.3333333333333333,\n10,1e-17,2.0\n"


def test_measures_as_csv_hold_measures_only(study):
    """Six snapshots and six neurons: what has one number a neuron must not pass for a measure."""
    assert study.timeline.neurons.shape == study.timeline.steps.shape
    table = pd.read_csv(io.StringIO(tables.measures_csv(study)))
    assert "neurons" not in table
    assert table["step"].tolist() == study.timeline.steps.tolist()
    np.testing.assert_array_equal(table["logit_fve"], study.timeline["logit_fve"])
    np.testing.assert_array_equal(table["excluded_loss_train_3"], [1, 3, 5, 7, 9, 11])
