"""The network, run on every pair (a, b) at once, with everything it thinks on the way.

Only the last position, "=", is read, and its residual stream before attention is the same for every pair.
So the attention score of a source depends on the source alone, and so does what it would write if it were
attended to. Both are tables over the 2p + 1 sources: a at position 0, b at position 1, "=" at position 2.

Two other networks fit the same tables. One that is shown a and b alone reads at b: the stream there differs with b,
and so do the scores. And the two-layer network of Chughtai et al. 2023, whose neurons see a sum of a row for a and a
row for b, is a transformer whose one head gives them attention 1, whatever they are (`completed`).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from grokviz.models.spec import RATE
from grokviz.tasks.pairs import NO_ANSWER

Weights = dict[str, np.ndarray]  # names and shapes: `ModelSpec.shapes`, and its `constants` besides


class Tables(NamedTuple):
    """The attention layer as tables over the sources: a = 0..p-1, then b = 0..p-1, then "="."""

    scores: Float[np.ndarray, "heads sources"]  # of "="; zeros where it is b that looks back
    values: Float[np.ndarray, "heads sources d_model"]  # written to the residual stream at attention 1
    # Of the position that is read: of "=", or a row for each b. An "=" that is not there writes nothing.
    resid_pre: Float[np.ndarray, " d_model"] | Float[np.ndarray, "p d_model"]


@dataclass(frozen=True, eq=False)
class Activations:
    """Every intermediate result at the position that is read, for all pairs: row a, column b.

    `weights` are `completed`; `resid_mid` and `pre` are large and seldom asked for, so they are computed when they are.
    """

    weights: Weights
    tables: Tables
    score_a: Float[np.ndarray, "heads p"]
    score_b: Float[np.ndarray, "heads p"]
    score_eq: Float[np.ndarray, " heads"]
    pattern: Float[np.ndarray, "heads p p 3"]  # attention from "=" to a, b and "="
    post: Float[np.ndarray, "p p d_mlp"]
    logits: Float[np.ndarray, "p p p"]

    @cached_property
    def resid_mid(self) -> Float[np.ndarray, "p p d_model"]:
        return mix(self.pattern, self.tables.values) + self.tables.resid_pre

    @cached_property
    def pre(self) -> Float[np.ndarray, "p p d_mlp"]:
        return neuron_inputs(self.weights, self.tables, self.pattern)


def widen(weights: Weights) -> Weights:
    """The same weights in float32 or wider: numpy is slow and coarse in float16."""
    return {name: w.astype(np.promote_types(w.dtype, np.float32), copy=False) for name, w in weights.items()}


def parameters(weights: Weights) -> Weights:
    """The weights without what stands beside them: what was trained."""
    return {name: w for name, w in weights.items() if name != RATE}


def completed(weights: Weights) -> Weights:
    """The weights under the names of a transformer, whatever their network is.

    Those of one are returned as they are. Of the two-layer network, h = relu(W_x[a] W_1 + W_y[b] W_2) and logits
    h W_U with W = [W_1; W_2], the residual stream gets two halves: what the neurons see, and what they write.
    W_E is then the table W_x W_1 of a; what W_y W_2 makes of b is in `attention_tables`.
    """
    if "W_E" in weights or "W_x" not in weights:
        return weights
    W, W_U = weights["W"], weights["W_U"]
    n = W.shape[1]
    eye, zero = np.eye(n, dtype=W.dtype), np.zeros((n, n), W.dtype)
    return weights | {
        "W_E": weights["W_x"] @ W[: len(W) // 2],
        "W_in": np.concatenate([eye, zero]),
        "b_in": np.zeros(n, W.dtype),
        "W_out": np.concatenate([zero, eye], axis=1),
        "b_out": np.zeros(2 * n, W.dtype),
        "W_U": np.concatenate([np.zeros_like(W_U), W_U]),
        RATE: np.zeros((), W.dtype),
    }


def as_trained(weights: Weights) -> Weights:
    """The weights back from `completed`, without what was put beside those of a two-layer network."""
    if "W_x" not in weights or "W_E" not in weights:
        return weights
    return {name: weights[name] for name in ("W_x", "W_y", "W")} | {
        "W_U": weights["W_U"][weights["W"].shape[1] :]
    }


def attention_rate(weights: Weights) -> float:
    """alpha in attention = alpha softmax + (1 - alpha). Zhong et al. 2023 (arXiv 2306.17844), appendix."""
    return float(weights.get(RATE, 1.0))


def attention_tables(weights: Weights) -> Tables:
    """Score and value of every source for every head, of `completed` weights.

    score_h[s] = (x_eq W_Q[h]) . (x_s W_K[h]) / sqrt(d_head),  value_h[s] = x_s W_V[h] W_O[h],
    where x_s = W_E[token] + W_pos[position].
    """
    if "W_x" in weights:
        return _two_layer_tables(weights)
    p, d_head = weights["W_U"].shape[1], weights["W_Q"].shape[2]
    W_E, W_pos = weights["W_E"], weights["W_pos"]
    sources = [W_E[:p] + W_pos[0], W_E[:p] + W_pos[1]]
    if len(W_pos) == 2:
        values = np.concatenate(sources) @ weights["W_V"] @ weights["W_O"]
        nothing = np.zeros_like(values[:, :1])  # of an "=" that is not there
        values = np.concatenate([values, nothing], axis=1)
        return Tables(np.zeros(values.shape[:2], values.dtype), values, sources[1])
    resid_pre = np.concatenate([*sources, W_E[p:] + W_pos[2]])
    queries = resid_pre[-1:] @ weights["W_Q"]
    keys = resid_pre @ weights["W_K"]
    scores = (keys @ queries.swapaxes(1, 2))[..., 0] / math.sqrt(d_head)
    return Tables(scores, resid_pre @ weights["W_V"] @ weights["W_O"], resid_pre[-1])


def _two_layer_tables(weights: Weights) -> Tables:
    """One head, whose attention is 1: the row of a, and that of b, in the half of the stream that neurons see."""
    W, n = weights["W"], weights["W"].shape[1]
    seen = np.concatenate([weights["W_E"], weights["W_y"] @ W[len(W) // 2 :], np.zeros((1, n), W.dtype)])
    values = np.concatenate([seen, np.zeros_like(seen)], axis=1)[None]
    return Tables(np.zeros((1, len(seen)), W.dtype), values, np.zeros(2 * n, W.dtype))


def pattern_of(weights: Weights, tables: Tables) -> Float[np.ndarray, "heads p p 3"]:
    """Attention from the position that is read to a, b and "=", for every pair: alpha softmax + (1 - alpha)."""
    rate = attention_rate(weights)
    if "W_x" in weights or rate == 0:
        heads, p = len(tables.values), tables.values.shape[1] // 2
        pattern = np.ones((heads, p, p, 3), tables.values.dtype)
    elif len(weights["W_pos"]) == 2:
        pattern = _pattern_of_b(weights)
    else:
        pattern = attention_pattern(tables.scores)
    if rate not in (0, 1):
        pattern = rate * pattern + (1 - rate)
    if "W_x" in weights or len(weights["W_pos"]) == 2:
        pattern[..., 2] = 0
    return pattern


def _pattern_of_b(weights: Weights) -> Float[np.ndarray, "heads p p 3"]:
    """Softmax over a and b, where b looks back: its query is another for every b."""
    p, d_head = weights["W_U"].shape[1], weights["W_Q"].shape[2]
    at_a, at_b = (weights["W_E"][:p] + weights["W_pos"][i] for i in (0, 1))
    queries = at_b @ weights["W_Q"] / math.sqrt(d_head)  # heads, b, d_head
    to_b = (queries * (at_b @ weights["W_K"])).sum(axis=2)[:, None, :]
    score = (at_a @ weights["W_K"]) @ queries.swapaxes(
        1, 2
    ) - to_b  # of a, relative to that of b: heads, a, b
    to_a = np.exp(-np.logaddexp(0, -score))
    return np.stack([to_a, 1 - to_a, np.zeros_like(to_a)], axis=3)


def forward(weights: Weights) -> Activations:
    """The network on all p x p pairs.

    With A the attention to a source and T its value, summed over heads h:

        resid_mid[a, b] = x_eq + sum_h A_h[a,b,0] T_h[a] + A_h[a,b,1] T_h[b] + A_h[a,b,2] T_h[=]   (x_b where b is read)
        post = relu(resid_mid W_in + b_in),  logits = (resid_mid + post W_out + b_out) W_U

    Attention mixes the tables linearly, so a matrix that follows it is applied to the 2p + 1 rows of the
    tables and not to the p^2 pairs.
    """
    weights = completed(widen(weights))
    W_U = weights["W_U"]
    p = W_U.shape[1]
    tables = scores, values, resid_pre = attention_tables(weights)
    pattern = pattern_of(weights, tables)
    post = neuron_inputs(weights, tables, pattern)
    np.maximum(post, 0, out=post)
    logits = (post.reshape(p * p, -1) @ (weights["W_out"] @ W_U)).reshape(p, p, p)
    logits += mix(pattern, values @ W_U)
    logits += (resid_pre + weights["b_out"]) @ W_U
    score_a, score_b, score_eq = scores[:, :p], scores[:, p:-1], scores[:, -1]
    return Activations(weights, tables, score_a, score_b, score_eq, pattern, post, logits)


class PairAtSteps(NamedTuple):
    """One pair at every snapshot of a run."""

    pattern: Float[np.ndarray, "steps heads 3"]  # attention from "=" to a, b and "="
    post: Float[np.ndarray, "steps d_mlp"]
    logits: Float[np.ndarray, "steps p"]


def stack(weights: Iterable[Weights], n: int) -> Weights:
    """The weights of n snapshots, each matrix with the snapshots along its first axis, in the precision that they have.

    One snapshot after the other is taken, and none is held besides the whole.
    """
    stacked: Weights = {}
    for i, one in enumerate(weights):
        stacked = stacked or {name: np.empty((n, *w.shape), w.dtype) for name, w in one.items()}
        for name, w in one.items():
            stacked[name][i] = w
    return stacked


AT_ONCE = 8  # stacked snapshots that are held in float32


def follow_pair(stacked: Weights, a: int, b: int) -> PairAtSteps:
    """One pair at all stacked snapshots: rows of what `forward` gives, in a hundredth of its time. Float32 or wider."""
    begins = range(0, len(stacked["W_U"]), AT_ONCE)
    parts = (widen({name: w[i : i + AT_ONCE] for name, w in stacked.items()}) for i in begins)
    return PairAtSteps(*map(np.concatenate, zip(*(_follow_pair(w, a, b) for w in parts), strict=True)))


def _follow_pair(w: Weights, a: int, b: int) -> PairAtSteps:
    if "W_x" in w:
        both = np.concatenate([w["W_x"][:, a], w["W_y"][:, b]], axis=1)
        post = np.maximum((both[:, None] @ w["W"])[:, 0], 0)
        pattern = np.broadcast_to(np.array([1, 1, 0], post.dtype), (len(post), 1, 3))
        return PairAtSteps(pattern, post, (post[:, None] @ w["W_U"])[:, 0])
    p, d_head, n_ctx = w["W_U"].shape[2], w["W_Q"].shape[3], w["W_pos"].shape[1]
    x = w["W_E"][:, [a, b, p][:n_ctx]] + w["W_pos"]  # [steps, n_ctx, d_model]
    queries = x[:, None, -1:] @ w["W_Q"]  # [steps, heads, 1, d_head]
    scores = (queries @ np.swapaxes(x[:, None] @ w["W_K"], 2, 3))[:, :, 0] / math.sqrt(d_head)
    pattern = np.exp(scores - scores.max(axis=2, keepdims=True))
    pattern /= pattern.sum(axis=2, keepdims=True)
    rate = w[RATE][:, None, None] if RATE in w else np.ones((), x.dtype)
    pattern = rate * pattern + (1 - rate)
    heads = (pattern[:, :, None] @ x[:, None] @ w["W_V"] @ w["W_O"])[:, :, 0]
    resid_mid = x[:, -1] + heads.sum(axis=1)
    post = np.maximum((resid_mid[:, None] @ w["W_in"])[:, 0] + w["b_in"], 0)
    out = resid_mid + (post[:, None] @ w["W_out"])[:, 0] + w["b_out"]
    pattern = np.pad(pattern, ((0, 0), (0, 0), (0, 3 - n_ctx)))
    return PairAtSteps(pattern, post, (out[:, None] @ w["W_U"])[:, 0])


def answer_pair(weights: Weights, a: int, b: int) -> Float[np.ndarray, " p"]:
    """The logits of one pair: a row of those of `forward`."""
    return follow_pair(stack([weights], 1), a, b).logits[0]


def neuron_inputs(
    weights: Weights, tables: Tables, pattern: Float[np.ndarray, "heads p p 3"]
) -> Float[np.ndarray, "p p d_mlp"]:
    """What the neurons see before the ReLU: resid_mid W_in + b_in."""
    pre = mix(pattern, tables.values @ weights["W_in"])
    pre += tables.resid_pre @ weights["W_in"] + weights["b_in"]
    return pre


def attention_pattern(scores: Float[np.ndarray, "heads sources"]) -> Float[np.ndarray, "heads p p 3"]:
    """Softmax over the three sources of every pair: attention from "=" to a, b and "="."""
    p = scores.shape[1] // 2
    sources = scores[:, :p, None], scores[:, None, p:-1], scores[:, -1:, None]
    stacked = np.stack(np.broadcast_arrays(*sources))
    weight = np.exp(stacked - stacked.max(axis=0))
    return np.moveaxis(weight / weight.sum(axis=0), 0, -1)


def mix(
    pattern: Float[np.ndarray, "heads p p 3"], values: Float[np.ndarray, "heads sources n"]
) -> Float[np.ndarray, "p p n"]:
    """The values of the three sources of every pair, weighted by attention and summed over heads."""
    p = pattern.shape[1]
    values_a, values_b, value_eq = values[:, :p], values[:, p:-1], values[:, -1:]
    to_a, to_b, to_eq = pattern.transpose(3, 1, 2, 0)  # each [a, b, heads]
    # For one a, its value and that of "=" are the same in every column b: a product of two matrices.
    to_a_and_eq = np.concatenate([to_a, to_eq], axis=2)
    values_a_and_eq = np.concatenate([values_a, np.broadcast_to(value_eq, values_a.shape)])
    mixed = to_a_and_eq @ values_a_and_eq.swapaxes(0, 1)
    for b in range(p):  # and likewise b's in every row a; column by column, as a sum of grids is slow
        mixed[:, b] += to_b[:, b] @ values_b[:, b]
    return mixed


def cross_entropy(logits: Float[np.ndarray, "*pairs p"], answers: Int[np.ndarray, "*pairs"]) -> np.ndarray:
    """Loss of every pair: -log softmax(logits)[answer], in nats, NaN where there is no answer.

        loss = gap + log(exp(-gap) + sum_{c != y} exp(l_c - max)),  gap = max - l_y >= 0

    A confident right answer has gap 0 and loss log1p(something tiny), which keeps its relative precision
    down to 1e-38 even in float32; the textbook form would round it to 0 or to multiples of 1.2e-7.
    """
    top = logits.max(axis=-1, keepdims=True)
    weight = np.exp(logits - top)
    index = answers[..., None]  # -1, no answer, reads the last class; the result is dropped below
    gap = (top - np.take_along_axis(logits, index, axis=-1))[..., 0]
    np.put_along_axis(weight, index, 0, axis=-1)
    loss = gap + np.log1p(weight.sum(axis=-1) + np.expm1(-gap))
    return np.where(answers == NO_ANSWER, np.nan, loss)
