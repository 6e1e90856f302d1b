"""What is only drawn of a snapshot: every answer, the rings of the embedding, the scores of attention."""

import numpy as np
from jaxtyping import Float, UInt8

from grokviz.measures.declaration import Measure, with_attention
from grokviz.measures.encoding import SCALED, UINT8, UNIT_DISCS, pack_answers
from grokviz.measures.fourier import fourier_basis
from grokviz.measures.snapshot import Snapshot


def answers(s: Snapshot) -> UInt8[np.ndarray, "p p"]:
    """Whether each pair is right, and how probable its right answer is (0 where there is none): `pack_answers`."""
    return pack_answers(np.nan_to_num(np.exp(-s.pair_loss)), s.is_right)


def rings(s: Snapshot) -> Float[np.ndarray, "keys p 2"]:
    """`ring_points` of every key frequency."""
    W_E = s.wide["W_E"][: s.p].astype(np.float64)
    return np.array([ring_points(W_E, k) for k in s.key_freqs]).reshape(-1, s.p, 2)


def ring_points(W_E: Float[np.ndarray, "p d_model"], k: int) -> Float[np.ndarray, "p 2"]:
    """The numbers as points in the plane in which the embedding turns with frequency k.

    The plane is spanned by u = W_E' cos_k and v = W_E' sin_k. Its axes are the orthonormal pair nearest to
    them, Q = A (A'A)^(-1/2) with A = [u v] (symmetric orthonormalisation), which favours neither. A number
    is placed by what the others say of the plane: its own part of u and v is left out, A_a = A - W_E[a]
    [cos_k(a) sin_k(a)], so that random weights give a cloud and not half a circle. The points are
    W_E[a] A_a (A'A)^(-1/2). For k = p/2 there is no sine and y is 0. NaN where W_E is not finite.
    """
    points = np.zeros((len(W_E), 2))
    waves = fourier_basis(len(W_E))[2 * k - 1 : 2 * k + 1]
    plane = W_E.T @ waves.T
    if not np.isfinite(plane).all():
        return points + np.nan
    _, singular, right = np.linalg.svd(plane, full_matrices=False)
    spans = singular > 1e-6 * np.linalg.norm(W_E)  # a direction that is only rounding has no axis
    to_axes = right.T * np.divide(spans, singular, where=spans, out=np.zeros_like(singular)) @ right
    own = np.square(W_E).sum(axis=1, keepdims=True) * waves.T
    points[:, : len(waves)] = (W_E @ plane - own) @ to_axes
    return points


MEASURES = (
    Measure(
        "answers",
        answers,
        "Every answer: right or wrong, and the probability of the right one",
        axes=("a", "b"),
        encoding=UINT8,
        drawn_only=True,
    ),
    Measure(
        "ring",
        rings,
        "The numbers in the plane of each key frequency",
        axes=("key", "number", "plane"),
        encoding=UNIT_DISCS,
        drawn_only=True,
    ),
    Measure(
        "attention_scores",
        lambda s: s.activations.tables.scores,
        "Attention score of every source",
        axes=("head", "source"),
        encoding=SCALED,
        network=with_attention,
        drawn_only=True,
    ),
)
