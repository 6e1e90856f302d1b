"""How many bytes the weights take, rounded as coarsely as the training loss allows and compressed.

A cheap form of the complexity of DeMoss et al. 2024 (arXiv 2412.09810), who also cut off singular values and search for
the best of both.
"""

import bz2

import numpy as np
from jaxtyping import Int

from grokviz.measures.deep.declaration import Deep, Found, Series, Subject, Telling
from grokviz.measures.snapshot import Snapshot
from grokviz.models.forward import Weights

BINS = tuple(np.geomspace(1, 0.003, 10).tolist())  # the coarsest first
SLACK = 0.1  # nats that the training loss may rise by
BEGINS_BELOW = 1.0  # nats: weights that know nothing yet round to zero, and cost nothing


def rounded(weights: Weights, names: list[str], width: float) -> tuple[Int[np.ndarray, " w"], Weights]:
    """The weights in whole numbers of this width, as 16-bit codes in one row, and the weights that they stand for."""
    codes = {name: np.rint(weights[name] / width).clip(-32768, 32767).astype(np.int16) for name in names}
    again = {name: (code * width).astype(weights[name].dtype) for name, code in codes.items()}
    return np.concatenate([codes[name].ravel() for name in names]), weights | again


def compressed(s: Subject) -> Found:
    loss = s.train_loss
    if loss < BEGINS_BELOW:
        for width in BINS:
            s.tick()
            codes, weights = rounded(s.weights, list(s.config.shapes), width)
            if _train_loss(weights, s) <= loss + SLACK:
                return {
                    "compressed_bytes": float(len(bz2.compress(codes.tobytes()))),
                    "compressed_bin": width,
                }
    return {"compressed_bytes": float("nan"), "compressed_bin": float("nan")}


def _train_loss(weights: Weights, s: Subject) -> float:
    return float(Snapshot(weights, s.task).label_loss[s.task.is_train].mean(dtype=np.float64))


DEEP = Deep(
    "compressed_bytes",
    "Bytes of the compressed weights",
    (Series("compressed_bytes", "bytes"), Series("compressed_bin", "width of rounding", drawn=False)),
    compressed,
    Telling(
        "How few bytes would do?",
        "Round all weights to a grid, as coarse as the training pairs allow, and compress the result as one would a file. "
        "What is left is roughly what the network has to remember.",
        r"\begin{gathered} \big|\mathrm{bz2}\big(\mathrm{round}(\theta/\delta)\big)\big| \text{ for the largest } \delta \text{ with} \\ "
        r"L_{\mathrm{train}}\big(\delta\,\mathrm{round}(\theta/\delta)\big) \le L_{\mathrm{train}}(\theta) + 0.1 \end{gathered}",
        "Learning by heart takes room. In a run with weight decay the bytes then fall, and cleanup presses out the last of "
        "them. A sudden step is a change of the grid: it has ten widths.",
        "It is one way to compress, and an upper bound at best: another rounding or another program gives other numbers. "
        "Compare runs of one size only.",
        "After DeMoss et al. 2024 (arXiv 2412.09810), in a simpler form: rounding alone, ten widths from 1 to 0.003, the "
        "coarsest that keeps the training loss. It begins when the training loss is below 1: what knows nothing yet rounds to zero.",
    ),
    unit="bytes",
    passes=8.0,
    settings={"widths": "1 to 0.003, ten", "training loss may rise by": SLACK, "begins below a training loss of": BEGINS_BELOW},
    most=50,
    order=20,
)  # fmt: skip
