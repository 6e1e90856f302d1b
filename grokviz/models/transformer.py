"""The readable model: the one-layer transformer of Nanda et al. 2023 (arXiv 2301.05217, section 3).

No LayerNorm, untied embeddings, learned positions, biases only in the MLP. It is read for understanding
and is the reference for `engine/fused.py`, which computes the same numbers faster.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from grokviz.models.spec import ModelSpec
from grokviz.tasks.pairs import STREAM_WEIGHTS

Weights = dict[str, np.ndarray]


class Activations(NamedTuple):
    """Everything on the way from tokens to logits, at every position."""

    resid_pre: Float[Tensor, "batch 3 d_model"]
    pattern: Float[Tensor, "batch heads 3 3"]  # [query position, key position]
    z: Float[Tensor, "batch 3 heads d_head"]
    resid_mid: Float[Tensor, "batch 3 d_model"]
    pre: Float[Tensor, "batch 3 d_mlp"]
    post: Float[Tensor, "batch 3 d_mlp"]
    resid_post: Float[Tensor, "batch 3 d_model"]
    logits: Float[Tensor, "batch 3 p"]


class Transformer(nn.Module):
    """Tokens [a, b, =] in, logits over the p answers out; the answer is read at the last position."""

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
        for name, value in weights.items():
            self.register_parameter(name, nn.Parameter(torch.tensor(value)))

    def forward(self, tokens: Int[Tensor, "batch 3"]) -> Float[Tensor, "batch p"]:
        return self.run(tokens).logits[:, -1]

    def run(self, tokens: Int[Tensor, "batch 3"]) -> Activations:
        """The forward pass with a record of its activations."""
        resid_pre = self.W_E[tokens] + self.W_pos

        q = torch.einsum("bqd,hde->bhqe", resid_pre, self.W_Q)
        k = torch.einsum("bkd,hde->bhke", resid_pre, self.W_K)
        v = torch.einsum("bkd,hde->bhke", resid_pre, self.W_V)
        scores = q @ k.mT / math.sqrt(q.shape[-1])
        future = torch.ones(3, 3, dtype=torch.bool, device=tokens.device).triu(1)
        pattern = scores.masked_fill(future, -torch.inf).softmax(-1)
        z = torch.einsum("bhqk,bhke->bqhe", pattern, v)
        resid_mid = resid_pre + torch.einsum("bqhe,hed->bqd", z, self.W_O)

        pre = resid_mid @ self.W_in + self.b_in
        post = pre.relu()
        resid_post = resid_mid + post @ self.W_out + self.b_out

        return Activations(resid_pre, pattern, z, resid_mid, pre, post, resid_post, resid_post @ self.W_U)


def initial_weights(spec: ModelSpec, seed: int) -> Weights:
    """Weights at step 0, float32: normal, scaled by 1/sqrt(d_model), W_U by 1/sqrt(d_vocab); biases 0.

    W_out too is scaled by 1/sqrt(d_model), as in the released code of Nanda et al. Drawn by numpy's
    generator, so that a seed gives the same weights on every device and version of torch.
    """
    rng = np.random.default_rng([seed, STREAM_WEIGHTS])
    weights = {}
    for name, shape in spec.shapes.items():
        fan = spec.d_vocab if name == "W_U" else spec.d_model
        scale = 0.0 if name.startswith("b_") else 1 / math.sqrt(fan)
        weights[name] = (rng.standard_normal(shape) * scale).astype(np.float32)
    return weights


def tokens_of(a: Int[Tensor, " n"], b: Int[Tensor, " n"], p: int) -> Int[Tensor, "n 3"]:
    """The sequences [a, b, =], with "=" as token p."""
    return torch.stack([a, b, torch.full_like(a, p)], dim=1)


def cross_entropy(logits: Float[Tensor, "n p"], answers: Int[Tensor, " n"]) -> Float[Tensor, ""]:
    """Mean cross-entropy in float64. In float32 a log-softmax near 0 only returns multiples of 1.2e-7,
    and training jumps ("slingshots")."""
    return nn.functional.cross_entropy(logits.double(), answers)
