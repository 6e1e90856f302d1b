"""The study of real runs, trained by this code: what the pages say of them."""

import dataclasses
import json

import numpy as np
import pytest

from grokviz import study
from grokviz.runs import folder, write
from grokviz.runs.folder import open_run
from grokviz.runs.storage import RunError


@pytest.fixture
def without_cache(copied):
    """The run that groks, as a folder whose snapshots have to be measured."""
    path = copied / "tiny-groks"
    (path / folder.TIMELINE).unlink()
    return path


@pytest.mark.parametrize("name", ["tiny-groks", "tiny-recites"])
def test_stored_weights_reproduce_the_logged_losses_within_one_percent(trained, name):
    run = open_run(trained / name)
    assert run.config.precision == "float16"
    log = run.log.set_index("step")
    compared = 0
    for index, step in enumerate(run.steps):
        measured = study.measure_exactly(run, index)
        for loss in ("train_loss", "test_loss"):
            if log.loc[step, loss] > 1e-6:
                assert measured[loss] == pytest.approx(log.loc[step, loss], rel=0.01), (step, loss)
                compared += 1
        for accuracy in ("train_accuracy", "test_accuracy"):
            assert measured[accuracy] == pytest.approx(log.loc[step, accuracy], abs=0.02)
        assert measured["sum_squared_weights"] == pytest.approx(
            log.loc[step, "sum_squared_weights"], rel=1e-3
        )
    assert compared >= 1.5 * len(run.steps)


def test_the_runs_are_what_they_were_trained_to_be(trained):
    groks, recites = (study.load(open_run(trained / f"tiny-{name}")) for name in ("groks", "recites"))
    assert groks.phases.memorised
    assert groks.phases.grokked
    assert groks.timeline.test_accuracy[-1] == 1
    assert groks.timeline.key_freqs
    assert recites.phases.memorised
    assert recites.phases[1:] == (None,) * 4
    assert recites.timeline.test_accuracy[-1] < 0.5


def test_phases_come_from_the_log_alone(trained, monkeypatch):
    run = open_run(trained / "tiny-groks")
    monkeypatch.setattr(folder, "read_weights", None)
    found = study.phases_of(run)
    log = run.log
    by_hand = int(log["step"][(log["train_accuracy"] >= 0.99).idxmax()])
    assert found.memorised_at == by_hand


def test_phases_do_not_need_the_weight_norm(trained):
    run = open_run(trained / "tiny-groks")
    found = study.phases_of(run)
    run.log["sum_squared_weights"] = np.nan
    assert study.phases_of(run)[:4] == found[:4]


def test_the_cache_gives_what_measuring_gives(without_cache):
    reports = []
    measured = study.load(open_run(without_cache), on_progress=lambda *done: reports.append(done))
    n = len(measured.run.steps)
    assert reports == [(i + 1, n) for i in range(n)]
    assert not (without_cache / folder.TIMELINE).exists()  # only who may write to the run keeps it
    study.load(open_run(without_cache), keep=True)
    cached = study.load(open_run(without_cache), on_progress=lambda *done: pytest.fail("measured again"))
    for name in ("train_loss", "logit_fve", "is_right", "spectrum_W_E", "excluded_loss_train_per_freq"):
        np.testing.assert_array_equal(getattr(cached.timeline, name), getattr(measured.timeline, name))
    assert cached.timeline.key_freqs == measured.timeline.key_freqs
    assert cached.phases == measured.phases


def test_a_damaged_or_old_cache_is_measured_again(without_cache, monkeypatch):
    whole = study.load(open_run(without_cache), keep=True)
    cache = without_cache / folder.TIMELINE
    cache.write_bytes(cache.read_bytes()[:-9])
    mended = study.load(open_run(without_cache), keep=True)
    np.testing.assert_array_equal(mended.timeline.test_loss, whole.timeline.test_loss)
    monkeypatch.setattr(study, "TIMELINE_VERSION", "of another time")
    reports = []
    study.load(open_run(without_cache), on_progress=lambda *done: reports.append(done))
    assert reports


def test_measures_are_plain_json_and_take_other_key_frequencies(trained):
    run = open_run(trained / "tiny-groks")
    result = study.measure_exactly(run, 0, (1, 4))
    assert result["key_freqs"] == [1, 4]
    assert len(result["excluded_loss_train_per_freq"]) == 2
    assert (result["step"], result["p"]) == (0, 13)
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_key_frequencies_are_chosen_on_the_last_snapshot_for_every_step(trained):
    run = open_run(trained / "tiny-groks")
    first, last = (study.measure_exactly(run, index)["key_freqs"] for index in (0, len(run.steps) - 1))
    assert first == last == list(study.load(run).timeline.key_freqs)


def test_the_time_axis_ends_with_the_log_or_the_last_snapshot(trained):
    found = study.load(open_run(trained / "tiny-groks"))
    assert found.last_step == 800
    unlogged = dataclasses.replace(found, run=dataclasses.replace(found.run, log=found.run.log[:0]))
    assert unlogged.last_step == 800


def test_a_run_without_a_snapshot_is_refused(tmp_path, trained):
    write.create_run(tmp_path / "new", open_run(trained / "tiny-groks").config, {})
    with pytest.raises(RunError, match="no snapshot yet"):
        study.load(open_run(tmp_path / "new"))
