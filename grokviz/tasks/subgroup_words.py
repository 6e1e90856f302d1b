"""What a subgroup is, and what its double cosets tell apart, in words: for groups of shuffles, else by their size."""

import numpy as np
from jaxtyping import Int

from grokviz.tasks import permutations
from grokviz.tasks.groups import Group
from grokviz.tasks.subgroups import Subgroup


def rows_of(group: Group) -> Int[np.ndarray, "n k"] | None:
    """The elements as permutations, where they are some."""
    letter, _, number = group.name.partition("_")
    if letter == "S":
        return permutations.symmetric(int(number))
    return permutations.alternating(int(number)) if letter == "A" else None


def fixed_card(group: Group, subgroup: Subgroup) -> int | None:
    """The one card that every one of its shuffles leaves in place, if it has all that do; counted from 0."""
    rows = rows_of(group)
    if rows is None:
        return None
    members = sorted(subgroup)
    still = np.flatnonzero((rows[members] == np.arange(rows.shape[1])).all(axis=0))
    if len(still) != 1 or (rows[:, still[0]] == still[0]).sum() != len(members):
        return None
    return int(still[0])


def named(group: Group, subgroup: Subgroup) -> str:
    """A subgroup for someone who knows no groups: the 24 shuffles that leave card 3 in place."""
    size, rows = len(subgroup), rows_of(group)
    if size == group.n:
        return "all of them"
    if size == 1:
        return "the one that changes nothing"
    things = "elements" if rows is None else "shuffles"
    if (card := fixed_card(group, subgroup)) is not None:
        return f"the {size} shuffles that leave card {card + 1} in place"
    if rows is not None and 2 * size == group.n and all(permutations.sign(rows[g]) > 0 for g in subgroup):
        return f"the {size} even shuffles"
    some = [group.elements[g] for g in sorted(subgroup) if g != group.identity][:2]
    return f"a subgroup of {size} {things}, {' and '.join(some)} among them"


def double_cosets(group: Group, left: Subgroup, right: Subgroup) -> Int[np.ndarray, " n"]:
    """The number of the double coset H g K of each element, the smallest first; H comes first in the product."""
    product = group.product
    after = product[sorted(left)].min(axis=0)  # the coset H g, by its smallest element
    smallest = after[product[:, sorted(right)]].min(axis=1)
    found, number = np.unique(smallest, return_inverse=True)
    sizes = np.bincount(number, minlength=len(found))
    rank = np.empty(len(found), dtype=int)
    rank[np.lexsort((found, sizes))] = np.arange(len(found))
    return rank[number]


def double_coset_words(group: Group, left: Subgroup, right: Subgroup) -> list[str]:
    """What the answers in each double coset have in common: card 3 ends at place 1."""
    number = double_cosets(group, left, right)
    start, end = fixed_card(group, left), fixed_card(group, right)
    if start is not None and end is not None:
        return [f"card {start + 1} ends at place {end + 1}", "it ends elsewhere"]
    return [f"answers of kind {i + 1}: {size} of {group.n}" for i, size in enumerate(np.bincount(number))]
