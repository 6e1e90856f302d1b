"""Neurons that are constant on the cosets of a subgroup, after Stander et al. 2024 (arXiv 2312.06581).

What a neuron sees before its ReLU is split into a part of a and a part of b. The claim: the part of a is constant on
the right cosets H g of a subgroup, that of b on the left cosets g K of a conjugate K of it. Then what the neuron sees
depends on which coset a and b are in and no more, and so on where their product lies: first a, then b is in H g K.

In a network without attention the two parts add up to all that the neuron sees. In a transformer attention mixes
them: there the part of a is the mean over all b, that of b the mean over all a, and `additive` says how much of the
variation both together leave out.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from grokviz.tasks import subgroups
from grokviz.tasks.groups import Group
from grokviz.tasks.subgroups import Subgroup

SAME = 0.01  # of the variance within cosets: below, a neuron counts as constant on them (Stander et al.)
DEAD = 1e-9  # of the largest variation: a neuron below does nothing


class Sides(NamedTuple):
    """What each neuron sees before its ReLU, as a part of a and a part of b, each with mean 0."""

    left: Float[np.ndarray, "n m"]
    right: Float[np.ndarray, "n m"]
    additive: Float[np.ndarray, " m"]  # share of the variance that they explain together
    live: Bool[np.ndarray, " m"]  # it varies at all


class Cosets(NamedTuple):
    """One subgroup with its cosets on both sides."""

    subgroup: Subgroup
    right: Int[np.ndarray, " n"]  # the coset H g of each element
    left: Int[np.ndarray, " n"]  # the coset g H

    @property
    def order(self) -> int:
        return len(self.subgroup)


class Fit(NamedTuple):
    """The largest subgroup on whose cosets each neuron is constant, on each side; the whole group does not count."""

    left: Int[np.ndarray, " m"]  # its place in `all_cosets`; that of the trivial group, 0, where it is none
    right: Int[np.ndarray, " m"]
    within_left: Float[np.ndarray, " m"]  # share of the variance within its cosets
    within_right: Float[np.ndarray, " m"]


def sides(pre: Float[np.ndarray, "n n m"]) -> Sides:
    """The two parts: means over the other element, less the mean of all."""
    mean = pre.mean(axis=(0, 1))
    left, right = pre.mean(axis=1) - mean, pre.mean(axis=0) - mean
    n = len(pre)
    variance = np.einsum("abm,abm->m", pre, pre) / n**2 - mean**2
    explained = (left**2).mean(axis=0) + (right**2).mean(axis=0)
    live = variance > DEAD * max(float(variance.max(initial=0)), 1e-30)
    share = np.where(live, explained / np.where(live, variance, 1), 0)
    return Sides(left, right, np.clip(share, 0, 1), live)


def means_over(values: Float[np.ndarray, "n m"], coset: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n m"]:
    """Each value replaced by the mean over its coset."""
    sums = np.zeros((int(coset.max()) + 1, values.shape[1]))
    np.add.at(sums, coset, values)
    return (sums / np.bincount(coset)[:, None])[coset]


def within(values: Float[np.ndarray, "n m"], coset: Int[np.ndarray, " n"]) -> Float[np.ndarray, " m"]:
    """Share of the variance that lies within cosets: 0 where the values are constant on each; 1 for no variation."""
    centred = values - values.mean(axis=0)
    rest, whole = ((x**2).sum(axis=0) for x in (centred - means_over(centred, coset), centred))
    return np.where(whole > 0, rest / np.where(whole > 0, whole, 1), 1.0)


@lru_cache(maxsize=4)
def all_cosets(group: Group) -> tuple[Cosets, ...]:
    """Every subgroup that two elements generate, the smallest first, with its cosets. 156 of S_5."""
    product = group.product
    return tuple(
        Cosets(h, subgroups.right_cosets(product, h), subgroups.left_cosets(product, h))
        for h in subgroups.subgroups(product)
    )


def fit(found: Sides, cosets: tuple[Cosets, ...]) -> Fit:
    """Of each neuron and side the largest subgroup with less than 1 % of the variance within cosets, of those the best.

    Trap: on the cosets of the trivial group, single elements, everything is constant. So the largest counts.
    """
    proper = [c for c in cosets if len(set(c.right.tolist())) > 1]
    left = np.array([within(found.left, c.right) for c in proper])
    right = np.array([within(found.right, c.left) for c in proper])
    orders = np.array([c.order for c in proper])
    best_left, best_right = (_largest(x, orders) for x in (left, right))
    m = np.arange(left.shape[1])
    return Fit(best_left, best_right, left[best_left, m], right[best_right, m])


def _largest(share: Float[np.ndarray, "h m"], orders: Int[np.ndarray, " h"]) -> Int[np.ndarray, " m"]:
    """Order counts first, then how constant it is: 1 - share is below 1."""
    return np.where(share < SAME, orders[:, None] + 1 - share, 0).argmax(axis=0)


def counts(found: Fit, live: Bool[np.ndarray, " m"], cosets: tuple[Cosets, ...]) -> dict[int, int]:
    """How many live neurons are constant on the left side on cosets of a subgroup of each order, the largest first;
    1 is none."""
    orders = np.array([cosets[h].order for h in found.left[live]], dtype=int)
    return {int(order): int((orders == order).sum()) for order in np.unique(orders)[::-1]}


def averaged(
    pre: Float[np.ndarray, "n n m"],
    found: Sides,
    left: list[Int[np.ndarray, " n"]],
    right: list[Int[np.ndarray, " n"]],
) -> Float[np.ndarray, "n n m"]:
    """What the neurons would see if their parts of a and of b were the same all over each coset.

    `left` and `right` are the cosets of every neuron, on either side. What the two parts leave out stays as it is.
    """
    changed = pre.copy()
    for part, of_neurons, axis in ((found.left, left, 1), (found.right, right, 0)):
        same = np.empty_like(part)
        for m, coset in enumerate(of_neurons):
            same[:, m] = means_over(part[:, m : m + 1], coset)[:, 0]
        changed += np.expand_dims(same - part, axis)
    return changed


def ordered(coset: Int[np.ndarray, " n"], values: Float[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """The elements, coset by coset: the cosets by their mean value, the largest first."""
    means = means_over(values[:, None], coset)[:, 0]
    return np.lexsort((np.arange(len(coset)), coset, -np.round(means, 9)))
