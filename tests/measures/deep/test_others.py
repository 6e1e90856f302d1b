"""Every other deep measure against an oracle: loops, linear algebra by another way, or torch."""

import bz2
import math

import numpy as np
import pytest
import torch

from grokviz.config import RunConfig
from grokviz.measures.deep import alignment, collapse, compressed, linearised, margins, rank
from grokviz.measures.deep.declaration import Subject, tables_of
from grokviz.models.forward import forward
from grokviz.models.transformer import Transformer, cross_entropy, tokens_of
from grokviz.tasks.pairs import build_task

CONFIG = RunConfig(p=7, d_model=8, n_heads=2, d_mlp=10, frac_train=0.6)


@pytest.fixture
def subject(random_weights):
    def make(weights=None, first=None, config=CONFIG):
        weights = random_weights(7, np.float32) if weights is None else weights
        return Subject(weights, weights if first is None else first, build_task(config), config, 10)

    return make


def torch_train_loss(weights, task, p):
    a, b = (torch.tensor(x) for x in np.nonzero(task.is_train))
    return cross_entropy(Transformer(weights)(tokens_of(a, b, p)), torch.tensor(task.answers[task.is_train]))


def test_bytes_are_those_of_the_coarsest_rounding_that_keeps_the_loss(subject, clock_weights):
    p, config = 11, RunConfig(p=11, d_model=12, n_heads=1, d_mlp=24, frac_train=0.5)
    weights = clock_weights(p, (1, 2, 4), np.float32)
    s = subject(weights, config=config)
    loss = torch_train_loss(weights, s.task, p).item()
    assert loss < 1
    for i in range(10):  # from coarse to fine
        width = 10 ** (i / 9 * np.log10(0.003))
        kept = {name: np.round(w.astype(float) / width) for name, w in weights.items()}
        if (
            torch_train_loss({n: (c * width).astype(np.float32) for n, c in kept.items()}, s.task, p)
            <= loss + 0.1
        ):
            break
    data = b"".join(kept[name].astype("<i2").tobytes() for name in config.shapes)
    found = compressed.compressed(s)
    assert found["compressed_bytes"] == len(bz2.compress(data))
    assert found["compressed_bin"] == pytest.approx(width)


def test_bytes_begin_when_the_training_loss_is_below_1(subject):
    assert np.isnan(compressed.compressed(subject())["compressed_bytes"])


def test_effective_rank_counts_directions():
    rng = np.random.default_rng(0)
    basis, _ = np.linalg.qr(rng.standard_normal((9, 9)))
    assert rank.effective_rank(basis[:, :4] @ basis[:4]) == pytest.approx(4)  # four alike
    assert rank.effective_rank(np.outer(basis[0], basis[1])) == pytest.approx(1)
    assert rank.effective_rank(np.zeros((3, 4))) == 0
    m = rng.standard_normal((6, 9))
    sizes = np.sqrt(np.linalg.eigvalsh(m @ m.T))  # by another way than the singular values
    share = sizes / sum(sizes)
    assert rank.effective_rank(m) == pytest.approx(np.prod(share**-share))


def test_heads_stand_side_by_side(subject):
    s = subject()
    found = dict(zip(tables_of(CONFIG), np.atleast_1d(rank.ranks(s)["effective_rank"]).tolist(), strict=True))
    assert found.keys() == {"W_E", "W_pos", "W_Q", "W_K", "W_V", "W_O", "W_in", "W_out", "W_U"}
    side = np.hstack([s.weights["W_Q"][0], s.weights["W_Q"][1]])
    assert found["W_Q"] == pytest.approx(rank.effective_rank(side))
    below = np.vstack([s.weights["W_O"][0], s.weights["W_O"][1]])
    assert found["W_O"] == pytest.approx(rank.effective_rank(below))


def test_softmax_would_collapse_where_an_exact_sum_rounds_to_1(subject):
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 12, (4_000, 5)).astype(np.float32)
    exact = [math.fsum(math.exp(float(x) - float(max(row))) for x in row) for row in logits]
    expected = np.array(exact, np.float32) == 1
    found = collapse.collapses(logits)
    assert 0.1 < expected.mean() < 0.8
    assert np.mean(found != expected) < 1e-3  # on the very edge
    two = torch.tensor(logits[:, :2])
    by_torch = torch.exp(two - two.max(dim=1, keepdim=True).values).sum(dim=1) == 1
    assert np.mean(collapse.collapses(logits[:, :2]) != by_torch.numpy()) < 1e-3
    edge = np.array([[16.0, 0.0], [17.0, 0.0]])  # 1e-7 beside 1, and 4e-8
    assert collapse.collapses(edge).tolist() == [False, True]
    assert collapse.collapse(subject())["softmax_collapse"] == 0


def test_alignment_is_the_cosine_by_autograd(subject):
    s = subject()
    model = Transformer({name: w.astype(float) for name, w in s.weights.items()})
    a, b = (torch.tensor(x) for x in np.nonzero(s.task.is_train))
    cross_entropy(model(tokens_of(a, b, 7)), torch.tensor(s.task.answers[s.task.is_train])).backward()
    w, g = (
        torch.cat([x.flatten() for x in part])
        for part in (model.parameters(), [x.grad for x in model.parameters()])
    )
    expected = torch.nn.functional.cosine_similarity(-g, w, dim=0).item()
    assert alignment.alignment(s)["alignment"] == pytest.approx(expected, abs=1e-5)
    assert abs(expected) > 0.01
    assert alignment.cosine({"x": np.zeros(2)}, {"x": np.ones(2)}) == 0
    assert alignment.cosine({"x": np.array([-2.0, 0])}, {"x": np.array([3.0, 0])}) == 1


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")  # what torch.func imports
def test_the_linearised_network_is_the_derivative_along_the_way(subject, random_weights):
    first = random_weights(7, np.float32, seed=1)
    weights = {name: w + 0.05 * random_weights(7, np.float32, seed=2)[name] for name, w in first.items()}
    s = subject(weights, first)
    a, b = (torch.tensor(x) for x in np.divmod(np.arange(49), 7))
    model = Transformer({name: w.astype(float) for name, w in first.items()})
    start = dict(model.named_parameters())
    way = {name: torch.tensor(weights[name].astype(float) - first[name]) for name in start}
    f0, slope, *_ = torch.func.jvp(
        lambda w: torch.func.functional_call(model, w, (tokens_of(a, b, 7),)), (start,), (way,)
    )
    expected = (f0 + slope).detach().numpy().reshape(7, 7, 7)
    found = linearised.linearised_logits(weights, first, list(CONFIG.shapes))
    np.testing.assert_allclose(found, expected, atol=1e-7)
    actual = forward({name: w.astype(float) for name, w in weights.items()}).logits
    rest = (actual - expected) - (actual - expected).mean(axis=2, keepdims=True)
    total = actual - actual.mean(axis=2, keepdims=True)
    r2 = 1 - np.sum(rest**2) / np.sum(total**2)
    assert linearised.linearised(s)["linearised_r2"] == pytest.approx(r2, abs=1e-6)
    assert 0.5 < r2 < 1
    assert linearised.linearised(subject(first, first))["linearised_r2"] == pytest.approx(1)


def test_margins_pair_by_pair(subject):
    s = subject()
    logits = forward(s.weights).logits
    found = []
    for a, b in np.argwhere(s.task.is_train):
        right = s.task.answers[a, b]
        found.append(logits[a, b, right] - max(x for c, x in enumerate(logits[a, b]) if c != right))
    result = margins.margins(s)
    assert result["margin_mean"] == pytest.approx(sum(found) / len(found), rel=1e-5)
    assert result["margin_min"] == pytest.approx(min(found), rel=1e-5)
