"""The five stages of the circuit, on the model's own activations: what it holds against what it ought to hold.

Nanda et al. 2023, sections 3.1 and 4: a number becomes an angle, attention brings two of them together, the
neurons multiply their waves, W_L reads the products out as waves over the answers, and the waves agree at one.
`read_stages` reads a snapshot over all pairs, `follow` takes one pair out of it. In another group than that of numbers
modulo n the waves of a frequency are the functions of a block: where the stages say cos and sin, read all of those.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from grokviz.circuit.interventions import linear_pattern
from grokviz.measures.circuit import (
    NEURON_FVE,
    attention_single_frequency_fve,
    check_keys,
    logit_map,
    neuron_frequencies,
    trig_coefficients,
)
from grokviz.measures.fourier import frequency_energy
from grokviz.measures.pictures import block_points
from grokviz.models.forward import Activations
from grokviz.tasks.groups import Group, Places


@dataclass(frozen=True, eq=False)
class Stages:
    """One snapshot, pairs and answers as elements of the group. K frequencies; shares of variance lie in 0..1.

    `size` is that of the largest block, 2 at least: what a smaller one does not have is 0.
    """

    order: Places
    freqs: tuple[int, ...]

    rings: Float[np.ndarray, "K n size"]  # see `block_points`
    radius: Float[np.ndarray, " K"]  # of the circle fitted to the ring
    ring_share: Float[np.ndarray, " K"]  # of the ring, by that circle
    embedding_share: Float[np.ndarray, " K"]  # of all of W_E over the numbers, by waves of this frequency

    pattern: Float[np.ndarray, "heads n n 3"]
    linear: Float[np.ndarray, "heads n n 3"]  # the same by waves of one frequency
    head_freq: Int[np.ndarray, " heads"]
    head_share: Float[np.ndarray, " heads"]

    neurons: Int[np.ndarray, " K"]  # that follow this frequency best
    pure_neurons: Int[np.ndarray, " K"]  # of those, the ones it explains to 85 % at least
    neuron_share: float  # of the variance of all neurons, by the frequency of each
    turned: Float[np.ndarray, "K n n size"]  # what these neurons write along cos_k(c) and sin_k(c), centred
    readout: Float[
        np.ndarray, "d_mlp K size"
    ]  # what each neuron adds to that; 0 for those of other frequencies
    centre: Float[np.ndarray, "K size"]  # the mean that was taken off
    products: Float[np.ndarray, "K size size size"]  # of that, the part along {cos, sin}(a) x {cos, sin}(b)
    turned_size: Float[np.ndarray, " K"]  # r in r cos(w_k (a+b)), r sin(w_k (a+b)), fitted
    turned_share: Float[np.ndarray, " K"]

    logits: Float[np.ndarray, "n n n"] | None  # centred over the answers; None where they have been let go
    coefficients: Float[np.ndarray, "K n n size"]  # of the logits along cos_k(c) and sin_k(c)
    wave_size: Float[np.ndarray, " K"]  # r in r cos(w_k (a+b-c)), fitted, in logits
    wave_share: Float[np.ndarray, " K"]  # of the logits at this frequency of c
    logit_share: float  # of the logits, by all these waves


@np.errstate(over="ignore", invalid="ignore")  # a network that diverged is shown, not refused
def read_stages(activations: Activations, order: Places, freqs: Sequence[int]) -> Stages:
    """All stages of a snapshot for these frequencies. Raises `ValueError` when one of them is none."""
    freqs = check_keys(freqs, order.group)
    return Stages(
        order=order,
        freqs=freqs,
        **_read_embedding(activations, order, freqs),
        **_read_attention(activations, order),
        **_read_neurons(activations, order, freqs),
        **read_logits(activations, order, freqs),
    )


def _read_embedding(activations: Activations, order: Places, freqs: tuple[int, ...]) -> dict:
    group = order.group
    W_E = activations.weights["W_E"][order.a].astype(np.float64)
    ideal = _circles(group, freqs)
    points = np.zeros_like(ideal)
    for i, k in enumerate(freqs):
        points[i, :, : group.blocks[k].size] = block_points(W_E, group.blocks[k].rows)
    radius, ring_share = _fit(points, ideal)
    energy = frequency_energy(W_E, group).sum(axis=1)
    embedding_share = _share(energy[np.array(freqs, dtype=int) - 1], energy.sum())
    return {"rings": points, "radius": radius, "ring_share": ring_share, "embedding_share": embedding_share}


def _read_attention(activations: Activations, order: Places) -> dict:
    pattern = np.moveaxis(order.pairs(np.moveaxis(activations.pattern, 0, 2)), 2, 0)
    linear = np.moveaxis(order.pairs(np.moveaxis(linear_pattern(activations.pattern, order), 0, 2)), 2, 0)
    head_freq, head_share = attention_single_frequency_fve(pattern, order.group)
    return {"pattern": pattern, "linear": linear, "head_freq": head_freq, "head_share": head_share}


def _read_neurons(activations: Activations, order: Places, freqs: tuple[int, ...]) -> dict:
    n, group = order.n, order.group
    post = order.pairs(activations.post)
    owner, fve = neuron_frequencies(post, group)
    squares = np.einsum("abm,abm->m", post, post).astype(np.float64) / n**2
    variance = np.maximum(squares - post.mean(axis=(0, 1), dtype=np.float64) ** 2, 0)
    waves_of_c = _rows(group, freqs)  # [K, size, n]
    size = waves_of_c.shape[1]
    W_L = logit_map(activations.weights)[:, order.c]
    mine = owner == np.array(freqs, dtype=int)[:, None]
    readout = np.einsum("mc,kic,km->mki", W_L, waves_of_c, mine).reshape(len(W_L), -1)
    turned = (post.reshape(n * n, -1) @ readout.astype(post.dtype)).reshape(n, n, -1, size).astype(np.float64)
    centre = turned.mean(axis=(0, 1))
    turned = np.moveaxis(turned - centre, 2, 0)
    sums = _circles(group, freqs)[:, group.product]  # cos and sin of w_k (a + b)
    turned_size, turned_share = _fit(turned.reshape(-1, n * n, size), sums.reshape(-1, n * n, size))
    return {
        "neurons": mine.sum(axis=1),
        "pure_neurons": (mine & (fve >= NEURON_FVE)).sum(axis=1),
        "neuron_share": float(_share((fve * variance).sum(), variance.sum())),
        "turned": turned,
        "readout": readout.reshape(len(W_L), -1, size),
        "centre": centre,
        "products": np.einsum("kin,knmo,kjm->kijo", waves_of_c, turned, waves_of_c, optimize=size > 2),
        "turned_size": turned_size,
        "turned_share": turned_share,
    }


def read_logits(activations: Activations, order: Places, freqs: tuple[int, ...]) -> dict:
    """Stages 4 and 5: the fields of `Stages` from `logits` on, by their names."""
    n, group = order.n, order.group
    logits = order.cube(activations.logits)
    logits = logits - logits.mean(axis=2, keepdims=True)
    rows = _rows(group, freqs)
    flat = rows.reshape(-1, n).T.astype(logits.dtype)
    coefficients = (logits.reshape(n * n, n) @ flat).reshape(n, n, -1, rows.shape[1]).astype(np.float64)
    alpha = trig_coefficients(logits, None, group)[np.array(freqs, dtype=int) - 1]
    at_frequency = np.square(coefficients).sum(axis=(0, 1, 3))
    total = float(np.square(logits, dtype=np.float64).sum())
    return {
        "logits": logits,
        "coefficients": np.moveaxis(coefficients, 2, 0),
        "wave_size": alpha * _peak(group, freqs) / n,
        "wave_share": _share(alpha**2, at_frequency),
        "logit_share": float(_share((alpha**2).sum(), total)),
    }


def _circles(group: Group, freqs: Sequence[int]) -> Float[np.ndarray, "K n size"]:
    """cos and sin of w_k m for every number m: where it would stand on a perfect ring, of radius 1."""
    return np.swapaxes(_rows(group, freqs), 1, 2) / _peak(group, freqs)[:, None, None]


class Head(NamedTuple):
    """Attention from "=" to a, b and "=" of one head, and the same by waves of its frequency."""

    freq: int
    share: float
    pattern: Float[np.ndarray, " 3"]
    linear: Float[np.ndarray, " 3"]


class Product(NamedTuple):
    """What the neurons of one frequency make of a pair: cos first, sin second. In orthonormal waves of c."""

    freq: int
    parts: Float[
        np.ndarray, "size 2"
    ]  # cos a cos b and sin a sin b; sin a cos b and cos a sin b. See `_parts`
    actual: Float[np.ndarray, " size"]
    ideal: Float[np.ndarray, " size"]  # r cos(w (a+b)), r sin(w (a+b))

    @property
    def fitted(self) -> Float[np.ndarray, " 2"]:
        """The products alone."""
        return self.parts.sum(axis=1)


class Followed(NamedTuple):
    """One pair through the five stages; places are elements of the group."""

    places: tuple[int, int, int]  # of a, of b and of the right answer
    heads: list[Head]
    products: list[Product]
    waves: Float[np.ndarray, "K n"]  # the logits at each frequency, over the answers
    ideal_waves: Float[np.ndarray, "K n"]
    logits: Float[np.ndarray, " n"]  # centred over the answers

    @property
    def ideal(self) -> Float[np.ndarray, " n"]:
        """The sum of the ideal waves."""
        return self.ideal_waves.sum(axis=0)

    @property
    def rest(self) -> Float[np.ndarray, " n"]:
        """What the ideal waves leave over."""
        return self.logits - self.ideal


def follow(stages: Stages, i: int, j: int, logits: Float[np.ndarray, " n"] | None = None) -> Followed:
    """The pair of the elements i and j through the five stages.

    `logits` are its own, centred, in that order, where the stages do not hold those of all pairs.
    """
    group, freqs = stages.order.group, stages.freqs
    answer = int(group.product[i, j])
    heads = [
        Head(int(freq), float(share), stages.pattern[head, i, j], stages.linear[head, i, j])
        for head, (freq, share) in enumerate(zip(stages.head_freq, stages.head_share, strict=True))
    ]
    rows, ideal = _rows(group, freqs), _circles(group, freqs)[:, answer]
    products = []
    for index, k in enumerate(freqs):
        terms = stages.products[index] * rows[index, :, i][:, None, None] * rows[index, :, j][:, None]
        products.append(
            Product(k, _parts(terms), stages.turned[index, i, j], stages.turned_size[index] * ideal[index])
        )
    # Along c the projector onto a block is a wave with its crest at the answer.
    waves = ideal_waves(group, freqs, answer) * stages.wave_size[:, None]
    return Followed(
        (i, j, answer),
        heads,
        products,
        np.einsum("ki,kin->kn", stages.coefficients[:, i, j], rows),
        waves,
        _given(stages.logits)[i, j] if logits is None else logits,
    )


def waves_of(
    logits: Float[np.ndarray, "m n"], group: Group, freqs: Sequence[int]
) -> Float[np.ndarray, "m K n"]:
    """What each frequency adds to rows of logits over the answers: their parts in its block."""
    rows = _rows(group, freqs)
    return np.einsum("kin,mki->mkn", rows, np.einsum("mn,kin->mki", logits, rows))


def ideal_waves(group: Group, freqs: Sequence[int], answer: int) -> Float[np.ndarray, "K n"]:
    """The wave of each frequency with its crest, of height 1, at an answer."""
    ideal = _circles(group, freqs)[:, answer]
    return np.einsum("ks,ksc->kc", ideal / _peak(group, freqs)[:, None], _rows(group, freqs))


def _given(logits: np.ndarray | None) -> np.ndarray:
    if logits is None:
        raise ValueError("These stages hold no logits. Give those of the pair.")
    return logits


def _parts(terms: Float[np.ndarray, "size size size"]) -> Float[np.ndarray, "size 2"]:
    """The products of waves that adding two angles asks for; of a larger block all products, in the first column."""
    if len(terms) == 2:
        return np.array([[terms[0, 0, 0], terms[1, 1, 0]], [terms[1, 0, 1], terms[0, 1, 1]]])
    together = terms.sum(axis=(0, 1))
    return np.stack([together, np.zeros_like(together)], axis=1)


def _rows(group: Group, freqs: Sequence[int]) -> Float[np.ndarray, "K size n"]:
    """cos_k and sin_k of length 1; zeros for the sine that k = n/2 does not have, and for what a block does not."""
    blocks = [group.blocks[k].rows for k in freqs]
    rows = np.zeros((len(freqs), max([2, *map(len, blocks)]), group.n))
    for row, block in zip(rows, blocks, strict=True):
        row[: len(block)] = block
    return rows


def _peak(group: Group, freqs: Sequence[int]) -> Float[np.ndarray, " K"]:
    """The largest value of cos_k of length 1: what turns its coefficient into an amplitude. The root of size / n."""
    return np.array([np.sqrt(group.blocks[k].size / group.n) for k in freqs])


def _fit(
    points: Float[np.ndarray, "K m size"], ideal: Float[np.ndarray, "K m size"]
) -> tuple[Float[np.ndarray, " K"], Float[np.ndarray, " K"]]:
    """The size r with which r * ideal fits the points best, and the share of their squares it explains."""
    overlap = (points * ideal).sum(axis=(1, 2))
    unit = np.square(ideal).sum(axis=(1, 2))
    size = overlap / np.where(unit > 0, unit, 1)
    return size, _share(size * overlap, np.square(points).sum(axis=(1, 2)))


def _share(part: np.ndarray | float, whole: np.ndarray | float) -> np.ndarray:
    """part / whole, 0 of nothing, and no more than 1 for rounding."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    found = np.divide(part, whole, out=np.zeros(np.broadcast(part, whole).shape), where=whole > 0)
    return np.asarray(np.minimum(found, 1))  # of two numbers numpy makes a number, no array
