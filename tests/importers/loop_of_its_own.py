"""Thirty lines of plain PyTorch that train modular addition, recorded by three of them. Run by test_recording.py."""

import sys

import torch

import grokviz

P, D = 11, 16
torch.manual_seed(0)
a, b = torch.meshgrid(torch.arange(P), torch.arange(P), indexing="ij")
is_train = torch.rand(P, P) < 0.7
names = {"W_E": (P + 1, D), "W_pos": (3, D), "W_Q": (2, D, 8), "W_K": (2, D, 8), "W_V": (2, D, 8), "W_O": (2, 8, D),
         "W_in": (D, 32), "b_in": (32,), "W_out": (32, D), "b_out": (D,), "W_U": (D, P)}  # fmt: skip
w = torch.nn.ParameterDict({name: torch.randn(shape) / D**0.5 for name, shape in names.items()})
adam = torch.optim.AdamW(w.parameters(), lr=5e-3, weight_decay=1.0)


def logits(a, b):
    x = w["W_E"][torch.stack([a, b, torch.full_like(a, P)], 1)] + w["W_pos"]
    q, k, v = (torch.einsum("bpd,hde->bhpe", x, w[name]) for name in ("W_Q", "W_K", "W_V"))
    pattern = (q[:, :, -1:] @ k.mT / 8**0.5).softmax(-1)
    mid = x[:, -1] + torch.einsum("bhqe,hed->bd", pattern @ v, w["W_O"])
    return (mid + (mid @ w["W_in"] + w["b_in"]).relu() @ w["W_out"] + w["b_out"]) @ w["W_U"]


rec = grokviz.record(
    sys.argv[1], grokviz.RunConfig(p=P, d_model=D, n_heads=2, d_mlp=32), is_train=is_train.numpy()
)
for step in range(int(sys.argv[2])):
    train, test = (
        torch.nn.functional.cross_entropy(logits(a[mask], b[mask]), (a + b)[mask] % P)
        for mask in (is_train, ~is_train)
    )
    rec.log(step, train_loss=train, test_loss=test)
    if step % 10 == 0:
        rec.snapshot(step, w.state_dict())
    adam.zero_grad()
    train.backward()
    adam.step()
    if sys.argv[3:] == ["killed"] and step == 25:
        import os
        import signal

        os.kill(os.getpid(), signal.SIGKILL)
rec.finish()
