"""The five stages of the circuit, on the model's own activations: what it holds against what it ought to hold.

Nanda et al. 2023, sections 3.1 and 4: a number becomes an angle, attention brings two of them together, the
neurons multiply their waves, W_L reads the products out as waves over the answers, and the waves agree at one.
`read_stages` reads a snapshot over all pairs, `follow` takes one pair out of it.
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
    check_key_freqs,
    logit_map,
    neuron_frequencies,
    trig_coefficients,
)
from grokviz.measures.fourier import fourier_basis, frequency_energy
from grokviz.measures.losses import pair_sums
from grokviz.measures.pictures import ring_points
from grokviz.measures.reindex import SumOrder, logits_on_sums, on_sums
from grokviz.models.forward import Activations


@dataclass(frozen=True, eq=False)
class Stages:
    """One snapshot, pairs and answers in the order of sums. K frequencies; shares of variance lie in 0..1."""

    order: SumOrder
    freqs: tuple[int, ...]

    rings: Float[np.ndarray, "K n 2"]  # see `ring_points`
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
    turned: Float[np.ndarray, "K n n 2"]  # what these neurons write along cos_k(c) and sin_k(c), centred
    products: Float[np.ndarray, "K 2 2 2"]  # of that, the part along {cos, sin}(a) x {cos, sin}(b)
    turned_size: Float[np.ndarray, " K"]  # r in r cos(w_k (a+b)), r sin(w_k (a+b)), fitted
    turned_share: Float[np.ndarray, " K"]

    logits: Float[np.ndarray, "n n n"] | None  # centred over the answers; None where they have been let go
    coefficients: Float[np.ndarray, "K n n 2"]  # of the logits along cos_k(c) and sin_k(c)
    wave_size: Float[np.ndarray, " K"]  # r in r cos(w_k (a+b-c)), fitted, in logits
    wave_share: Float[np.ndarray, " K"]  # of the logits at this frequency of c
    logit_share: float  # of the logits, by all these waves


@np.errstate(over="ignore", invalid="ignore")  # a network that diverged is shown, not refused
def read_stages(activations: Activations, order: SumOrder, freqs: Sequence[int]) -> Stages:
    """All stages of a snapshot for these frequencies. Raises `ValueError` when one of them is none."""
    freqs = check_key_freqs(freqs, order.n)
    return Stages(
        order=order,
        freqs=freqs,
        **_read_embedding(activations, order, freqs),
        **_read_attention(activations, order),
        **_read_neurons(activations, order, freqs),
        **_read_logits(activations, order, freqs),
    )


def _read_embedding(activations: Activations, order: SumOrder, freqs: tuple[int, ...]) -> dict:
    n = order.n
    W_E = activations.weights["W_E"][order.a].astype(np.float64)
    points = np.array([ring_points(W_E, f) for f in freqs]).reshape(-1, n, 2)
    radius, ring_share = _fit(points, _circles(n, freqs))
    energy = frequency_energy(W_E).sum(axis=1)
    embedding_share = _share(energy[np.array(freqs, dtype=int) - 1], energy.sum())
    return {"rings": points, "radius": radius, "ring_share": ring_share, "embedding_share": embedding_share}


def _read_attention(activations: Activations, order: SumOrder) -> dict:
    pattern = np.moveaxis(on_sums(np.moveaxis(activations.pattern, 0, 2), order), 2, 0)
    linear = np.moveaxis(on_sums(np.moveaxis(linear_pattern(activations.pattern, order), 0, 2), order), 2, 0)
    head_freq, head_share = attention_single_frequency_fve(pattern)
    return {"pattern": pattern, "linear": linear, "head_freq": head_freq, "head_share": head_share}


def _read_neurons(activations: Activations, order: SumOrder, freqs: tuple[int, ...]) -> dict:
    n = order.n
    post = on_sums(activations.post, order)
    owner, fve = neuron_frequencies(post)
    squares = np.einsum("abm,abm->m", post, post).astype(np.float64) / n**2
    variance = np.maximum(squares - post.mean(axis=(0, 1), dtype=np.float64) ** 2, 0)
    waves_of_c = _rows(n, freqs)  # [K, 2, n]
    W_L = logit_map(activations.weights)[:, order.c]
    mine = owner == np.array(freqs, dtype=int)[:, None]
    readout = np.einsum("mc,kic,km->mki", W_L, waves_of_c, mine).reshape(len(W_L), -1)
    turned = (post.reshape(n * n, -1) @ readout.astype(post.dtype)).reshape(n, n, -1, 2).astype(np.float64)
    turned = np.moveaxis(turned - turned.mean(axis=(0, 1)), 2, 0)
    sums = _circles(n, freqs)[:, pair_sums(n)]  # cos and sin of w_k (a + b)
    turned_size, turned_share = _fit(turned.reshape(-1, n * n, 2), sums.reshape(-1, n * n, 2))
    return {
        "neurons": mine.sum(axis=1),
        "pure_neurons": (mine & (fve >= NEURON_FVE)).sum(axis=1),
        "neuron_share": float(_share((fve * variance).sum(), variance.sum())),
        "turned": turned,
        "products": np.einsum("kin,knmo,kjm->kijo", waves_of_c, turned, waves_of_c),
        "turned_size": turned_size,
        "turned_share": turned_share,
    }


def _read_logits(activations: Activations, order: SumOrder, freqs: tuple[int, ...]) -> dict:
    n = order.n
    logits = logits_on_sums(activations.logits, order)
    logits = logits - logits.mean(axis=2, keepdims=True)
    flat = _rows(n, freqs).reshape(-1, n).T.astype(logits.dtype)
    coefficients = (logits.reshape(n * n, n) @ flat).reshape(n, n, -1, 2).astype(np.float64)
    alpha = trig_coefficients(logits)[np.array(freqs, dtype=int) - 1]
    at_frequency = np.square(coefficients).sum(axis=(0, 1, 3))
    total = float(np.square(logits, dtype=np.float64).sum())
    return {
        "logits": logits,
        "coefficients": np.moveaxis(coefficients, 2, 0),
        "wave_size": alpha * _peak(n, freqs) / n,
        "wave_share": _share(alpha**2, at_frequency),
        "logit_share": float(_share((alpha**2).sum(), total)),
    }


def _circles(n: int, freqs: tuple[int, ...]) -> Float[np.ndarray, "K n 2"]:
    """cos and sin of w_k m for every number m: where it would stand on a perfect ring."""
    return np.stack([_unit_waves(n, f, np.arange(n)) for f in freqs]) if freqs else np.zeros((0, n, 2))


class Head(NamedTuple):
    """Attention from "=" to a, b and "=" of one head, and the same by waves of its frequency."""

    freq: int
    share: float
    pattern: Float[np.ndarray, " 3"]
    linear: Float[np.ndarray, " 3"]


class Product(NamedTuple):
    """What the neurons of one frequency make of a pair: cos first, sin second. In orthonormal waves of c."""

    freq: int
    parts: Float[np.ndarray, "2 2"]  # cos a cos b and sin a sin b; sin a cos b and cos a sin b
    actual: Float[np.ndarray, " 2"]
    ideal: Float[np.ndarray, " 2"]  # r cos(w (a+b)), r sin(w (a+b))

    @property
    def fitted(self) -> Float[np.ndarray, " 2"]:
        """The products alone."""
        return self.parts.sum(axis=1)


class Followed(NamedTuple):
    """One pair through the five stages; places are in the order of sums."""

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
    """The pair at places i and j of the order of sums through the five stages.

    `logits` are its own, centred, in that order, where the stages do not hold those of all pairs.
    """
    n, freqs = stages.order.n, stages.freqs
    answer = (i + j) % n
    heads = [
        Head(int(freq), float(share), stages.pattern[head, i, j], stages.linear[head, i, j])
        for head, (freq, share) in enumerate(zip(stages.head_freq, stages.head_share, strict=True))
    ]
    rows = _rows(n, freqs)
    products = []
    for index, k in enumerate(freqs):
        terms = stages.products[index] * rows[index, :, i][:, None, None] * rows[index, :, j][:, None]
        parts = np.array([[terms[0, 0, 0], terms[1, 1, 0]], [terms[1, 0, 1], terms[0, 1, 1]]])
        ideal = stages.turned_size[index] * _unit_waves(n, k, np.array(answer))
        products.append(Product(k, parts, stages.turned[index, i, j], ideal))
    places = np.arange(n)
    ideal_waves = [
        size * _unit_waves(n, k, answer - places)[:, 0]
        for k, size in zip(freqs, stages.wave_size, strict=True)
    ]
    return Followed(
        (i, j, answer),
        heads,
        products,
        np.einsum("ki,kin->kn", stages.coefficients[:, i, j], rows),
        np.array(ideal_waves).reshape(-1, n),
        _given(stages.logits)[i, j] if logits is None else logits,
    )


def _given(logits: np.ndarray | None) -> np.ndarray:
    if logits is None:
        raise ValueError("These stages hold no logits. Give those of the pair.")
    return logits


def _rows(n: int, freqs: Sequence[int]) -> Float[np.ndarray, "K 2 n"]:
    """cos_k and sin_k of length 1; zeros for the sine that k = n/2 does not have."""
    rows = np.zeros((len(freqs), 2, n))
    for index, k in enumerate(freqs):
        found = fourier_basis(n)[2 * k - 1 : 2 * k + 1]
        rows[index, : len(found)] = found
    return rows


def _unit_waves(n: int, k: int, place: np.ndarray) -> np.ndarray:
    """cos and sin of w_k times a place: points on the unit circle."""
    angle = 2 * np.pi * (k * place % n) / n
    sine = np.zeros_like(angle) if 2 * k == n else np.sin(angle)
    return np.stack([np.cos(angle), sine], axis=-1)


def _peak(n: int, freqs: Sequence[int]) -> Float[np.ndarray, " K"]:
    """The largest value of cos_k of length 1: what turns its coefficient into an amplitude."""
    return np.array([np.sqrt((1 if 2 * k == n else 2) / n) for k in freqs])


def _fit(
    points: Float[np.ndarray, "K m 2"], ideal: Float[np.ndarray, "K m 2"]
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
