"""Fourier analysis of functions of a number 0..p-1, and of functions of a pair of numbers.

The basis of Nanda et al. 2023, section 3: a constant, then cos(w_k n) and sin(w_k n) for k = 1..p//2 with
w_k = 2 pi k / p, each divided by its norm. For even p the last frequency, p/2, has a cosine only.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from grokviz.tasks.groups import fourier_basis


def component_frequency(p: int) -> Int[np.ndarray, " p"]:
    """The frequency of every row of the basis: 0, 1, 1, 2, 2, ..."""
    return (np.arange(p) + 1) // 2


def component_norms(W: Float[np.ndarray, "p n"]) -> Float[np.ndarray, " p"]:
    """Norm of every Fourier component of the rows of W: |f_i W|."""
    return np.linalg.norm(fourier_basis(len(W)) @ W, axis=1)


def frequency_energy(W: Float[np.ndarray, "p n"]) -> Float[np.ndarray, "half_p n"]:
    """Energy of every column of W at every frequency k = 1..p//2: (cos_k . W)^2 + (sin_k . W)^2."""
    energy = (fourier_basis(len(W)) @ W) ** 2
    return np.add.reduceat(energy, np.arange(1, len(W), 2), axis=0)


def frequency_norms(W: Float[np.ndarray, "p n"]) -> Float[np.ndarray, " half_p"]:
    """Norm of the rows of W at every frequency k = 1..p//2, cosine and sine together."""
    return np.sqrt(frequency_energy(W).sum(axis=1))


def gini(x: Float[np.ndarray, " n"]) -> float:
    """How unequal the values are: 0 when all are the same, (n-1)/n when one has everything.

    sum_i (2i - n - 1) x_(i) / (n sum x) over the ascending x_(1..n); 0 when all are 0.
    """
    n, total = len(x), float(x.sum(dtype=np.float64))
    if total == 0:
        return 0.0
    rank = np.arange(1, n + 1)
    return float((2 * rank - n - 1) @ np.sort(x) / (n * total))


class PairMarginals(NamedTuple):
    """Means of a function of pairs over all pairs that share a, b, a + b or b - a (mod p)."""

    a: Float[np.ndarray, "p n"]
    b: Float[np.ndarray, "p n"]
    sum: Float[np.ndarray, "p n"]
    difference: Float[np.ndarray, "p n"]


def pair_marginals(x: Float[np.ndarray, "p p n"]) -> PairMarginals:
    """All that the waves cos(w_k a), cos(w_k b), cos(w_k (a + b)), cos(w_k (b - a)) can see of x."""
    # Reversing a turns a + b into p - 1 - a + b: the difference, but for a shift by one.
    difference = np.roll(sum_marginal(x[::-1]), 1, axis=0)
    return PairMarginals(x.mean(axis=1), x.mean(axis=0), sum_marginal(x), difference)


def sum_marginal(x: Float[np.ndarray, "p p n"]) -> Float[np.ndarray, "p n"]:
    """M[s] = mean of x over the p pairs with a + b = s (mod p)."""
    p, _, n = x.shape
    unwrapped = np.zeros((2 * p, n), dtype=x.dtype)  # by a + b before the modulus is taken
    for a, row in enumerate(x):
        unwrapped[a : a + p] += row
    return (unwrapped[:p] + unwrapped[p:]) / p


def keep_frequencies(W: Float[np.ndarray, "p n"], frequencies: Iterable[int]) -> Float[np.ndarray, "p n"]:
    """The part of the columns of W made of these frequencies alone; 0 is the constant. In W's dtype."""
    rows = fourier_basis(len(W))[np.isin(component_frequency(len(W)), list(frequencies))]
    return (rows.T @ (rows @ W)).astype(W.dtype)


def logit_spectrum_2d(logits: Float[np.ndarray, "p p n"]) -> Float[np.ndarray, "p p"]:
    """Norm over the outputs c of every two-dimensional Fourier component f_i(a) f_j(b) of the logits."""
    p, _, n = logits.shape
    basis = fourier_basis(p).astype(logits.dtype)
    over_a = (basis @ logits.reshape(p, p * n)).reshape(p, p, n)
    # Two large products, with a transposition in between, are faster than p small ones.
    over_b = (basis @ over_a.swapaxes(0, 1).reshape(p, p * n)).reshape(p, p, n)
    return np.sqrt(np.einsum("jic,jic->ij", over_b, over_b))
