"""The networks for sequences: one layer or more, with or without neurons, answers at any position. In numpy.

The networks of the notebook that `tasks/sequences.py` is after: no LayerNorm, learned positions, causal attention,
untied embeddings. `engine/sequences.py` computes the same in torch, as far as it is asked for.

One quirk of that notebook is part of the set-up: the network for repeats adds its residual stream to itself at every
layer, x -> 2 x + attention(x). And a toy without positions, of two parts only: QK says how much a token is looked at,
OV what it says if it is.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from grokviz.errors import ConfigError
from grokviz.models.spec import Shapes
from grokviz.tasks.pairs import STREAM_WEIGHTS

Weights = dict[str, np.ndarray]
NETWORKS = ("transformer", "doubled", "toy")
MASKED = -1e10  # a score that is no score


@dataclass(frozen=True)
class SequenceSpec:
    """The sizes of a network for sequences. "doubled" is the transformer with the quirk, "toy" the one of two parts.

    Raises `ConfigError` when heads do not share the width equally, or a network is not known.
    """

    d_vocab: int
    d_vocab_out: int
    n_ctx: int
    n_layers: int
    d_model: int
    n_heads: int
    d_head: int
    d_mlp: int  # 0: attention only
    network: str = "transformer"

    def __post_init__(self) -> None:
        if self.network not in NETWORKS:
            raise ConfigError(
                f"The network {self.network[:40]!r} is not known.", f"Choose one of: {', '.join(NETWORKS)}."
            )

    @property
    def is_toy(self) -> bool:
        return self.network == "toy"

    @property
    def kept(self) -> float:
        """How much of the residual stream goes through a layer: 1, or 2 with the quirk."""
        return 2.0 if self.network == "doubled" else 1.0

    @property
    def constants(self) -> Weights:
        """There is nothing beside its parameters: as `ModelSpec.constants`."""
        return {}

    @cached_property
    def shapes(self) -> Shapes:
        """Name and shape of every parameter, as TransformerLens lays them out; those of a layer begin with "blocks.0."."""
        h, d, e, m = self.n_heads, self.d_model, self.d_head, self.d_mlp
        if self.is_toy:
            return {"QK": (self.d_vocab,), "OV": (self.d_vocab, self.d_vocab_out)}
        attention = {"W_Q": (h, d, e), "W_K": (h, d, e), "W_V": (h, d, e), "W_O": (h, e, d)}
        neurons = {"W_in": (d, m), "b_in": (m,), "W_out": (m, d), "b_out": (d,)} if m else {}
        layers = {
            f"blocks.{i}.{name}": shape
            for i in range(self.n_layers)
            for name, shape in (attention | neurons).items()
        }
        return {
            "W_E": (self.d_vocab, d),
            "W_pos": (self.n_ctx, d),
            **layers,
            "W_U": (d, self.d_vocab_out),
        }

    @property
    def n_parameters(self) -> int:
        return sum(math.prod(shape) for shape in self.shapes.values())

    def scale_of(self, name: str) -> float:
        """The standard deviation of a parameter at step 0."""
        part = name.rpartition(".")[2]
        if part.startswith("b_"):
            return 0.0
        if self.is_toy:
            return 1 / math.sqrt(self.d_vocab)
        if part == "W_U":
            return 1 / math.sqrt(self.d_vocab_out)
        if self.network == "doubled" and part in ("W_Q", "W_K", "W_V"):
            return 1 / math.sqrt(self.d_head)
        return 1 / math.sqrt(self.d_model)


def initial_weights(spec: SequenceSpec, seed: int) -> Weights:
    """Weights at step 0, float32: normal, with `spec.scale_of`. A seed gives the same on every device."""
    rng = np.random.default_rng([seed, STREAM_WEIGHTS])
    return {
        name: (rng.standard_normal(shape) * spec.scale_of(name)).astype(np.float32)
        for name, shape in spec.shapes.items()
    }


class Activations(NamedTuple):
    """What it thinks, at every position."""

    patterns: Float[
        np.ndarray, "layers n heads n_ctx n_ctx"
    ]  # [query, key]; of the toy one layer and one head
    logits: Float[np.ndarray, "n n_ctx d_vocab_out"]


def run(spec: SequenceSpec, weights: Weights, tokens: Int[np.ndarray, "n n_ctx"]) -> Activations:
    """The forward pass on sequences, which may be shorter than those it was trained on.

    x = W_E[token] + W_pos;  in every layer x <- kept x + sum_h A_h (x W_V) W_O with A = softmax(x W_Q (x W_K)^T /
    sqrt(d_head)) over the positions up to its own, then x <- x + relu(x W_in + b_in) W_out + b_out;  logits = x W_U.
    """
    if spec.is_toy:
        return _run_toy(weights, tokens)
    x = weights["W_E"][tokens] + weights["W_pos"][: tokens.shape[1]]
    patterns = []
    for layer in range(spec.n_layers):
        block = f"blocks.{layer}."
        pattern, written = _attend(weights, block, x)
        patterns.append(pattern)
        x = spec.kept * x + written
        if spec.d_mlp:
            post = np.maximum(x @ weights[f"{block}W_in"] + weights[f"{block}b_in"], 0)
            x = x + post @ weights[f"{block}W_out"] + weights[f"{block}b_out"]
    return Activations(np.stack(patterns), x @ weights["W_U"])


def _attend(
    weights: Weights, block: str, x: Float[np.ndarray, "n n_ctx d_model"]
) -> tuple[Float[np.ndarray, "n heads n_ctx n_ctx"], Float[np.ndarray, "n n_ctx d_model"]]:
    """The pattern of every head, and what they write together."""
    q, k, v = (x[:, None] @ weights[f"{block}{name}"] for name in ("W_Q", "W_K", "W_V"))
    scores = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
    pattern = softmax(np.where(np.tri(x.shape[1], dtype=bool), scores, MASKED))
    return pattern, (pattern @ v @ weights[f"{block}W_O"]).sum(1)


def _run_toy(weights: Weights, tokens: Int[np.ndarray, "n n_ctx"]) -> Activations:
    """logits = sum_j A_j OV[x_j] with A = softmax over the positions so far of QK[x_j]."""
    n_ctx = tokens.shape[1]
    scores = np.broadcast_to(weights["QK"][tokens][:, None], (len(tokens), n_ctx, n_ctx))
    pattern = softmax(np.where(np.tri(n_ctx, dtype=bool), scores, MASKED))
    return Activations(pattern[None, :, None], pattern @ weights["OV"][tokens])


def softmax(scores: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Over the last axis."""
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def losses(
    logits: Float[np.ndarray, "*shape d_vocab_out"], answers: Int[np.ndarray, "*shape"]
) -> Float[np.ndarray, "*shape"]:
    """Cross-entropy of each answer, in nats, in float64."""
    wide = logits.astype(np.float64)
    highest = wide.max(-1, keepdims=True)
    total = np.log(np.exp(wide - highest).sum(-1)) + highest[..., 0]
    return total - np.take_along_axis(wide, answers[..., None], -1)[..., 0]
