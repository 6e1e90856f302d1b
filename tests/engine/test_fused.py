"""The fused step against the readable model: same loss, same gradient of every parameter."""

import numpy as np
import pytest
import torch

from grokviz.config import RunConfig
from grokviz.engine import fused, model
from grokviz.tasks import build_task


def setting(p: int, dtype: torch.dtype, operation: str = "add"):
    config = RunConfig(p=p, operation=operation, d_model=16, n_heads=4, d_mlp=24)
    net = model.Transformer(config).to(dtype)
    with torch.no_grad():
        for i, w in enumerate(net.parameters()):  # also the biases, which start at 0
            w += 0.1 * torch.randn(w.shape, generator=torch.Generator().manual_seed(i), dtype=dtype)
    task = build_task(config)
    a, b = (torch.tensor(x) for x in np.nonzero(task.is_train))
    answers = torch.tensor(task.answers[task.is_train])
    return config, net, a, b, answers


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
@pytest.mark.parametrize(("p", "operation"), [(5, "add"), (7, "divide"), (12, "multiply"), (100, "add")])
def test_loss_and_every_gradient_equal_the_readable_model(p, operation, dtype, tolerance):
    config, net, a, b, answers = setting(p, dtype, operation)
    logits = net(model.tokens_of(a, b, p))
    loss = model.cross_entropy(logits, answers)
    loss.backward()
    expected = {name: w.grad.clone() for name, w in net.named_parameters() if w.grad is not None}
    assert expected.keys() == config.shapes.keys()
    net.zero_grad()

    params = dict(net.named_parameters())
    pairs = fused.make_pairs(a, b, answers, p, dtype)
    fused_loss, fused_logits = fused.loss_and_grads(params, pairs)

    assert fused_loss.dtype == torch.float64
    assert fused_loss.item() == pytest.approx(loss.item(), rel=tolerance)
    torch.testing.assert_close(fused_logits, logits, rtol=tolerance, atol=tolerance * 10)
    for name, grad in expected.items():
        error = (params[name].grad - grad).norm() / grad.norm()
        assert error < tolerance, name


def test_evaluate_is_the_same_forward_pass_and_leaves_no_gradient():
    _, net, a, b, answers = setting(7, torch.float64)
    params = dict(net.named_parameters())
    pairs = fused.make_pairs(a, b, answers, 7, torch.float64)
    loss, logits = fused.evaluate(params, pairs)
    with_grad, logits_with_grad = fused.loss_and_grads(params, pairs)
    assert loss.item() == pytest.approx(with_grad.item(), rel=1e-14)
    assert torch.equal(logits, logits_with_grad)
    assert not logits.requires_grad


def test_training_follows_the_readable_model():
    """200 steps of AdamW each way from the same start, in float64: the weights stay together."""
    config, net, a, b, answers = setting(7, torch.float64)
    twin = {name: w.detach().clone().requires_grad_() for name, w in net.named_parameters()}
    pairs = fused.make_pairs(a, b, answers, 7, torch.float64)
    readable, fast = (
        torch.optim.AdamW(ps, lr=1e-3, weight_decay=1.0) for ps in (net.parameters(), twin.values())
    )
    for _ in range(200):
        readable.zero_grad()
        model.cross_entropy(net(model.tokens_of(a, b, config.p)), answers).backward()
        readable.step()
        fast.zero_grad()
        fused.loss_and_grads(twin, pairs)
        fast.step()
    for name, w in net.named_parameters():
        torch.testing.assert_close(twin[name], w, rtol=1e-8, atol=1e-9)
