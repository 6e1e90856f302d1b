"""How many directions every matrix of weights really uses: its effective rank, Roy and Vetterli 2007."""

import numpy as np
from jaxtyping import Float

from grokviz.measures.deep.declaration import Deep, Found, Series, Subject, Telling, tables_of


def effective_rank(matrix: Float[np.ndarray, "n m"]) -> float:
    """exp(-sum_i p_i ln p_i), p_i the singular values over their sum: 1 to min(n, m); 0 of a matrix of zeros."""
    sizes = np.linalg.svd(matrix.astype(np.float64), compute_uv=False)
    if not sizes.sum() > 0:
        return 0.0
    share = sizes[sizes > 0] / sizes.sum()
    return float(np.exp(-(share * np.log(share)).sum()))


def as_table(name: str, weights: np.ndarray) -> Float[np.ndarray, "n m"]:
    """The weights of all heads as one matrix: what they read from the stream, or write to it."""
    if weights.ndim == 2:
        return weights
    heads, d_in, d_out = weights.shape
    if name == "W_O":
        return weights.reshape(heads * d_in, d_out)
    return np.moveaxis(weights, 0, 1).reshape(d_in, heads * d_out)


def ranks(s: Subject) -> Found:
    return {
        "effective_rank": np.array([effective_rank(as_table(n, s.weights[n])) for n in tables_of(s.config)])
    }


DEEP = Deep(
    "effective_rank",
    "Effective rank of each matrix",
    (Series("effective_rank", "", ("table",)),),
    ranks,
    Telling(
        "How many directions does it use?",
        "A matrix of weights can use all its directions alike, or few strongly. The effective rank counts them: as many as "
        "would give the same spread of singular values if all were equally strong.",
        r"\exp\Big(-\sum_i p_i \ln p_i\Big),\qquad p_i = \frac{\sigma_i}{\sum_j \sigma_j}",
        "Cleanup is seen in the matrices themselves: in a run that groks, those around the neurons fall to a few "
        "directions, two for each wave and some more. Without weight decay they stay near what they began with.",
        "Few directions are no proof of understanding: weight decay alone presses small singular values down.",
        "Roy and Vetterli 2007, “The effective rank”; the heads of a matrix side by side.",
    ),
    unit="effective rank",
    passes=2.0,
    order=30,
)  # fmt: skip
