"""Orders of the numbers in which an operation is addition, so that its waves can be seen.

The circuit of Nanda et al. 2023 adds angles. It serves every operation that is addition once its numbers are
put into another order: a − b counts b backwards; a × b and a ÷ b, modulo a prime and without 0, add the
discrete logarithms of a and b modulo p − 1 (the numbers as powers of a primitive root).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from grokviz.config import is_prime


class SumOrder(NamedTuple):
    """Numbers in the order in which the answer to (a[i], b[j]) is c[(i + j) % n]."""

    n: int
    a: Int[np.ndarray, " n"]
    b: Int[np.ndarray, " n"]
    c: Int[np.ndarray, " n"]
    is_sum: bool = True  # False: no such order is known, and this is merely 0, 1, 2, ...
    root: int | None = None  # the primitive root, where the order is that of its powers

    @property
    def is_plain(self) -> bool:
        """The numbers are in their own order, so that nothing has to be moved."""
        return bool((self.b == np.arange(len(self.b))).all()) and self.root is None


def sum_order(operation: str, p: int) -> SumOrder:
    """The order in which `operation` mod p is addition, or `is_sum=False` where none is known.

    For multiplication and division 0 has no place in it: n = p - 1.
    """
    numbers = np.arange(p)
    if operation == "subtract":
        return SumOrder(p, numbers, -numbers % p, numbers)
    if operation in ("multiply", "divide") and is_prime(p):
        root = primitive_root(p)
        powers = np.array([pow(root, i, p) for i in range(p - 1)])
        backwards = powers[-np.arange(p - 1) % (p - 1)]
        return SumOrder(p - 1, powers, powers if operation == "multiply" else backwards, powers, True, root)
    return SumOrder(p, numbers, numbers, numbers, operation == "add")


def primitive_root(p: int) -> int:
    """The smallest number whose powers are all of 1..p-1, for a prime p. Raises `ValueError` for others."""
    if not is_prime(p):
        raise ValueError(f"p = {p} is not prime, so its numbers are not the powers of one. Choose a prime p.")
    return next(g for g in range(1, p) if len({pow(g, i, p) for i in range(p - 1)}) == p - 1)


def on_sums(x: np.ndarray, order: SumOrder) -> np.ndarray:
    """A function of pairs, row a, column b, in that order: [n, n, ...]."""
    return x if order.is_plain else x[np.ix_(order.a, order.b)]


def logits_on_sums(logits: np.ndarray, order: SumOrder) -> np.ndarray:
    """The logits of every pair, pairs and answers in that order: [n, n, n]."""
    return logits if order.is_plain else logits[np.ix_(order.a, order.b, order.c)]
