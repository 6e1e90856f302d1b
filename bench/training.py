"""One training step of the paper's model (p = 113, 3,830 pairs), turn by turn: the readable model with
autograd, the fused step, and the matrix products that no arrangement avoids."""

import numpy as np

from bench.table import Row, medians, milliseconds
from grokviz.config import PRESETS
from grokviz.tasks import build_task


def rows() -> list[Row]:
    import torch

    from grokviz.engine import fused, model

    config = PRESETS["paper"]
    task = build_task(config)
    a, b = (torch.tensor(x) for x in np.nonzero(task.is_train))
    answers = torch.tensor(task.answers[task.is_train])
    net = model.Transformer(config)
    params = dict(net.named_parameters())
    pairs = fused.make_pairs(a, b, answers, config.p, torch.float32)
    test_a, test_b = (torch.tensor(x) for x in np.nonzero(task.is_test))
    unseen = fused.make_pairs(
        test_a, test_b, torch.tensor(task.answers[task.is_test]), config.p, torch.float32
    )
    plain, fast = (torch.optim.AdamW(params.values(), lr=0.0, fused=fused) for fused in (False, True))

    def reference_step() -> None:
        plain.zero_grad()
        model.cross_entropy(net(model.tokens_of(a, b, config.p)), answers).backward()
        plain.step()

    def fused_step() -> None:
        fast.zero_grad()
        fused.loss_and_grads(params, pairs)
        fast.step()

    n, d, m, p = len(a), config.d_model, config.d_mlp, config.p
    z, hidden, to_pre, to_logits = (
        torch.randn(n, d),
        torch.randn(n, m + d),
        torch.randn(d, m),
        torch.randn(m + d, p),
    )
    d_logits, d_pre = torch.randn(n, p), torch.randn(n, m)

    def products() -> None:
        z @ to_pre, hidden @ to_logits  # forward
        d_logits @ to_logits.T, hidden.T @ d_logits, d_pre @ to_pre.T, z.T @ d_pre  # backward

    reference, fused_time, floor, evaluation = medians(
        reference_step, fused_step, products, lambda: fused.evaluate(params, unseen)
    )
    per_step = fused_time + evaluation / config.log_every
    return [
        Row("readable model, autograd", milliseconds(reference)),
        Row("fused step", milliseconds(fused_time)),
        Row("the six matrix products alone", milliseconds(floor)),
        Row("readable / fused", f"{reference / fused_time:.2f}", "5.5"),
        Row("fused / products", f"{fused_time / floor:.2f}", "1.4"),
        Row("evaluation on the test pairs", milliseconds(evaluation)),
        Row("evaluation, share of training", f"{evaluation / config.log_every / per_step:.1%}", "under 5 %"),
        Row("40,000 steps with evaluation", f"{40_000 * per_step / 60:.1f} min", "20 min"),
    ]
