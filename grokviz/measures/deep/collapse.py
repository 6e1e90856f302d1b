"""Of how many training pairs the softmax would collapse in float32: Prieto et al. 2025 (arXiv 2501.04697)."""

import numpy as np
from jaxtyping import Bool, Float

from grokviz.measures.deep.declaration import Deep, Found, Series, Subject, Telling


def collapses(logits: Float[np.ndarray, "n p"]) -> Bool[np.ndarray, " n"]:
    """Whether 1 + sum over the others of exp(l_c - max) is exactly 1 in float32, pair by pair."""
    x = logits.astype(np.float32)
    rows, top = np.arange(len(x)), x.argmax(axis=1)
    weight = np.exp(x - x[rows, top][:, None])
    weight[rows, top] = 0
    return np.float32(1) + weight.sum(axis=1, dtype=np.float32) == np.float32(1)


def collapse(s: Subject) -> Found:
    with np.errstate(over="ignore", invalid="ignore"):
        return {"softmax_collapse": float(collapses(s.snapshot.logits[s.task.is_train]).mean())}


DEEP = Deep(
    "softmax_collapse",
    "Softmax that would collapse in float32",
    (Series("softmax_collapse", "training pairs"),),
    collapse,
    Telling(
        "How sure is too sure?",
        "Computers round. If the right answer leads by more than about 16.6, all the other answers together vanish beside "
        "it in 32-bit numbers: the loss is exactly 0 and there is nothing left to learn from that pair. This is the share "
        "of training pairs of which that would be so.",
        r"\frac1n \sum_{(a,b)} \Big[\,1 + \sum_{c \ne \max} e^{L_c - L_{\max}} = 1 \text{ in float32}\Big]",
        "Without weight decay it climbs towards all pairs. A run that has grokked can show a part of them, too.",
        "It *would be* so: GrokViz trains with a loss in float64, where it is not. It is about margins above 16.6, and no "
        "sign of failure by itself.",
        "Prieto et al. 2025, “Grokking at the edge of numerical stability” (arXiv 2501.04697); 16.6 = ln 2²⁴.",
    ),
    unit="share of training pairs",
    passes=4.0,
    percent=True,
    order=40,
)  # fmt: skip
