"""Whether the gradient only asks for larger weights: Prieto et al. 2025 (arXiv 2501.04697)."""

import numpy as np

from grokviz.measures.deep.declaration import Deep, Found, Series, Subject, Telling, needs_gradient
from grokviz.models.forward import Weights
from grokviz.models.gradient import loss_and_gradient


def cosine(gradient: Weights, weights: Weights) -> float:
    """cos(-gradient, weights) over all parameters, summed in float64; 0 where one of them is 0."""
    dot, of_gradient, of_weights = (
        sum(float((x[name].astype(np.float64) * y[name]).sum()) for name in gradient)
        for x, y in ((gradient, weights), (gradient, gradient), (weights, weights))
    )
    size = (of_gradient * of_weights) ** 0.5
    return -dot / size if size > 0 else 0.0


def alignment(s: Subject) -> Found:
    _, gradient = loss_and_gradient(s.weights, s.train)
    return {"alignment": cosine(gradient, s.weights)}


DEEP = Deep(
    "alignment",
    "Alignment of gradient and weights",
    (Series("alignment", "cosine"),),
    alignment,
    Telling(
        "Is it still learning, or only shouting?",
        "Once every training pair is right, a network can lower its loss by saying the same louder: all weights a little "
        "larger. The cosine between the way downhill and the weights themselves says how much of the way is that.",
        r"\cos(-\nabla L_{\mathrm{train}},\,\theta)",
        "Near 0 while there is something to find out. It climbs when what is left is volume.",
        "A high value is no sign of failure by itself: at the end of a run with weight decay it is near 1, because "
        "gradient and decay hold each other in balance there.",
        "Prieto et al. 2025 (arXiv 2501.04697), “naive loss minimisation”. Of the training loss without the decay.",
    ),
    unit="cosine",
    passes=1.0,
    applies=needs_gradient,
    order=50,
)  # fmt: skip
