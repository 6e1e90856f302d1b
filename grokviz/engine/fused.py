"""The fused step: the loss of `engine/model.py` and its gradient, for many runs at once, in a fraction of the time.

What is saved, and why it is the same number:
- only the last position is read, so nothing is computed at the other two;
- the last token is always "=", so the query is one vector a head, and scores and values are tables over
  the 2p sources (a at position 0, then b at position 1) instead of activations of every pair;
- attention adds up to 1, so scores and values are taken relative to those of "=", which then drops out (where it is
  alpha softmax + (1 - alpha), it adds up to 3 - 2 alpha, and so much of the value of "=" stays);
- so what a head adds to the neurons (before the ReLU) and directly to the logits is its attention times a row of a
  table, a row for each source. A pair adds up 2 heads + 1 rows, a bag of embeddings: that many multiplications a
  number, where the products with z would need d_model. (With so many heads that d_head is below 8, they would be
  faster.) The way back adds up pairs for each row;
- W_out and W_U meet without a nonlinearity between them and are multiplied first;
- p - 1, the derivative of the loss at the right answer, is computed as minus the sum of the others, so that only
  what is one number a pair needs float64;
- the backward pass is written by hand.

There may be several runs: networks of one shape that know nothing of each other. Weights, gradients and losses have
them as a leading axis; pairs, and rows of the table, are counted through all runs. Runs with fewer pairs than others
are padded with pairs of no weight.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import embedding_bag, pad

from grokviz import methods

CACHE_LINE = 16  # in floats
SMALLEST_RATE = 1e-30  # so that 0 is not divided by: at that rate no score matters
Logits = Float[Tensor, "runs n p"]
Params = dict[str, Tensor]  # names and shapes: `ModelSpec.shapes`, with a leading axis of runs


class Pairs(NamedTuple):
    """The pairs of one side of the split, of every run.

    pairs = runs * n, sources = 2 * heads (a and b of every head), entries = sources + 1 (and the base).
    """

    # Rows of `Tables.writes` in the bag of each pair: of a for every head, of b for every head, and the base.
    rows: Int[Tensor, "pairs entries"]
    # Without the base; where the scores are, too, in flat `Tables.scores`.
    attended: Int[Tensor, "pairs sources"]
    answers: Int[Tensor, "runs n"]
    share: Float[Tensor, "runs n"]  # of the loss: 1 / (pairs of the run), and 0 for padding


class WayBack(NamedTuple):
    """The entries of `Pairs.attended`, flat and then sorted by row: what the backward pass adds up."""

    pairs: Int[Tensor, " pairs*sources"]  # of which pair each entry is
    by_row: Int[Tensor, " pairs*sources"]  # the entries of the first row, then of the second ...
    pairs_by_row: Int[Tensor, " pairs*sources"]  # and of which pair they are
    row_starts: Int[Tensor, " rows"]  # where in these two the entries of a row begin


class Buffers(NamedTuple):
    """Room for what is known of every pair."""

    weights: Float[Tensor, "pairs entries"]  # attention, and 1 for the base
    pattern: Float[Tensor, "pairs 2 heads"]  # a view into it: attention to a and to b
    logits: Float[Tensor, "runs n p"]


class Gradients(NamedTuple):
    """Room for the gradients. width: neurons, logits, and zeros up to a whole line of the cache."""

    both: Float[Tensor, "runs n width"]
    pre: Float[Tensor, "runs n d_mlp"]  # a view into it
    logits: Float[Tensor, "runs n p"]  # and another


class Tables(NamedTuple):
    """All that the pairs need to know of the weights, and below it what the way back needs besides."""

    scores: Float[Tensor, "runs heads sources 1"]  # of a = 0..p-1, then of b, relative to "="
    # What every head of every run adds to neurons and logits for every source; then a row a run, the base: neurons
    # and logits if "=" attended to itself alone, with their biases.
    writes: Float[Tensor, "rows+runs width"]
    to_logits: Float[Tensor, "runs d_mlp p"]  # of post

    eq: Float[Tensor, "runs 1 1 d_model"]  # the residual stream of "=" before attention
    alone: Float[Tensor, "runs 1 d_model"]  # and after it, if "=" attended to itself alone
    sources: Float[Tensor, "runs 1 sources d_model"]  # residual streams relative to that of "="
    query: Float[Tensor, "runs heads 1 d_head"]
    key_to_score: Float[Tensor, "runs heads d_model 1"]
    values: Float[Tensor, "runs heads sources d_head"]  # relative to "="
    value_eq: Float[Tensor, "runs heads 1 d_head"]
    rate: float  # alpha
    to_both: Float[Tensor, "runs d_model width"]  # W_in, W_U and zeros
    head_to_both: Float[Tensor, "runs heads d_head width"]


def make_pairs(a: list[Tensor], b: list[Tensor], answers: list[Tensor], p: int, heads: int) -> Pairs:
    """The pairs of several runs, one entry of each list a run."""
    runs, n = len(a), max(len(x) for x in a)

    def padded(tensors: list[Tensor]) -> Tensor:
        return torch.stack([pad(x, (0, n - len(x))) for x in tensors])

    sources = torch.stack([padded(a), padded(b) + p], dim=2)
    run_and_head = torch.arange(runs * heads, device=sources.device).view(runs, 1, 1, heads)
    attended = (2 * p * run_and_head + sources.unsqueeze(-1)).view(runs * n, 2 * heads)
    base = 2 * p * heads * runs + torch.arange(runs, device=sources.device)
    rows = torch.cat([attended, base.repeat_interleave(n).unsqueeze(1)], dim=1)
    share = padded([torch.full_like(x, 1 / len(x), dtype=torch.float64) for x in a])
    return Pairs(rows.int(), attended.int(), padded(answers), share)


def make_way_back(params: Params, pairs: Pairs) -> WayBack:
    runs, heads, p = len(pairs.answers), pairs.attended.shape[1] // 2, params["W_U"].shape[-1]
    by_row = pairs.attended.flatten().argsort(stable=True)
    counts = pairs.attended.flatten().bincount(minlength=2 * p * heads * runs)
    pair = torch.arange(len(pairs.attended), device=by_row.device, dtype=torch.int32)
    return WayBack(
        pairs=pair.repeat_interleave(2 * heads),
        by_row=by_row,
        pairs_by_row=(by_row // (2 * heads)).int(),
        row_starts=(counts.cumsum(0) - counts).int(),
    )


def make_buffers(params: Params, pairs: Pairs) -> Buffers:
    (runs, n), heads, p = pairs.answers.shape, params["W_Q"].shape[1], params["W_U"].shape[-1]
    weights = params["W_E"].new_ones(pairs.rows.shape)
    logits = params["W_E"].new_empty(runs, n, _whole_lines(p))[..., :p]
    return Buffers(weights, weights[:, :-1].view(-1, 2, heads), logits)


def make_gradients(params: Params, pairs: Pairs) -> Gradients:
    d_mlp, p = params["W_in"].shape[-1], params["W_U"].shape[-1]
    both = params["W_E"].new_zeros(*pairs.answers.shape, _whole_lines(d_mlp + p))
    return Gradients(both, both[..., :d_mlp], both[..., d_mlp : d_mlp + p])


def _whole_lines(width: int) -> int:
    """Rows begin where a line of the processor's cache does, which the products like."""
    return -(-width // CACHE_LINE) * CACHE_LINE


def make_tables(w: Params, rate: float = 1.0) -> Tables:
    runs, heads, _, d_head = w["W_Q"].shape
    d_mlp, p = w["W_in"].shape[-1], w["W_U"].shape[-1]
    zeros = _whole_lines(d_mlp + p) - (d_mlp + p)
    to_both = pad(torch.cat([w["W_in"], w["W_U"]], dim=-1), (0, zeros))
    W_O = w["W_O"].flatten(1, 2)

    eq = (w["W_E"][:, -1:] + w["W_pos"][:, 2:]).unsqueeze(1)
    a, b = (w["W_E"][:, :-1] + w["W_pos"][:, i : i + 1] for i in (0, 1))
    sources = torch.cat([a, b], dim=1).unsqueeze(1) - eq
    query = eq @ w["W_Q"] / math.sqrt(d_head)
    key_to_score = w["W_K"] @ query.mT
    values, value_eq = sources @ w["W_V"], eq @ w["W_V"]
    head_to_both = (W_O @ to_both).view(runs, heads, d_head, -1)
    alone = eq.squeeze(1) + (3 - 2 * rate) * value_eq.view(runs, 1, -1) @ W_O
    biases = pad(torch.cat([w["b_in"].unsqueeze(1), w["b_out"].unsqueeze(1) @ w["W_U"]], dim=-1), (0, zeros))

    n_sources, width = sources.shape[2], to_both.shape[-1]
    writes = to_both.new_empty((heads * n_sources + 1) * runs, width)
    head_rows, base_rows = writes[:-runs].view(runs * heads, n_sources, width), writes[-runs:].unsqueeze(1)
    torch.bmm(values.flatten(0, 1), head_to_both.flatten(0, 1), out=head_rows)
    torch.baddbmm(biases, alone, to_both, out=base_rows)
    return Tables(
        scores=sources @ key_to_score,
        writes=writes,
        to_logits=w["W_out"] @ w["W_U"],
        eq=eq,
        alone=alone,
        sources=sources,
        query=query,
        key_to_score=key_to_score,
        values=values,
        value_eq=value_eq,
        rate=rate,
        to_both=to_both,
        head_to_both=head_to_both,
    )


def forward(t: Tables, pairs: Pairs, out: Buffers) -> Float[Tensor, "runs n d_mlp"]:
    """Fills the buffers, and returns the activations of the neurons."""
    _attend(t, pairs, out)
    return _activate(t, pairs.rows, out.weights, out.logits)


def evaluate(t: Tables, pairs: Pairs, out: Buffers, part_bytes: int) -> None:
    """Fills the buffers, and needs no more than about so many bytes for activations besides."""
    _attend(t, pairs, out)
    runs, n, _ = out.logits.shape
    rows, weights = (x.view(runs, n, -1) for x in (pairs.rows, out.weights))
    size = max(1, part_bytes // (runs * t.writes[0].nbytes))
    for start in range(0, n, size):
        part = slice(start, start + size)
        _activate(t, rows[:, part].flatten(0, 1), weights[:, part].flatten(0, 1), out.logits[:, part])


def _attend(t: Tables, pairs: Pairs, out: Buffers) -> None:
    scores = t.scores.flatten()[pairs.attended].view(out.pattern.shape)
    top = scores.amax(1, keepdim=True).clamp_min_(0)  # "=" has score 0
    weight = (scores - top).exp_()
    torch.div(weight, weight.sum(1, keepdim=True) + (-top).exp_(), out=out.pattern)
    if t.rate != 1:
        out.pattern.mul_(t.rate).add_(1 - t.rate)


def _activate(
    t: Tables,
    rows: Int[Tensor, "pairs entries"],
    weights: Float[Tensor, "pairs entries"],
    logits: Float[Tensor, "runs n p"],
) -> Float[Tensor, "runs n d_mlp"]:
    d_mlp, p = t.to_logits.shape[1:]
    both = embedding_bag(rows, t.writes, mode="sum", per_sample_weights=weights).view(*logits.shape[:2], -1)
    post = both[..., :d_mlp].relu_()
    torch.baddbmm(both[..., d_mlp : d_mlp + p], post, t.to_logits, out=logits)
    return post


def softmax_loss(logits: Logits, pairs: Pairs, grad: Logits) -> Float[Tensor, " runs"]:
    """Mean loss of every run, in float64, and into `grad` its gradient: (softmax - onehot) * share."""
    answers = pairs.answers.unsqueeze(-1)
    torch.sub(logits, logits.amax(-1, keepdim=True), out=grad)
    log_right = grad.gather(-1, answers).double()
    return _loss(grad.exp_(), log_right, pairs)


def stablemax_loss(logits: Logits, pairs: Pairs, grad: Logits) -> Float[Tensor, " runs"]:
    """The same with StableMax in place of softmax: p_c = s(l_c) / sum s(l), with s(x) = x + 1 from 0 up
    and 1 / (1 - x) below. d log s / dx = 1 / (1 + |x|). Prieto et al. 2025 (arXiv 2501.04697), section 4."""
    slope = 1 / (1 + logits.abs())
    grad.copy_(torch.where(logits < 0, slope, 1 + logits))
    log_right = grad.gather(-1, pairs.answers.unsqueeze(-1)).double().log()
    losses = _loss(grad, log_right, pairs)
    grad.mul_(slope)
    return losses


def _loss(s: Logits, log_right: Float[Tensor, "runs n 1"], pairs: Pairs) -> Float[Tensor, " runs"]:
    """-log p of the right answers, with p_c = s_c / sum s, and into `s` its derivative by log s: (p - onehot) * share.

    The derivative at the right answer, p - 1, is -(sum of the others) / (sum of all): nothing is lost where p is nearly
    1, as long as the others are numbers in float32 (a margin of 100). The loss log(1 + others / right) is 0 if they
    are not, and finite where it is s_right that is 0.
    """
    answers, share = pairs.answers.unsqueeze(-1), pairs.share.unsqueeze(-1)
    others = s.scatter_(-1, answers, 0).sum(-1, keepdim=True).double()
    per_s = share / (others + log_right.exp())
    s.mul_(per_s.to(s.dtype)).scatter_(-1, answers, (-others * per_s).to(s.dtype))
    return (torch.logaddexp(others.log() - log_right, torch.zeros_like(others)) * share).sum((1, 2))


LOSSES = {name: globals()[f"{name}_loss"] for name in methods.LOSSES}


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
    torch.bmm(d.logits, t.to_logits.mT, out=d.pre)
    torch.ops.aten.threshold_backward.grad_input(d.pre, post, 0.0, grad_input=d.pre)  # of the ReLU

    d_both = d.both.flatten(0, 1)
    weights = at.pattern.flatten()[way.by_row]
    d_head_rows = embedding_bag(
        way.pairs_by_row, d_both, way.row_starts, mode="sum", per_sample_weights=weights
    )
    # The derivative by each weight is the gradient of its pair times its row. No offsets: the pairs are given; 0: sum.
    attended = pairs.attended.flatten()
    d_pattern = torch.ops.aten._embedding_bag_per_sample_weights_backward(
        d_both, t.writes, attended, attended[:0], way.pairs, 0
    ).view(at.pattern.shape)
    softmax = at.pattern if t.rate == 1 else (at.pattern - (1 - t.rate)) / max(t.rate, SMALLEST_RATE)
    d_score = t.rate * softmax * (d_pattern - (softmax * d_pattern).sum(1, keepdim=True))
    d_scores = torch.zeros_like(t.scores)
    d_scores.view(-1).index_add_(0, attended, d_score.flatten())

    _to_parameters(
        w,
        t,
        out,
        d_head_rows=d_head_rows.view(*t.values.shape[:3], -1),
        d_base=d.both.sum(1, keepdim=True),
        d_scores=d_scores,
        d_to_logits=post.mT @ d.logits,
    )


def _to_parameters(
    w: Params,
    t: Tables,
    out: Params,
    d_head_rows: Float[Tensor, "runs heads sources width"],
    d_base: Float[Tensor, "runs 1 width"],
    d_scores: Float[Tensor, "runs heads sources 1"],
    d_to_logits: Float[Tensor, "runs d_mlp p"],
) -> None:
    """The chain rule through `make_tables`."""
    runs, _, _, d_head = w["W_Q"].shape
    d_mlp, W_U, W_O = w["W_in"].shape[-1], w["W_U"], w["W_O"].flatten(1, 2)
    logits = slice(d_mlp, d_mlp + W_U.shape[-1])
    out["b_in"].copy_(d_base[:, 0, :d_mlp])
    torch.bmm(d_base[..., logits], W_U.mT, out=out["b_out"].unsqueeze(1))

    d_values = d_head_rows @ t.head_to_both.mT
    d_head_to_both = (t.values.mT @ d_head_rows).flatten(1, 2)
    d_to_both = (W_O.mT @ d_head_to_both).baddbmm_(t.alone.mT, d_base)
    out["W_in"].copy_(d_to_both[..., :d_mlp])
    torch.baddbmm(d_to_both[..., logits], w["W_out"].mT, d_to_logits, out=out["W_U"])
    out["W_U"].baddbmm_(w["b_out"].unsqueeze(-1), d_base[..., logits])
    torch.bmm(d_to_logits, W_U.mT, out=out["W_out"])

    d_alone = d_base @ t.to_both.mT
    d_attended = (3 - 2 * t.rate) * d_alone
    d_W_O = torch.bmm(d_head_to_both, t.to_both.mT, out=out["W_O"].view(W_O.shape))
    d_W_O.baddbmm_(t.value_eq.view(runs, -1, 1), d_attended)
    d_value_eq = d_attended.unsqueeze(1) @ w["W_O"].mT
    torch.add(t.sources.mT @ d_values, t.eq.mT * d_value_eq, out=out["W_V"])
    d_key_to_score = t.sources.mT @ d_scores
    torch.mul(d_key_to_score, t.query, out=out["W_K"])
    d_query = d_key_to_score.mT @ w["W_K"] / math.sqrt(d_head)
    torch.mul(t.eq.mT, d_query, out=out["W_Q"])

    d_sources = (d_values @ w["W_V"].mT + d_scores @ t.key_to_score.mT).sum(1)
    d_a, d_b = d_sources.chunk(2, dim=1)
    d_position_a, d_position_b = d_a.sum(1), d_b.sum(1)
    d_eq = d_alone[:, 0] + (d_value_eq @ w["W_V"].mT + d_query @ w["W_Q"].mT).sum((1, 2))
    d_eq -= d_position_a + d_position_b  # every source is relative to "="
    torch.add(d_a, d_b, out=out["W_E"][:, :-1])
    out["W_E"][:, -1] = d_eq
    for position, gradient in enumerate((d_position_a, d_position_b, d_eq)):
        out["W_pos"][:, position] = gradient
