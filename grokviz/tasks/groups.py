"""Finite groups, as far as measures ask for them: a table of products, and the functions on it in blocks.

The circuit of Nanda et al. 2023 adds angles: every frequency k has two functions of the number, cos(w_k n) and
sin(w_k n), and the waves of a + b follow from those of a and of b of the same frequency, no others. Any finite group
has such blocks of functions: the matrix elements of one irreducible representation, d² of them where its matrices are
d × d (Chughtai et al. 2023, arXiv 2302.03025). A cyclic group has its frequencies.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True, eq=False)
class Block:
    """Functions on a group that no shift by an element mixes with others: x(g) -> x(hg) and x(g) -> x(gh) stay within."""

    name: str  # "k = 7", "(4,1)"
    rows: Float[
        np.ndarray, "size n"
    ]  # orthonormal and real: d², or 2 d² where a pair of complex ones is joined
    dimension: int = 1  # d: of the matrices of the representation

    @property
    def size(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, eq=False)
class Group:
    """A group of n elements 0..n-1. Its blocks are complete: all rows together are an orthonormal basis of R^n."""

    name: str  # "C_113", "S_5", "D_12", "C_6 x C_10"
    product: Int[np.ndarray, "n n"]  # row g, column h: g h
    elements: tuple[str, ...]  # as people write them
    blocks: tuple[Block, ...]  # that of the constant first
    is_cyclic: bool = (
        False  # element i is the i-th power of one: products add up mod n, block k has frequency k
    )

    @property
    def n(self) -> int:
        return len(self.product)

    @cached_property
    def identity(self) -> int:
        """The element that changes none."""
        return int(np.flatnonzero((self.product == np.arange(self.n)).all(axis=1))[0])

    @cached_property
    def inverse(self) -> Int[np.ndarray, " n"]:
        """Of every element the one that takes it back: g inverse[g] is the identity."""
        return np.argmax(self.product == self.identity, axis=1)

    @cached_property
    def is_commutative(self) -> bool:
        """The order does not matter: g h = h g."""
        return bool((self.product == self.product.T).all())

    @cached_property
    def basis(self) -> Float[np.ndarray, "n n"]:
        """The rows of all blocks, one after the other: orthonormal, the constant first. Read-only."""
        rows = np.concatenate([block.rows for block in self.blocks])
        rows.flags.writeable = False
        return rows

    @cached_property
    def starts(self) -> Int[np.ndarray, " blocks"]:
        """At which row of the basis every block begins."""
        return np.cumsum([0, *(block.size for block in self.blocks[:-1])])

    @cached_property
    def block_of_row(self) -> Int[np.ndarray, " n"]:
        """Of every row of the basis the block, by its number: 0, 1, 1, 2, 2, ... where the group is cyclic."""
        return np.repeat(np.arange(len(self.blocks)), [block.size for block in self.blocks])


class Places(NamedTuple):
    """The tokens that stand for the elements of a group: answers[a[g], b[h]] == c[product[g, h]].

    Numbers that stand for none of them, such as 0 in a product, are in none of the three.
    """

    group: Group
    a: Int[np.ndarray, " n"]
    b: Int[np.ndarray, " n"]
    c: Int[np.ndarray, " n"]
    root: int | None = None  # where the elements are its powers: c[i] = root ** i

    @property
    def n(self) -> int:
        return len(self.a)

    @property
    def is_plain(self) -> bool:
        """Element g is token g everywhere, so that nothing has to be moved. Tokens beyond the n of them are no numbers."""
        return all(bool((tokens == np.arange(self.n)).all()) for tokens in (self.a, self.b, self.c))

    def pairs(self, x: np.ndarray) -> np.ndarray:
        """A function of pairs of tokens, row a, column b, as one of pairs of elements: [n, n, ...]."""
        return x if self.is_all_of(x) else x[np.ix_(self.a, self.b)]

    def cube(self, logits: np.ndarray) -> np.ndarray:
        """The logits of pairs of tokens, pairs and answers as elements: [n, n, n]."""
        return logits if self.is_all_of(logits) else logits[np.ix_(self.a, self.b, self.c)]

    def is_all_of(self, x: np.ndarray) -> bool:
        """The pairs of elements are all pairs of tokens that x is a function of, in their order."""
        return len(x) == self.n and self.is_plain


@lru_cache(maxsize=32)
def cyclic(n: int) -> Group:
    """C_n: numbers modulo n, added. Block k, 1..n//2, holds cos(w_k g) and sin(w_k g); of k = n/2 the cosine alone.

    Raises `ValueError` when n is not positive.
    """
    if n < 1:
        raise ValueError(f"A cyclic group of {n} elements was asked for. A group has at least one.")
    basis, i = fourier_basis(n), np.arange(n)
    starts = [0, *range(1, n, 2)]
    blocks = tuple(
        Block("constant" if k == 0 else f"k = {k}", basis[start : start + (2 if k else 1)])
        for k, start in enumerate(starts)
    )
    product = np.add.outer(i, i) % n
    product.flags.writeable = False
    return Group(f"C_{n}", product, tuple(map(str, range(n))), blocks, is_cyclic=True)


@lru_cache(maxsize=32)
def fourier_basis(p: int) -> Float[np.ndarray, "p p"]:
    """Orthonormal rows: constant, cos_1, sin_1, cos_2, sin_2, ...; read-only, float64.

    The basis of Nanda et al. 2023, section 3, with w_k = 2 pi k / p. For even p the last frequency, p/2, has a cosine only.
    """
    n = np.arange(p)
    k = ((n + 1) // 2)[:, None]
    angle = 2 * np.pi * (k * n % p) / p
    is_sine = (n > 0) & (n % 2 == 0)
    rows = np.where(is_sine[:, None], np.sin(angle), np.cos(angle))
    basis = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    basis.flags.writeable = False
    return basis


def plainly(group: Group) -> Places:
    """Token g stands for element g."""
    tokens = np.arange(group.n)
    return Places(group, tokens, tokens, tokens)


def powers_of(root: int, p: int, sign_b: int = 1) -> Places:
    """The numbers 1..p-1 as powers of a primitive root of a prime p: their products add the exponents, mod p - 1.

    `sign_b` = -1: b stands for its inverse, so that division is the product of the group.
    """
    powers = np.array([pow(root, i, p) for i in range(p - 1)])
    return Places(cyclic(p - 1), powers, powers[sign_b * np.arange(p - 1) % (p - 1)], powers, root)


def sums(p: int, sign_b: int = 1) -> Places:
    """The numbers modulo p, added; `sign_b` = -1: b is taken away."""
    numbers = np.arange(p)
    return Places(cyclic(p), numbers, sign_b * numbers % p, numbers)
