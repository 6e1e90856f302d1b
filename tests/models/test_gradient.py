"""The gradient by hand against torch's autograd of the readable model."""

import numpy as np
import pytest
import torch

from grokviz.config import RunConfig
from grokviz.models import gradient
from grokviz.models.transformer import Transformer, cross_entropy, tokens_of


def by_torch(weights, pairs, p):
    model = Transformer(weights)
    a, b, answers = (torch.tensor(x) for x in pairs[:3])
    loss = cross_entropy(model(tokens_of(a, b, p)), answers)
    loss.backward()
    return loss.item(), {name: w.grad.numpy() for name, w in model.named_parameters()}


@pytest.mark.parametrize(("p", "operation"), [(7, "add"), (12, "subtract"), (11, "divide")])
def test_loss_and_gradient_are_those_of_autograd(random_weights, task_of, p, operation):
    weights, task = random_weights(p, seed=p), task_of(p, operation)
    pairs = gradient.pairs_of(task, task.is_train)
    loss, found = gradient.loss_and_gradient(weights, pairs)
    expected_loss, expected = by_torch(weights, pairs, p)
    assert loss == pytest.approx(expected_loss, rel=1e-12)
    assert found.keys() == expected.keys() == weights.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, atol=1e-12 * abs(value).max() + 1e-15, rtol=1e-9)


def test_float32_weights_give_a_float32_gradient_close_to_it(random_weights, task_of):
    weights, task = random_weights(13, np.float32), task_of(13)
    pairs = gradient.pairs_of(task, task.is_train)
    loss, found = gradient.loss_and_gradient(weights, pairs)
    exact_loss, exact = gradient.loss_and_gradient({n: w.astype(float) for n, w in weights.items()}, pairs)
    assert loss == pytest.approx(exact_loss, rel=1e-5)
    for name, value in exact.items():
        assert found[name].dtype == np.float32
        assert np.linalg.norm(found[name] - value) < 1e-5 * np.linalg.norm(value)


def test_a_sure_answer_keeps_its_gradient(clock_weights, task_of):
    """Of a loss of 1e-9 in float32, where 1 - p is 0: against autograd in float64."""
    p, freqs = 13, (1, 3, 5)
    weights, task = clock_weights(p, freqs, np.float32, amplitude=90.0), task_of(p)
    pairs = gradient.pairs_of(task, task.is_train)
    loss, found = gradient.loss_and_gradient(weights, pairs)
    assert loss < 1e-7
    expected_loss, expected = by_torch({n: w.astype(float) for n, w in weights.items()}, pairs, p)
    assert loss == pytest.approx(expected_loss, rel=1e-3)
    for name, value in expected.items():
        assert np.linalg.norm(found[name] - value) <= 1e-3 * np.linalg.norm(value)


def test_no_pair_is_refused(random_weights, task_of):
    task = task_of(7)
    pairs = gradient.pairs_of(task, np.zeros((7, 7), bool))
    with pytest.raises(ValueError, match="There is no pair to take a gradient of. Give at least one."):
        gradient.loss_and_gradient(random_weights(7), pairs)


def test_of_another_network_it_says_why_there_is_none():
    shapes = RunConfig(p=7).shapes
    assert gradient.why_not(shapes) == ""
    assert "This network is another" in gradient.why_not(
        {"W_x": (7, 4), "W_y": (7, 4), "W": (8, 6), "W_U": (6, 7)}
    )
    assert "This network is another" in gradient.why_not(shapes, attention_rate=0.5)
    assert "This network is another" in gradient.why_not(shapes | {"W_pos": (2, 128)})
