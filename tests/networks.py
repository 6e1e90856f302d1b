"""Small networks and tasks for the tests of what is measured of them. The oracles stand beside the tests that use them."""

from collections.abc import Callable

import numpy as np
import pytest

from grokviz.config import RunConfig
from grokviz.tasks.pairs import Task, build_task


@pytest.fixture(scope="session")
def random_weights() -> Callable[..., dict[str, np.ndarray]]:
    """Dense weights without any structure, biases and positions included."""

    def build(p, dtype=np.float64, seed=0, scale=0.5, d_model=8, n_heads=2, d_mlp=10):
        rng = np.random.default_rng(seed)
        shapes = RunConfig(p=p, d_model=d_model, n_heads=n_heads, d_mlp=d_mlp).shapes
        return {name: (scale * rng.standard_normal(shape)).astype(dtype) for name, shape in shapes.items()}

    return build


@pytest.fixture(scope="session")
def clock_weights() -> Callable[..., dict[str, np.ndarray]]:
    """A network built by hand that adds mod p with the given frequencies.

    The head attends to a, b and "=" alike, so the residual stream holds (wave(a) + wave(b)) / 3. Neuron j of
    frequency k computes relu(cos(w a - phi_j) + cos(w b - phi_j)), whose second harmonic in phi_j is
    |cos(w (a-b) / 2)| cos(w (a+b) - 2 phi_j); reading it out along 2 phi_j gives cos(w (a+b-c)).
    """

    def build(p, freqs, dtype=np.float64, amplitude=30.0, n_phases=8):
        m = len(freqs)
        w = 2 * np.pi * np.array(freqs) / p
        phase = 2 * np.pi * np.arange(n_phases) / n_phases
        n = np.arange(p)[:, None]
        shapes = RunConfig(p=p, d_model=4 * m, n_heads=1, d_mlp=m * n_phases).shapes
        weights = {name: np.zeros(shape) for name, shape in shapes.items()}
        # coordinates: cosines in, sines in, cosines out, sines out
        weights["W_E"][:p, :m], weights["W_E"][:p, m : 2 * m] = np.cos(n * w), np.sin(n * w)
        weights["W_V"][0] = weights["W_O"][0] = np.eye(4 * m)
        for i in range(m):
            neurons = slice(i * n_phases, (i + 1) * n_phases)
            weights["W_in"][i, neurons], weights["W_in"][m + i, neurons] = np.cos(phase), np.sin(phase)
            weights["W_out"][neurons, 2 * m + i] = amplitude * np.cos(2 * phase)
            weights["W_out"][neurons, 3 * m + i] = amplitude * np.sin(2 * phase)
        weights["W_U"][2 * m : 3 * m], weights["W_U"][3 * m :] = np.cos(n * w).T, np.sin(n * w).T
        return {name: value.astype(dtype) for name, value in weights.items()}

    return build


@pytest.fixture(scope="session")
def task_of() -> Callable[..., Task]:
    return lambda p, operation="add", frac_train=0.4, seed=0: build_task(
        RunConfig(p=p, operation=operation, frac_train=frac_train, seed=seed)
    )
