"""How a network may be taught: optimisers and losses, each declared once, without torch.

`config` takes its choices from here and the engine what an optimiser remembers; the arithmetic is the function of the same
name in `engine/optimizers.py`, or `NAME_loss` in `engine/fused.py`. Settings of an optimiser are fields of `RunConfig`.
"""

from collections.abc import Mapping
from typing import NamedTuple

ADAM = ("exp_avg", "exp_avg_sq")
MUON_POLYNOMIAL = 3.4445, -4.7750, 2.0315
MUON_MATRICES = ("W_Q", "W_K", "W_V", "W_O", "W_in", "W_out")
MUON_SMALLEST_NORM = 1e-7  # below which a matrix is not scaled up to norm 1
SMALLEST_ENERGY = (
    1.1754943508222875e-38  # of an array: the smallest normal float32, so that 0 is not divided by
)


class Optimizer(NamedTuple):
    label: str  # on pages
    moments: tuple[str, ...] = ADAM  # what it remembers: arrays like the weights
    windows: Mapping[str, str] = {}  # of these several, one a step: as many as this setting says
    fixed: Mapping[str, object] = {}  # its numbers that are no setting
    published: Mapping[str, float | str] = {}  # settings that make it what was published


OPTIMIZERS = {
    "adamw": Optimizer("AdamW"),
    "muon": Optimizer(
        "Muon",
        (*ADAM, "momentum"),
        fixed={
            "muon_polynomial": list(MUON_POLYNOMIAL),
            "muon_matrices": list(MUON_MATRICES),
            "muon_smallest_norm": MUON_SMALLEST_NORM,
        },
    ),
    "grokfast": Optimizer("Grokfast, running mean", (*ADAM, "grad_ema")),
    "grokfast_ma": Optimizer(
        "Grokfast, last steps", (*ADAM, "last_grads"), windows={"last_grads": "grokfast_ma_window"}
    ),
    "perpendicular": Optimizer(
        "Perpendicular gradient",
        fixed={"perpendicular_smallest_energy": SMALLEST_ENERGY},
        published={"weight_decay": 0.0, "perpendicular_rescale": "yes"},
    ),
    "sphere": Optimizer("On a sphere", published={"weight_decay": 0.0}),
}
LOSSES = ("softmax", "stablemax")


def arrays_kept(config: object) -> dict[str, int]:
    """Of a config: how many arrays like each parameter its optimiser remembers, by the name of the moment."""
    optimizer = OPTIMIZERS[getattr(config, "optimizer")]  # noqa: B009
    windows = optimizer.windows
    return {name: getattr(config, windows[name]) if name in windows else 1 for name in optimizer.moments}
