"""The fused step: the loss of `engine/model.py` and its gradient, in a fraction of the time.

What is saved, and why it is the same number:
- only the last position is read, so nothing is computed at the other two;
- the last token is always "=", so the query is one vector a head, and scores and values are tables over
  (token, position) of 2p + 1 entries instead of activations of every pair;
- matrices that meet without a nonlinearity between them are multiplied first: W_O W_in, and
  [W_out; W_O] W_U. Per pair, two matrix products remain: z @ (W_O W_in) and [post, z] @ ([W_out; W_O] W_U);
- their backward pass is written by hand and the loss gradient stays in the same buffers. The small
  tables go through autograd. Gathering by a and by b is undone by a product with an indicator matrix.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

Params = dict[str, Tensor]


class Pairs(NamedTuple):
    """The pairs of one side of the split, with what depends on them alone."""

    a: Int[Tensor, " n"]
    b: Int[Tensor, " n"]
    answers: Int[Tensor, " n"]
    a_onehot: Float[Tensor, "p n"]  # [token, pair]: 1 where the pair has this a
    b_onehot: Float[Tensor, "p n"]


def make_pairs(a: Tensor, b: Tensor, answers: Tensor, p: int, dtype: torch.dtype) -> Pairs:
    tokens = torch.arange(p, device=a.device)[:, None]
    return Pairs(a, b, answers, (tokens == a).to(dtype), (tokens == b).to(dtype))


class Tables(NamedTuple):
    """All that the pairs need to know of the weights."""

    score_a: Float[Tensor, "p heads"]
    score_b: Float[Tensor, "p heads"]
    score_eq: Float[Tensor, " heads"]
    value_a: Float[Tensor, "p hd"]  # hd = heads * d_head
    value_b: Float[Tensor, "p hd"]
    value_eq: Float[Tensor, " hd"]
    z_to_pre: Float[Tensor, "hd d_mlp"]
    pre_bias: Float[Tensor, " d_mlp"]
    to_logits: Float[Tensor, "d_mlp+hd p"]  # rows: post, then z
    logit_bias: Float[Tensor, " p"]


def make_tables(w: Params) -> Tables:
    heads, d_model, d_head = w["W_Q"].shape
    numbers, eq = w["W_E"][:-1], w["W_E"][-1] + w["W_pos"][2]
    resid_a, resid_b = numbers + w["W_pos"][0], numbers + w["W_pos"][1]
    query = torch.einsum("d,hde->he", eq, w["W_Q"]) / math.sqrt(d_head)
    key_to_score = torch.einsum("hde,he->dh", w["W_K"], query)
    W_V = w["W_V"].transpose(0, 1).reshape(d_model, heads * d_head)
    W_O = w["W_O"].reshape(heads * d_head, d_model)
    return Tables(
        score_a=resid_a @ key_to_score,
        score_b=resid_b @ key_to_score,
        score_eq=eq @ key_to_score,
        value_a=resid_a @ W_V,
        value_b=resid_b @ W_V,
        value_eq=eq @ W_V,
        z_to_pre=W_O @ w["W_in"],
        pre_bias=eq @ w["W_in"] + w["b_in"],
        to_logits=torch.cat([w["W_out"], W_O]) @ w["W_U"],
        logit_bias=(eq + w["b_out"]) @ w["W_U"],
    )


class Record(NamedTuple):
    """What the backward pass needs of the forward pass."""

    pattern: Float[Tensor, "n heads 3"]
    values: tuple[Tensor, Tensor]  # [n heads d_head] of a and of b
    hidden: Float[Tensor, "n d_mlp+hd"]  # post, then z
    logits: Float[Tensor, "n p"]


def forward(t: Tables, pairs: Pairs) -> Record:
    """Logits of the pairs from the tables."""
    n, heads, d_mlp = len(pairs.a), len(t.score_eq), len(t.pre_bias)
    scores = torch.stack([t.score_a[pairs.a], t.score_b[pairs.b], t.score_eq.expand(n, -1)], dim=-1)
    pattern = scores.softmax(-1)
    value_a = t.value_a[pairs.a].view(n, heads, -1)
    value_b = t.value_b[pairs.b].view(n, heads, -1)
    hidden = t.value_a.new_empty(n, len(t.to_logits))
    post, z = hidden[:, :d_mlp], hidden[:, d_mlp:]
    mixed = pattern[..., 0:1] * value_a
    mixed.addcmul_(pattern[..., 1:2], value_b).addcmul_(pattern[..., 2:3], t.value_eq.view(heads, -1))
    z.copy_(mixed.view(n, -1))
    torch.addmm(t.pre_bias, z, t.z_to_pre, out=post).relu_()
    return Record(pattern, (value_a, value_b), hidden, torch.addmm(t.logit_bias, hidden, t.to_logits))


def loss_and_logit_grad(logits: Tensor, answers: Tensor) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy in float64, and its gradient in the dtype of the logits: (softmax - onehot) / n."""
    n = len(answers)
    log_probs = logits.double().log_softmax(-1)
    rows = torch.arange(n, device=answers.device)
    loss = -log_probs[rows, answers].mean()
    grad = log_probs.exp_()
    grad[rows, answers] -= 1
    return loss, grad.div_(n).to(logits.dtype)


def backward(t: Tables, pairs: Pairs, record: Record, d_logits: Tensor) -> Tables:
    """Gradient of the loss with respect to every table, by the chain rule, last to first."""
    d_mlp, heads = len(t.pre_bias), len(t.score_eq)
    n = len(d_logits)
    d_hidden = d_logits @ t.to_logits.T
    d_pre = d_hidden[:, :d_mlp].mul_(record.hidden[:, :d_mlp] > 0)
    z = record.hidden[:, d_mlp:]
    d_z = torch.addmm(d_hidden[:, d_mlp:], d_pre, t.z_to_pre.T).view(n, heads, -1)

    value_a, value_b = record.values
    d_pattern = torch.stack(
        [(d_z * value_a).sum(-1), (d_z * value_b).sum(-1), (d_z * t.value_eq.view(heads, -1)).sum(-1)], dim=-1
    )
    d_scores = record.pattern * (d_pattern - (record.pattern * d_pattern).sum(-1, keepdim=True))
    a_share, b_share, eq_share = ((record.pattern[..., i : i + 1] * d_z).view(n, -1) for i in range(3))
    return Tables(
        score_a=pairs.a_onehot @ d_scores[..., 0],
        score_b=pairs.b_onehot @ d_scores[..., 1],
        score_eq=d_scores[..., 2].sum(0),
        value_a=pairs.a_onehot @ a_share,
        value_b=pairs.b_onehot @ b_share,
        value_eq=eq_share.sum(0),
        z_to_pre=z.T @ d_pre,
        pre_bias=d_pre.sum(0),
        to_logits=record.hidden.T @ d_logits,
        logit_bias=d_logits.sum(0),
    )


def loss_and_grads(params: Params, pairs: Pairs) -> tuple[Tensor, Tensor]:
    """The loss (float64) and the logits of the pairs; adds the gradient to `.grad` of every parameter."""
    with torch.enable_grad():
        tables = make_tables(params)
    with torch.no_grad():
        record = forward(tables, pairs)
        loss, d_logits = loss_and_logit_grad(record.logits, pairs.answers)
        grads = backward(tables, pairs, record, d_logits)
    torch.autograd.backward(tables, grads)
    return loss, record.logits


@torch.no_grad()
def evaluate(params: Params, pairs: Pairs) -> tuple[Tensor, Tensor]:
    """The loss (float64) and the logits of the pairs, without a gradient."""
    logits = forward(make_tables(params), pairs).logits
    return torch.nn.functional.cross_entropy(logits.double(), pairs.answers), logits
