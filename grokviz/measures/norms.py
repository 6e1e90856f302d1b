"""How large the weights are, and on how few frequencies they settle: Nanda et al. 2023, section 5.1."""

import math

import numpy as np
from jaxtyping import Float

from grokviz.measures.declaration import Article, Measure, of_a_group
from grokviz.measures.encoding import FLOAT32
from grokviz.measures.fourier import component_norms, frequency_norms, gini
from grokviz.measures.snapshot import Snapshot
from grokviz.models.forward import Weights, parameters


def sum_squares(weights: Weights) -> dict[str, float]:
    """Sum of the squared parameters of every matrix, in float64, matrices by name."""
    return {name: float(np.square(weights[name], dtype=np.float64).sum()) for name in sorted(weights)}


def squares(s: Snapshot) -> dict[str, float]:
    return sum_squares(parameters(s.weights))


def embedding(s: Snapshot) -> Float[np.ndarray, "n d_model"]:
    """W_E of the numbers, as the elements that they stand for in the place of a, without that of "="."""
    return s.wide["W_E"][s.places.a]


def to_answers(s: Snapshot) -> Float[np.ndarray, "n d_mlp"]:
    """W_L, the answers as elements: a row for each."""
    return s.logit_map[:, s.places.c].T


GINI = Article(
    "On how few frequencies does it settle?",
    "Gini coefficient",
    "How unequal the strengths of all frequencies are, in the embedding and in the map from neurons to answers.",
    r"G(x) = \frac{\sum_{i=1}^{N} (2i - N - 1)\,x_{(i)}}{N \sum_i x_i}",
    "0: all equally strong, and random weights are close to it. Near 1: a few carry everything. It creeps up "
    "while the test loss is flat; most of the climb comes during cleanup and after.",
    "Nanda et al. 2023, section 5.1; norms of all p Fourier components, the constant included.",
    beside=("gini_W_L",),
)
SQUARES = Article(
    "What does it cost to be right?",
    "Sum of squared weights",
    "All weights, squared and added up: what weight decay makes the network pay for.",
    r"\lVert\theta\rVert^2 = \sum_i \theta_i^2",
    "Memorising makes it grow. In the paper's run it then falls smoothly while the circuit forms, and more "
    "sharply in cleanup. Without weight decay it need not fall at all.",
    "Nanda et al. 2023, section 5.1.",
)

SETTLE = of_a_group("So nobody knows on which few waves it would settle.")

MEASURES = (
    Measure(
        "gini_W_E",
        lambda s: gini(component_norms(embedding(s), s.group)),
        "Gini coefficient of the embedding",
        "Gini coefficient",
        "embedding",
        group="gini",
        applies=SETTLE,
        article=GINI,
        order=50,
    ),
    Measure(
        "gini_W_L",
        lambda s: gini(component_norms(to_answers(s), s.group)),
        "Gini coefficient of neurons to logits",
        "Gini coefficient",
        "neurons to logits",
        group="gini",
        applies=SETTLE,
        order=51,
    ),
    Measure(
        "sum_squared_weights",
        lambda s: math.fsum(s.share(squares).values()),
        "Sum of squared weights",
        "sum of squares",
        "all weights",
        article=SQUARES,
        order=60,
    ),
    Measure(
        "sum_squared_weights_per_matrix",
        lambda s: np.array(list(s.share(squares).values())),
        "Sum of squared weights of each matrix",
        "sum of squares",
        axes=("matrix",),
        order=61,
    ),
    Measure(
        "spectrum_W_E",
        lambda s: frequency_norms(embedding(s).astype(np.float64), s.group),
        "Strength of each frequency in the embedding",
        axes=("frequency",),
        applies=SETTLE,
        encoding=FLOAT32,
        drawn_only=True,
    ),
    Measure(
        "spectrum_W_L",
        lambda s: frequency_norms(to_answers(s), s.group),
        "Strength of each frequency from neurons to logits",
        axes=("frequency",),
        applies=SETTLE,
        encoding=FLOAT32,
        drawn_only=True,
    ),
)
