"""What networks on sequences are measured by: the cliff in a loss, and what attention heads look at.

Previous-token heads and prefix matching: Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits", and
Olsson et al. 2022, "In-context Learning and Induction Heads" (transformer-circuits.pub).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

BEGINS, ENDS = 0.8, 0.2  # of the plateau


class Cliff(NamedTuple):
    """A plateau and the fall from it, in steps of the log."""

    begins: int  # the last step at which the loss was at 80 % of the plateau, or above
    ends: int  # the first after that at which it is at 20 % of it, or below

    @property
    def length(self) -> int:
        return self.ends - self.begins


def cliff(
    steps: Float[np.ndarray, " rows"], losses: Float[np.ndarray, " rows"], plateau: float
) -> Cliff | None:
    """Where a loss falls from its plateau, ln of the number of answers to guess between.

    It ends at the first logged step with a loss of at most a fifth of the plateau, and begins at the last one before that
    with a loss of four fifths or more. None where it never falls so far, or begins lower.
    """
    low = np.flatnonzero(losses <= ENDS * plateau)
    high = np.flatnonzero(losses[: low[0]] >= BEGINS * plateau) if len(low) else low
    return Cliff(int(steps[high[-1]]), int(steps[low[0]])) if len(high) else None


def previous_token_scores(patterns: Float[np.ndarray, "*shape n_ctx n_ctx"]) -> Float[np.ndarray, "*shape"]:
    """Mean attention from each token to the one before it, from the second token on; [query, key]. 0 to 1."""
    return np.diagonal(patterns, -1, -2, -1).mean(-1)


def prefix_matching_scores(
    patterns: Float[np.ndarray, "n heads n_ctx n_ctx"],
    places: Int[np.ndarray, "n m"],
    sources: Int[np.ndarray, "n m"],
) -> Float[np.ndarray, " heads"]:
    """Mean attention from each token that has come before to the token that followed it then. 0 to 1.

    `places` are the positions of tokens that stand there for the second time, `sources` those after their first.
    """
    rows = np.arange(len(places))[:, None]
    return patterns.transpose(0, 2, 3, 1)[rows, places, sources].mean((0, 1))


def attention_to(
    patterns: Float[np.ndarray, "n heads n_ctx n_ctx"], place: int, sources: Int[np.ndarray, " n"]
) -> Float[np.ndarray, " heads"]:
    """Mean attention from one position to a source in each sequence. 0 to 1."""
    return patterns[np.arange(len(sources)), :, place, sources].mean(0)
