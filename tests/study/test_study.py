"""The study of real runs, trained by this code: what the pages say of them."""

import dataclasses
import json

import numpy as np
import pytest

from grokviz import study
from grokviz.errors import RunError
from grokviz.measures import snapshot
from grokviz.runs import folder, write
from grokviz.runs.folder import open_run
from grokviz.runs.log import no_log


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
    by_hand = int(log["step"].to_numpy()[(log["train_accuracy"] >= 0.99).to_numpy().argmax()])
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
    assert cached.timeline.series.keys() == measured.timeline.series.keys()
    assert cached.timeline.matrices == measured.timeline.matrices
    for name in measured.timeline.series:
        np.testing.assert_array_equal(cached.timeline[name], measured.timeline[name])
    assert cached.timeline.key_freqs == measured.timeline.key_freqs
    assert cached.phases == measured.phases


@pytest.mark.slow
def test_a_damaged_or_old_cache_is_measured_again(without_cache, monkeypatch):
    whole = study.load(open_run(without_cache), keep=True)
    cache = without_cache / folder.TIMELINE
    cache.write_bytes(cache.read_bytes()[:-9])
    mended = study.load(open_run(without_cache), keep=True)
    np.testing.assert_array_equal(mended.timeline.test_loss, whole.timeline.test_loss)
    monkeypatch.setattr(study.cache, "_declared", lambda measure: {"version": 2})
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


def test_measures_say_in_which_group_and_what_is_key_in_it(trained):
    run = open_run(trained / "tiny-groks")
    result = study.measure_exactly(run, len(run.steps) - 1)
    assert (result["group"], result["order"]) == ("C_13", "as they are numbered")
    assert result["key_blocks"] == [f"k = {k}" for k in result["key_freqs"]]
    alike = result["block_similarity"]
    assert list(alike) == [f"k = {k}" for k in range(1, 7)]
    assert sum(alike[name] ** 2 for name in result["key_blocks"]) == pytest.approx(result["logit_fve"])
    none = study.measure_exactly(open_run(trained / "tiny-recites"), 0)
    assert (none["group"], none["key_blocks"], none["key_freqs"]) == (None, [], [])
    assert "drawn at random" in none["no_group"]


def test_key_frequencies_are_chosen_on_the_last_snapshot_for_every_step(trained):
    run = open_run(trained / "tiny-groks")
    first, last = (study.measure_exactly(run, index)["key_freqs"] for index in (0, len(run.steps) - 1))
    assert first == last == list(study.load(run).timeline.key_freqs)


def test_the_time_axis_ends_with_the_log_or_the_last_snapshot(trained):
    found = study.load(open_run(trained / "tiny-groks"))
    assert found.last_step == 800
    unlogged = dataclasses.replace(found, run=dataclasses.replace(found.run, logged=no_log().columns))
    assert unlogged.last_step == 800


def test_a_run_without_a_snapshot_is_refused(tmp_path, trained):
    write.create_run(tmp_path / "new", open_run(trained / "tiny-groks").config, {})
    with pytest.raises(RunError, match="no snapshot yet"):
        study.load(open_run(tmp_path / "new"))


@pytest.fixture
def growing(trained, tmp_path):
    """A run whose snapshots come one by one: the whole run, and a function that writes the first n of them."""
    whole = open_run(trained / "tiny-groks")
    path = tmp_path / "grows"
    write.create_run(path, whole.config, {})

    def until(n):
        write.rewind(path, -1)
        for i in range(n):
            write.write_snapshot(path, int(whole.steps[i]), folder.read_weights(whole, i))
        return open_run(path)

    return whole, until


def count_passes(monkeypatch):
    passes, forward = [], snapshot.forward  # where keys are chosen as well
    monkeypatch.setattr(snapshot, "forward", lambda weights: passes.append(1) or forward(weights))
    return passes


@pytest.mark.slow
def test_grown_it_is_what_measuring_all_at_once_gives(growing, monkeypatch):
    whole, until = growing
    n, grown = len(whole.steps), study.Growing()
    passes = count_passes(monkeypatch)
    for seen in range(1, n + 1):
        found = grown.look(until(seen)).timeline
        assert found.steps.tolist() == whole.steps[:seen].tolist()
    made = len(passes)
    assert made < n * (n + 1) / 4  # and not every snapshot at every look
    assert grown.look(until(n)).timeline.steps.tolist() == whole.steps.tolist()
    assert len(passes) == made  # nothing was new
    at_once = study.timeline.analyse(
        whole.steps.tolist(),
        folder.iter_weights(whole),
        folder.read_weights(whole, n - 1),
        study.build_task(whole.config),
        found.key_freqs,
    )
    same_neurons = np.array_equal(found.neurons, at_once.neurons)
    for name in at_once.series:
        if same_neurons or not name.startswith("neuron_"):
            np.testing.assert_array_equal(found[name], at_once[name], err_msg=name)


@pytest.mark.slow
def test_between_two_choices_of_keys_only_what_is_new_is_measured(growing, monkeypatch):
    _, until = growing
    grown = study.Growing()
    grown.look(until(12))
    passes = count_passes(monkeypatch)
    for n in (13, 14, 15):
        grown.look(until(n))
        assert len(passes) == n - 12


@pytest.mark.slow
def test_what_was_measured_is_measured_again_within_a_share_of_the_time_only(growing, monkeypatch):
    """By a clock of ours: a snapshot takes a second, and a look comes every two."""
    whole, until = growing
    now = [0.0]
    measure = study.timeline.measure_more

    def slowly(measured, weights, task):
        for done in measure(measured, weights, task):
            now[0] += 1.0
            yield done

    monkeypatch.setattr(study.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(study.timeline, "measure_more", slowly)
    frugal = study.Growing(share=0.2, began=0.0)
    for n in range(1, len(whole.steps) + 1):
        now[0] += 2.0
        found = frugal.look(until(n)).timeline
        assert found.steps.tolist() == whole.steps[:n].tolist()
        assert frugal.again <= 0.2 * now[0]
    assert frugal.each == 1.0


def test_resumed_from_an_earlier_step_it_is_measured_anew(growing, trained):
    whole, until = growing
    grown = study.Growing()
    grown.look(until(12))
    run = until(8)
    other = {name: w * 0.5 for name, w in folder.read_weights(whole, 8).items()}
    write.write_snapshot(run.path, int(whole.steps[8]), other)
    run = open_run(run.path)
    found = grown.look(run).timeline
    assert found.steps.tolist() == whole.steps[:9].tolist()
    fresh = study.Growing().look(run).timeline
    np.testing.assert_array_equal(found.sum_squared_weights, fresh.sum_squared_weights)
    np.testing.assert_array_equal(found.logit_fve, fresh.logit_fve)


@pytest.mark.slow
def test_a_look_that_failed_half_way_is_made_up_for(growing, monkeypatch):
    whole, until = growing
    grown, read = study.Growing(), folder.read_weights
    grown.look(until(12))

    def torn(run, index, *more):
        if index == 14:
            raise RunError("damaged for a moment")
        return read(run, index, *more)

    for n in (15, 20):  # while it goes on with its keys, and while it chooses others
        with monkeypatch.context() as patch:
            patch.setattr(folder, "read_weights", torn)
            with pytest.raises(RunError, match="for a moment"):
                grown.look(until(n))
        found = grown.look(until(n)).timeline
        assert found.steps.tolist() == whole.steps[:n].tolist()
        np.testing.assert_array_equal(found.test_loss, study.Growing().look(until(n)).timeline.test_loss)
