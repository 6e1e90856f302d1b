"""The fused step against the readable model: same loss, same gradient of every parameter, run by run."""

import decimal

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


def stacked(settings):
    """Runs of one shape as the fused step takes them: parameters and pairs."""
    nets, a, b, answers = zip(*settings, strict=True)
    all_weights = [dict(net.named_parameters()) for net in nets]
    params = {name: torch.stack([w[name].detach() for w in all_weights]) for name in all_weights[0]}
    p, heads = params["W_U"].shape[2], params["W_Q"].shape[1]
    return params, fused.make_pairs(list(a), list(b), list(answers), p, heads)


def fused_step(settings, loss="softmax"):
    """Losses, logits and gradients of runs of one shape, by the fused step."""
    params, pairs = stacked(settings)
    buffers, gradients = fused.make_buffers(params, pairs), fused.make_gradients(params, pairs)
    for array in (buffers.pattern, buffers.logits, gradients.pre, gradients.logits):
        array.fill_(torch.nan)  # nothing that was there before may matter
    tables = fused.make_tables(params)
    post = fused.forward(tables, pairs, buffers)
    losses = fused.LOSSES[loss](buffers.logits, pairs, gradients.logits)
    grads = {name: torch.full_like(w, torch.nan) for name, w in params.items()}
    fused.backward(params, tables, pairs, buffers, post, gradients, grads)
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


@pytest.mark.parametrize("part_bytes", [0, 3000, 10**9])
def test_evaluation_in_parts_gives_the_same_logits(part_bytes):
    settings = [setting(12, torch.float64, frac_train=f, seed=i) for i, f in enumerate((0.3, 0.5))]
    _, logits, _ = fused_step(settings)
    params, pairs = stacked(settings)
    buffers = fused.make_buffers(params, pairs)
    fused.evaluate(fused.make_tables(params), pairs, buffers, part_bytes)
    torch.testing.assert_close(buffers.logits, logits, rtol=1e-12, atol=1e-12)


def pairs_with(answers):
    """Pairs of which only the answers matter: a list of them for every run."""
    numbers = [torch.zeros_like(x) for x in answers]
    return fused.make_pairs(numbers, numbers, answers, 5, heads=1)


@pytest.mark.parametrize("loss", fused.LOSSES)
def test_the_loss_passes_gradcheck(loss):
    """The hand-written derivative of each loss against finite differences."""
    pairs = pairs_with([torch.tensor([1, 4]), torch.tensor([2, 2, 0])])

    class Loss(torch.autograd.Function):
        @staticmethod
        def forward(ctx, logits):
            grad = torch.empty_like(logits)
            losses = fused.LOSSES[loss](logits, pairs, grad)
            ctx.save_for_backward(grad)
            return losses

        @staticmethod
        def backward(ctx, *upstream):
            return upstream[0][:, None, None] * ctx.saved_tensors[0]

    logits = 3 * torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert torch.autograd.gradcheck(Loss.apply, logits.requires_grad_())


@pytest.mark.parametrize("loss", fused.LOSSES)
@pytest.mark.parametrize("margin", [-1000, -200, -10, 0, 10, 30, 60])
def test_float32_loses_nothing_of_a_loss_near_zero_or_far_from_it(loss, margin):
    """The right logit stands `margin` above the others: at 30 the softmax loss is 1e-13, and 1 - p is 0 in
    float32. The reference is computed with 1,000 digits."""
    answers = torch.tensor([1, 4, 0])
    logits = torch.randn(3, 5, generator=torch.Generator().manual_seed(0))
    logits[torch.arange(3), answers] += margin

    expected, slopes = 0.0, torch.zeros(3, 5, dtype=torch.float64)
    with decimal.localcontext(prec=1000):
        for i, answer in enumerate(answers.tolist()):
            x = [decimal.Decimal(value) for value in logits[i].tolist()]
            s, slope = zip(*(REFERENCE[loss](value) for value in x), strict=True)
            p = [value / sum(s) for value in s]
            expected += float(-p[answer].ln() / 3)
            slopes[i] = torch.tensor([float((p[j] - (j == answer)) * slope[j] / 3) for j in range(5)])

    grad = torch.empty(1, 3, 5)
    found = fused.LOSSES[loss](logits[None], pairs_with([answers]), grad)
    assert found.item() == pytest.approx(expected, rel=2e-6)
    torch.testing.assert_close(grad[0].double(), slopes, rtol=5e-6, atol=1e-37)


REFERENCE = {  # s(x) and d log s / dx
    "softmax": lambda x: (x.exp(), 1),
    "stablemax": lambda x: (x + 1 if x >= 0 else 1 / (1 - x), 1 / (1 + abs(x))),
}
