"""What is only drawn of a snapshot: every answer, the rings of the embedding, the scores of attention."""

import numpy as np
from jaxtyping import Float, UInt8

from grokviz.measures.declaration import Measure, of_a_group, with_attention
from grokviz.measures.encoding import SCALED, UINT8, UNIT_DISCS, pack_answers
from grokviz.measures.losses import NONE_WRONG
from grokviz.measures.norms import embedding
from grokviz.measures.snapshot import Snapshot
from grokviz.tasks.groups import cyclic


def answers(s: Snapshot) -> UInt8[np.ndarray, "p p"]:
    """Whether each pair is right, and how probable its right answer is (0 where there is none): `pack_answers`."""
    return pack_answers(np.nan_to_num(np.exp(-s.pair_loss)), s.is_right)


def rings(s: Snapshot) -> Float[np.ndarray, "keys n 2"]:
    """`block_points` of every key frequency: of a block of more than two functions, along the first two."""
    W_E = embedding(s).astype(np.float64)
    points = np.zeros((len(s.key_freqs), s.group.n, 2))
    for i, k in enumerate(s.key_freqs):
        found = block_points(W_E, s.group.blocks[k].rows)[:, :2]
        points[i, :, : found.shape[1]] = found
    return points


def ring_points(W_E: Float[np.ndarray, "n d_model"], k: int) -> Float[np.ndarray, "n 2"]:
    """The numbers modulo n as points in the plane in which the embedding turns with frequency k: `block_points`.

    For k = n/2 there is no sine and y is 0.
    """
    points = np.zeros((len(W_E), 2))
    found = block_points(W_E, cyclic(len(W_E)).blocks[k].rows)
    points[:, : found.shape[1]] = found
    return points


def block_points(
    W_E: Float[np.ndarray, "n d_model"], waves: Float[np.ndarray, "size n"]
) -> Float[np.ndarray, "n size"]:
    """The elements as points in the space in which the embedding goes with the functions of a block.

    Of frequency k the plane is spanned by u = W_E' cos_k and v = W_E' sin_k. Its axes are the orthonormal pair
    nearest to them, Q = A (A'A)^(-1/2) with A = [u v] (symmetric orthonormalisation), which favours neither. A number
    is placed by what the others say of the plane: its own part of u and v is left out, A_a = A - W_E[a]
    [cos_k(a) sin_k(a)], so that random weights give a cloud and not half a circle. The points are
    W_E[a] A_a (A'A)^(-1/2). NaN where W_E is not finite.
    """
    plane = W_E.T @ waves.T
    if not np.isfinite(plane).all():
        return np.full((len(W_E), len(waves)), np.nan)
    _, singular, right = np.linalg.svd(plane, full_matrices=False)
    spans = singular > 1e-6 * np.linalg.norm(W_E)  # a direction that is only rounding has no axis
    to_axes = right.T * np.divide(spans, singular, where=spans, out=np.zeros_like(singular)) @ right
    own = np.square(W_E).sum(axis=1, keepdims=True) * waves.T
    return (W_E @ plane - own) @ to_axes


def recites(s: Snapshot) -> UInt8[np.ndarray, "p p"]:
    """1 where the answer is the wrong label that the pair is trained on."""
    return (s.task.is_wrong & s.is_as_taught).astype(np.uint8)


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
        "recites",
        recites,
        "Every wrong label: whether it is repeated",
        axes=("a", "b"),
        encoding=UINT8,
        applies=lambda task: "" if task.taught is not None else NONE_WRONG,
        drawn_only=True,
    ),
    Measure(
        "ring",
        rings,
        "The numbers in the plane of each key frequency",
        axes=("key", "number", "plane"),
        applies=of_a_group("So there is no ring to place the numbers on."),
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
