"""Values out of a foreign file as plain ones of ours. What is no such value is None: it is inert, and never an error.

Nothing here walks further into a value than one level: what nests may nest without end.
"""

import math
from collections.abc import Mapping

import numpy as np

from grokviz.errors import RunError
from grokviz.importers.arrays import Array, Tensor, read_numbers
from grokviz.importers.objects import Name, Shell


def settings_of(value: object) -> dict[str, object]:
    """The settings in a config, be it a dictionary or the shell of an object; else none."""
    found: dict[str, object] = {}
    if isinstance(value, Shell):
        for part in (*value.arguments, value.attributes):
            found |= {k: v for k, v in part.items() if isinstance(k, str)} if isinstance(part, dict) else {}
    if isinstance(value, Mapping):
        found |= {k: v for k, v in dict.items(value) if isinstance(k, str)}  # pyright: ignore[reportArgumentType]
    return found


def number_of(value: object) -> float | None:
    """A number, be it Python's, numpy's or a tensor of one, as float64."""
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:  # an integer of hundreds of digits
            return math.inf if value > 0 else -math.inf
    if (isinstance(value, Tensor) and math.prod(value.shape) == 1) or isinstance(value, Array):
        try:
            found = read_numbers(value, "A number")
        except RunError:
            return None
        return float(found.reshape(-1)[0]) if found.size == 1 else None
    return None


def whole_of(value: object) -> int | None:
    """A whole number, or None."""
    if type(value) is int:
        return value
    found = number_of(value)
    return int(found) if found is not None and math.isfinite(found) and found == int(found) else None


def numbers_of(value: object, name: str) -> np.ndarray:
    """A list, array or tensor of numbers as float64, or of tensors of one number each; empty for None.

    Raises `RunError` when it is anything else.
    """
    if value is None:
        return np.zeros(0)
    if isinstance(value, Shell) and value.elements:
        value = value.elements
    if isinstance(value, Tensor | Array):
        return read_numbers(value, name).astype(np.float64).reshape(-1)
    if isinstance(value, list | tuple):
        found = [number_of(item) for item in value]
        if None not in found:
            return np.array(found, dtype=np.float64)
    raise RunError(f"{name} in this file is no list of numbers.")


def in_words(value: object) -> str:
    """A setting as a short text; of what is no plain value, its kind alone."""
    if isinstance(value, str):
        return repr(value[:40])
    if value is None or isinstance(value, bool | float):
        return str(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 10**18 else "a very large number"
    if isinstance(value, Name):
        return value.name[:40]
    if isinstance(value, Shell):
        return f"a {value.kind.name[:40]}" if isinstance(value.kind, Name) else "an object"
    return f"a {type(value).__name__.lower()}"
