"""Two accounts of a network that composes the elements of a group, and experiments on which they speak differently.

Representations (Chughtai et al. 2023, arXiv 2302.03025): the network multiplies matrices, so its hidden layer holds the
matrix elements ρ(a b) of a few irreducible representations, and with those alone it still works. Cosets (Stander et al.
2024, arXiv 2312.06581): each neuron tells apart cosets of a subgroup and no more, so that its parts of a and of b may
be averaged over each coset (see `circuit.cosets`) and nothing changes. Both can hold of one network.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from grokviz.circuit.cosets import Cosets, Fit, Sides, averaged
from grokviz.tasks.groups import Group

RIGHT, WRONG, SILENT = "still right", "breaks", "says nothing"


class Trial(NamedTuple):
    """One experiment on the hidden layer, and what each account says will come of it."""

    question: str
    representations: str
    cosets: str
    post: Float[np.ndarray, "n n m"]  # the hidden layer, changed


class Hidden(NamedTuple):
    """A hidden layer before and after its ReLU, for all pairs."""

    pre: Float[np.ndarray, "n n m"]
    post: Float[np.ndarray, "n n m"]


def product_part(
    x: Float[np.ndarray, "n n m"], group: Group, blocks: Sequence[int]
) -> Float[np.ndarray, "n n m"]:
    """What of x is a matrix element ρ_ij(a b) of these blocks: projected after the mean over pairs of one product."""
    n = group.n
    means = np.zeros((n, x.shape[2]))
    np.add.at(means, group.product.ravel(), x.reshape(n * n, -1))
    rows = np.concatenate([group.blocks[b].rows for b in blocks])
    return (rows.T @ (rows @ (means / n)))[group.product].astype(x.dtype)


def only_blocks(
    values: Float[np.ndarray, "n m"], group: Group, blocks: Sequence[int]
) -> Float[np.ndarray, "n m"]:
    """What of a function of one element lies in these blocks."""
    rows = np.concatenate([group.blocks[b].rows for b in blocks])
    return rows.T @ (rows @ values)


def trials(
    hidden: Hidden,
    parts: Sides,
    fit: Fit,
    cosets: Sequence[Cosets],
    group: Group,
    keys: Sequence[int],
    seed: int = 0,
) -> list[Trial]:
    """The experiments on one snapshot; without key blocks only those of the cosets. `seed` draws the control."""
    of_blocks = _of_blocks(hidden, parts, group, keys) if len(keys) else []
    return _of_cosets(hidden, parts, fit, cosets, np.random.default_rng(seed)) + of_blocks


def _of_cosets(
    hidden: Hidden, parts: Sides, fit: Fit, cosets: Sequence[Cosets], rng: np.random.Generator
) -> list[Trial]:
    """What each neuron sees, the same all over each coset: of its own, of the wrong sides, of another subgroup."""
    own = [cosets[h].right for h in fit.left], [cosets[h].left for h in fit.right]
    wrong = [cosets[h].left for h in fit.left], [cosets[h].right for h in fit.right]
    others = _others(fit, cosets, rng)
    words = (
        ("Average what each neuron sees over its own cosets: right ones of a, left ones of b", RIGHT, own),
        ("The same with the sides changed: left cosets of a, right ones of b", WRONG, wrong),
        ("The same with other subgroups of the same orders, drawn at random", WRONG, others),
    )
    return [
        Trial(question, SILENT, says, np.maximum(averaged(hidden.pre, parts, *sides), 0))
        for question, says, sides in words
    ]


def _of_blocks(hidden: Hidden, parts: Sides, group: Group, keys: Sequence[int]) -> list[Trial]:
    """The key blocks alone, and all but those."""
    pre, post = hidden
    core = product_part(post, group, keys)
    left, right = (only_blocks(part, group, keys) - part for part in (parts.left, parts.right))
    kept = np.maximum(pre + left[:, None] + right[None], 0)
    mean = post.mean(axis=(0, 1))
    return [
        Trial(
            "Keep of the hidden layer only ρ(a b) of the key blocks, and its mean", RIGHT, SILENT, core + mean
        ),
        Trial("Take just that away", WRONG, SILENT, post - core),
        Trial("Keep of what each neuron sees of a and of b only the key blocks", RIGHT, SILENT, kept),
    ]


def _others(
    fit: Fit, cosets: Sequence[Cosets], rng: np.random.Generator
) -> tuple[list[Int[np.ndarray, " n"]], list[Int[np.ndarray, " n"]]]:
    """Of every neuron the cosets of another subgroup with as many elements; its own where there is no other."""

    def another(h: int) -> Cosets:
        same = [c for i, c in enumerate(cosets) if c.order == cosets[h].order and i != h]
        return same[rng.integers(len(same))] if same else cosets[h]

    return [another(h).right for h in fit.left.tolist()], [another(h).left for h in fit.right.tolist()]
