"""Optimizers for many runs at once, on blocks of parameters (`engine/flat.py`): a row a run.

Every number that changes with the step or the run is a tensor on the device, so that nothing waits for Python.
An optimizer uses up the gradients: their memory is where it computes, because fresh memory costs far more than
the arithmetic (in a profile, four passes into new memory took a sixth of the training step).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from grokviz.config import SETTINGS, RunConfig
from grokviz.engine.flat import Shapes, views
from grokviz.methods import (
    MUON_MATRICES,
    MUON_POLYNOMIAL,
    MUON_SMALLEST_NORM,
    OPTIMIZERS,
    SMALLEST_ENERGY,
    arrays_kept,
)

Block = Float[Tensor, "runs parameters"]
Moment = Float[Tensor, "runs kept"]  # an array like the parameters, or a few of them: see `moment_shapes`
Moments = dict[str, Moment]

Update = Callable[[Block, Block, Moments, "Settings", Tensor, Shapes], None]


class Settings(NamedTuple):
    """The hyper-parameters of every run, as columns, and a config with the constants that all of them share."""

    lr: Float[Tensor, "runs 1"]
    weight_decay: Float[Tensor, "runs 1"]
    beta1: Float[Tensor, "runs 1"]
    beta2: Float[Tensor, "runs 1"]
    eps: Float[Tensor, "runs 1"]
    warmup_steps: Float[Tensor, "runs 1"]
    shared: RunConfig  # for the settings `of_optimizer`


def settings(configs: Sequence[RunConfig], device: torch.device, dtype: torch.dtype) -> Settings:
    """Of runs that `may_share`."""
    columns = (
        torch.tensor([[getattr(c, f)] for c in configs], dtype=dtype, device=device)
        for f in Settings._fields
        if f != "shared"
    )
    return Settings(*columns, shared=configs[0])


def constants_of(config: RunConfig) -> dict[str, object]:
    """The settings that only the optimiser of this config knows, by name. They are one for all runs of a batch."""
    names = [name for name, s in SETTINGS.items() if s.of_optimizer == config.optimizer]
    return {name: getattr(config, name) for name in names}


def all_constants_of(config: RunConfig) -> dict[str, object]:
    """Those, and the numbers of the optimiser that are no setting: as JSON, for the provenance of a run."""
    return {**constants_of(config), **OPTIMIZERS[config.optimizer].fixed}


def adamw(
    weights: Block, grads: Block, moments: Moments, s: Settings, updates: Tensor, shapes: Shapes
) -> None:
    """Adam with decoupled weight decay on everything. Loshchilov and Hutter 2019 (arXiv 1711.05101), algorithm 2.

    `updates` is the number of updates before this one; the learning rate is lr * min(updates / warmup_steps, 1).
    """
    _move(weights, _adam_direction(grads, moments, s, updates), s, updates)


def _move(weights: Block, direction: Block, s: Settings, updates: Tensor) -> None:
    lr = s.lr * (updates / s.warmup_steps).clamp(max=1)
    weights.mul_(1 - lr * s.weight_decay).addcmul_(lr, direction, value=-1)


def _adam_direction(grads: Block, moments: Moments, s: Settings, updates: Tensor) -> Block:
    """m' / (sqrt(v') + eps), with m' and v' the running means of g and g^2, corrected for their start at 0.
    In the memory of `grads`."""
    m, v = moments["exp_avg"], moments["exp_avg_sq"]
    m.lerp_(grads, 1 - s.beta1)
    v.lerp_(grads.square_(), 1 - s.beta2)
    below = torch.div(v, 1 - s.beta2 ** (updates + 1), out=grads).sqrt_().add_(s.eps)
    return torch.div(m, below, out=below).div_(1 - s.beta1 ** (updates + 1))


def grokfast(
    weights: Block, grads: Block, moments: Moments, s: Settings, updates: Tensor, shapes: Shapes
) -> None:
    """AdamW on a gradient whose slow part is amplified: g + lambda h, h a running mean of g that starts at g.

    Grokfast-EMA, Lee et al. 2024 (arXiv 2405.20233), algorithm 1; by default with alpha 0.98 and lambda 2, as in
    section 3 and their code.
    """
    h = moments["grad_ema"]
    h.lerp_(grads, 1 - s.shared.grokfast_alpha)
    h.copy_(torch.where(updates == 0, grads, h))
    adamw(weights, grads.add_(h, alpha=s.shared.grokfast_lambda), moments, s, updates, shapes)


def grokfast_ma(
    weights: Block, grads: Block, moments: Moments, s: Settings, updates: Tensor, shapes: Shapes
) -> None:
    """AdamW on g + lambda h, h the mean of the last gradients, this one among them; on g until there are so many.

    Grokfast-MA, Lee et al. 2024 (arXiv 2405.20233), section 2.2 and their code: by default the last 100, with lambda 5.
    """
    c, window = s.shared, s.shared.grokfast_ma_window
    place = (updates.squeeze(1) % window).long()
    runs = torch.arange(len(place), device=place.device)
    amount = c.grokfast_ma_lambda * (updates + 1 >= window).to(grads.dtype)
    last = views(moments["last_grads"], _several(shapes, window))
    for name, g in views(grads, shapes).items():
        last[name][runs, place] = g
        g.addcmul_(last[name].mean(1), amount.view(-1, *(1,) * (g.ndim - 1)))
    adamw(weights, grads, moments, s, updates, shapes)


def perpendicular(
    weights: Block, grads: Block, moments: Moments, s: Settings, updates: Tensor, shapes: Shapes
) -> None:
    """AdamW on the part of the gradient at right angles to the weights, array by array: g - (w.g / w.w) w, and with
    `perpendicular_rescale` as long as g was.

    Prieto et al. 2025 (arXiv 2501.04697), section 5: no step merely makes the logits larger. The length is of their code.
    """
    keeps_length = s.shared.perpendicular_rescale == "yes"
    for w, g in zip(views(weights, shapes).values(), views(grads, shapes).values(), strict=True):
        take_away_along(w, g, keeps_length)
    adamw(weights, grads, moments, s, updates, shapes)


def take_away_along(
    w: Float[Tensor, "runs *shape"],  # noqa: F821
    g: Float[Tensor, "runs *shape"],  # noqa: F821
    keeps_length: bool = False,
) -> None:
    """g becomes g - (w.g / w.w) w, run by run, and then as long as it was if `keeps_length`; where w is 0 it stays."""
    dims = tuple(range(1, w.ndim))
    energy = (w * w).sum(dims, keepdim=True)
    along = (w * g).sum(dims, keepdim=True) / energy.clamp(min=SMALLEST_ENERGY)
    length = torch.linalg.vector_norm(g, dim=dims, keepdim=True) if keeps_length else None
    g.addcmul_(along, w, value=-1)
    if length is not None:
        left = torch.linalg.vector_norm(g, dim=dims, keepdim=True)
        g.mul_(length / left.clamp(min=SMALLEST_ENERGY))


def sphere(
    weights: Block, grads: Block, moments: Moments, s: Settings, updates: Tensor, shapes: Shapes
) -> None:
    """AdamW, and after every step all weights together are scaled back to the norm that they had before it: at first
    alpha times that of the start.

    Liu et al. 2023, Omnigrok (arXiv 2210.01117), section 3; alpha 0.8 and no weight decay as in their code for the
    network of Nanda et al. The norm hardly drifts: rounding moves it by some 1e-8 of it a step, to either side.
    """
    before = _norms(weights)
    radius = torch.where(updates == 0, s.shared.sphere_alpha * before, before)
    adamw(weights, grads, moments, s, updates, shapes)
    weights.mul_((radius / _norms(weights)).to(weights.dtype))


def _norms(weights: Block) -> Float[Tensor, "runs 1"]:
    return torch.linalg.vector_norm(weights, dim=1, keepdim=True, dtype=torch.float64)


def muon(
    weights: Block, grads: Block, moments: Moments, s: Settings, updates: Tensor, shapes: Shapes
) -> None:
    """Muon for the matrices between the residual stream and heads or neurons, AdamW for all else.

    The momentum of a matrix is replaced by the nearest orthogonal matrix, scaled to the size of an update of
    AdamW, so that lr and weight decay mean the same. Jordan et al. 2024 (kellerjordan.github.io/posts/muon);
    the scale 0.2 sqrt(larger side) is of Liu et al. 2025 (arXiv 2502.16982), section 2.2.
    """
    momentum = moments["momentum"]
    c = s.shared
    momentum.lerp_(grads, 1 - c.muon_momentum)
    ahead = views(grads.lerp(momentum, c.muon_momentum), shapes)  # Nesterov's
    direction = _adam_direction(grads, moments, s, updates)
    for name, matrix in views(direction, shapes).items():
        if name in MUON_MATRICES:
            scale = c.muon_scale * max(matrix.shape[-2:]) ** 0.5
            matrix.copy_(orthogonalised(ahead[name], c.muon_iterations).mul_(scale))
    _move(weights, direction, s, updates)


def orthogonalised(
    x: Float[Tensor, "*batch rows columns"], iterations: int = 5
) -> Float[Tensor, "*batch rows columns"]:
    """Nearly U V' of the singular value decomposition U S V': a few Newton-Schulz iterations
    x <- a x + (b A + c A^2) x with A = x x', which take singular values in 0..1 to about 0.7..1.2."""
    a, b, c = MUON_POLYNOMIAL
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    x = x / x.norm(dim=(-2, -1), keepdim=True).clamp(min=MUON_SMALLEST_NORM)
    for _ in range(iterations):
        A = x @ x.mT
        x = a * x + (b * A + c * (A @ A)) @ x
    return x.mT if tall else x


def _several(shapes: Shapes, count: int) -> Shapes:
    return {name: (count, *shape) for name, shape in shapes.items()}


def moment_shapes(config: RunConfig) -> dict[str, Shapes]:
    """Of what its optimiser remembers: those of the parameters or, of a window, several of each."""
    return {
        name: config.shapes if count == 1 else _several(config.shapes, count)
        for name, count in arrays_kept(config).items()
    }


UPDATES: dict[str, Update] = {name: globals()[name] for name in OPTIMIZERS}  # the function has the name
