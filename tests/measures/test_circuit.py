"""Circuit measures against projections written out over all pairs, and least squares."""

import numpy as np
import pytest

from grokviz.measures.circuit import (
    CIRCUIT_SHARE,
    KEY_AMPLITUDE,
    KEY_RULE,
    attention_single_frequency_fve,
    check_key_freqs,
    key_frequencies,
    logit_fve,
    logit_map,
    neuron_frequencies,
    trig_coefficients,
    trig_similarities,
)
from grokviz.models.forward import forward


def ideal_logits(p, freqs, amplitudes=None):
    """sum_k amplitude_k cos(w_k (a + b - c))."""
    a, b, c = np.mgrid[:p, :p, :p]
    amplitudes = np.ones(len(freqs)) if amplitudes is None else amplitudes
    waves = [amp * np.cos(2 * np.pi * k * (a + b - c) / p) for k, amp in zip(freqs, amplitudes, strict=True)]
    return np.sum(waves, axis=0) + np.zeros((p, p, p))


def noise(p, seed=0):
    return np.random.default_rng([p, seed]).standard_normal((p, p, p))


def r_squared(columns, y):
    """Share of the sum of squares of y that least squares on the columns explains."""
    columns = np.array(columns).reshape(len(columns), -1).T
    fit = columns @ np.linalg.lstsq(columns, y)[0]
    return (fit**2).sum(0) / (y**2).sum(0)


def test_the_rule_in_words_agrees():
    assert KEY_AMPLITUDE == 0.05
    assert "5 %" in KEY_RULE
    assert CIRCUIT_SHARE == 0.25
    assert "a quarter" in KEY_RULE


@pytest.mark.parametrize(
    ("p", "freqs"), [(3, (1,)), (5, (1, 2)), (12, (1, 6)), (13, (2, 5)), (59, (4, 15, 28))]
)
def test_keys_of_ideal_logits(p, freqs):
    offsets = 10 * np.random.default_rng(0).standard_normal((p, p, 1))  # invisible to the softmax
    favourites = 10 * np.random.default_rng(1).standard_normal(p)  # the same for every pair
    assert key_frequencies(ideal_logits(p, freqs) + offsets + favourites) == freqs


def test_a_twentieth_of_the_strongest_amplitude_makes_a_key():
    assert key_frequencies(ideal_logits(59, (3, 8), [1, 0.049])) == (3,)
    assert key_frequencies(ideal_logits(59, (3, 8), [1, 0.051])) == (3, 8)
    assert key_frequencies(ideal_logits(59, (3, 8), [1, -1])) == (3,)  # a trough at the right answer


def test_without_a_quarter_of_the_energy_there_is_no_circuit():
    """Amplitude r of a wave beside noise of the same energy has r^2 / (1 + r^2) of the whole."""
    p = 31
    wave, rest = ideal_logits(p, (4,)), noise(p)
    rest -= wave * (rest * wave).sum() / (wave**2).sum()
    rest *= ((wave**2).sum() / (rest**2).sum()) ** 0.5
    assert key_frequencies(0.55 * wave + rest) == ()
    assert key_frequencies(0.62 * wave + rest)[0] == 4


def test_the_number_of_keys_is_not_capped():
    freqs = tuple(range(1, 30))
    assert key_frequencies(ideal_logits(59, freqs)) == freqs


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keys_of_a_network_built_by_hand(clock_weights, dtype):
    assert key_frequencies(forward(clock_weights(59, (4, 15, 28), dtype)).logits) == (4, 15, 28)


def test_frequencies_of_a_or_b_alone_are_no_keys():
    p = 29
    a, b, c = np.mgrid[:p, :p, :p]
    logits = np.cos(2 * np.pi * 3 * (a - c) / p) + np.cos(2 * np.pi * 5 * (a - b - c) / p)
    assert key_frequencies(logits) == ()


@pytest.mark.parametrize("p", [3, 5, 7, 12, 31, 59])
def test_noise_has_no_keys(p):
    assert [key_frequencies(noise(p, seed)) for seed in range(10)] == [()] * 10


@pytest.mark.parametrize("p", [5, 12, 31, 59])
def test_initial_weights_have_no_keys(random_weights, p):
    for seed in range(3):
        weights = random_weights(p, seed=seed, scale=128**-0.5, d_model=128, n_heads=4, d_mlp=256)
        assert key_frequencies(forward(weights).logits) == ()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logits_that_do_not_depend_on_the_pair_have_no_keys(dtype):
    favourites = np.random.default_rng(0).standard_normal(7).astype(dtype)
    for logits in (np.zeros((7, 7, 7), dtype), np.broadcast_to(favourites, (7, 7, 7))):
        assert key_frequencies(logits) == ()
        assert logit_fve(np.zeros((7, 7, 7), dtype), (1,)) == 0


@pytest.mark.parametrize("wrong", [(0,), (4,), (-1,), (2, 2)])
def test_frequencies_that_cannot_be_key_are_refused(wrong):
    with pytest.raises(ValueError, match="distinct whole numbers from 1 to 3"):
        check_key_freqs(wrong, 7)


def test_key_freqs_keep_their_order():
    assert check_key_freqs([3, 1], 7) == (3, 1)


@pytest.mark.parametrize("p", [3, 5, 12])
def test_trig_coefficients_by_triple_loop(p):
    logits = noise(p)
    for k in range(1, p // 2 + 1):
        product = norm = 0.0
        for a in range(p):
            for b in range(p):
                for c in range(p):
                    wave = np.cos(2 * np.pi * k * (a + b - c) / p)
                    product += logits[a, b, c] * wave
                    norm += wave**2
        alpha = product / norm**0.5
        assert trig_coefficients(logits)[k - 1] == pytest.approx(alpha, rel=1e-9)
        assert trig_similarities(logits)[k - 1] == pytest.approx(alpha / (logits**2).sum() ** 0.5, rel=1e-9)


def test_trig_coefficients_of_ideal_logits_by_hand():
    """|cos(w (a+b-c))|^2 = p^3 / 2, and p^3 where the wave alternates between 1 and -1."""
    np.testing.assert_allclose(trig_coefficients(ideal_logits(5, (2,))), [0, (125 / 2) ** 0.5], atol=1e-12)
    np.testing.assert_allclose(trig_coefficients(ideal_logits(6, (3,))), [0, 0, 216**0.5], atol=1e-12)
    np.testing.assert_allclose(trig_similarities(ideal_logits(5, (2,))), [0, 1], atol=1e-12)
    np.testing.assert_array_equal(trig_similarities(np.zeros((5, 5, 5))), [0, 0])


@pytest.mark.parametrize(("p", "keys"), [(3, (1,)), (5, (2,)), (7, (3, 1)), (12, (2, 6)), (7, ())])
def test_logit_fve_is_least_squares(p, keys):
    logits = noise(p) + ideal_logits(p, keys) + np.random.default_rng(0).standard_normal((p, p, 1))
    centred = logits - logits.mean(2, keepdims=True)
    waves = [ideal_logits(p, (k,)) for k in keys] or [np.zeros((p, p, p))]
    assert logit_fve(logits, keys) == pytest.approx(r_squared(waves, centred.reshape(-1, 1))[0], rel=1e-9)


def test_logit_fve_of_ideal_logits_is_one():
    assert logit_fve(ideal_logits(12, (2, 6)), (2, 6)) == pytest.approx(1)
    assert logit_fve(ideal_logits(12, (2, 6), [1, 0]), (6,)) == pytest.approx(0)


def products_of_waves(p, k):
    """{1, cos_k, sin_k}(a) x {1, cos_k, sin_k}(b) without the constant, over all pairs."""
    n = np.arange(p)
    waves = [np.ones(p), np.cos(2 * np.pi * k * n / p), np.sin(2 * np.pi * k * n / p)]
    return [np.outer(f, g) for f in waves for g in waves][1:]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("p", [5, 7, 12])
def test_neuron_fve_is_least_squares_on_products_of_waves(p, dtype):
    rng = np.random.default_rng(p)
    shares = rng.standard_normal((p // 2, 8, 6)) * (rng.random((p // 2, 1, 6)) < 0.5)
    post = 2 + 0.5 * rng.standard_normal((p, p, 6))
    for k in range(1, p // 2 + 1):
        post += np.einsum("wab,wn->abn", products_of_waves(p, k), shares[k - 1])
    flat = (post - post.mean((0, 1))).reshape(p * p, -1)
    fve = np.array([r_squared(products_of_waves(p, k), flat) for k in range(1, p // 2 + 1)])
    freq, got = neuron_frequencies(post.astype(dtype))
    np.testing.assert_array_equal(freq, 1 + fve.argmax(0))
    np.testing.assert_allclose(got, fve.max(0), rtol=1e-4 if dtype == np.float32 else 1e-10)


@pytest.mark.parametrize("p", [7, 12])
def test_neurons_of_one_frequency_are_explained_entirely(p):
    for k in range(1, p // 2 + 1):
        wave = next(x for x in products_of_waves(p, k)[3:] if abs(x).max() > 1e-6)
        freq, fve = neuron_frequencies(np.stack([wave, 5 - 2 * wave.T], axis=2))
        assert freq.tolist() == [k, k]
        np.testing.assert_allclose(fve, 1, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_constant_neurons_belong_to_no_frequency(dtype):
    post = np.random.default_rng(0).random((7, 7, 4)).astype(dtype)
    post[..., 1], post[..., 2] = 0, dtype(0.3)
    freq, fve = neuron_frequencies(post)
    assert freq[[1, 2]].tolist() == [0, 0]
    assert fve[[1, 2]].tolist() == [0, 0]
    assert (fve[[0, 3]] > 0).all()


@pytest.mark.parametrize("p", [5, 12])
def test_attention_fve_is_least_squares_on_waves_of_a_and_of_b(p):
    pattern = np.random.default_rng(p).dirichlet([1, 1, 1], size=(3, p, p))
    pattern[2] = 1 / 3
    to_a = pattern[..., 0].reshape(3, -1).T
    centred = to_a - to_a.mean(0)
    grid = np.mgrid[:p, :p]
    angles = [2 * np.pi * k * grid / p for k in range(1, p // 2 + 1)]
    fve = [r_squared([f(x) for f in (np.cos, np.sin) for x in angle], centred[:, :2]) for angle in angles]
    freq, got = attention_single_frequency_fve(pattern)
    assert freq.tolist() == [*(1 + np.argmax(fve, axis=0)), 0]
    np.testing.assert_allclose(got, [*np.max(fve, axis=0), 0], rtol=1e-10)


def test_logit_map_is_the_product_of_the_last_two_matrices(random_weights):
    weights = random_weights(5)
    expected = np.einsum("md,dc->mc", weights["W_out"], weights["W_U"])
    np.testing.assert_allclose(logit_map(weights), expected, rtol=1e-12)
