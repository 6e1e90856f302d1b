"""Functions of a number, of an element of a group, and of pairs of them, taken apart into blocks.

Nanda et al. 2023, section 3, for numbers modulo p: a constant, then cos(w_k n) and sin(w_k n) for k = 1..p//2 with
w_k = 2 pi k / p, each divided by its norm. A block is then a frequency. Every function here takes a group; without one
it is that of the numbers 0..n-1, added modulo n. For any other, rows are those of its blocks.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from grokviz.tasks.groups import Group, cyclic


def component_frequency(p: int) -> Int[np.ndarray, " p"]:
    """The frequency of every row of the basis of numbers modulo p: 0, 1, 1, 2, 2, ..."""
    return (np.arange(p) + 1) // 2


def component_norms(W: Float[np.ndarray, "n m"], group: Group | None = None) -> Float[np.ndarray, " n"]:
    """Norm of every component of the rows of W: |f_i W| for every row f_i of the basis."""
    return np.linalg.norm(_of(group, W).basis @ W, axis=1)


def frequency_energy(
    W: Float[np.ndarray, "n m"], group: Group | None = None
) -> Float[np.ndarray, "blocks m"]:
    """Energy of every column of W in every block but the constant: at k = 1..n//2, (cos_k . W)^2 + (sin_k . W)^2."""
    group = _of(group, W)
    energy = (group.basis @ W) ** 2
    return np.add.reduceat(energy, group.starts[1:], axis=0) if len(group.blocks) > 1 else energy[:0]


def frequency_norms(W: Float[np.ndarray, "n m"], group: Group | None = None) -> Float[np.ndarray, " blocks"]:
    """Norm of the rows of W in every block but the constant: at every frequency, cosine and sine together."""
    return np.sqrt(frequency_energy(W, group).sum(axis=1))


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
    """Means of a function of pairs over all pairs that share a, b, a b or the inverse of a times b: a + b, b - a."""

    a: Float[np.ndarray, "n m"]
    b: Float[np.ndarray, "n m"]
    product: Float[np.ndarray, "n m"]
    quotient: Float[np.ndarray, "n m"]


def pair_marginals(x: Float[np.ndarray, "n n m"], group: Group | None = None) -> PairMarginals:
    """All that the waves cos(w_k a), cos(w_k b), cos(w_k (a + b)), cos(w_k (b - a)) can see of x."""
    group = _of(group, x)
    if group.is_cyclic:
        # Reversing a turns a + b into n - 1 - a + b: the difference, but for a shift by one.
        quotient = np.roll(_sum_marginal(x[::-1]), 1, axis=0)
    else:
        quotient = product_marginal(x[group.inverse], group)
    return PairMarginals(x.mean(axis=1), x.mean(axis=0), product_marginal(x, group), quotient)


def product_marginal(x: Float[np.ndarray, "n n m"], group: Group | None = None) -> Float[np.ndarray, "n m"]:
    """M[g] = mean of x over the n pairs with a b = g; of numbers, with a + b = g (mod n)."""
    group = _of(group, x)
    if group.is_cyclic:
        return _sum_marginal(x)
    n, _, m = x.shape
    total = np.zeros((n, m), dtype=x.dtype)
    for a, row in enumerate(x):
        total[group.product[a]] += row  # every element stands once in a row of the table
    return total / n


def _sum_marginal(x: Float[np.ndarray, "n n m"]) -> Float[np.ndarray, "n m"]:
    n, _, m = x.shape
    unwrapped = np.zeros((2 * n, m), dtype=x.dtype)  # by a + b before the modulus is taken
    for a, row in enumerate(x):
        unwrapped[a : a + n] += row
    return (unwrapped[:n] + unwrapped[n:]) / n


def keep_frequencies(
    W: Float[np.ndarray, "n m"], frequencies: Iterable[int], group: Group | None = None
) -> Float[np.ndarray, "n m"]:
    """The part of the columns of W in these blocks alone; 0 is the constant. In W's dtype."""
    group = _of(group, W)
    rows = group.basis[np.isin(group.block_of_row, list(frequencies))]
    return (rows.T @ (rows @ W)).astype(W.dtype)


def logit_spectrum_2d(
    logits: Float[np.ndarray, "n n m"], group: Group | None = None
) -> Float[np.ndarray, "n n"]:
    """Norm over the outputs c of every product f_i(a) f_j(b) of two rows of the basis in the logits."""
    over_b = _over_both(logits, _of(group, logits))
    return np.sqrt(np.einsum("jic,jic->ij", over_b, over_b))


def pair_energy(
    x: Float[np.ndarray, "n n m"], group: Group | None = None
) -> tuple[Float[np.ndarray, "blocks m"], Float[np.ndarray, " m"]]:
    """Energy of every x[..., m] in the products {1, block}(a) x {1, block}(b) but the constant, and its mean.

    Of numbers: in {1, cos_k, sin_k} x {1, cos_k, sin_k}. Where the order does not matter, they span the same as the
    block of a, of b, of a b and of the inverse of a times b, and four means over pairs see all of them.
    """
    group = _of(group, x)
    if group.is_commutative:
        means = pair_marginals(x, group)
        quotient = frequency_energy(means.quotient, group)
        if len(
            quotient
        ):  # one that is 1 and -1 alone, as cos(pi (a - b)) = cos(pi (a + b)), is already counted
            quotient[[block.size == 1 for block in group.blocks[1:]]] = 0
        found = [frequency_energy(mean, group) for mean in means[:3]]
        return len(x) * (found[0] + found[1] + found[2] + quotient), means.a.mean(axis=0)
    over_b, starts = _over_both(x, group), group.starts
    mean = over_b[0, 0] / group.n
    squares = np.square(over_b, out=over_b)
    spans = [slice(start, start + block.size) for start, block in zip(starts, group.blocks, strict=True)]
    energy = [
        squares[s, 0].sum(axis=0) + squares[0, s].sum(axis=0) + squares[s, s].sum(axis=(0, 1))
        for s in spans[1:]
    ]
    return np.array(energy, np.float64), mean


def _over_both(x: Float[np.ndarray, "n n m"], group: Group) -> Float[np.ndarray, "n n m"]:
    """Components of x along f_i(a) f_j(b), row j, column i."""
    n, _, m = x.shape
    basis = group.basis.astype(x.dtype)
    over_a = (basis @ x.reshape(n, n * m)).reshape(n, n, m)
    # Two large products, with a transposition in between, are faster than n small ones.
    return (basis @ over_a.swapaxes(0, 1).reshape(n, n * m)).reshape(n, n, m)


def _of(group: Group | None, x: np.ndarray) -> Group:
    return group or cyclic(len(x))
