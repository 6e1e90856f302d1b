"""The parameters of many runs in one block of memory, a row a run, and each of them as a view into it.

So that one operation updates, copies or measures them all.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

Shapes = Mapping[str, tuple[int, ...]]


def views(block: Float[Tensor, "runs parameters"], shapes: Shapes) -> dict[str, Tensor]:
    """Every parameter of every run: name -> [runs, *shape]."""
    sizes = [math.prod(shape) for shape in shapes.values()]
    parts = block.split(sizes, dim=1)
    return {name: part.unflatten(1, shape) for part, (name, shape) in zip(parts, shapes.items(), strict=True)}


def pack(runs: Sequence[Mapping[str, np.ndarray]], shapes: Shapes) -> Float[Tensor, "runs parameters"]:
    """The block with these parameters."""
    return torch.stack([torch.from_numpy(np.concatenate([w[n].ravel() for n in shapes])) for w in runs])


def unpack(row: Float[np.ndarray, " parameters"], shapes: Shapes) -> dict[str, np.ndarray]:
    """The parameters of one run, as copies."""
    return {name: view[0].numpy().copy() for name, view in views(torch.from_numpy(row)[None], shapes).items()}
