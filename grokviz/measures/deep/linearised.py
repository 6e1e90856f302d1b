"""Whether it is still the network that it began as, with a linear correction: lazy or rich, Kumar et al. 2023 (arXiv 2310.06110)."""

import numpy as np
from jaxtyping import Float

from grokviz.measures.deep.declaration import Deep, Found, Series, Subject, Telling
from grokviz.models.forward import Weights, forward

STEP = 1e-5  # of the difference quotient, in units of the whole way from the first weights


def linearised_logits(weights: Weights, first: Weights, names: list[str]) -> Float[np.ndarray, "p p p"]:
    """f(w0) + grad f(w0) . (w - w0) in float64, the product with the Jacobian as a central difference quotient."""
    start = {name: w.astype(np.float64) for name, w in first.items()}
    way = {name: weights[name].astype(np.float64) - start[name] for name in names}
    ahead, back = (
        forward(start | {name: start[name] + sign * STEP * d for name, d in way.items()}).logits
        for sign in (1, -1)
    )
    return forward(start).logits + (ahead - back) / (2 * STEP)


def share_explained(found: Float[np.ndarray, "p p p"], model: Float[np.ndarray, "p p p"]) -> float:
    """R^2 of one table of logits by another, both without their mean over the answers: what a softmax sees."""
    found, model = (x - x.mean(axis=2, keepdims=True) for x in (found, model))
    total = float(np.square(found).sum())
    return 1 - float(np.square(found - model).sum()) / total if total > 0 else float("nan")


def linearised(s: Subject) -> Found:
    s.tick()
    found = forward({name: w.astype(np.float64) for name, w in s.weights.items()}).logits
    with np.errstate(over="ignore", invalid="ignore"):
        return {
            "linearised_r2": share_explained(
                found, linearised_logits(s.weights, s.first, list(s.config.shapes))
            )
        }


DEEP = Deep(
    "linearised",
    "Outputs that the linearised network explains",
    (Series("linearised_r2", "share explained"),),
    linearised,
    Telling(
        "When does it stop being what it began as?",
        "A network that hardly moves is a linear machine: what it will answer follows from the slopes at its first "
        "weights. Carry these slopes on to the weights of today and compare. As long as that explains the answers, "
        "training is lazy: it builds no new features.",
        r"R^2 \text{ of } f(\theta) \text{ by } f(\theta_0) + \nabla f(\theta_0)\cdot(\theta - \theta_0)",
        "1 at the first step, by definition. It falls within the first steps, and below 0 the linear machine is worse than none at all.",
        "That it leaves the lazy regime early does not say that it understands: it happens long before. Of the logits of "
        "all pairs, not of the rule.",
        "After Kumar et al. 2023 (arXiv 2310.06110). From the first snapshot of the run; slopes by a difference quotient.",
    ),
    unit="R²",
    passes=10.0,
    settings={"step of the difference quotient": STEP},
    most=50,
    order=60,
)  # fmt: skip
