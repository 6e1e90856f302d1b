"""All measures: whatever a module of this folder declares as `MEASURES`. There is no second list of them."""

import functools
import hashlib
import importlib
import json
import math
import pkgutil
from collections.abc import Sequence

import numpy as np

import grokviz.measures
from grokviz.measures.declaration import AXES, Measure, Value
from grokviz.measures.snapshot import Snapshot
from grokviz.models.forward import Weights, parameters
from grokviz.models.spec import Shapes
from grokviz.tasks.pairs import Task


@functools.cache
def measures() -> tuple[Measure, ...]:
    """Every measure, in the order in which they are told.

    Raises `ValueError` when two have one name, or an axis is not known.
    """
    package = grokviz.measures
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    modules = [importlib.import_module(f"{package.__name__}.{name}") for name in names]
    found: list[Measure] = [m for module in modules for m in getattr(module, "MEASURES", ())]
    for measure in found:
        if sum(other.name == measure.name for other in found) > 1:
            raise ValueError(f"Two measures are called {measure.name!r}. Give one of them another name.")
        if unknown := set(measure.axes) - AXES.keys():
            raise ValueError(
                f"{measure.name!r} has the axis {min(unknown)!r}, expected one of: {', '.join(AXES)}."
            )
    return tuple(sorted(found, key=lambda measure: (measure.order, measure.name)))


def by_name(name: str) -> Measure:
    """The measure of that name. Raises `KeyError` where there is none."""
    return {measure.name: measure for measure in measures()}[name]


def scalars() -> tuple[Measure, ...]:
    """Those with one number a snapshot."""
    return tuple(measure for measure in measures() if measure.is_scalar)


@functools.cache
def version() -> str:
    """Eight hex digits that change whenever what is kept of a snapshot changes."""
    kept = [[m.name, m.axes, m.encoding.name, m.version] for m in sorted(measures(), key=lambda m: m.name)]
    return hashlib.blake2b(json.dumps(kept).encode(), digest_size=4).hexdigest()


def says_something(measure: Measure, task: Task, shapes: Shapes) -> bool:
    """Whether a measure is computed of a network with these parameters that is asked this."""
    return not measure.applies(task) and not measure.network(shapes)


@np.errstate(over="ignore", invalid="ignore")  # a network that diverged is measured, not refused
def values_of(snapshot: Snapshot, drawn: bool = True) -> dict[str, Value]:
    """What every measure that applies gives of a snapshot; `drawn=False` leaves the pictures out."""
    shapes = {name: array.shape for name, array in parameters(snapshot.weights).items()}
    wanted = [
        m for m in measures() if (drawn or not m.drawn_only) and says_something(m, snapshot.task, shapes)
    ]
    return {measure.name: measure.compute(snapshot) for measure in wanted}


def measure(weights: Weights, task: Task, key_freqs: Sequence[int]) -> dict[str, Value]:
    """All measures of one snapshot by name, from one forward pass.

    Raises `ValueError` when the weights and the task differ in p, or a key frequency is none.
    """
    return values_of(Snapshot(weights, task, tuple(key_freqs)), drawn=False)


def measures_to_json(
    values: dict[str, Value], key_freqs: Sequence[int], matrices: Sequence[str]
) -> dict[str, object]:
    """The measures as plain JSON values; a number that is not finite becomes null."""
    told: dict[str, object] = {"key_freqs": list(key_freqs)}
    for name, value in values.items():
        declared = by_name(name)
        if declared.to_json:
            value = declared.to_json(np.asarray(value))
        elif declared.axes == ("matrix",):
            value = dict(zip(sorted(matrices), np.asarray(value), strict=True))
        told[declared.json_name or name] = _to_json(value)
    return told


def _to_json(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _to_json(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return [_to_json(item) for item in value]
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value
