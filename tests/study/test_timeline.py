"""The timeline against the single measures, and its rings, maps and cache against their definitions."""

import copy

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from grokviz.measures.circuit import neuron_frequencies
from grokviz.measures.fourier import frequency_norms, logit_spectrum_2d
from grokviz.measures.pictures import ring_points
from grokviz.measures.registry import measure, measures, says_something, scalars, values_of
from grokviz.measures.snapshot import Snapshot
from grokviz.models.forward import cross_entropy, forward
from grokviz.study.timeline import analyse

P, KEYS = 31, (3, 7, 12)


@pytest.fixture(scope="module")
def snapshots(clock_weights):
    """From noise to a network built by hand, in three steps."""
    final = clock_weights(P, KEYS)
    rng = np.random.default_rng(0)
    start = {name: rng.standard_normal(value.shape) * 0.3 for name, value in final.items()}
    return [{n: (1 - t) * start[n] + t * final[n] for n in final} for t in (0, 0.5, 1)]


@pytest.fixture(scope="module")
def timeline(snapshots, task_of):
    return analyse([0, 100, 250], iter(snapshots), snapshots[-1], task_of(P))


def test_measures_are_those_of_each_snapshot(timeline, snapshots, task_of):
    assert timeline.steps.tolist() == [0, 100, 250]
    assert timeline.key_freqs == KEYS
    for i, weights in enumerate(snapshots):
        with threadpool_limits(1, "blas"):  # as the timeline does: more threads add up in another order
            expected = measure(weights, task_of(P), KEYS)
        for name in (scalar.name for scalar in scalars() if scalar.name in expected):
            got = timeline[name]
            assert got.dtype == np.float64
            np.testing.assert_array_equal(got[i], expected[name], err_msg=name)
        for name in ("neurons_per_freq", "excluded_loss_train_per_freq", "trig_coefficients"):
            np.testing.assert_array_equal(timeline[name][i], expected[name], err_msg=name)
        matrices = dict(zip(timeline.matrices, timeline["sum_squared_weights_per_matrix"][i], strict=True))
        assert matrices == {name: np.square(w).sum() for name, w in weights.items()}


def test_maps_are_those_of_each_snapshot(timeline, snapshots, task_of):
    task = task_of(P)
    for i, weights in enumerate(snapshots):
        logits = forward(weights).logits
        np.testing.assert_allclose(
            timeline.right_probability[i], np.exp(-cross_entropy(logits, task.answers)), atol=0.501 / 127
        )
        np.testing.assert_array_equal(timeline.is_right[i], logits.argmax(2) == task.answers)
        spectrum, largest = (
            logit_spectrum_2d(logits),
            max(logit_spectrum_2d(forward(w).logits).max() for w in snapshots),
        )
        seen = spectrum > 1.02e-3 * largest
        np.testing.assert_allclose(timeline["logit_spectrum_2d"][i][seen], spectrum[seen], rtol=0.0137)
        assert (timeline["logit_spectrum_2d"][i][~seen] <= 1.03e-3 * largest).all()
        np.testing.assert_allclose(timeline.spectrum_W_E[i], frequency_norms(weights["W_E"][:P]), rtol=1e-6)
        W_L = weights["W_out"] @ weights["W_U"]
        np.testing.assert_allclose(timeline.spectrum_W_L[i], frequency_norms(W_L.T), rtol=1e-5, atol=1e-5)


def test_tables_and_scores_give_the_activation_maps_exactly(random_weights, task_of):
    """As the viewer does it: softmax of three scores, weighted tables, ReLU."""
    p = 7
    weights = random_weights(p)
    timeline = analyse([0], [weights], weights, task_of(p))
    activations = forward(weights)
    snapshot = values_of(Snapshot(weights, task_of(p), (), timeline.neurons))
    scores, tables = (np.asarray(snapshot[name]) for name in ("attention_scores", "neuron_tables"))
    for name, value in (("attention_scores", scores), ("neuron_tables", tables)):  # stored in sixteen bits
        np.testing.assert_allclose(timeline[name][0], value, atol=0.501 * abs(value).max() / 32767)
    freq, fve = neuron_frequencies(activations.post)
    assert len(timeline.neurons) == 6
    for i, neuron in enumerate(timeline.neurons):
        for a in range(p):
            for b in range(p):
                sources = [a, p + b, 2 * p]
                weight = np.exp(scores[:, sources])
                weight /= weight.sum(1, keepdims=True)
                pre = timeline.neuron_constants[0, i] + (weight * tables[i][:, sources]).sum()
                assert pre == pytest.approx(activations.pre[a, b, neuron], abs=1e-6)
        assert timeline.neuron_freq[0, i] == freq[neuron]
        assert timeline.neuron_fve[0, i] == fve[neuron]


def test_rings_have_one_scale_for_each_key(timeline, snapshots):
    for j, k in enumerate(KEYS):
        raw = np.array([ring_points(weights["W_E"][:P], k) for weights in snapshots])
        largest = np.linalg.norm(raw, axis=2).max()
        np.testing.assert_allclose(timeline["ring"][:, j], raw / largest, atol=0.501 / 32767)


def test_what_is_kept_is_small(random_weights, task_of):
    weights = random_weights(113, np.float32, scale=128**-0.5, d_model=128, n_heads=4, d_mlp=512)
    timeline = analyse([0, 1], [weights] * 2, weights, task_of(113), key_freqs=(14, 35, 41, 42, 52))
    assert sum(stored.values.nbytes for stored in timeline.series.values()) / 2 <= 56_500
    task, shapes = task_of(113), {name: w.shape for name, w in weights.items()}
    assert timeline.series.keys() == {m.name for m in measures() if says_something(m, task, shapes)}


def test_a_series_is_found_by_its_name_only(timeline):
    assert timeline.test_loss is timeline["test_loss"]
    with pytest.raises(AttributeError, match=r"no 'tset_loss'\. Its series: accuracy"):
        _ = timeline.tset_loss
    with pytest.raises(KeyError):
        timeline["tset_loss"]
    assert copy.copy(timeline)["gini_W_E"] is timeline["gini_W_E"]


def test_keys_can_be_chosen_and_may_be_none(random_weights, task_of):
    weights, task = random_weights(12), task_of(12)
    chosen = analyse([0], [weights], weights, task, key_freqs=(6, 2))
    assert chosen.key_freqs == (6, 2)
    assert chosen.ring.shape == (1, 2, 12, 2)
    assert (chosen.ring[0, 0, :, 1] == 0).all()
    none = analyse([0], [weights], weights, task, key_freqs=())
    assert none.ring.shape == (1, 0, 12, 2)
    assert none.excluded_loss_train_per_freq.shape == (1, 0)
    with pytest.raises(ValueError, match="distinct whole numbers"):
        analyse([0], [weights], weights, task, key_freqs=(7,))


def test_pairs_without_answer_are_never_right(random_weights, task_of):
    weights = random_weights(7)
    timeline = analyse([0], [weights], weights, task_of(7, "divide"))
    assert not timeline.is_right[0, :, 0].any()
    np.testing.assert_array_equal(timeline.right_probability[0, :, 0], 0)


def test_progress_is_told_after_every_snapshot(snapshots, task_of):
    told = []
    analyse([0, 1, 2], snapshots, snapshots[-1], task_of(P), on_progress=lambda *args: told.append(args))
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("steps", [[0], [0, 1, 2, 3]])
def test_every_snapshot_has_a_step(snapshots, task_of, steps):
    with pytest.raises(ValueError, match=f"Got {len(steps)} steps and 3 snapshots"):
        analyse(steps, iter(snapshots), snapshots[-1], task_of(P))


def test_no_snapshots_are_no_timeline(snapshots, task_of):
    with pytest.raises(ValueError, match="at least one"):
        analyse([], [], snapshots[-1], task_of(P))


def test_a_run_that_diverged_can_be_looked_at(random_weights, task_of):
    good = random_weights(5, np.float32)
    lost = {name: np.full_like(value, np.nan) for name, value in good.items()}
    timeline = analyse([0, 1], [good, lost], lost, task_of(5), key_freqs=(2,))
    assert np.isfinite(timeline.train_loss[0])
    assert not np.isfinite(timeline.train_loss[1])
    assert not timeline.is_right[1].any()
    radius = np.linalg.norm(timeline["ring"][0], axis=2).max()
    assert radius == pytest.approx(1, abs=1e-4)  # the scale is that of the snapshot that is finite
    assert not timeline["ring"][1].any()
    assert not timeline.right_probability[1].any()
    assert all(np.isfinite(stored.scale) for stored in timeline.series.values())
    assert analyse([0], [lost], lost, task_of(5)).key_freqs == ()
