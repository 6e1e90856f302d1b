import dataclasses

import numpy as np
import pytest

from devtools.made_up_run import run_like
from grokviz.view.frames import (
    distances_blob,
    kept_snapshots,
    maps_blob,
    read_arrays,
    read_header,
    thinned,
    timeline_blob,
    timeline_id,
)

SMALL = {"p": 13, "n": 7, "keys": (2, 5), "neurons": 2}


@pytest.fixture(scope="module")
def made():
    return run_like(**SMALL)


def test_core_returns_every_measure_and_picture(made):
    run, timeline, task, phases = made
    blob = timeline_blob(run, timeline, task, phases)
    arrays = read_arrays(blob)
    for name in ("train_loss", "excluded_loss_train", "gini_W_L", "sum_squared_weights", "spectrum_W_E"):
        np.testing.assert_allclose(arrays[name], getattr(timeline, name), rtol=1e-6)
    for name in ("ring", "attention_scores"):
        largest = np.abs(getattr(timeline, name)).max()
        np.testing.assert_allclose(arrays[name], getattr(timeline, name), atol=largest / 60_000)
    np.testing.assert_array_equal(arrays["answers"] >> 7, timeline.is_right)
    np.testing.assert_allclose((arrays["answers"] & 127) / 127, timeline.right_probability, atol=0.004)
    np.testing.assert_array_equal(arrays["table"], np.add.outer(np.arange(13), np.arange(13)) % 13)
    np.testing.assert_array_equal(arrays["side"] == 1, task.is_train)
    np.testing.assert_array_equal(arrays["side"] == 2, task.is_test)
    np.testing.assert_array_equal(arrays["log_step"], run.log["step"])


def test_maps_return_neurons_and_spectrum(made):
    run, timeline, _, _ = made
    arrays = read_arrays(maps_blob(run, timeline))
    largest = np.abs(timeline.neuron_tables).max()
    np.testing.assert_allclose(arrays["neuron_tables"], timeline.neuron_tables, atol=largest / 60_000)
    np.testing.assert_array_equal(arrays["neuron_freq"], timeline.neuron_freq)
    visible = timeline.logit_spectrum_2d > timeline.logit_spectrum_2d.max() / 900
    share = timeline.logit_spectrum_2d / timeline.logit_spectrum_2d.max()
    np.testing.assert_allclose(10 ** arrays["logit_spectrum_2d"][visible], share[visible], rtol=0.02)


def test_distances_return_the_table_and_how_much_of_it_counts(made):
    run, timeline, task, _ = made
    blob = distances_blob(run, timeline, task)
    spread = np.ptp(timeline.right_logits)
    np.testing.assert_allclose(read_arrays(blob)["right_logits"], timeline.right_logits, atol=spread / 500)
    header = read_header(blob)
    assert (header["part"], dict(header)["n"]) == ("distances", 13)


def test_header_tells_the_run_in_plain_values(made):
    header = read_header(timeline_blob(*made))
    assert header["p"] == 13
    assert header["steps"] == made[1].steps.tolist()
    assert header["key_freqs"] == [2, 5]
    assert header["phases"]["cleanup_from"] == 9400
    assert header["operation"] == "a + b"


def test_arrays_stand_on_four_byte_boundaries(made):
    for blob in (timeline_blob(*made), maps_blob(*made[:2])):
        header_length = int.from_bytes(blob[:4], "little")
        assert header_length % 4 == 0
        assert all(entry["offset"] % 4 == 0 for entry in read_header(blob)["arrays"].values())


def test_paper_sized_run_stays_under_six_megabytes_with_all_default_panels():
    run, timeline, task, phases = run_like(113, 150)
    core, maps = timeline_blob(run, timeline, task, phases), maps_blob(run, timeline)
    assert len(timeline.steps) == 150
    assert len(core) < 3_000_000
    assert len(core) + len(maps) <= 6_000_000


def test_hostile_texts_travel_as_data(made):
    _, timeline, task, phases = made
    run, *_ = run_like(**SMALL, title='</script><img src=x onerror="alert(1)"> **b** \u2028')
    assert read_header(timeline_blob(run, timeline, task, phases))["title"] == run.title


def test_a_diverged_run_still_has_a_blob(made):
    run, _, task, phases = made
    spoilt = {}
    for name in ["train_loss", "ring", "attention_scores", "logit_spectrum_2d", "neuron_tables"]:
        spoilt[name] = np.array(made[1][name], float)
        spoilt[name][-1] = np.nan
    _, timeline, _, _ = run_like(**SMALL, columns=spoilt)
    arrays = read_arrays(timeline_blob(run, timeline, task, phases))
    assert np.isnan(arrays["train_loss"][-1])
    assert not arrays["ring"][-1].any()
    assert np.isfinite(read_arrays(maps_blob(run, timeline))["logit_spectrum_2d"]).all()


@pytest.mark.parametrize(
    "odd",
    [
        {"p": 12, "n": 3, "keys": (3,)},
        {"n": 1, "p": 13, "keys": (2,)},
        {"keys": (), "p": 13},
        {"neurons": 0, "p": 13},
    ],
)
def test_odd_runs_have_blobs(odd):
    run, timeline, task, phases = run_like(**({"n": 4, "keys": (2,)} | odd))
    arrays = read_arrays(timeline_blob(run, timeline, task, phases))
    assert arrays["ring"].shape == timeline.ring.shape
    header = read_header(maps_blob(run, timeline))
    assert header["neurons"] == timeline.neurons[:4].tolist()
    assert ("neuron_tables" in header["arrays"]) == bool(len(timeline.neurons))


def test_many_snapshots_are_thinned_but_keep_both_ends():
    np.testing.assert_array_equal(thinned(5, 10), np.arange(5))
    np.testing.assert_array_equal(thinned(9, 3), [0, 4, 8])
    kept = kept_snapshots(2000, 113)
    assert (kept[0], kept[-1]) == (0, 1999)
    assert len(kept) * 113**2 <= 8_000_000
    assert len(kept_snapshots(150, 113)) == 150


def test_identity_changes_with_what_is_shown_and_with_nothing_else(made):
    run, timeline, _, _ = made
    same_run, same, _, _ = run_like(**SMALL)
    assert timeline_id(run, timeline) == timeline_id(same_run, same)
    other = dataclasses.replace(same, key_freqs=(2, 6))
    assert timeline_id(run, timeline) != timeline_id(run, other)
    larger: dict = SMALL | {"n": 8}
    longer_run, longer, _, _ = run_like(**larger)
    assert timeline_id(run, timeline) != timeline_id(longer_run, longer)


def test_changes_of_settings_are_told_in_words(made):
    run, timeline, task, phases = made
    assert read_header(timeline_blob(*made))["changes"] == []
    changes = ((100, "weight_decay", 0.0), (100, "lr", 1e-4))
    run = dataclasses.replace(run, config=dataclasses.replace(run.config, changes=changes))
    header = read_header(timeline_blob(run, timeline, task, phases))
    assert header["changes"] == [[100, "weight decay 0"], [100, "learning rate 0.0001"]]
    assert header["id"] != read_header(timeline_blob(*made))["id"]


def test_a_run_that_is_trained_is_sent_thinner():
    whole, live = (run_like(113, 150, finished=finished) for finished in (True, False))
    steps = read_header(timeline_blob(*live))["steps"]
    assert len(steps) * 113**2 <= 500_000
    assert (steps[0], steps[-1]) == (0, 40_000)
    assert read_header(maps_blob(*live[:2]))["steps"] == steps
    assert len(read_header(timeline_blob(*whole))["steps"]) == 150


@pytest.mark.parametrize("finished", [True, False])
def test_more_log_is_another_film_only_while_the_run_is_trained(finished):
    run, timeline, *_ = run_like(**SMALL, finished=finished)
    rows = len(run.steps)
    run = with_rows(run, 100 * rows)
    before = timeline_id(run, timeline)
    assert timeline_id(run, timeline) == before
    run = with_rows(run, 100 * rows + 1)
    assert timeline_id(run, timeline) == before  # a row more is not worth sending it again
    run = with_rows(run, 200 * rows)
    assert (timeline_id(run, timeline) == before) == finished


def with_rows(run, n):
    return dataclasses.replace(run, logged={name: np.resize(v, n) for name, v in run.logged.items()})
