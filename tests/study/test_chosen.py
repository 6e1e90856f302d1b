"""Any neurons of a run: the same numbers as those that the timeline keeps, and what the browser is sent."""

import numpy as np
import pytest

from grokviz import study
from grokviz.runs.folder import open_run, read_weights
from grokviz.study.chosen import neuron_fits, rings_of, with_neurons
from grokviz.view.frames import maps_blob, read_arrays, read_header


@pytest.fixture(scope="module")
def found(trained):
    return study.load(open_run(trained / "tiny-groks"))


def test_those_that_the_timeline_draws_come_out_the_same(found):
    t = found.timeline
    again = with_neurons(found.run, t, t.neurons.tolist())
    for name in ("neuron_tables", "neuron_constants", "neuron_freq", "neuron_fve"):
        np.testing.assert_array_equal(again[name], t[name], err_msg=name)
    assert again.series.keys() == t.series.keys()


def test_any_other_is_that_neuron(found):
    """Its constant is what it gets whatever the pair: by hand from the weights, for every snapshot."""
    run, chosen = found.run, [63, 5]
    other = with_neurons(run, found.timeline, chosen)
    for i in range(len(run.steps)):
        w = read_weights(run, i, np.float64)
        at_equals = w["W_E"][-1] + w["W_pos"][-1]
        np.testing.assert_allclose(other["neuron_constants"][i], at_equals @ w["W_in"][:, chosen] + w["b_in"][chosen], rtol=1e-4, atol=1e-5)  # fmt: skip
    freq, fit = neuron_fits(run)
    assert other["neuron_freq"][-1].tolist() == freq[chosen].tolist()
    np.testing.assert_allclose(other["neuron_fve"][-1], fit[chosen])


def test_the_browser_is_sent_them_as_a_part_of_the_same_run(found):
    usual = maps_blob(found.run, found.timeline)
    other = maps_blob(found.run, found.timeline, with_neurons(found.run, found.timeline, [9]))
    assert read_header(other)["neurons"] == [9]
    assert read_header(other)["id"] == read_header(usual)["id"]
    assert read_arrays(other)["neuron_tables"].shape[1] == 1
    np.testing.assert_array_equal(
        read_arrays(other)["logit_spectrum_2d"], read_arrays(usual)["logit_spectrum_2d"]
    )


@pytest.mark.parametrize("neurons", [[], [-1], [64], [1, 1_000]])
def test_what_is_no_neuron_is_refused(found, neurons):
    with pytest.raises(ValueError, match="expected some of 0 to 63"):
        with_neurons(found.run, found.timeline, neurons)


def test_rings_of_key_frequencies_come_out_as_the_timeline_has_them(found):
    keys = found.timeline.key_freqs
    np.testing.assert_array_equal(rings_of(found.run, keys).numbers(), found.timeline["ring"])


def test_the_ring_of_any_other_frequency_is_where_the_embedding_puts_the_numbers(found):
    """By hand at the last snapshot: the numbers projected on the two directions along which the embedding goes with k."""
    run, k = found.run, next(k for k in range(1, 6) if k not in found.timeline.key_freqs)
    p, W_E = run.config.p, read_weights(run, len(run.steps) - 1, np.float64)["W_E"][: run.config.p]
    angles = 2 * np.pi * k * np.arange(p) / p
    plane = np.stack([W_E.T @ np.cos(angles), W_E.T @ np.sin(angles)], axis=1)
    left, _, right = np.linalg.svd(plane, full_matrices=False)
    along, sizes = left @ right, np.linalg.svd(plane, compute_uv=False)
    to_axes = np.linalg.inv((right.T * sizes) @ right)
    own = np.square(W_E).sum(1)[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1) @ to_axes
    expected = W_E @ along - own
    points = rings_of(run, [k]).numbers()[-1, 0]
    expected, points = (found / np.linalg.norm(found, axis=1).max() for found in (expected, points))
    np.testing.assert_allclose(points, expected, atol=0.01)


@pytest.mark.parametrize("freqs", [[], [0], [1_000]])
def test_what_is_no_frequency_is_refused(found, freqs):
    with pytest.raises(ValueError, match="expected some of 1 to"):
        rings_of(found.run, freqs)
