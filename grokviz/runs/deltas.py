"""Snapshots at a byte a weight: the first of a file as it is, of each after it the change since the one before.

A change is a whole number from -127 to 127 times the scale of its row. It is taken from what a reader has by then, not
from the snapshot before, so errors do not add up: each weight is at most half a step of its row off.
"""

from collections.abc import Mapping, Sequence
from typing import BinaryIO

import numpy as np

from grokviz.runs.tensors import DTYPES, Tensor, read_array

STEPS = 127  # of a scale, either way
Shapes = Mapping[str, tuple[int, ...]]


def encode(snapshots: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The arrays of a file of n snapshots: `W_E` of the first, `W_E.changes` [n - 1, ..] and `W_E.scales` [n - 1, ..]."""
    arrays: dict[str, np.ndarray] = {}
    for name, first in snapshots[0].items():
        known = first.astype(np.float32)
        changes = np.empty((len(snapshots) - 1, *first.shape), np.int8)
        scales = np.empty(changes.shape[:-1], np.float32)
        for row, snapshot in enumerate(snapshots[1:]):
            change = snapshot[name] - known
            scales[row] = np.abs(change).max(axis=-1) / np.float32(STEPS)
            each = np.where(scales[row] > 0, scales[row], 1)[..., None]
            changes[row] = np.clip(np.round(change / each), -STEPS, STEPS)
            known = _changed(known, changes[row], scales[row])
        arrays |= {name: first, f"{name}.changes": changes, f"{name}.scales": scales}
    return arrays


def _changed(known: np.ndarray, change: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """float32, and the same on every machine: one product and one sum, each rounded."""
    return known + change * scale[..., None]


def layout(shapes: Shapes, n: int, dtype: np.dtype) -> dict[str, tuple[np.dtype, tuple[int, ...]]]:
    """dtype and shape of every array of a file of n snapshots whose weights have these shapes."""
    expected = {}
    for name, shape in shapes.items():
        expected[name] = (dtype, shape)
        expected[f"{name}.changes"] = (DTYPES["I8"], (n - 1, *shape))
        expected[f"{name}.scales"] = (DTYPES["F32"], (n - 1, *shape[:-1]))
    return expected


def read(file: BinaryIO, tensors: Mapping[str, Tensor], shapes: Shapes, row: int) -> dict[str, np.ndarray]:
    """The weights of one snapshot of such a file, in the dtype of its first. Reads the `row` changes before it.

    Raises `RunError` when the file ends first.
    """
    found = {}
    with np.errstate(
        over="ignore", invalid="ignore"
    ):  # of a damaged file: whoever reads it looks for what is not finite
        for name in shapes:
            first = read_array(file, tensors[name])
            known = first.astype(np.float32)
            for before in range(row):
                change = read_array(file, tensors[f"{name}.changes"], before)
                known = _changed(known, change, read_array(file, tensors[f"{name}.scales"], before))
            found[name] = known.astype(first.dtype)
    return found
