"""The circuit: which frequencies the network computes with, and how much of it they explain.

Nanda et al. 2023, section 4: embed a and b as waves, multiply them into cos(w_k (a+b)) and sin(w_k (a+b)),
and read out cos(w_k (a+b-c)), which is largest at c = a + b. Shares and variances lie in 0..1.

In another group than that of numbers modulo n a frequency is a block of functions, by its number, and the wave
cos(w_k (a+b-c)) is the character of a b / c: the trace of its matrix, largest at c = a b (Chughtai et al. 2023).
What the functions here are given is in the order of the elements of the group; without one, of numbers modulo n.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from grokviz.measures.fourier import frequency_energy, pair_energy, product_marginal
from grokviz.models.forward import Weights, widen
from grokviz.tasks.groups import Group, cyclic

# In the paper's recipe with seed 0 the weakest frequency in use, with 58 neurons of its own, carries 0.57 %,
# and leaving it out costs the restricted loss five orders of magnitude. The strongest one not in use, an
# overtone of a key frequency, carries 0.07 %.
CIRCUIT_SHARE = 0.25
KEY_AMPLITUDE = 0.05
KEY_RULE = (
    "A frequency is key when its wave cos(w(a+b−c)) in the final logits has at least 5 % of the amplitude of "
    "the strongest such wave. If the waves of all frequencies together explain less than a quarter of the "
    "variance of the logits, no frequency is key. The rule is ours: the paper reads its key frequencies off the "
    "map W_L and gives no threshold. In a group that is no clock, blocks of functions stand in place of frequencies, and "
    "their characters in place of waves."
)
NEURON_FVE = 0.85  # from here on a neuron belongs to its frequency (section 4.3 of the paper)


def logit_map(weights: Weights) -> Float[np.ndarray, "d_mlp p"]:
    """W_L = W_out W_U: what every neuron adds to the logits."""
    weights = widen(weights)
    return weights["W_out"] @ weights["W_U"]


def key_frequencies(
    logits: Float[np.ndarray, "n n n"],
    sums: Float[np.ndarray, "n n"] | None = None,
    group: Group | None = None,
) -> tuple[int, ...]:
    """The key frequencies, ascending, by `KEY_RULE`: trig coefficients alpha_k >= 0.05 max alpha.

    Neither their number nor their order is limited. The paper publishes no threshold; this one is ours. The
    energy of the logits is taken centred over c and over (a, b). Meant for the final snapshot.
    """
    alpha = trig_coefficients(logits, sums, group)
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
    return check_keys(key_freqs, cyclic(p))


def check_keys(keys: Sequence[int], group: Group) -> tuple[int, ...]:
    """The blocks of a group as a tuple, in the order given.

    Raises `ValueError` unless they are distinct numbers of blocks; that of the constant, 0, is none.
    """
    last = len(group.blocks) - 1
    if len(set(keys)) == len(keys) and all(k in range(1, last + 1) for k in keys):
        return tuple(int(k) for k in keys)
    if group.is_cyclic:
        raise ValueError(
            f"Key frequencies {list(keys)} should be distinct whole numbers from 1 to {last} "
            f"modulo {group.n}. A frequency above {group.n}/2 is the same wave as {group.n} minus it."
        )
    names = ", ".join(f"{k} is {block.name}" for k, block in enumerate(group.blocks) if k)
    raise ValueError(
        f"Key blocks {list(keys)} should be distinct numbers of the blocks of {group.name}: {names}."
    )


def trig_coefficients(
    logits: Float[np.ndarray, "n n n"],
    sums: Float[np.ndarray, "n n"] | None = None,
    group: Group | None = None,
) -> Float[np.ndarray, " blocks"]:
    """alpha_k = <L, cos(w_k (a+b-c)) / |cos(w_k (a+b-c))|> for k = 1..n//2.

    The wave has length 1 over all n^3 logits: of a clock one of amplitude A nats has alpha = A sqrt(n^3 / 2).

    In any group <L, chi / |chi|>, chi the character of the block at a b / c, which is n / d times what the projector
    onto the block holds in row a b, column c. `sums` are the logits by product, where they are there already.
    """
    group = group or cyclic(len(logits))
    marginal = (product_marginal(logits, group) if sums is None else sums).astype(np.float64)
    # M[g, c] is met n times, and the squares of the projector add up to the size of its block, n times over.
    along = np.einsum("ic,ic->i", group.basis @ marginal, group.basis)
    sizes = np.array([block.size for block in group.blocks])
    return (np.add.reduceat(along, group.starts) * np.sqrt(group.n / sizes))[1:]


def trig_similarities(
    logits: Float[np.ndarray, "n n n"],
    sums: Float[np.ndarray, "n n"] | None = None,
    group: Group | None = None,
) -> Float[np.ndarray, " blocks"]:
    """Cosine similarity of the logits and cos(w_k (a+b-c)), or the character: alpha_k / |L|, -1..1; 0 for zero logits."""
    alpha, energy = trig_coefficients(logits, sums, group), _energy(logits)
    return alpha / np.sqrt(energy) if energy > 0 else alpha


def logit_fve(
    logits: Float[np.ndarray, "n n n"],
    key_freqs: Sequence[int],
    sums: Float[np.ndarray, "n n"] | None = None,
    group: Group | None = None,
) -> float:
    """Share of the logits, centred over c, that sum_k alpha_k cos(w_k (a+b-c)) explains, k key.

    R^2 of least squares on the waves. They are orthogonal, so R^2 = sum_k alpha_k^2 / |L|^2.
    """
    energy = _energy(logits - logits.mean(axis=2, keepdims=True))
    if energy <= _rounding(logits) * _energy(logits):
        return 0.0
    alpha = trig_coefficients(logits, sums, group)
    return float((alpha[np.array(key_freqs, dtype=int) - 1] ** 2).sum() / energy)


def neuron_frequencies(
    post: Float[np.ndarray, "n n m"], group: Group | None = None
) -> tuple[Int[np.ndarray, " m"], Float[np.ndarray, " m"]]:
    """The frequency that explains each neuron best, and the fraction of its variance it explains (FVE).

    Energy of the centred activations in {1, cos_k, sin_k} x {1, cos_k, sin_k} over the total, largest k; in another
    group in {1, block} x {1, block}. The four products span cos and sin of w_k (a+b) and of w_k (a-b).
    A constant neuron has 0 and 0.
    """
    return _best_frequency(post, *pair_energy(post, group))


def attention_single_frequency_fve(
    pattern: Float[np.ndarray, "heads n n 3"], group: Group | None = None
) -> tuple[Int[np.ndarray, " heads"], Float[np.ndarray, " heads"]]:
    """The frequency that explains each head best, and the share of the variance of its attention to a.

    Energy in cos_k(a), sin_k(a), cos_k(b), sin_k(b) over the total. Constant attention has 0 and 0.
    """
    to_a = np.moveaxis(pattern[..., 0], 0, 2).astype(np.float64)
    over_a, over_b = to_a.mean(axis=1), to_a.mean(axis=0)
    energy = frequency_energy(over_a, group) + frequency_energy(over_b, group)
    return _best_frequency(to_a, len(to_a) * energy, over_a.mean(axis=0))


def _best_frequency(
    x: Float[np.ndarray, "n n m"], energy: Float[np.ndarray, "blocks m"], mean: Float[np.ndarray, " m"]
) -> tuple[Int[np.ndarray, " m"], Float[np.ndarray, " m"]]:
    """The block that holds most energy of each x[..., m], and its share of the variance."""
    squares = np.einsum("abm,abm->m", x, x).astype(np.float64)
    variance = squares - len(x) ** 2 * mean.astype(np.float64) ** 2
    varies = variance > _rounding(x) * squares
    best = energy.argmax(axis=0)
    share = energy[best, np.arange(len(best))] / np.where(varies, variance, 1)
    return np.where(varies, best + 1, 0), np.where(varies, np.minimum(share, 1), 0.0)


def _energy(x: np.ndarray) -> float:
    return float(np.vdot(x, x))


def _rounding(x: np.ndarray) -> float:
    """The share of an energy that may be rounding, so that a variance below it counts as none."""
    return 16 * float(np.finfo(x.dtype).eps)
