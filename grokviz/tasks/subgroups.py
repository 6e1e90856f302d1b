"""Subgroups and their cosets.

A right coset of H is H g, a left one g H, where the product of g and h is g first, then h.
"""

import itertools

import numpy as np
from jaxtyping import Int

from grokviz.tasks.irreps import inverses

Subgroup = frozenset[int]


def generated(product: Int[np.ndarray, "n n"], by: tuple[int, ...]) -> Subgroup:
    """The smallest subgroup that holds these elements."""
    found, new = set(by), list(by)
    while new:
        new = list(set(product[np.ix_(new, by)].ravel().tolist()) - found)
        found |= set(new)
    return frozenset(found)


def subgroups(product: Int[np.ndarray, "n n"]) -> list[Subgroup]:
    """Every subgroup that two elements generate, the smallest first: of S_5, and of every group here, all of them."""
    n = len(product)
    cyclic = {generated(product, (g,)): g for g in range(n)}
    found = set(cyclic)
    for (one, g), (other, h) in itertools.combinations(cyclic.items(), 2):
        if not (one <= other or other <= one):
            found.add(generated(product, (g, h)))
    return sorted(found, key=lambda members: (len(members), sorted(members)))


def right_cosets(product: Int[np.ndarray, "n n"], subgroup: Subgroup) -> Int[np.ndarray, " n"]:
    """The number of the coset H g of each g, in the order in which they are met."""
    return _numbered(product[sorted(subgroup)].min(axis=0))


def left_cosets(product: Int[np.ndarray, "n n"], subgroup: Subgroup) -> Int[np.ndarray, " n"]:
    """The number of the coset g H of each g, in the order in which they are met."""
    return _numbered(product[:, sorted(subgroup)].min(axis=1))


def _numbered(smallest: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    return np.unique(smallest, return_inverse=True)[1]


def conjugate(product: Int[np.ndarray, "n n"], subgroup: Subgroup, by: int) -> Subgroup:
    """g^-1 H g: the same kind of subgroup, elsewhere."""
    back = int(inverses(product)[by])
    return frozenset(product[product[back, sorted(subgroup)], by].tolist())


def kind(product: Int[np.ndarray, "n n"], subgroup: Subgroup) -> tuple[int, ...]:
    """How often each order of an element occurs, which tells most subgroups of a size apart."""
    unit = int(np.flatnonzero((product == np.arange(len(product))).all(axis=1))[0])
    orders = []
    for g in subgroup:
        x, order = g, 1
        while x != unit:
            x, order = int(product[x, g]), order + 1
        orders.append(order)
    return tuple(sorted(orders))
