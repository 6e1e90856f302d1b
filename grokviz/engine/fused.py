"""The fused step: the loss of `engine/model.py` and its gradient, for many runs at once, in a fraction of the time.

What is saved, and why it is the same number:
- only the last position is read, so nothing is computed at the other two;
- the last token is always "=", so the query is one vector a head, and scores and values are tables over
  the 2p sources (a at position 0, then b at position 1) instead of activations of every pair;
- attention adds up to 1, so scores and values are taken relative to those of "=", which then drops out;
- matrices that meet without a nonlinearity between them are multiplied first: W_O W_in, W_out W_U, W_O W_U;
  the two that lead to the logits lie below each other, as do neurons and heads, and are one product;
- a bias is one more row of a matrix, and 1 one more column of what meets it: no pass of its own, and its gradient
  is a row of that of the matrix;
- the backward pass is written by hand. Gathering rows of a table is undone by adding them up again;
- every large array is a buffer that lasts as long as the training: fresh memory costs more than the arithmetic.

All arrays have a leading axis of runs: networks of one shape that know nothing of each other. Runs with fewer
pairs than others are padded with pairs of no weight.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

CACHE_LINE = 16  # in floats
Params = dict[str, Tensor]  # names and shapes: `RunConfig.shapes`, with a leading axis of runs


class Pairs(NamedTuple):
    """The pairs of one side of the split, of every run."""

    rows: Int[Tensor, " runs*2*n"]  # of a and then of b in the tables, counted through all runs
    answers: Int[Tensor, "runs n"]
    share: Float[Tensor, "runs n"]  # of the loss: 1 / (pairs of the run), and 0 for padding


class Buffers(NamedTuple):
    """Room for what is computed of every pair."""

    values: Float[Tensor, "runs 2 n heads d_head"]  # of a and of b
    hidden: Float[Tensor, "runs n d_mlp+hd+1"]  # post, z and 1; hd = heads * d_head
    post: Float[Tensor, "runs n d_mlp"]  # a view into it
    z: Float[Tensor, "runs n hd"]  # and another
    z_and_1: Float[Tensor, "runs n hd+1"]  # and another
    logits: Float[Tensor, "runs n p"]
    wide: Float[Tensor, "runs n p"]  # float64


class Gradients(NamedTuple):
    """Room for the gradients of those."""

    values: Float[Tensor, "runs 2 n heads d_head"]
    hidden: Float[Tensor, "runs n d_mlp+hd"]  # of post and z
    pre: Float[Tensor, "runs n d_mlp"]  # where that of post was
    z: Float[Tensor, "runs n hd"]
    logits: Float[Tensor, "runs n p"]


class Tables(NamedTuple):
    """All that the pairs need to know of the weights, and below it what the way back needs besides."""

    values: Float[Tensor, "runs sources hd"]  # of a = 0..p-1, then of b, relative to "="
    scores: Float[Tensor, "runs sources heads"]
    to_pre: Float[Tensor, "runs hd+1 d_mlp"]  # of z, and below the bias
    to_logits: Float[Tensor, "runs d_mlp+hd+1 p"]  # of post, below of z, and below the bias

    eq: Float[Tensor, "runs 1 d_model"]  # the residual stream of "=" before attention
    base: Float[Tensor, "runs 1 d_model"]  # and after it, if "=" attended to itself alone
    value_eq: Float[Tensor, "runs 1 hd"]
    sources: Float[Tensor, "runs sources d_model"]  # residual streams relative to that of "="
    query: Float[Tensor, "runs heads 1 d_head"]
    key_to_score: Float[Tensor, "runs d_model heads"]
    W_V: Float[Tensor, "runs d_model hd"]
    W_O: Float[Tensor, "runs hd d_model"]


def make_pairs(a: list[Tensor], b: list[Tensor], answers: list[Tensor], p: int) -> Pairs:
    """The pairs of several runs, one entry of each list a run."""
    n = max(len(x) for x in a)

    def padded(tensors: list[Tensor]) -> Tensor:
        return torch.stack([torch.nn.functional.pad(x, (0, n - len(x))) for x in tensors])

    first_row = 2 * p * torch.arange(len(a), device=a[0].device)[:, None, None]
    rows = torch.stack([padded(a), padded(b) + p], dim=1) + first_row
    share = padded([torch.full_like(x, 1 / len(x), dtype=torch.float64) for x in a])
    return Pairs(rows.flatten(), padded(answers), share)


def make_buffers(params: Params, pairs: Pairs) -> tuple[Buffers, Gradients]:
    """Both are a few hundred bytes a pair and unit, and not touched before they are used."""
    (runs, n), (heads, _, d_head) = pairs.answers.shape, params["W_Q"].shape[1:]
    d_mlp, p = params["b_in"].shape[-1], params["W_U"].shape[-1]
    new = params["W_E"].new_empty

    def matrix(width: int) -> Tensor:
        """Its rows begin where a line of the processor's cache does, which the products like."""
        return new((runs, n, -(-width // CACHE_LINE) * CACHE_LINE))[..., :width]

    parts = [d_mlp, heads * d_head]
    hidden = matrix(sum(parts) + 1)
    hidden[..., -1] = 1
    d_hidden = matrix(sum(parts))
    values = [new((runs, 2, n, heads, d_head)) for _ in range(2)]
    wide = new((runs, n, p), dtype=torch.float64)
    post, z, _ = hidden.split([*parts, 1], dim=-1)
    d_post, d_z = d_hidden.split(parts, dim=-1)
    return (
        Buffers(values[0], hidden, post, z, hidden[..., d_mlp:], matrix(p), wide),
        Gradients(values[1], d_hidden, d_post, d_z, matrix(p)),
    )


def make_tables(w: Params) -> Tables:
    runs, heads, d_model, d_head = w["W_Q"].shape
    W_U, b_in, b_out = w["W_U"], w["b_in"].unsqueeze(1), w["b_out"].unsqueeze(1)
    eq = w["W_E"][:, -1:] + w["W_pos"][:, 2:]
    numbers = w["W_E"][:, :-1]
    sources = torch.cat([numbers + (w["W_pos"][:, i : i + 1] - eq) for i in (0, 1)], dim=1)
    query = eq.unsqueeze(1) @ w["W_Q"] / math.sqrt(d_head)
    key_to_score = (w["W_K"] @ query.mT).squeeze(-1).mT
    W_V = w["W_V"].transpose(1, 2).reshape(runs, d_model, heads * d_head)
    W_O = w["W_O"].flatten(1, 2)
    value_eq = eq @ W_V
    base = eq + value_eq @ W_O
    return Tables(
        values=sources @ W_V,
        scores=sources @ key_to_score,
        to_pre=torch.cat([W_O @ w["W_in"], base @ w["W_in"] + b_in], dim=1),
        to_logits=torch.cat([w["W_out"], W_O, base + b_out], dim=1) @ W_U,
        eq=eq,
        base=base,
        value_eq=value_eq,
        sources=sources,
        query=query,
        key_to_score=key_to_score,
        W_V=W_V,
        W_O=W_O,
    )


def forward(t: Tables, pairs: Pairs, out: Buffers) -> Float[Tensor, "runs 2 n heads"]:
    """Fills the buffers, and returns the attention to a and to b."""
    heads = t.scores.shape[-1]
    runs, _, n, _, _ = out.values.shape
    torch.index_select(t.values.flatten(0, 1), 0, pairs.rows, out=out.values.view(len(pairs.rows), -1))
    scores = t.scores.flatten(0, 1)[pairs.rows].view(runs, 2, n, heads)
    top = scores.amax(1, keepdim=True).clamp_min_(0)  # "=" has score 0
    weight = (scores - top).exp_()
    pattern = weight / (weight.sum(1, keepdim=True) + (-top).exp_())

    z = out.z.view(runs, n, heads, -1)
    torch.mul(pattern[:, 0, ..., None], out.values[:, 0], out=z)
    z.addcmul_(pattern[:, 1, ..., None], out.values[:, 1])
    torch.bmm(out.z_and_1, t.to_pre, out=out.post).relu_()
    torch.bmm(out.hidden, t.to_logits, out=out.logits)
    return pattern


def cross_entropy(
    logits: Tensor, pairs: Pairs, wide: Tensor, grad: Tensor | None = None
) -> Float[Tensor, " runs"]:
    """Mean loss of every run, in float64, and into `grad` its gradient: (softmax - onehot) / n."""
    answers, share = pairs.answers.unsqueeze(-1), pairs.share.unsqueeze(-1)
    wide.copy_(logits)
    wide -= wide.amax(-1, keepdim=True)
    right = wide.gather(-1, answers)
    total = wide.exp_().sum(-1, keepdim=True)
    if grad is not None:
        wide.mul_(share / total).scatter_add_(-1, answers, -share)
        grad.copy_(wide)
    return ((total.log() - right) * share).sum((1, 2))


def stablemax_cross_entropy(
    logits: Tensor, pairs: Pairs, wide: Tensor, grad: Tensor | None = None
) -> Float[Tensor, " runs"]:
    """The same with StableMax in place of softmax: p_c = s(l_c) / sum s(l), with s(x) = x + 1 from 0 up
    and 1 / (1 - x) below. d log s / dx = 1 / (1 + |x|). Prieto et al. 2025 (arXiv 2501.04697), section 4."""
    answers, share = pairs.answers.unsqueeze(-1), pairs.share.unsqueeze(-1)
    wide.copy_(logits)
    slope = 1 / (1 + wide.abs())
    s = torch.where(wide < 0, slope, 1 + wide)
    total = s.sum(-1, keepdim=True)
    loss = ((total.log() - s.gather(-1, answers).log()) * share).sum((1, 2))
    if grad is not None:
        grad.copy_(s.mul_(share / total).scatter_add_(-1, answers, -share).mul_(slope))
    return loss


LOSSES = {"softmax": cross_entropy, "stablemax": stablemax_cross_entropy}


def backward(
    w: Params, t: Tables, pairs: Pairs, pattern: Tensor, at: Buffers, d: Gradients, out: Params
) -> None:
    """From the gradient of the logits, in `d`, to that of every parameter, into `out`: the chain rule, last to first."""
    heads = t.scores.shape[-1]
    runs, _, n, _, d_head = at.values.shape
    torch.bmm(d.logits, t.to_logits[:, :-1].mT, out=d.hidden)
    torch.ops.aten.threshold_backward.grad_input(d.pre, at.post, 0.0, grad_input=d.pre)  # of the ReLU
    d.z.baddbmm_(d.pre, t.to_pre[:, :-1].mT)

    d_z = d.z.view(runs, 1, n, heads, d_head)
    d_pattern = torch.mul(d_z, at.values, out=d.values).sum(-1)
    d_scores = pattern * (d_pattern - (pattern * d_pattern).sum(1, keepdim=True))
    torch.mul(d_z, pattern.unsqueeze(-1), out=d.values)

    def added_up(of_pairs: Tensor, like: Tensor) -> Tensor:
        table = torch.zeros_like(like)
        width = like.shape[-1]
        table.view(-1, width).index_add_(0, pairs.rows, of_pairs.view(-1, width))
        return table

    _to_parameters(
        w,
        t,
        out,
        d_values=added_up(d.values, t.values),
        d_scores=added_up(d_scores, t.scores),
        d_to_pre=(d.pre.mT @ at.z_and_1).mT,  # faster than the other way round
        d_to_logits=at.hidden.mT @ d.logits,
    )


def _to_parameters(
    w: Params,
    t: Tables,
    out: Params,
    d_values: Tensor,
    d_scores: Tensor,
    d_to_pre: Tensor,
    d_to_logits: Tensor,
) -> None:
    """The chain rule through `make_tables`."""
    runs, heads, d_model, d_head = w["W_Q"].shape
    W_in, W_U = w["W_in"], w["W_U"]
    base_out = t.base + w["b_out"].unsqueeze(1)
    d_z_to_pre, d_pre_bias = d_to_pre.split([heads * d_head, 1], dim=1)
    d_post_to_logits, d_z_to_logits, d_logit_bias = d_to_logits.split(
        [W_in.shape[2], heads * d_head, 1], dim=1
    )
    torch.bmm(d_post_to_logits, W_U.mT, out=out["W_out"])
    torch.bmm(w["W_out"].mT, d_post_to_logits, out=out["W_U"])
    out["W_U"].baddbmm_(t.W_O.mT, d_z_to_logits).baddbmm_(base_out.mT, d_logit_bias)
    torch.bmm(t.W_O.mT, d_z_to_pre, out=out["W_in"]).baddbmm_(t.base.mT, d_pre_bias)
    d_base_out = d_logit_bias @ W_U.mT
    out["b_out"].copy_(d_base_out[:, 0])
    out["b_in"].copy_(d_pre_bias[:, 0])

    d_base = d_base_out + d_pre_bias @ W_in.mT
    d_W_O = out["W_O"].view(runs, heads * d_head, d_model)
    torch.bmm(d_z_to_pre, W_in.mT, out=d_W_O)
    d_W_O.baddbmm_(d_z_to_logits, W_U.mT).baddbmm_(t.value_eq.mT, d_base)
    d_value_eq = d_base @ t.W_O.mT
    d_W_V = (t.sources.mT @ d_values).baddbmm_(t.eq.mT, d_value_eq)
    out["W_V"].copy_(d_W_V.view(runs, d_model, heads, d_head).transpose(1, 2))

    d_key_to_score = (t.sources.mT @ d_scores).mT
    torch.mul(d_key_to_score.unsqueeze(-1), t.query, out=out["W_K"])
    d_query = d_key_to_score.unsqueeze(2) @ w["W_K"] / math.sqrt(d_head)
    torch.mul(t.eq.unsqueeze(-1), d_query, out=out["W_Q"])

    d_sources = (d_values @ t.W_V.mT).baddbmm_(d_scores, t.key_to_score.mT)
    d_a, d_b = d_sources.chunk(2, dim=1)
    d_position_a, d_position_b = d_a.sum(1), d_b.sum(1)
    d_eq = d_base + d_value_eq @ t.W_V.mT + (w["W_Q"] @ d_query.mT).sum(1).mT
    d_eq = d_eq[:, 0] - d_position_a - d_position_b  # every source is relative to "="
    torch.add(d_a, d_b, out=out["W_E"][:, :-1])
    out["W_E"][:, -1] = d_eq
    for position, gradient in enumerate((d_position_a, d_position_b, d_eq)):
        out["W_pos"][:, position] = gradient
