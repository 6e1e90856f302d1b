"""How a series of numbers is stored: once, by the cache of a timeline and by what the film is sent alike.

numbers = values * scale + shift or, where `top` is given, top * 10 ** (values * scale + shift), with 0 left at 0.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Shaped, UInt8

DECADES = 3.0  # of the 2-D spectrum: what is smaller than a thousandth of the largest is stored as 0


class Stored(NamedTuple):
    """What is stored, and what makes numbers of it again."""

    values: Shaped[np.ndarray, "n ..."]
    scale: float = 1.0
    shift: float = 0.0
    top: float | None = None

    def numbers(self) -> Shaped[np.ndarray, "n ..."]:
        """The numbers, to the accuracy of the storage: as they are, or float32 where they were rounded."""
        if self.top is not None:
            level = self.values.astype(np.float32) * np.float32(self.scale) + np.float32(self.shift)
            return np.where(self.values == 0, np.float32(0), np.float32(self.top) * np.float32(10) ** level)
        if (self.scale, self.shift) == (1.0, 0.0):
            return self.values
        return self.values.astype(np.float32) * np.float32(self.scale) + np.float32(self.shift)


class Encoding(NamedTuple):
    """A way to store all snapshots of a series. Its name stands in the cache and in the blob."""

    name: str
    dtype: str  # of what is stored
    encode: Callable[[np.ndarray], Stored]


def exact(dtype: str) -> Encoding:
    """As it is, in this type."""
    return Encoding(dtype, dtype, lambda x: Stored(np.asarray(x, dtype)))


def _scaled(x: np.ndarray) -> Stored:
    """Sixteen bits over the range of the whole array, symmetric about 0 so that 0 stays 0; NaN becomes 0."""
    x = np.asarray(x, np.float32)
    largest = float(np.abs(x).max(initial=0, where=np.isfinite(x)))
    scale = largest / 32767 or 1.0
    levels = np.nan_to_num(x, posinf=largest, neginf=-largest) / np.float32(scale)
    return Stored(np.rint(levels).clip(-32767, 32767).astype(np.int16), scale)


def _discs(rings: Float[np.ndarray, "n keys p 2"]) -> Stored:
    """One scale for each key over all snapshots: its largest finite radius becomes 1. NaN becomes the origin."""
    radius = np.linalg.norm(rings, axis=3)
    largest = radius.max(axis=(0, 2), where=np.isfinite(radius), initial=0)
    points = rings / np.where(largest > 0, largest, 1)[:, None, None]
    levels = np.nan_to_num(points, posinf=0, neginf=0).clip(-1, 1) * 32767
    return Stored(np.rint(levels).astype(np.int16), 1 / 32767)


def _levels(x: Float[np.ndarray, "n ..."]) -> Stored:
    """256 levels from the smallest number of the whole array to the largest; what is not finite is the smallest."""
    finite = np.isfinite(x)
    low, high = (
        (float(x.min(initial=np.inf, where=finite)), float(x.max(initial=-np.inf, where=finite)))
        if finite.any()
        else (0.0, 0.0)
    )
    scale = (high - low) / 255 or 1.0
    levels = (np.where(finite, x, low).astype(np.float64) - low) / scale
    return Stored(np.rint(levels).clip(0, 255).astype(np.uint8), scale, low)


def _decades(x: Float[np.ndarray, "n ..."]) -> Stored:
    """log10(value / largest) over three decades in 255 steps; 0 is a thousandth of the largest, or less."""
    top = float(x.max(initial=0, where=np.isfinite(x))) or 1.0
    with np.errstate(divide="ignore"):
        decades = np.log10(np.nan_to_num(x, posinf=top).astype(np.float32) / np.float32(top))
    levels = (1 + decades / DECADES).clip(0, 1) * 255
    return Stored(np.rint(levels).astype(np.uint8), DECADES / 255, -DECADES, top)


FLOAT64, FLOAT32, INT16, UINT8 = exact("float64"), exact("float32"), exact("int16"), exact("uint8")
SCALED = Encoding("int16 over the range of the series", "int16", _scaled)
UNIT_DISCS = Encoding("int16, the largest radius of each key is 1", "int16", _discs)
LEVELS = Encoding("uint8 over the range of the series", "uint8", _levels)
LOG_OF_LARGEST = Encoding("uint8, three decades below the largest", "uint8", _decades)


def pack_answers(
    probability: Float[np.ndarray, "*grid"], is_right: Shaped[np.ndarray, "*grid"]
) -> UInt8[np.ndarray, "*grid"]:
    """One byte a pair: the top bit says right, the other seven the probability in 127ths (NaN is 0)."""
    level = np.nan_to_num(probability) * 127 + 0.5
    return level.clip(0, 127).astype(np.uint8) | (is_right.astype(np.uint8) << 7)
