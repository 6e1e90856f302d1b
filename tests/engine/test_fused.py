"""The fused step against the readable model: same loss, same gradient of every parameter, run by run."""

import numpy as np
import pytest
import torch

from grokviz.config import RunConfig
from grokviz.engine import fused, model
from grokviz.tasks import build_task


def setting(p: int, dtype: torch.dtype, operation: str = "add", frac_train: float = 0.3, seed: int = 0):
    config = RunConfig(
        p=p, operation=operation, frac_train=frac_train, seed=seed, d_model=16, n_heads=4, d_mlp=24
    )
    net = model.Transformer(config).to(dtype)
    with torch.no_grad():
        for i, w in enumerate(net.parameters()):  # also the biases, which start at 0
            w += 0.1 * torch.randn(w.shape, generator=torch.Generator().manual_seed(i), dtype=dtype)
    task = build_task(config)
    a, b = (torch.tensor(x) for x in np.nonzero(task.is_train))
    return net, a, b, torch.tensor(task.answers[task.is_train])


def fused_step(settings, loss="softmax"):
    """Losses, logits and gradients of runs of one shape, by the fused step."""
    nets, a, b, answers = zip(*settings, strict=True)
    p = nets[0].W_U.shape[1]
    params = {
        name: torch.stack([dict(net.named_parameters())[name].detach() for net in nets])
        for name, _ in nets[0].named_parameters()
    }
    pairs = fused.make_pairs(list(a), list(b), list(answers), p)
    buffers, gradients = fused.make_buffers(params, pairs)
    for array in (*buffers, *gradients):
        array.fill_(torch.nan)  # nothing that was there before may matter,
    buffers.hidden[..., -1] = 1  # but for the column that meets the biases
    tables = fused.make_tables(params)
    pattern = fused.forward(tables, pairs, buffers)
    losses = fused.LOSSES[loss](buffers.logits, pairs, buffers.wide, gradients.logits)
    grads = {name: torch.full_like(w, torch.nan) for name, w in params.items()}
    fused.backward(params, tables, pairs, pattern, buffers, gradients, grads)
    return losses, buffers.logits, grads


def stablemax(logits, answers):
    """Algorithm 1 of Prieto et al., pair by pair."""
    total = 0.0
    for row, answer in zip(logits.double(), answers, strict=True):
        s = torch.stack([x + 1 if x >= 0 else 1 / (1 - x) for x in row])
        total = total - (s[answer] / s.sum()).log()
    return total / len(logits)


READABLE = {"softmax": model.cross_entropy, "stablemax": stablemax}


@pytest.mark.parametrize("loss", READABLE)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
@pytest.mark.parametrize(("p", "operation"), [(5, "add"), (7, "divide"), (12, "multiply"), (100, "add")])
def test_loss_and_every_gradient_equal_the_readable_model(p, operation, dtype, tolerance, loss):
    if loss == "stablemax" and p == 100:
        pytest.skip("pair by pair, the reference takes too long")
    settings = [
        setting(p, dtype, operation, frac_train, seed) for frac_train, seed in ((0.3, 0), (0.5, 1), (0.2, 2))
    ]
    losses, all_logits, grads = fused_step(settings, loss)
    assert losses.dtype == torch.float64
    for run, (net, a, b, answers) in enumerate(settings):
        logits = net(model.tokens_of(a, b, p))
        expected = READABLE[loss](logits, answers)
        expected.backward()
        assert losses[run].item() == pytest.approx(expected.item(), rel=tolerance)
        torch.testing.assert_close(
            all_logits[run, : len(a)], logits.detach(), rtol=tolerance, atol=tolerance * 10
        )
        assert {name for name, _ in net.named_parameters()} == grads.keys()
        for name, w in net.named_parameters():
            error = (grads[name][run] - w.grad).norm() / w.grad.norm()
            assert error < tolerance, name


@pytest.mark.parametrize("p", [7, 113])
def test_the_gradient_is_that_of_the_initial_weights_too(p):
    """Where training starts, queries and keys hardly matter, and their gradients are tiny: still the same."""
    config = RunConfig(p=p, d_model=32, d_mlp=64)
    net = model.Transformer(config).double()
    task = build_task(config)
    a, b = (torch.tensor(x) for x in np.nonzero(task.is_train))
    answers = torch.tensor(task.answers[task.is_train])
    model.cross_entropy(net(model.tokens_of(a, b, p)), answers).backward()
    _, _, grads = fused_step([(net, a, b, answers)])
    for name, w in net.named_parameters():
        assert (grads[name][0] - w.grad).norm() < 1e-12 * w.grad.norm(), name


@pytest.mark.parametrize("loss", fused.LOSSES)
def test_the_loss_passes_gradcheck(loss):
    """The hand-written derivative of each loss against finite differences."""
    answers = torch.tensor([[1, 4, 0], [2, 2, 0]])
    share = torch.tensor([[0.5, 0.5, 0.0], [1 / 3, 1 / 3, 1 / 3]], dtype=torch.float64)
    pairs = fused.Pairs(torch.empty(0), answers, share)
    wide = torch.empty(2, 3, 5, dtype=torch.float64)

    class Loss(torch.autograd.Function):
        @staticmethod
        def forward(ctx, logits):
            grad = torch.empty_like(logits)
            losses = fused.LOSSES[loss](logits, pairs, wide, grad)
            ctx.save_for_backward(grad)
            return losses

        @staticmethod
        def backward(ctx, *upstream):
            return upstream[0][:, None, None] * ctx.saved_tensors[0]

    logits = 3 * torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert torch.autograd.gradcheck(Loss.apply, logits.requires_grad_())


def test_without_a_gradient_the_loss_is_the_same():
    (net, a, b, answers) = setting(7, torch.float32)
    losses, logits, _ = fused_step([(net, a, b, answers)])
    pairs = fused.make_pairs([a], [b], [answers], 7)
    for loss in fused.LOSSES.values():
        wide = torch.empty(logits.shape, dtype=torch.float64)
        with_grad = loss(logits, pairs, wide, torch.empty_like(logits))
        assert torch.equal(loss(logits, pairs, wide), with_grad)
    assert losses.item() == pytest.approx(model.cross_entropy(logits[0], answers).item(), rel=1e-12)
