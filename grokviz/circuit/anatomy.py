"""One snapshot over all pairs, as far as the stages of any pair need it: some 50 kB, where `Stages` are megabytes."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from grokviz.circuit.stages import Stages
from grokviz.tasks.groups import Group


class Anatomy(NamedTuple):
    """The stages of a snapshot without its pairs. K frequencies, numbers and sums in the order of sums."""

    rings: Float[np.ndarray, "K n size"]  # see `ring_points`
    radius: Float[np.ndarray, " K"]  # of the circle fitted to the ring
    ring_share: Float[np.ndarray, " K"]  # of the ring, by that circle
    embedding_share: float  # of W_E over the numbers, by these frequencies
    head_freq: Int[np.ndarray, " heads"]
    head_share: Float[np.ndarray, " heads"]
    head_wave: Float[
        np.ndarray, "heads 5"
    ]  # attention to a by waves: mean, cos and sin of a, cos and sin of b; 0 of a group that is no clock
    neurons: Int[np.ndarray, " K"]
    pure_neurons: Int[np.ndarray, " K"]
    neuron_share: float
    sums: Float[np.ndarray, "K n size"]  # what the neurons write, mean over all pairs of each sum
    sum_size: Float[np.ndarray, " K"]
    sum_share: Float[np.ndarray, " K"]
    readout: Float[np.ndarray, "d_mlp K size"]
    centre: Float[np.ndarray, "K size"]
    wave_size: Float[np.ndarray, " K"]
    wave_share: Float[np.ndarray, " K"]
    logit_share: float


@np.errstate(over="ignore", invalid="ignore")  # a network that diverged is shown, not refused
def dissect(s: Stages) -> Anatomy:
    """What is left of the stages of a snapshot when its pairs are let go."""
    return Anatomy(
        s.rings,
        s.radius,
        s.ring_share,
        float(s.embedding_share.sum()),
        s.head_freq,
        s.head_share,
        np.array(
            [
                _wave(to_a, int(k)) if s.order.group.is_cyclic else np.zeros(5)
                for to_a, k in zip(s.linear[..., 0], s.head_freq, strict=True)
            ]
        ),
        s.neurons,
        s.pure_neurons,
        s.neuron_share,
        means_by_sum(s.turned, s.order.group),
        s.turned_size,
        s.turned_share,
        s.readout.astype(np.float32),
        s.centre,
        s.wave_size,
        s.wave_share,
        s.logit_share,
    )


def means_by_sum(turned: Float[np.ndarray, "K n n size"], group: Group) -> Float[np.ndarray, "K n size"]:
    """The mean over all pairs of the same product, as a point for each."""
    keys, n, _, size = turned.shape
    flat = np.moveaxis(turned, 3, 1).reshape(keys * size, n * n)
    means = np.array([np.bincount(group.product.ravel(), row, n) / n for row in flat])
    return np.moveaxis(means.reshape(keys, size, n), 1, 2)


def _wave(fitted: Float[np.ndarray, "n n"], k: int) -> Float[np.ndarray, " 5"]:
    """The five numbers that `linear_pattern` fitted: mean + c_a cos(w a) + s_a sin(w a), and the same of b."""
    n, mean = len(fitted), fitted.mean()
    angle = 2 * np.pi * k * np.arange(n) / n
    waves = np.stack([np.cos(angle), np.zeros(n) if 2 * k == n else np.sin(angle)])
    unit = np.square(waves).sum(axis=1)
    along = [waves @ (fitted.mean(axis=axis) - mean) / np.where(unit > 0, unit, 1) for axis in (1, 0)]
    return np.concatenate([[mean], *along])


@np.errstate(over="ignore", invalid="ignore")
def written_sums(post: Float[np.ndarray, " d_mlp"], anatomy: Anatomy) -> Float[np.ndarray, "K size"]:
    """What the neurons of each frequency write for one pair, mean over all pairs removed: `Stages.turned` there."""
    return np.einsum("m,mki->ki", post, anatomy.readout) - anatomy.centre
