"""The readable models: the one-layer transformer of Nanda et al. 2023 (arXiv 2301.05217, section 3), and the
two-layer network of Chughtai et al. 2023 (arXiv 2302.03025).

The transformer has no LayerNorm, untied embeddings, learned positions, biases only in the MLP. They are read for
understanding and are the reference for `engine/fused.py` and `engine/two_layer.py`, which compute the same faster.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from grokviz.models.spec import RATE, ModelSpec
from grokviz.tasks.pairs import STREAM_WEIGHTS

Weights = dict[str, np.ndarray]


class Activations(NamedTuple):
    """Everything on the way from tokens to logits, at every position."""

    resid_pre: Float[Tensor, "batch n_ctx d_model"]
    pattern: Float[Tensor, "batch heads n_ctx n_ctx"]  # [query position, key position]
    z: Float[Tensor, "batch n_ctx heads d_head"]
    resid_mid: Float[Tensor, "batch n_ctx d_model"]
    pre: Float[Tensor, "batch n_ctx d_mlp"]
    post: Float[Tensor, "batch n_ctx d_mlp"]
    resid_post: Float[Tensor, "batch n_ctx d_model"]
    logits: Float[Tensor, "batch n_ctx p"]


class Transformer(nn.Module):
    """Tokens [a, b, =] or [a, b] in, logits over the p answers out; the answer is read at the last position."""

    W_E: Tensor
    W_pos: Tensor
    W_Q: Tensor
    W_K: Tensor
    W_V: Tensor
    W_O: Tensor
    W_in: Tensor
    b_in: Tensor
    W_out: Tensor
    b_out: Tensor
    W_U: Tensor

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self.rate = float(weights.get(RATE, 1.0))
        _register(self, weights)

    def forward(self, tokens: Int[Tensor, "batch n_ctx"]) -> Float[Tensor, "batch p"]:
        return self.run(tokens).logits[:, -1]

    def run(self, tokens: Int[Tensor, "batch n_ctx"]) -> Activations:
        """The forward pass with a record of its activations."""
        resid_pre = self.W_E[tokens] + self.W_pos

        q = torch.einsum("bqd,hde->bhqe", resid_pre, self.W_Q)
        k = torch.einsum("bkd,hde->bhke", resid_pre, self.W_K)
        v = torch.einsum("bkd,hde->bhke", resid_pre, self.W_V)
        scores = q @ k.mT / math.sqrt(q.shape[-1])
        past = torch.ones_like(scores[0, 0]).tril()
        pattern = scores.masked_fill(past == 0, -torch.inf).softmax(-1)
        pattern = self.rate * pattern + (1 - self.rate) * past
        z = torch.einsum("bhqk,bhke->bqhe", pattern, v)
        resid_mid = resid_pre + torch.einsum("bqhe,hed->bqd", z, self.W_O)

        pre = resid_mid @ self.W_in + self.b_in
        post = pre.relu()
        resid_post = resid_mid + post @ self.W_out + self.b_out

        return Activations(resid_pre, pattern, z, resid_mid, pre, post, resid_post, resid_post @ self.W_U)


class TwoLayer(nn.Module):
    """Tokens [a, b] in, logits over the p answers out: relu([W_x[a], W_y[b]] W) W_U."""

    W_x: Tensor
    W_y: Tensor
    W: Tensor
    W_U: Tensor

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        _register(self, weights)

    def forward(self, tokens: Int[Tensor, "batch 2"]) -> Float[Tensor, "batch p"]:
        a, b = tokens.unbind(1)
        return (torch.cat([self.W_x[a], self.W_y[b]], dim=1) @ self.W).relu() @ self.W_U


def _register(module: nn.Module, weights: Weights) -> None:
    for name, value in weights.items():
        if name != RATE:
            module.register_parameter(name, nn.Parameter(torch.tensor(value)))


def initial_weights(spec: ModelSpec, seed: int) -> Weights:
    """Weights at step 0, float32: normal, scaled by 1/sqrt(d_model), W_U by 1/sqrt(d_vocab); biases 0.

    W_out too is scaled by 1/sqrt(d_model), as in the released code of Nanda et al. Those of the two-layer network by
    1/sqrt(rows of what reads them), as in that of Chughtai et al.: W_x and W_y by the width, W and W_U by their rows.
    Drawn by numpy's generator, so that a seed gives the same weights on every device and version of torch.
    """
    rng = np.random.default_rng([seed, STREAM_WEIGHTS])
    weights = {}
    for name, shape in spec.shapes.items():
        fan = spec.d_vocab if name == "W_U" else spec.d_model
        if not spec.has_attention and name in ("W", "W_U"):
            fan = shape[0]
        scale = 0.0 if name.startswith("b_") else 1 / math.sqrt(fan)
        weights[name] = (rng.standard_normal(shape) * scale).astype(np.float32)
    return weights


def tokens_of(a: Int[Tensor, " n"], b: Int[Tensor, " n"], p: int) -> Int[Tensor, "n 3"]:
    """The sequences [a, b, =], with "=" as token p; a network that is shown no "=" takes the first two."""
    return torch.stack([a, b, torch.full_like(a, p)], dim=1)


def cross_entropy(logits: Float[Tensor, "n p"], answers: Int[Tensor, " n"]) -> Float[Tensor, ""]:
    """Mean cross-entropy in float64. In float32 a log-softmax near 0 only returns multiples of 1.2e-7,
    and training jumps ("slingshots")."""
    return nn.functional.cross_entropy(logits.double(), answers)
