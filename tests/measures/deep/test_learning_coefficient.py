"""The sampler on models whose learning coefficient is known, and on a network whose loss torch computes."""

import math

import numpy as np
import pytest
import torch

from grokviz.config import RunConfig
from grokviz.measures.deep import learning_coefficient as llc
from grokviz.measures.deep.declaration import Subject
from grokviz.models.transformer import Transformer, cross_entropy, tokens_of
from grokviz.tasks.pairs import build_task


@pytest.mark.slow
@pytest.mark.parametrize(("a", "b"), [(0, 1), (1, 1), (0, 2), (1, 2), (2, 2), (0, 3), (1, 3)])
def test_a_normal_crossing_has_half_over_its_largest_power(a, b):
    """f(x) = w1^a w2^b x fitted to noise: lambda = 1 / (2 max(a, b)). The test of devinterp, with its settings."""
    rng = np.random.default_rng(42)
    n, sigma = 1_000, 0.25
    x, y = rng.normal(0, 2, n), sigma * rng.normal(0, 1, n)
    xx, xy, yy = (x * x).mean(), (x * y).mean(), (y * y).mean()  # all that the loss needs of the data

    def loss(w):
        c = w[0] ** a * w[1] ** b
        by_w = np.array(
            [a * w[0] ** max(a - 1, 0) * w[1] ** b, b * w[0] ** a * w[1] ** max(b - 1, 0)], np.float64
        )
        return c * c * xx - 2 * c * xy + yy, (2 * c * xx - 2 * xy) * by_w

    sampler = llc.Sampler(n / math.log(n), eps=4e-4, gamma=0.0, draws=5_000)
    losses = np.stack(
        [llc.chain(loss, np.zeros(2), sampler, np.random.default_rng([7, i])) for i in range(10)]
    )
    found = llc.coefficient(losses, sampler.n_beta, 0)
    assert abs(found.mean() - 1 / (2 * max(a, b))) < 3.5 * found.std()


def test_a_chain_takes_the_step_of_its_formula():
    """Three steps on a quadratic, written out, with the same noise."""
    sampler = llc.Sampler(n_beta=5.0, eps=0.01, gamma=2.0, draws=4)
    start = np.array([1.0, -2.0])
    losses = llc.chain(lambda w: (float(w @ w), 2 * w), start, sampler, np.random.default_rng(3))
    rng, w, expected = np.random.default_rng(3), start, []
    for _ in range(4):
        expected.append(w[0] ** 2 + w[1] ** 2)
        w = w - 0.005 * (5 * 2 * w + 2 * (w - start)) + 0.1 * rng.standard_normal(2)
    np.testing.assert_allclose(losses, expected, rtol=1e-12)
    assert start.tolist() == [1.0, -2.0]
    assert llc.coefficient(losses[None], 5.0, 2)[0] == pytest.approx(
        5 * ((expected[2] + expected[3]) / 2 - expected[0])
    )


def test_of_a_network_it_is_what_a_walk_in_torch_gives(random_weights, monkeypatch):
    """The same noise, the gradient by autograd: one chain after the other, from the same weights."""
    monkeypatch.setattr(llc, "DRAWS", 20)
    monkeypatch.setattr(llc, "LEFT_OUT", 10)
    config = RunConfig(p=7, d_model=8, n_heads=2, d_mlp=10, frac_train=0.6)
    task, weights = build_task(config), random_weights(7, np.float32)
    found = llc.sampled(Subject(weights, weights, task, config, step=50))
    a, b = (torch.tensor(x) for x in np.nonzero(task.is_train))
    answers, names = torch.tensor(task.answers[task.is_train]), list(config.shapes)
    n = len(a)
    n_beta = n / math.log(n)
    for i in range(3):
        rng = np.random.default_rng([llc.STREAM, 50, i])
        now, losses = {name: w.astype(float) for name, w in weights.items()}, []
        for _ in range(20):
            model = Transformer(now)
            loss = cross_entropy(model(tokens_of(a, b, 7)), answers)
            loss.backward()
            losses.append(loss.item())
            noise = rng.standard_normal(config.n_parameters, dtype=np.float32)
            begin = 0
            for name in names:
                size, grad = now[name].size, getattr(model, name).grad.numpy()
                part = noise[begin : begin + size].reshape(now[name].shape)
                begin += size
                now[name] = (
                    now[name] - 5e-5 * (n_beta * grad + 1000 * (now[name] - weights[name])) + 0.01 * part
                )
        expected = n_beta * (np.mean(losses[10:]) - losses[0])
        assert found["learning_coefficient"][i] == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_the_same_seed_gives_the_same_and_another_step_another(random_weights, monkeypatch):
    monkeypatch.setattr(llc, "DRAWS", 20)
    monkeypatch.setattr(llc, "LEFT_OUT", 10)
    config = RunConfig(p=5, d_model=4, n_heads=1, d_mlp=6)
    task, weights = build_task(config), random_weights(5, np.float32, d_model=4, n_heads=1, d_mlp=6)
    first, again, other = (
        llc.sampled(Subject(weights, weights, task, config, step))["learning_coefficient_trace"]
        for step in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
