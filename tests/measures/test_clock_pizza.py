"""Clock or pizza: gradients against torch and finite differences, tables against loops, and the figures of the paper."""

import numpy as np
import pytest
import torch

from devtools.released import needs_released, released
from grokviz.config import RunConfig
from grokviz.importers.layouts import read_checkpoint
from grokviz.importers.torch_files import read_torch
from grokviz.measures.clock_pizza import (
    by_distance,
    circularity,
    distance_irrelevance,
    embedding_gradients,
    gradient_symmetricity,
    right_logits,
    triples_of,
)
from grokviz.measures.declaration import why_nothing
from grokviz.measures.registry import by_name, measure
from grokviz.models.forward import forward
from grokviz.models.transformer import Transformer
from grokviz.tasks.pairs import build_task

NAMES = ("gradient_symmetricity", "distance_irrelevance", "circularity")
MODEL_A = released("pizza_model_p99zdpze5l.pt")
NETWORKS = [
    {},
    {"attention_rate": 0.0},
    {"attention_rate": 0.4},
    {"read_at": "b"},
    {"read_at": "b", "attention_rate": 0.3},
]


def weights_of(**settings):
    rng, config = np.random.default_rng(1), RunConfig(p=7, d_model=8, n_heads=2, d_mlp=12, **settings)
    return {n: rng.normal(size=s) / 2 for n, s in config.shapes.items()} | config.model.constants


@pytest.mark.parametrize("settings", NETWORKS)
def test_gradients_by_hand_are_those_of_torch(settings):
    weights = weights_of(**settings)
    triples = triples_of(7, 20)
    found = embedding_gradients(forward(weights), triples)
    for row, (a, b, c) in enumerate(triples.T.tolist()):
        tokens = [a, b, 7][: len(weights["W_pos"])]
        x = torch.tensor(weights["W_E"][tokens] + weights["W_pos"], requires_grad=True)
        value = by_autograd(weights, x)[c]
        assert value.item() == pytest.approx(
            Transformer(weights)(torch.tensor([tokens]))[0, c].item(), rel=1e-12
        )
        (gradient,) = torch.autograd.grad(value, x)
        for place in (0, 1):
            np.testing.assert_allclose(found[place][row], gradient[place].numpy(), rtol=1e-10, atol=1e-12)


def by_autograd(weights, x):
    """Logits of one question from its embedded tokens, written out anew."""
    w = {name: torch.tensor(value) for name, value in weights.items()}
    rate = float(weights.get("attention_rate", 1))
    stream = x[-1]
    for h in range(len(w["W_Q"])):
        scores = (x @ w["W_K"][h]) @ (x[-1] @ w["W_Q"][h]) / w["W_Q"].shape[2] ** 0.5
        attention = rate * scores.softmax(0) + (1 - rate)
        stream = stream + attention @ (x @ w["W_V"][h]) @ w["W_O"][h]
    neurons = (stream @ w["W_in"] + w["b_in"]).relu()
    return (stream + neurons @ w["W_out"] + w["b_out"]) @ w["W_U"]


@pytest.mark.parametrize("settings", NETWORKS)
def test_gradients_are_finite_differences(settings):
    """Of the numpy forward pass, through the rows of W_E of a and b, which differ."""
    weights, step = weights_of(**settings), 1e-6
    triples = np.array([[1, 4], [3, 0], [5, 2]])
    found = embedding_gradients(forward(weights), triples)
    for row, (a, b, c) in enumerate(triples.T.tolist()):
        for place, token in ((0, a), (1, b)):
            for axis in (0, 5):
                sides = []
                for sign in (1, -1):
                    moved = weights | {"W_E": weights["W_E"].copy()}
                    moved["W_E"][token, axis] += sign * step
                    sides.append(forward(moved).logits[a, b, c])
                slope = (sides[0] - sides[1]) / (2 * step)
                assert found[place][row, axis] == pytest.approx(slope, rel=1e-5, abs=1e-7)


def test_a_network_that_adds_first_is_symmetric_and_one_that_reads_a_alone_is_not():
    weights = weights_of(attention_rate=0.0)
    weights["W_pos"][1] = weights["W_pos"][0]
    assert gradient_symmetricity(forward(weights), triples_of(7)) == pytest.approx(1)
    silent = {name: np.zeros_like(w) for name, w in weights.items()}
    assert gradient_symmetricity(forward(silent), triples_of(7)) == 0


@pytest.mark.parametrize("n", [5, 8, 13])
def test_the_table_holds_every_pair_once_in_the_column_of_its_distance(n):
    i, j = np.mgrid[:n, :n]
    pairs = (i * n + j).astype(float)
    table = by_distance(pairs)
    assert sorted(table.ravel()) == list(range(n * n))
    for s in range(n):
        for d in range(n):
            a, b = divmod(int(table[s, d]), n)
            assert (a - b) % n == d
            assert (a + b) % n == s or (n % 2 == 0 and (a + b) % n == (s - 1) % n)


@pytest.mark.parametrize("n", [7, 10])
def test_irrelevance_of_logits_that_know_the_distance_or_the_sum_alone(n):
    i, j = np.mgrid[:n, :n]
    rng = np.random.default_rng(0)
    of_distance, of_sum, noise = rng.normal(size=n), rng.normal(size=n), rng.normal(size=(n, n))
    assert distance_irrelevance(of_distance[(i - j) % n]) == pytest.approx(0, abs=1e-12)
    if n % 2:  # else a distance meets every other sum alone
        assert distance_irrelevance(of_sum[(i + j) % n]) == pytest.approx(1)
    assert distance_irrelevance(np.ones((n, n))) == 1
    by_loops = [
        np.std([noise[a, b] for a in range(n) for b in range(n) if (a - b) % n == d]) for d in range(n)
    ]
    assert distance_irrelevance(noise) == pytest.approx(np.mean(by_loops) / np.std(noise))


def test_circularity_of_circles_and_of_noise():
    n, t = 31, np.arange(31)
    circles = np.stack([f(2 * np.pi * k * t / n) for k in (3, 7) for f in (np.cos, np.sin)], axis=1)
    scales = np.array([4.0, 4.0, 2.0, 2.0])
    assert circularity(circles * scales + 5) == pytest.approx(1)
    random = np.random.default_rng(0).normal(size=(31, 16))
    assert circularity(random) < 0.5
    centred = random - random.mean(axis=0)
    U = np.linalg.svd(centred)[0][:, :4]
    power = [
        max(2 * abs((U[:, i] * np.exp(2j * np.pi * k * t / n)).sum()) ** 2 / n for k in range(1, 16))
        for i in range(4)
    ]
    assert circularity(random) == pytest.approx(np.minimum(power, 1).mean())


def test_a_multiplication_is_measured_as_the_addition_that_it_is(random_weights, task_of):
    """Numbers moved to the places of their logarithms: the same network as an addition of p - 1 numbers."""
    task = task_of(7, "multiply")
    found = measure(random_weights(7), task, ())
    logits, powers = forward(random_weights(7)).logits, [pow(3, k, 7) for k in range(6)]
    right = np.array([[logits[a, b, a * b % 7] for b in powers] for a in powers])
    assert found["distance_irrelevance"] == pytest.approx(distance_irrelevance(right))
    assert found["circularity"] == pytest.approx(circularity(random_weights(7)["W_E"][powers]))


@pytest.mark.parametrize(
    ("operation", "silent", "says"),
    [
        ("subtract", NAMES[:1], "taken away"), ("divide", NAMES[:1], "taken away"),
        ("random", NAMES, "."), ("x^2+y^2", NAMES, "."),
    ],
)  # fmt: skip
def test_where_it_means_nothing_it_says_why(random_weights, task_of, operation, silent, says):
    task = task_of(7, operation)
    found = measure(random_weights(7), task, ())
    for name in NAMES:
        assert (name in found) == (name not in silent)
        assert bool(why_nothing(by_name(name), task, ())) == (name in silent)
    assert says in why_nothing(by_name(silent[0]), task, ())


def test_a_network_with_two_tables_of_embeddings_says_so(task_of):
    config = RunConfig(p=7, architecture="mlp", d_model=4, d_mlp=6)
    rng = np.random.default_rng(0)
    weights = {name: rng.normal(size=shape) for name, shape in config.shapes.items()}
    found = measure(weights, task_of(7), ())
    assert "gradient_symmetricity" not in found
    assert {"distance_irrelevance", "circularity"} <= found.keys()
    assert "two tables" in why_nothing(by_name("gradient_symmetricity"), task_of(7), (), config.shapes)


def test_right_logits_of_pairs_without_an_answer_are_0():
    logits = np.arange(8.0).reshape(2, 2, 2)
    np.testing.assert_array_equal(right_logits(logits, np.array([[1, -1], [0, 1]])), [[1, 0], [4, 7]])


@needs_released
def test_the_released_weights_of_model_a_give_the_published_figures():
    """Zhong et al. 2023, model A (run p99zdpze5l, attention rate 0)."""
    state = read_torch(MODEL_A)
    assert isinstance(state, dict)
    weights = read_checkpoint(state).weights | {"attention_rate": np.array(0.0)}
    found = measure(weights, build_task(RunConfig(p=59)), ())
    assert found["gradient_symmetricity"] == pytest.approx(0.9937, abs=0.01)
    assert found["distance_irrelevance"] == pytest.approx(0.1717, abs=1e-3)
    assert found["circularity"] == pytest.approx(0.9978, abs=1e-3)
    assert found["accuracy"] == 1
