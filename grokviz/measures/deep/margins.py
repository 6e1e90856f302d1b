"""By how much the right answer leads on the training pairs."""

import numpy as np
from jaxtyping import Float, Int

from grokviz.measures.deep.declaration import Deep, Found, Series, Subject, Telling


def leads(logits: Float[np.ndarray, "n p"], answers: Int[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """The logit of the right answer above the best of the others, pair by pair; below 0 where another leads."""
    rows = np.arange(len(answers))
    others = logits.copy()
    others[rows, answers] = -np.inf
    return logits[rows, answers] - others.max(axis=1)


def margins(s: Subject) -> Found:
    side = s.task.is_train
    with np.errstate(invalid="ignore"):
        found = leads(s.snapshot.logits[side], s.task.labels[side])
    return {"margin_mean": float(found.mean(dtype=np.float64)), "margin_min": float(found.min())}


DEEP = Deep(
    "margins",
    "Margins of the training pairs",
    (Series("margin_mean", "mean"), Series("margin_min", "smallest")),
    margins,
    Telling(
        "How far ahead is the right answer?",
        "For each training pair, how far the right answer lies above the best of the wrong ones, in the network's own units.",
        r"m(a,b) = L_{y} - \max_{c \ne y} L_{c}",
        "They grow long after every training pair is right. Set beside the sum of squared weights: a circuit that groks "
        "reaches a larger margin with smaller weights.",
        "Margins of networks with other weights are in other units: only beside the size of the weights do they compare.",
        "Varma et al. 2023 (arXiv 2309.02390), who call margin for weight efficiency.",
    ),
    unit="margin (nats)",
    passes=4.0,
    order=70,
)  # fmt: skip
