"""A network made by hand: frequencies and amplitudes are chosen, not trained.

Its ideal is the sum of waves of Nanda et al. 2023, section 3.1: logit(c) = sum_k A_k cos(w_k (a+b-c)), which
depends on d = a + b - c alone. `network` is one that carries this out with attention and ReLU neurons.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from grokviz.config import RunConfig
from grokviz.measures.circuit import check_key_freqs
from grokviz.models.forward import Weights

N_PHASES = 12  # neurons a frequency: their phases go once round; fewer leave overtones in the logits
MAX_WAVES = 12
SEARCHED = 3  # up to so many frequencies every set is tried; beyond, one is exchanged at a time
N_RANDOM = 200


class Ideal(NamedTuple):
    """What a sum of waves answers, the same for every pair. Logits in nats."""

    wave: Float[np.ndarray, " p"]  # over d = a + b - c; the right answer is d = 0
    margin: float  # of d = 0 above the best of the others; 0 or less: several answers look alike
    rival: int  # that d
    loss: float

    @property
    def is_right(self) -> bool:
        return self.margin > 1e-9


def ideal(p: int, freqs: Sequence[int], amplitudes: Sequence[float]) -> Ideal:
    """sum_k A_k cos(w_k d) over d = 0..p-1, its margin and its loss.

    Raises `ValueError` when a frequency is none, or frequencies and amplitudes differ in number.
    """
    freqs = check_key_freqs(freqs, p)
    if len(freqs) != len(amplitudes):
        raise ValueError(f"Got {len(freqs)} frequencies and {len(amplitudes)} amplitudes. Give one for each.")
    wave = np.asarray(amplitudes, np.float64) @ cosines(p)[[k - 1 for k in freqs]] if freqs else np.zeros(p)
    rival = 1 + int(wave[1:].argmax())
    loss = math.log1p(float(np.exp(wave[1:] - wave[0]).sum()))
    return Ideal(wave, float(wave[0] - wave[rival]), rival, loss)


@lru_cache(maxsize=8)
def cosines(p: int) -> Float[np.ndarray, "half_p p"]:
    """cos(w_k d), row k - 1, column d; read-only."""
    table = np.cos(2 * np.pi * (np.arange(1, p // 2 + 1)[:, None] * np.arange(p) % p) / p)
    table.flags.writeable = False
    return table


def network(p: int, freqs: Sequence[int], amplitudes: Sequence[float]) -> Weights:
    """Weights of a transformer that adds mod p with these waves, float64.

    The embedding holds cos(w_k n) and sin(w_k n). One head attends to a, b and "=" alike, so the residual
    stream holds their sum / 3. Neuron j of frequency k computes relu(cos(w a - phi_j) + cos(w b - phi_j)) / 3,
    whose second harmonic in phi_j is |cos(w (a-b) / 2)| cos(w (a+b) - 2 phi_j) times a constant; it is read
    out along 2 phi_j, which gives cos(w (a+b-c)), and scaled so that over all pairs its amplitude is A_k.
    """
    freqs = check_key_freqs(freqs, p)
    m = len(freqs)
    w = 2 * np.pi * np.array(freqs) / p
    phase = 2 * np.pi * np.arange(N_PHASES) / N_PHASES
    n = np.arange(p)[:, None]
    shapes = RunConfig(p=p, d_model=4 * m, n_heads=1, d_mlp=m * N_PHASES).shapes
    weights = {name: np.zeros(shape) for name, shape in shapes.items()}
    # coordinates: cosines in, sines in, cosines out, sines out
    weights["W_E"][:p, :m], weights["W_E"][:p, m : 2 * m] = np.cos(n * w), np.sin(n * w)
    weights["W_V"][0] = weights["W_O"][0] = np.eye(4 * m)
    for i, amplitude in enumerate(amplitudes):
        neurons = slice(i * N_PHASES, (i + 1) * N_PHASES)
        weights["W_in"][i, neurons], weights["W_in"][m + i, neurons] = np.cos(phase), np.sin(phase)
        # relu(cos x) = 1/pi + cos(x)/2 + 2/(3 pi) cos(2x) - ...
        gain = N_PHASES / 2 * 2 / (3 * np.pi) * np.mean(2 * abs(np.cos(w[i] * np.arange(p) / 2))) / 3
        weights["W_out"][neurons, 2 * m + i] = amplitude / gain * np.cos(2 * phase)
        weights["W_out"][neurons, 3 * m + i] = amplitude / gain * np.sin(2 * phase)
    weights["W_U"][2 * m : 3 * m], weights["W_U"][3 * m :] = np.cos(n * w).T, np.sin(n * w).T
    return weights


class BestSet(NamedTuple):
    """The frequencies, all of one amplitude, that part the right answer from the others most."""

    freqs: tuple[int, ...]
    margin: float  # for amplitude 1
    is_proven: bool  # every set was tried
    typical: float  # the median margin of sets drawn at random


@lru_cache(maxsize=64)
def best_set(p: int, size: int) -> BestSet:
    """The best `size` frequencies mod p. Raises `ValueError` when there are not so many."""
    half = p // 2
    if not 1 <= size <= half:
        raise ValueError(f"There are {half} frequencies modulo {p}, not {size}. Choose from 1 to {half}.")
    rng = np.random.default_rng([p, size])
    drawn = np.array([rng.choice(half, size, replace=False) for _ in range(N_RANDOM)])
    typical = float(np.median(_margins(p, drawn)))
    if size <= SEARCHED:
        sets = np.array(list(itertools.combinations(range(half), size)))
        margins = np.concatenate([_margins(p, part) for part in np.array_split(sets, 1 + len(sets) // 4096)])
        best, proven = sets[margins.argmax()], True
    else:
        best, proven = _exchanged(p, np.array(best_set(p, size - 1).freqs) - 1), False
    margin = float(_margins(p, best[None])[0])
    return BestSet(tuple(sorted(int(k) + 1 for k in best)), margin, proven, typical)


def _exchanged(p: int, smaller: np.ndarray) -> np.ndarray:
    """One frequency more, then one at a time exchanged for a better one, until none is."""
    half = p // 2
    best = _best_of(p, [np.append(smaller, k) for k in range(half) if k not in smaller])
    while True:
        others = [
            np.append(np.delete(best, place), k)
            for place in range(len(best))
            for k in range(half)
            if k not in best
        ]
        better = _best_of(p, [best, *others])
        if better is best:
            return best
        best = better


def _best_of(p: int, sets: list[np.ndarray]) -> np.ndarray:
    return sets[int(_margins(p, np.array(sets)).argmax())]


def _margins(p: int, sets: np.ndarray) -> Float[np.ndarray, " sets"]:
    """The margin of every set of frequencies (as rows of `cosines`), of amplitude 1 each."""
    waves = cosines(p)[sets].sum(axis=1)
    return waves[:, 0] - waves[:, 1:].max(axis=1)


def fewest(p: int, amplitude: float, goal: float, sizes: Iterable[int]) -> int | None:
    """The smallest of these sizes whose best set, with this amplitude for each wave, has a loss below the goal."""
    for size in sizes:
        freqs = best_set(p, size).freqs
        if ideal(p, freqs, [amplitude] * size).loss < goal:
            return size
    return None
