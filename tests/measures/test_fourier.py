"""Fourier analysis against numpy's FFT, explicit loops and least squares."""

import numpy as np
import pytest

from grokviz.measures.fourier import (
    component_frequency,
    component_norms,
    frequency_energy,
    frequency_norms,
    gini,
    keep_frequencies,
    logit_spectrum_2d,
    pair_marginals,
    product_marginal,
)
from grokviz.tasks.groups import fourier_basis

PS = [3, 4, 5, 7, 12, 100, 113]


@pytest.mark.parametrize("p", PS)
def test_basis_is_orthonormal(p):
    np.testing.assert_allclose(fourier_basis(p) @ fourier_basis(p).T, np.eye(p), atol=1e-13)


def test_basis_by_hand():
    r2, r3, r6 = 2**0.5, 3**0.5, 6**0.5
    by_hand_3 = [[1 / r3] * 3, [2 / r6, -1 / r6, -1 / r6], [0, 1 / r2, -1 / r2]]
    by_hand_4 = [[0.5] * 4, [1 / r2, 0, -1 / r2, 0], [0, 1 / r2, 0, -1 / r2], [0.5, -0.5, 0.5, -0.5]]
    np.testing.assert_allclose(fourier_basis(3), by_hand_3, atol=1e-15)
    np.testing.assert_allclose(fourier_basis(4), by_hand_4, atol=1e-15)
    assert component_frequency(5).tolist() == [0, 1, 1, 2, 2]
    assert component_frequency(6).tolist() == [0, 1, 1, 2, 2, 3]


def test_basis_is_shared_and_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        fourier_basis(7)[0, 0] = 1


@pytest.mark.parametrize("p", PS)
def test_norms_match_the_fft(p):
    W = np.random.default_rng(p).standard_normal((p, 3))
    power = abs(np.fft.rfft(W, axis=0)) ** 2 / p  # one side of the spectrum: double all that has a mirror
    twice = np.where((2 * np.arange(len(power))) % p == 0, 1, 2)[:, None]
    np.testing.assert_allclose(frequency_energy(W), (twice * power)[1:], rtol=1e-9)
    np.testing.assert_allclose(frequency_norms(W), np.sqrt((twice * power)[1:].sum(1)), rtol=1e-9)
    norms = component_norms(W)
    assert norms[0] == pytest.approx(abs(W.sum(0) @ W.sum(0)) ** 0.5 / p**0.5)
    assert norms @ norms == pytest.approx((W**2).sum())


def test_gini_by_hand():
    assert gini(np.array([0.0, 0.0, 1.0])) == pytest.approx(2 / 3)
    assert gini(np.array([3.0, 1.0])) == pytest.approx(1 / 4)
    assert gini(np.full(5, 2.0)) == pytest.approx(0)
    assert gini(np.zeros(4)) == 0


def test_gini_is_half_the_relative_mean_difference():
    x = np.random.default_rng(0).exponential(size=50)
    assert gini(x) == pytest.approx(abs(x[:, None] - x).mean() / (2 * x.mean()))


@pytest.mark.parametrize("p", [3, 4, 5, 12])
def test_marginals_by_loops(p):
    x = np.random.default_rng(p).standard_normal((p, p, 2))
    by_loop = np.zeros((4, p, 2))
    for a in range(p):
        for b in range(p):
            for family, index in enumerate((a, b, (a + b) % p, (b - a) % p)):
                by_loop[family, index] += x[a, b] / p
    np.testing.assert_allclose(pair_marginals(x), by_loop, atol=1e-14)
    np.testing.assert_allclose(product_marginal(x), by_loop[2], atol=1e-14)


@pytest.mark.parametrize("p", [5, 12])
@pytest.mark.parametrize("frequencies", [(), (0,), (2,), (0, 1, 2)])
def test_keeping_frequencies_is_least_squares_on_their_waves(p, frequencies):
    W = np.random.default_rng(p).standard_normal((p, 3))
    n = np.arange(p)
    waves = [f(2 * np.pi * k * n / p) for k in frequencies for f in (np.cos, np.sin)]
    waves = np.array([np.zeros(p), *waves]).T
    expected = waves @ np.linalg.lstsq(waves, W)[0]
    np.testing.assert_allclose(keep_frequencies(W, frequencies), expected, atol=1e-13)
    assert keep_frequencies(W.astype(np.float32), frequencies).dtype == np.float32


@pytest.mark.parametrize("p", [3, 4, 7])
def test_spectrum_2d_by_explicit_products(p):
    logits = np.random.default_rng(p).standard_normal((p, p, p))
    basis = fourier_basis(p)
    expected = [
        [np.linalg.norm(np.einsum("ab,abc->c", np.outer(f, g), logits)) for g in basis] for f in basis
    ]
    np.testing.assert_allclose(logit_spectrum_2d(logits), expected, rtol=1e-12)


def test_spectrum_2d_of_one_product_of_waves():
    """cos_2(a) sin_1(b), in one output only: row 3 (cos_2), column 2 (sin_1), and nothing else."""
    p = 7
    a, b = np.mgrid[:p, :p]
    logits = np.zeros((p, p, p))
    logits[:, :, 4] = np.cos(4 * np.pi * a / p) * np.sin(2 * np.pi * b / p)
    expected = np.zeros((p, p))
    expected[3, 2] = p / 2
    np.testing.assert_allclose(logit_spectrum_2d(logits), expected, atol=1e-14)
