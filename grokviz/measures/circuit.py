"""The circuit: which frequencies the network computes with, and how much of it they explain.

Nanda et al. 2023, section 4: embed a and b as waves, multiply them into cos(w_k (a+b)) and sin(w_k (a+b)),
and read out cos(w_k (a+b-c)), which is largest at c = a + b. Shares and variances lie in 0..1.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from grokviz.measures.fourier import fourier_basis, frequency_energy, pair_marginals, sum_marginal
from grokviz.models.forward import Weights, widen

# In the paper's recipe with seed 0 the weakest frequency in use, with 58 neurons of its own, carries 0.57 %,
# and leaving it out costs the restricted loss five orders of magnitude. The strongest one not in use, an
# overtone of a key frequency, carries 0.07 %.
CIRCUIT_SHARE = 0.25
KEY_AMPLITUDE = 0.05
KEY_RULE = (
    "A frequency is key when its wave cos(w(a+b−c)) in the final logits has at least 5 % of the amplitude of "
    "the strongest such wave. If the waves of all frequencies together explain less than a quarter of the "
    "variance of the logits, no frequency is key. The rule is ours: the paper reads its key frequencies off the "
    "map W_L and gives no threshold."
)
NEURON_FVE = 0.85  # from here on a neuron belongs to its frequency (section 4.3 of the paper)


def logit_map(weights: Weights) -> Float[np.ndarray, "d_mlp p"]:
    """W_L = W_out W_U: what every neuron adds to the logits."""
    weights = widen(weights)
    return weights["W_out"] @ weights["W_U"]


def key_frequencies(logits: Float[np.ndarray, "p p p"]) -> tuple[int, ...]:
    """The key frequencies, ascending, by `KEY_RULE`: trig coefficients alpha_k >= 0.05 max alpha.

    Neither their number nor their order is limited. The paper publishes no threshold; this one is ours. The
    energy of the logits is taken centred over c and over (a, b). Meant for the final snapshot.
    """
    alpha = trig_coefficients(logits)
    centred = logits - logits.mean(axis=2, keepdims=True)
    centred -= centred.mean(axis=(0, 1))
    energy = _energy(centred)
    if energy <= _rounding(logits) * _energy(logits) or (alpha**2).sum() < CIRCUIT_SHARE * energy:
        return ()
    return tuple(int(k) for k in 1 + np.flatnonzero(alpha >= KEY_AMPLITUDE * alpha.max()))


def check_key_freqs(key_freqs: Sequence[int], p: int) -> tuple[int, ...]:
    """The frequencies as a tuple, in the order given.

    Raises `ValueError` unless they are distinct whole numbers from 1 to p//2.
    """
    if len(set(key_freqs)) < len(key_freqs) or not all(k in range(1, p // 2 + 1) for k in key_freqs):
        raise ValueError(
            f"Key frequencies {list(key_freqs)} should be distinct whole numbers from 1 to {p // 2} "
            f"for p = {p}. A frequency above p/2 is the same wave as p minus it."
        )
    return tuple(int(k) for k in key_freqs)


def trig_coefficients(
    logits: Float[np.ndarray, "p p p"], sums: Float[np.ndarray, "p p"] | None = None
) -> Float[np.ndarray, " half_p"]:
    """alpha_k = <L, cos(w_k (a+b-c)) / |cos(w_k (a+b-c))|> for k = 1..p//2, in nats."""
    p = len(logits)
    marginal = sum_marginal(logits) if sums is None else sums
    s = np.arange(p)
    # Sum along s - c = r. The unit wave is f_k(a + b - c) / p, and M[s, c] is met p times: the p cancel.
    diagonals = marginal[s, (s - s[:, None]) % p].sum(axis=1, dtype=np.float64)
    return fourier_basis(p)[1::2] @ diagonals


def trig_similarities(logits: Float[np.ndarray, "p p p"]) -> Float[np.ndarray, " half_p"]:
    """Cosine similarity of the logits and cos(w_k (a+b-c)): alpha_k / |L|, -1..1; 0 for zero logits."""
    alpha, energy = trig_coefficients(logits), _energy(logits)
    return alpha / np.sqrt(energy) if energy > 0 else alpha


def logit_fve(
    logits: Float[np.ndarray, "p p p"],
    key_freqs: Sequence[int],
    sums: Float[np.ndarray, "p p"] | None = None,
) -> float:
    """Share of the logits, centred over c, that sum_k alpha_k cos(w_k (a+b-c)) explains, k key.

    R^2 of least squares on the waves. They are orthogonal, so R^2 = sum_k alpha_k^2 / |L|^2.
    """
    energy = _energy(logits - logits.mean(axis=2, keepdims=True))
    if energy <= _rounding(logits) * _energy(logits):
        return 0.0
    return float((trig_coefficients(logits, sums)[np.array(key_freqs, dtype=int) - 1] ** 2).sum() / energy)


def neuron_frequencies(
    post: Float[np.ndarray, "p p n"],
) -> tuple[Int[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """The frequency that explains each neuron best, and the fraction of its variance it explains (FVE).

    Energy of the centred activations in {1, cos_k, sin_k} x {1, cos_k, sin_k} over the total, largest k.
    The four products span cos and sin of w_k (a+b) and of w_k (a-b). A constant neuron has 0 and 0.
    """
    marginals = pair_marginals(post)
    energy = frequency_energy(marginals.a) + frequency_energy(marginals.b) + frequency_energy(marginals.sum)
    differences = frequency_energy(marginals.difference)
    if len(post) % 2 == 0:
        differences[-1] = 0  # cos(pi (a - b)) = cos(pi (a + b)) is already counted
    return _best_frequency(post, marginals.a.mean(axis=0), energy + differences)


def attention_single_frequency_fve(
    pattern: Float[np.ndarray, "heads p p 3"],
) -> tuple[Int[np.ndarray, " heads"], Float[np.ndarray, " heads"]]:
    """The frequency that explains each head best, and the share of the variance of its attention to a.

    Energy in cos_k(a), sin_k(a), cos_k(b), sin_k(b) over the total. Constant attention has 0 and 0.
    """
    to_a = np.moveaxis(pattern[..., 0], 0, 2).astype(np.float64)
    marginals = pair_marginals(to_a)
    energy = frequency_energy(marginals.a) + frequency_energy(marginals.b)
    return _best_frequency(to_a, marginals.a.mean(axis=0), energy)


def _best_frequency(
    x: Float[np.ndarray, "p p n"], mean: Float[np.ndarray, " n"], energy: Float[np.ndarray, "half_p n"]
) -> tuple[Int[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """The largest frequency and its share of the variance; energies are of the marginal means."""
    p = len(x)
    squares = np.einsum("abn,abn->n", x, x).astype(np.float64)
    variance = squares - p**2 * mean.astype(np.float64) ** 2
    varies = variance > _rounding(x) * squares
    best = energy.argmax(axis=0)
    share = p * energy[best, np.arange(len(best))] / np.where(varies, variance, 1)
    return np.where(varies, best + 1, 0), np.where(varies, np.minimum(share, 1), 0.0)


def _energy(x: np.ndarray) -> float:
    return float(np.vdot(x, x))


def _rounding(x: np.ndarray) -> float:
    """The share of an energy that may be rounding, so that a variance below it counts as none."""
    return 16 * float(np.finfo(x.dtype).eps)
