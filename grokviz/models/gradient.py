"""The loss of some pairs and its gradient by every weight, in numpy: `forward.forward` and the way back, by hand.

No autograd, so that a run can be measured where there is no torch, and gives the same numbers wherever that is done.
For the one-layer transformer of `forward`; `why_not` says so of other weights.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from grokviz.models.forward import Weights, attention_tables, cross_entropy
from grokviz.tasks.pairs import Task

NAMES = ("W_E", "W_pos", "W_Q", "W_K", "W_V", "W_O", "W_in", "b_in", "W_out", "b_out", "W_U")


class Pairs(NamedTuple):
    """n questions a, b with their answers, and who asks what: row s of `places` is 1 where a source is asked about."""

    a: Int[np.ndarray, " n"]
    b: Int[np.ndarray, " n"]
    answers: Int[np.ndarray, " n"]
    places: Float[np.ndarray, "p2 n"]  # of a = 0..p-1, then of b = 0..p-1; float32


class Kept(NamedTuple):
    """What the way back needs of the way there. Sources: a = 0..p-1, then b = 0..p-1, then "="."""

    streams: Float[np.ndarray, "sources d_model"]  # before attention
    values: Float[np.ndarray, "heads sources d_head"]
    pattern: Float[np.ndarray, "heads n 3"]  # attention from "=" to a, b and "="
    z: Float[np.ndarray, "n heads_x_d_head"]
    resid_mid: Float[np.ndarray, "n d_model"]
    post: Float[np.ndarray, "n d_mlp"]
    resid_post: Float[np.ndarray, "n d_model"]
    logits: Float[np.ndarray, "n p"]


def why_not(shapes: Mapping[str, tuple[int, ...]], attention_rate: float = 1.0) -> str:
    """Why there is no gradient by hand of a network with parameters of these shapes, in a sentence; "" where there is."""
    if shapes.keys() == set(NAMES) and shapes["W_pos"][0] == 3 and attention_rate == 1.0:
        return ""
    return (
        "This needs the gradient of the loss, which is written by hand for the one-layer transformer that reads at =. "
        "This network is another."
    )


def pairs_of(task: Task, side: Bool[np.ndarray, "p p"]) -> Pairs:
    """The pairs of one side of the split, with their labels."""
    a, b = np.nonzero(side)
    numbers = np.arange(len(task.answers))[:, None]
    places = np.concatenate([numbers == a, numbers == b]).astype(np.float32)
    return Pairs(a, b, task.labels[a, b], places)


def run(w: Weights, pairs: Pairs) -> Kept:
    """The network on these pairs, in the precision of its weights."""
    p = w["W_U"].shape[1]
    tables = attention_tables(w)
    asked = pairs.a, pairs.b + p, np.full_like(pairs.a, 2 * p)
    scores = np.stack([tables.scores[:, source] for source in asked], axis=2)
    weight = np.exp(scores - scores.max(axis=2, keepdims=True))
    pattern = weight / weight.sum(axis=2, keepdims=True)
    streams = np.concatenate(
        [w["W_E"][:p] + w["W_pos"][0], w["W_E"][:p] + w["W_pos"][1], w["W_E"][p:] + w["W_pos"][2]]
    )
    values = streams @ w["W_V"]
    z = sum(pattern[:, :, i, None] * values[:, source] for i, source in enumerate(asked))
    z = np.ascontiguousarray(np.moveaxis(np.asarray(z), 0, 1)).reshape(len(pairs.a), -1)
    resid_mid = z @ w["W_O"].reshape(z.shape[1], -1) + streams[-1]
    post = resid_mid @ w["W_in"]
    post += w["b_in"]
    np.maximum(post, 0, out=post)
    resid_post = post @ w["W_out"]
    resid_post += resid_mid + w["b_out"]
    return Kept(streams, values, pattern, z, resid_mid, post, resid_post, resid_post @ w["W_U"])


def loss_and_gradient(w: Weights, pairs: Pairs) -> tuple[float, Weights]:
    """Mean cross-entropy over the pairs in nats, summed in float64, and its gradient by every parameter, by name.

        dL/dlogits = (softmax(logits) - onehot(answer)) / n,

    where the entry of the right answer is minus the sum of the others: 1 - p would lose what is left of a sure answer.
    Raises `ValueError` when there is no pair.
    """
    n = len(pairs.a)
    if not n:
        raise ValueError("There is no pair to take a gradient of. Give at least one.")
    kept = run(w, pairs)
    loss = float(cross_entropy(kept.logits, pairs.answers).mean(dtype=np.float64))
    d_logits = _softmax_gradient(kept.logits, pairs.answers)
    d_post = d_logits @ w["W_U"].T
    d_pre = d_post @ w["W_out"].T
    d_pre *= kept.post > 0
    d_mid = d_post + d_pre @ w["W_in"].T
    gradient = {
        "W_U": kept.resid_post.T @ d_logits,
        "W_out": kept.post.T @ d_post,
        "b_out": d_post.sum(axis=0),
        "W_in": kept.resid_mid.T @ d_pre,
        "b_in": d_pre.sum(axis=0),
        "W_O": (kept.z.T @ d_mid).reshape(w["W_O"].shape),
    }
    return loss, gradient | _through_attention(w, kept, pairs, d_mid)


def _softmax_gradient(
    logits: Float[np.ndarray, "n p"], answers: Int[np.ndarray, " n"]
) -> Float[np.ndarray, "n p"]:
    rows = np.arange(len(answers))
    share = np.exp(logits - logits.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    share[rows, answers] = 0
    share[rows, answers] = -share.sum(axis=1)
    share /= len(answers)
    return share


def _through_attention(
    w: Weights, kept: Kept, pairs: Pairs, d_mid: Float[np.ndarray, "n d_model"]
) -> dict[str, Shaped[np.ndarray, "..."]]:
    """The gradient by what lies before the heads' outputs: embeddings, queries, keys and values."""
    heads, d_model, d_head = w["W_Q"].shape
    p, n = w["W_U"].shape[1], len(pairs.a)
    d_z = np.moveaxis((d_mid @ w["W_O"].reshape(-1, d_model).T).reshape(n, heads, d_head), 1, 0)
    asked = pairs.a, pairs.b + p, np.full_like(pairs.a, 2 * p)
    d_pattern = np.stack([(d_z * kept.values[:, source]).sum(axis=2) for source in asked], axis=2)
    inner = (d_pattern * kept.pattern).sum(axis=2, keepdims=True)
    d_scores = _by_source((kept.pattern * (d_pattern - inner))[..., None], pairs)[..., 0] / math.sqrt(d_head)
    d_values = _by_source(kept.pattern[..., None] * d_z[:, :, None], pairs)
    eq = kept.streams[-1]
    query = eq @ w["W_Q"]  # heads, d_head
    keys = kept.streams @ w["W_K"]
    d_query = (d_scores[:, None] @ keys)[:, 0]
    d_streams = (d_values @ np.swapaxes(w["W_V"], 1, 2)).sum(axis=0)
    d_streams += d_scores.T @ (w["W_K"] @ query[:, :, None])[..., 0]
    d_streams[-1] += (w["W_Q"] @ d_query[:, :, None]).sum(axis=(0, 2)) + d_mid.sum(axis=0)
    of_a, of_b, of_eq = d_streams[:p], d_streams[p:-1], d_streams[-1:]
    return {
        "W_E": np.concatenate([of_a + of_b, of_eq]),
        "W_pos": np.concatenate([of_a.sum(axis=0)[None], of_b.sum(axis=0)[None], of_eq]),
        "W_Q": eq[:, None] * d_query[:, None],
        "W_K": (d_scores @ kept.streams)[:, :, None] * query[:, None],
        "W_V": kept.streams.T @ d_values,
    }


def _by_source(x: Float[np.ndarray, "heads n 3 m"], pairs: Pairs) -> Float[np.ndarray, "heads sources m"]:
    """What is known of every pair and its three sources, added up for each source."""
    places = pairs.places.astype(x.dtype, copy=False)
    p = len(places) // 2
    return np.concatenate(
        [places[:p] @ x[:, :, 0], places[p:] @ x[:, :, 1], x[:, :, 2].sum(axis=1, keepdims=True)], axis=1
    )
