"""Networks other than the paper's, in training: other attention rates, and the two-layer network."""

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from grokviz.config import RunConfig
from grokviz.engine import batch, two_layer
from grokviz.engine.schedule import LogRow
from grokviz.engine.train import Snapshot, train
from grokviz.errors import TrainingError
from grokviz.models import transformer
from grokviz.models.forward import forward
from grokviz.tasks.pairs import build_task

NETWORKS = [{"attention_rate": 0.0}, {"attention_rate": 0.4}, {"architecture": "mlp"}]


def noisy_state(config, seed):
    """Its first state with all weights moved, the biases too, which start at 0."""
    rng, state = np.random.default_rng(seed), batch.first_state(config)
    moved = {n: (w + 0.1 * rng.standard_normal(w.shape)).astype(np.float32) for n, w in state.weights.items()}
    return state._replace(weights=moved)


def readable(config, weights):
    """The readable model of a config, and what it answers to a side of the split: (module, logits of a mask)."""
    kind = transformer.Transformer if config.model.has_attention else transformer.TwoLayer
    net = kind(weights | config.model.constants).double()

    def logits(mask):
        a, b = (torch.tensor(i) for i in np.nonzero(mask))
        return net(transformer.tokens_of(a, b, config.p)[:, : config.model.n_ctx])

    return net, logits


@pytest.mark.parametrize("p", [5, 12])
@pytest.mark.parametrize("loss", ["softmax", "stablemax"])
@pytest.mark.parametrize("network", NETWORKS)
def test_losses_and_every_gradient_are_those_of_the_readable_model(network, loss, p):
    configs = [
        RunConfig(p=p, d_model=16, d_mlp=24, seed=i, frac_train=f, loss=loss, **network)
        for i, f in enumerate((0.3, 0.6, 0.2))
    ]
    states = [noisy_state(config, i) for i, config in enumerate(configs)]
    b = batch.make_batch(configs, states, torch.device("cpu"), torch.float64)
    b.grads.fill_(torch.nan)  # nothing that was there before may matter
    batch.gradient(b)
    rows = batch.row(b)
    for run, config in enumerate(configs):
        (net, logits), task = readable(config, states[run].weights), build_task(config)
        for side, mask in enumerate((task.is_train, task.is_test)):
            found, answers = logits(mask), torch.tensor(task.answers[mask])
            expected = transformer.cross_entropy(found, answers)
            assert rows[run, side].item() == pytest.approx(expected.item(), rel=1e-12)
            assert rows[run, 2 + side].item() == (found.argmax(-1) == answers).double().mean()
        trained_on(logits(task.is_train), torch.tensor(task.answers[task.is_train]), loss).backward()
        for name, w in net.named_parameters():
            expected = torch.zeros_like(w) if w.grad is None else w.grad
            assert (b.d_params[name][run] - expected).norm() <= 1e-12 * max(expected.norm(), 1e-3), name


def trained_on(logits: torch.Tensor, answers: torch.Tensor, loss: str) -> torch.Tensor:
    if loss == "softmax":
        return transformer.cross_entropy(logits, answers)
    s = torch.where(logits >= 0, logits + 1, 1 / (1 - logits))
    return -(s.gather(1, answers[:, None]) / s.sum(1, keepdim=True)).log().mean()


def test_the_two_layer_step_passes_gradcheck():
    """Its gradient against finite differences, without the readable model."""
    config = RunConfig(p=3, d_model=4, d_mlp=5, frac_train=0.6, architecture="mlp")
    b = batch.make_batch([config], [noisy_state(config, 0)], torch.device("cpu"), torch.float64)

    class Loss(torch.autograd.Function):
        @staticmethod
        def forward(ctx, weights):
            b.weights.copy_(weights)
            batch.gradient(b)
            ctx.save_for_backward(b.grads.clone())
            return batch.row(b)[0, 0]

        @staticmethod
        def backward(ctx, *upstream):
            return upstream[0] * ctx.saved_tensors[0]

    assert gradcheck(Loss.apply, b.weights.clone().requires_grad_())


@pytest.mark.parametrize("part_bytes", [0, 300, 10**9])
def test_the_two_layer_network_is_evaluated_in_parts_alike(part_bytes):
    configs = [RunConfig(p=7, d_model=8, d_mlp=12, seed=i, architecture="mlp") for i in range(2)]
    states = [batch.first_state(config) for config in configs]
    b = batch.make_batch(configs, states, torch.device("cpu"), torch.float64)
    assert isinstance(b.at_test, two_layer.Buffers)
    b.at_test.logits.fill_(torch.nan)
    two_layer.evaluate(two_layer.make_tables(b.params), b.test, b.at_test, part_bytes)
    for run, config in enumerate(configs):
        wide = {name: w.astype(np.float64) for name, w in states[run].weights.items()}
        expected = forward(wide).logits[build_task(config).is_test]
        np.testing.assert_allclose(b.at_test.logits[run].numpy(), expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("network", NETWORKS)
def test_they_train_and_their_snapshots_are_what_the_log_says(network):
    config = RunConfig(p=7, d_model=16, d_mlp=24, frac_train=0.7, steps=60, lr=1e-2, **network)
    events = list(train(config, "cpu"))
    rows = {event.step: event for event in events if isinstance(event, LogRow)}
    last = [event for event in events if isinstance(event, Snapshot)][-1]
    assert rows[60].train_loss < 0.5 * rows[0].train_loss
    task = build_task(config)
    right = (forward(last.weights | config.model.constants).logits.argmax(2) == task.answers)[task.is_train]
    assert right.mean() == pytest.approx(rows[last.step].train_accuracy)
    assert last.weights.keys() == config.shapes.keys()


def test_networks_that_differ_in_kind_or_rate_share_no_batch():
    base = RunConfig(p=7, d_model=8, d_mlp=12)
    keys = {batch.batch_key(RunConfig(p=7, d_model=8, d_mlp=12, **network)) for network in NETWORKS}
    assert len(keys | {batch.batch_key(base)}) == 4


def test_a_network_that_is_shown_no_equals_is_not_trained():
    with pytest.raises(TrainingError, match='shown no "="'):
        list(train(RunConfig(p=7, read_at="b"), "cpu"))
