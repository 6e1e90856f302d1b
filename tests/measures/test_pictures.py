"""The rings of the embedding against their definition."""

import numpy as np
import pytest

from grokviz.measures.pictures import ring_points
from grokviz.tasks.groups import fourier_basis


def to_orthonormal(plane):
    """(A'A)^(-1/2) by the eigenvectors of A'A."""
    values, vectors = np.linalg.eigh(plane.T @ plane)
    return vectors @ np.diag(values**-0.5) @ vectors.T


@pytest.mark.parametrize(("p", "k"), [(5, 2), (7, 1), (12, 4), (113, 40)])
def test_ring_axes_are_the_orthonormal_pair_nearest_to_the_waves(p, k):
    W_E = np.random.default_rng(p).standard_normal((p, 9))
    angle = 2 * np.pi * k * np.arange(p) / p
    waves = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    plane = W_E.T @ waves
    axes = plane @ to_orthonormal(plane)
    np.testing.assert_allclose(axes.T @ axes, np.eye(2), atol=1e-12)
    for a in range(p):  # placed by the others alone
        others = np.arange(p) != a
        expected = W_E[a] @ (W_E[others].T @ waves[others]) @ to_orthonormal(plane)
        np.testing.assert_allclose(ring_points(W_E, k)[a], expected, atol=1e-12)


def test_random_weights_show_no_order():
    """The share of each point that goes with its place on the clock is 0 on average, not a half."""
    p, k = 113, 17
    angle = 2 * np.pi * k * np.arange(p) / p
    clock = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    order = []
    for seed in range(20):
        points = ring_points(np.random.default_rng(seed).standard_normal((p, 128)), k)
        order.append((points * clock).sum() / np.linalg.norm(points) / np.linalg.norm(clock))
    assert abs(np.mean(order)) < 0.06


def test_a_perfect_embedding_is_a_perfect_clock():
    """cos and sin of one frequency along any two orthogonal directions, among other frequencies."""
    p, k = 11, 3
    axes = np.linalg.qr(np.random.default_rng(0).standard_normal((6, 6)))[0]
    angle = 2 * np.pi * np.arange(p) / p
    other = np.stack([np.cos(2 * angle), np.sin(2 * angle)], axis=1) @ axes[2:4]
    clock = np.stack([np.cos(k * angle), np.sin(k * angle)], axis=1)
    # |W_E[a]|^2 = 2 of the p / 2 that the plane is made of is a number's own, twice over for unit waves.
    np.testing.assert_allclose(ring_points(clock @ axes[:2] + other, k), (1 - 4 / p) * clock, atol=1e-12)


def test_a_ring_without_a_sine_is_a_line():
    W_E = np.random.default_rng(0).standard_normal((12, 5))
    points = ring_points(W_E, 6)
    direction = W_E.T @ (-1.0) ** np.arange(12)
    for a in range(12):
        others = direction - W_E[a] * (-1) ** a
        assert points[a, 0] == pytest.approx(W_E[a] @ others / np.linalg.norm(direction))
    np.testing.assert_array_equal(points[:, 1], 0)


def test_an_embedding_without_the_frequency_has_its_ring_at_the_origin():
    W_E = np.outer(fourier_basis(11)[1], [1.0, 2.0])
    np.testing.assert_array_equal(ring_points(W_E, 4), 0)
    np.testing.assert_array_equal(ring_points(np.zeros((11, 2)), 4), 0)
