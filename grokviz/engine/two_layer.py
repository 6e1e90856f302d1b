"""The step of the two-layer network, relu(W_x[a] W_1 + W_y[b] W_2) W_U with W = [W_1; W_2], and its gradient by hand.

What is saved: the neurons see a sum of two rows, so W_x W_1 and W_y W_2 are multiplied once for every number and not
for every pair, and the gradients of pairs are added up by row before they go on. Several runs at once, as in
`engine/fused.py`, whose pairs, losses and way back these are: a network of one head that attends to nothing.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import embedding_bag

from grokviz.engine.fused import Logits, Pairs, Params, WayBack


class Buffers(NamedTuple):
    """Room for what is known of every pair."""

    logits: Logits


class Gradients(NamedTuple):
    """Room for the gradients."""

    pre: Float[Tensor, "runs n d_mlp"]
    logits: Logits


class Tables(NamedTuple):
    """What the neurons see of every number: of a for every run, and then of b, run by run; and what reads them."""

    writes: Float[Tensor, "rows d_mlp"]
    W_U: Float[Tensor, "runs d_mlp p"]


def make_buffers(params: Params, pairs: Pairs) -> Buffers:
    return Buffers(params["W_U"].new_empty(*pairs.answers.shape, params["W_U"].shape[-1]))


def make_gradients(params: Params, pairs: Pairs) -> Gradients:
    d_mlp, p = params["W_U"].shape[1:]
    shape = pairs.answers.shape
    return Gradients(params["W_U"].new_zeros(*shape, d_mlp), params["W_U"].new_zeros(*shape, p))


def make_tables(w: Params, rate: float = 1.0) -> Tables:
    """`rate` is that of the attention, of which there is none here."""
    W_1, W_2 = w["W"].chunk(2, dim=1)
    writes = torch.cat([w["W_x"] @ W_1, w["W_y"] @ W_2], dim=1)
    return Tables(writes.flatten(0, 1), w["W_U"])


def forward(t: Tables, pairs: Pairs, out: Buffers) -> Float[Tensor, "runs n d_mlp"]:
    """Fills the buffers, and returns the activations of the neurons."""
    return _activate(t, pairs.attended, out.logits)


def evaluate(t: Tables, pairs: Pairs, out: Buffers, part_bytes: int) -> None:
    """Fills the buffers, and needs no more than about so many bytes for activations besides."""
    runs, n, _ = out.logits.shape
    rows = pairs.attended.view(runs, n, 2)
    size = max(1, part_bytes // (runs * t.writes[0].nbytes))
    for start in range(0, n, size):
        part = slice(start, start + size)
        _activate(t, rows[:, part].flatten(0, 1), out.logits[:, part])


def _activate(t: Tables, rows: Int[Tensor, "pairs 2"], logits: Logits) -> Float[Tensor, "runs n d_mlp"]:
    post = embedding_bag(rows, t.writes, mode="sum").view(*logits.shape[:2], -1).relu_()
    torch.bmm(post, t.W_U, out=logits)
    return post


def backward(
    w: Params,
    t: Tables,
    pairs: Pairs,
    way: WayBack,
    at: Buffers,
    post: Float[Tensor, "runs n d_mlp"],
    d: Gradients,
    out: Params,
) -> None:
    """From the gradient of the logits, in `d`, to that of every parameter, into `out`: the chain rule, last to first."""
    torch.bmm(post.mT, d.logits, out=out["W_U"])
    torch.bmm(d.logits, t.W_U.mT, out=d.pre)
    torch.ops.aten.threshold_backward.grad_input(d.pre, post, 0.0, grad_input=d.pre)  # of the ReLU
    d_rows = embedding_bag(way.pairs_by_row, d.pre.flatten(0, 1), way.row_starts, mode="sum")
    d_a, d_b = d_rows.view(len(w["W"]), -1, d_rows.shape[-1]).chunk(2, dim=1)
    W_1, W_2 = w["W"].chunk(2, dim=1)
    d_W_1, d_W_2 = out["W"].chunk(2, dim=1)
    for table, W, d_table, d_W in (("W_x", W_1, d_a, d_W_1), ("W_y", W_2, d_b, d_W_2)):
        torch.bmm(d_table, W.mT, out=out[table])
        torch.bmm(w[table].mT, d_table, out=d_W)
