"""Orders of the numbers in which an operation is addition, so that its waves can be seen.

The circuit of Nanda et al. 2023 adds angles. It serves every operation that is addition once its numbers are
put into another order: a − b counts b backwards; a × b and a ÷ b, modulo a prime and without 0, add the
discrete logarithms of a and b modulo p − 1 (the numbers as powers of a primitive root).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from grokviz.tasks.numbers import is_prime, primitive_root
from grokviz.tasks.pairs import OPERATIONS


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
    numbers, root = np.arange(p), None
    way = OPERATIONS[operation].addition if operation in OPERATIONS else None
    if way is None or (way.of_logarithms and not is_prime(p)):
        return SumOrder(p, numbers, numbers, numbers, is_sum=False)
    if way.of_logarithms:
        root = primitive_root(p)
        numbers = np.array([pow(root, i, p) for i in range(p - 1)])
    n = len(numbers)
    return SumOrder(n, numbers, numbers[way.sign_b * np.arange(n) % n], numbers, True, root)


def on_sums(x: np.ndarray, order: SumOrder) -> np.ndarray:
    """A function of pairs, row a, column b, in that order: [n, n, ...]."""
    return x if order.is_plain else x[np.ix_(order.a, order.b)]


def logits_on_sums(logits: np.ndarray, order: SumOrder) -> np.ndarray:
    """The logits of every pair, pairs and answers in that order: [n, n, n]."""
    return logits if order.is_plain else logits[np.ix_(order.a, order.b, order.c)]
