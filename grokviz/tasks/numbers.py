"""Whole numbers modulo p: primes, inverses, primitive roots."""

import math

import numpy as np
from jaxtyping import Int

SMALLEST_MODULUS, LARGEST_MODULUS = 3, 251


def is_prime(n: int) -> bool:
    return n > 1 and all(n % d for d in range(2, math.isqrt(n) + 1))


def next_prime(n: int) -> int:
    """The smallest prime >= n that is a legal modulus, or the largest below it."""
    legal = range(max(n, SMALLEST_MODULUS), LARGEST_MODULUS + 1)
    return next(filter(is_prime, legal), LARGEST_MODULUS)  # which is prime


def inverse_table(p: int) -> Int[np.ndarray, " p"]:
    """b -> 1/b mod p for prime p by Fermat's little theorem, b^(p-2); 0 -> 0 (it has no inverse)."""
    return np.array([pow(b, p - 2, p) for b in range(p)])


def primitive_root(p: int) -> int:
    """The smallest number whose powers are all of 1..p-1, for a prime p. Raises `ValueError` for others."""
    if not is_prime(p):
        raise ValueError(f"p = {p} is not prime, so its numbers are not the powers of one. Choose a prime p.")
    return next(g for g in range(1, p) if len({pow(g, i, p) for i in range(p - 1)}) == p - 1)
