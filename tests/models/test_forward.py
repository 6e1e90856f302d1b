"""Forward pass and loss against a plain torch model that knows nothing of tables."""

import math

import numpy as np
import pytest
import torch

from grokviz.config import RunConfig
from grokviz.models.forward import (
    AT_ONCE,
    answer_pair,
    as_trained,
    attention_tables,
    completed,
    cross_entropy,
    follow_pair,
    forward,
    stack,
    widen,
)


def torch_model(weights, p):
    """The textbook transformer: embed, attend causally at every position, MLP, unembed; read the last."""
    w = {name: torch.tensor(value, dtype=torch.float64) for name, value in weights.items()}
    a, b = torch.meshgrid(torch.arange(p), torch.arange(p), indexing="ij")
    tokens = torch.stack([a.flatten(), b.flatten(), torch.full((p * p,), p)], dim=1)
    resid_pre = w["W_E"][tokens] + w["W_pos"]
    q, k, v = (torch.einsum("nid,hde->nhie", resid_pre, w[name]) for name in ("W_Q", "W_K", "W_V"))
    scores = q @ k.transpose(2, 3) / q.shape[-1] ** 0.5
    scores = scores.masked_fill(torch.ones(3, 3).triu(1).bool(), -torch.inf)
    pattern = scores.softmax(-1)
    resid_mid = resid_pre + torch.einsum("nhie,hed->nid", pattern @ v, w["W_O"])
    pre = resid_mid @ w["W_in"] + w["b_in"]
    post = torch.relu(pre)
    logits = (resid_mid + post @ w["W_out"] + w["b_out"]) @ w["W_U"]
    grid = lambda x: x[:, -1].reshape(p, p, -1).numpy()  # noqa: E731
    last = lambda x: x[:, :, -1].reshape(p, p, -1, 3).permute(2, 0, 1, 3).numpy()  # noqa: E731
    return {
        "scores": last(scores),
        "pattern": last(pattern),
        "resid_mid": grid(resid_mid),
        "pre": grid(pre),
        "post": grid(post),
        "logits": grid(logits),
    }


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 1e-5)])
@pytest.mark.parametrize("p", [3, 5, 7, 12])
def test_forward_matches_torch(random_weights, p, dtype, tolerance):
    weights = random_weights(p, dtype, seed=p)
    activations, expected = forward(weights), torch_model(weights, p)
    for name in ("pattern", "resid_mid", "pre", "post", "logits"):
        got = getattr(activations, name)
        assert got.dtype == dtype
        np.testing.assert_allclose(got, expected[name], rtol=tolerance, atol=10 * tolerance, err_msg=name)
    scores = expected["scores"]
    np.testing.assert_allclose(activations.score_a, scores[:, :, 0, 0], atol=10 * tolerance)
    np.testing.assert_allclose(activations.score_b, scores[:, 0, :, 1], atol=10 * tolerance)
    np.testing.assert_allclose(activations.score_eq, scores[:, 0, 0, 2], atol=10 * tolerance)


@pytest.mark.slow
def test_forward_at_full_size_in_float32(random_weights):
    weights = random_weights(113, np.float32, scale=128**-0.5, d_model=128, n_heads=4, d_mlp=512)
    logits = forward(weights).logits
    expected = torch_model(weights, 113)["logits"]
    assert logits.shape == (113, 113, 113)
    np.testing.assert_allclose(logits, expected, atol=1e-5 * abs(expected).max())


def test_clock_weights_add(clock_weights):
    """The hand-built network of these tests does what it is built for, so that others may lean on it."""
    logits = forward(clock_weights(13, (2, 5))).logits
    a, b = np.mgrid[:13, :13]
    np.testing.assert_array_equal(logits.argmax(2), (a + b) % 13)


def test_attention_survives_scores_beyond_the_range_of_exp(random_weights):
    weights = random_weights(5, np.float32)
    weights["W_Q"] = weights["W_Q"] * np.float32(1e4)
    pattern = forward(weights).pattern
    assert abs(attention_tables(weights).scores).max() > 1000
    np.testing.assert_allclose(pattern.sum(axis=3), 1, rtol=1e-6)


def test_half_precision_weights_are_computed_in_single_precision(random_weights):
    stored = random_weights(5, np.float16)
    as_float32 = {name: value.astype(np.float32) for name, value in stored.items()}
    assert forward(stored).logits.dtype == np.float32
    np.testing.assert_array_equal(forward(stored).logits, forward(as_float32).logits)
    assert widen(as_float32)["W_E"] is as_float32["W_E"]


def test_cross_entropy_by_hand():
    logits = np.log([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [5.0, 5.0, 5.0]])
    loss = cross_entropy(logits, np.array([0, 2, 1]))
    np.testing.assert_allclose(loss, [math.log(6), math.log(2), math.log(3)], rtol=1e-15)


def test_cross_entropy_matches_torch_in_any_shape():
    rng = np.random.default_rng(0)
    logits, answers = 5 * rng.standard_normal((4, 6, 7)), rng.integers(7, size=(4, 6))
    expected = torch.nn.functional.cross_entropy(
        torch.tensor(logits).reshape(-1, 7), torch.tensor(answers).flatten(), reduction="none"
    )
    np.testing.assert_allclose(cross_entropy(logits, answers).ravel(), expected.numpy(), rtol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("margin", [1, 10, 20, 40, 80])
def test_tiny_losses_keep_their_relative_precision(dtype, margin):
    """Two wrong answers `margin` below: the loss is log(1 + 2 e^-margin), here by its series."""
    loss = cross_entropy(np.array([7, 7 - margin, 7 - margin], dtype), np.array(0))
    x = 2 * math.exp(-margin)
    expected = math.log(1 + x) if margin < 10 else x - x**2 / 2 + x**3 / 3
    assert float(loss) == pytest.approx(expected, rel=1e-5 if dtype == np.float32 else 1e-12)


def test_a_very_wrong_answer_costs_its_gap():
    logits = np.array([0, 30_000, 29_000], np.float32)
    assert float(cross_entropy(logits, np.array(0))) == 30_000
    assert float(cross_entropy(logits, np.array(1))) == 0


def test_a_pair_without_answer_has_no_loss():
    loss = cross_entropy(np.zeros((2, 3)), np.array([-1, 2]))
    assert np.isnan(loss[0])
    assert loss[1] == pytest.approx(math.log(3))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_pair_is_answered_as_among_all(random_weights, dtype):
    weights = random_weights(7, dtype, n_heads=2)
    logits = forward(weights).logits
    for a, b in ((0, 0), (3, 5), (6, 1)):
        answer = answer_pair(weights, a, b)
        assert answer.dtype == dtype
        np.testing.assert_allclose(answer, logits[a, b], rtol=0, atol=2e-5 if dtype == np.float32 else 1e-12)


def rows_of(config, scale=0.5):
    rng = np.random.default_rng(3)
    return {n: scale * rng.standard_normal(s) for n, s in config.shapes.items()} | config.model.constants


@pytest.mark.parametrize("read_at", ["=", "b"])
@pytest.mark.parametrize("rate", [1.0, 0.4, 0.0])
def test_other_rates_and_networks_that_read_at_b(rate, read_at):
    """alpha softmax + (1 - alpha) over the tokens there are, by loops."""
    config = RunConfig(p=5, d_model=8, n_heads=2, d_mlp=10, attention_rate=rate, read_at=read_at)
    w = rows_of(config)
    found = forward(w)
    for a, b in ((0, 0), (1, 4), (3, 2)):
        x = [w["W_E"][t] + w["W_pos"][i] for i, t in enumerate((a, b, 5)[: config.model.n_ctx])]
        stream = x[-1].copy()
        for h in range(2):
            scores = np.array([x[-1] @ w["W_Q"][h] @ (y @ w["W_K"][h]) / 2 for y in x])
            weight = np.exp(scores) / np.exp(scores).sum()
            for i, y in enumerate(x):
                attention = rate * weight[i] + 1 - rate
                stream += attention * (y @ w["W_V"][h] @ w["W_O"][h])
                assert found.pattern[h, a, b, i] == pytest.approx(attention)
        post = np.maximum(stream @ w["W_in"] + w["b_in"], 0)
        np.testing.assert_allclose(found.resid_mid[a, b], stream, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(found.post[a, b], post, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(found.pre[a, b], stream @ w["W_in"] + w["b_in"], rtol=1e-12, atol=1e-12)
        logits = (stream + post @ w["W_out"] + w["b_out"]) @ w["W_U"]
        np.testing.assert_allclose(found.logits[a, b], logits, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(answer_pair(w, a, b), logits, rtol=1e-12, atol=1e-12)
    if read_at == "b":
        assert (found.pattern[..., 2] == 0).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_two_layer_network(dtype):
    config = RunConfig(p=5, d_model=6, d_mlp=9, architecture="mlp")
    w = {name: array.astype(dtype) for name, array in rows_of(config).items()}
    found, tolerance = forward(w), 1e-5 if dtype == np.float32 else 1e-12
    assert found.logits.dtype == found.post.dtype == dtype
    for a, b in ((0, 0), (1, 4), (3, 2)):
        pre = np.array([*w["W_x"][a], *w["W_y"][b]]) @ w["W"]
        np.testing.assert_allclose(found.pre[a, b], pre, rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(found.post[a, b], np.maximum(pre, 0), rtol=tolerance, atol=tolerance)
        logits = np.maximum(pre, 0) @ w["W_U"]
        np.testing.assert_allclose(found.logits[a, b], logits, rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(answer_pair(w, a, b), logits, rtol=tolerance, atol=tolerance)
    # The same under the names of a transformer: completed once, whatever is done with it.
    assert completed(found.weights) is found.weights
    np.testing.assert_allclose(forward(found.weights).logits, found.logits)
    back = as_trained(found.weights)
    assert back.keys() == w.keys()
    assert all(np.array_equal(back[name], w[name]) for name in w)
    np.testing.assert_allclose(found.weights["W_out"] @ found.weights["W_U"], w["W_U"])


@pytest.mark.parametrize("p", [7, 12])
def test_one_pair_at_many_snapshots_is_what_it_was_in_each(random_weights, p):
    snapshots = [random_weights(p, seed=seed, scale=0.2 * (seed + 1)) for seed in range(5)]
    stacked = stack(snapshots, len(snapshots))
    for a, b in ((0, 0), (p - 1, 2), (3, p - 1)):
        found = follow_pair(stacked, a, b)
        for i, weights in enumerate(snapshots):
            whole = forward(weights)
            np.testing.assert_allclose(found.logits[i], whole.logits[a, b], atol=1e-6)
            np.testing.assert_allclose(found.post[i], whole.post[a, b], atol=1e-6)
            np.testing.assert_allclose(found.pattern[i], whole.pattern[:, a, b], atol=1e-6)


def test_stacked_weights_in_half_precision_are_computed_in_single_precision(random_weights):
    n = 2 * AT_ONCE + 3
    halves = [random_weights(7, dtype=np.float16, seed=seed) for seed in range(n)]
    stacked = stack(halves, n)
    assert stacked["W_E"].dtype == np.float16
    found = follow_pair(stacked, 2, 5)
    assert {array.dtype for array in found} == {np.dtype(np.float32)}
    for i in (0, AT_ONCE, n - 1):
        np.testing.assert_allclose(found.logits[i], forward(halves[i]).logits[2, 5], atol=1e-5)


@pytest.mark.parametrize(
    "network",
    [
        {"attention_rate": 0.4},
        {"read_at": "b"},
        {"read_at": "b", "attention_rate": 0.0},
        {"architecture": "mlp"},
    ],
)
def test_one_pair_of_other_networks_at_many_snapshots(network):
    config = RunConfig(p=5, d_model=8, n_heads=1 if "architecture" in network else 2, d_mlp=10, **network)
    snapshots = [rows_of(config, scale) for scale in (0.1, 0.5, 1.0)]
    found = follow_pair(stack(snapshots, len(snapshots)), 3, 2)
    for i, weights in enumerate(snapshots):
        whole = forward(weights)
        np.testing.assert_allclose(found.logits[i], whole.logits[3, 2], atol=1e-9)
        np.testing.assert_allclose(found.post[i], whole.post[3, 2], atol=1e-9)
        np.testing.assert_allclose(found.pattern[i], whole.pattern[:, 3, 2], atol=1e-9)
