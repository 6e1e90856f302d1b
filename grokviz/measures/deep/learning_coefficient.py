"""The local learning coefficient: how many ways out of its weights leave the loss as it is. Lau et al. 2023 (arXiv 2308.12108).

Sampled by stochastic gradient Langevin dynamics that is held near the weights w* of a snapshot, with the gradient over
all training pairs:

    w <- w - (eps / 2) (n beta grad L(w) + gamma (w - w*)) + N(0, eps),    lambda = n beta (mean L(w) - L(w*)),

L the mean loss, n beta = n / ln n, the mean over the draws after the first ones, which are left out.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from grokviz.measures.deep.declaration import (
    CHAINS,
    TRACE,
    Deep,
    Found,
    Series,
    Subject,
    Telling,
    needs_gradient,
)
from grokviz.models.forward import Weights
from grokviz.models.gradient import loss_and_gradient

Loss = Callable[[np.ndarray], tuple[float, np.ndarray]]  # of flat weights: the mean loss and its gradient
STREAM = 7  # of random numbers: another than those of splits and first weights


class Sampler(NamedTuple):
    """How a chain walks. `n_beta` is the inverse temperature times the number of pairs."""

    n_beta: float
    eps: float  # of a step: its variance
    gamma: float  # how hard it is held near the weights of the snapshot
    draws: int


def chain(
    loss: Loss, start: Float[np.ndarray, " w"], sampler: Sampler, rng: np.random.Generator
) -> Float[np.ndarray, " draws"]:
    """The loss at every draw of one chain, the first of which is `start` itself."""
    w = start.copy()
    losses = np.empty(sampler.draws)
    for draw in range(sampler.draws):
        losses[draw], gradient = loss(w)
        drift = sampler.n_beta * gradient + sampler.gamma * (w - start)
        noise = rng.standard_normal(len(w), dtype=np.float64 if w.dtype == np.float64 else np.float32)
        w += (-sampler.eps / 2 * drift + math.sqrt(sampler.eps) * noise).astype(w.dtype)
    return losses


def coefficient(
    losses: Float[np.ndarray, "chains draws"], n_beta: float, left_out: int
) -> Float[np.ndarray, " chains"]:
    """lambda of every chain: n beta times how far the loss lies above that of the start, on average."""
    return n_beta * (losses[:, left_out:].mean(axis=1) - losses[:, 0])


EPS, GAMMA, DRAWS, LEFT_OUT = 1e-4, 1000.0, 80, 40


def n_beta(n: int) -> float:
    """n / ln n, of n training pairs; at least two, so that it is a number."""
    return max(n, 2) / math.log(max(n, 2))


def sampled(s: Subject) -> Found:
    names = list(s.config.shapes)
    start = np.concatenate([s.weights[name].ravel() for name in names]).astype(np.float32)

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        s.tick()
        value, gradient = loss_and_gradient(_unpacked(flat, s), s.train)
        return value, np.concatenate([gradient[name].ravel() for name in names])

    sampler = Sampler(n_beta(len(s.train.a)), EPS, GAMMA, DRAWS)
    with np.errstate(over="ignore", invalid="ignore"):  # a chain that flies off is no number
        losses = np.stack(
            [chain(loss, start, sampler, np.random.default_rng([STREAM, s.step, i])) for i in range(CHAINS)]
        )
    above = sampler.n_beta * (losses.mean(axis=0) - losses[0, 0])
    return {
        "learning_coefficient": coefficient(losses, sampler.n_beta, LEFT_OUT),
        "learning_coefficient_trace": above.reshape(TRACE, -1).mean(axis=1),
    }


def _unpacked(flat: np.ndarray, s: Subject) -> Weights:
    views, begin = {}, 0
    for name, shape in s.config.shapes.items():
        views[name] = flat[begin : (begin := begin + math.prod(shape))].reshape(shape)
    return views


DEEP = Deep(
    "learning_coefficient",
    "Local learning coefficient",
    (
        Series("learning_coefficient", "estimate", ("chain",)),
        Series("learning_coefficient_trace", "along the chains", ("trace",), drawn=False),
    ),
    sampled,
    Telling(
        "How free is it to change without forgetting?",
        "Shake the weights at random, while the training loss pulls them back. If nearly every direction costs loss, the "
        "network uses nearly all of what it has; if few do, it has found something simple. The estimate is how much the "
        "loss rises under that shaking.",
        r"\begin{gathered} \hat\lambda = n\beta\,\big(\mathbb{E}_w[L(w)] - L(w^*)\big) \\ "
        r"w \leftarrow w - \tfrac{\varepsilon}{2}\big(n\beta\nabla L + \gamma(w - w^*)\big) + \mathcal N(0,\varepsilon) "
        r"\end{gathered}",
        "It climbs while the network learns its training pairs by heart, and falls a thousandfold from there. In the bundled "
        "quick run most of the fall comes before the test accuracy rises; in that of the paper's recipe it comes as it "
        "groks. Two runs: neither is a rule.",
        "It is an estimate with these settings and no dimension of anything: another γ or ε gives other values, and only "
        "figures with the same settings can be compared. Held this tightly, it is more curvature than what the theory calls "
        "the learning coefficient. Before the training pairs are known by heart the weights are at no minimum, and the "
        "number does not mean what it is called: there it is grey.",
        "Lau et al. 2023 (arXiv 2308.12108), with the gradient over all training pairs.",
    ),
    unit="estimate of λ",
    passes=float(CHAINS * DRAWS),
    settings={
        "n β": "n / ln n",
        "ε": EPS,
        "γ": GAMMA,
        "draws of each chain": DRAWS,
        "left out at its begin": LEFT_OUT,
        "chains": CHAINS,
        "gradient": "over all training pairs, float32; loss in float64",
    },
    applies=needs_gradient,
    most=30,
    log=True,
    of_minima=True,
    order=10,
)  # fmt: skip
