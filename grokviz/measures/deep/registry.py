"""All deep measures: whatever a module of this folder declares as `DEEP`. There is no second list of them."""

import functools
import importlib
import pkgutil
from collections.abc import Sequence

import grokviz.measures.deep
from grokviz.errors import BadInputError
from grokviz.measures.deep.declaration import AXES, Deep


@functools.cache
def deep_measures() -> tuple[Deep, ...]:
    """Every deep measure, in the order in which they are told.

    Raises `ValueError` when two measures or series have one name, or an axis is not known.
    """
    package = grokviz.measures.deep
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    modules = [importlib.import_module(f"{package.__name__}.{name}") for name in names]
    found = [module.DEEP for module in modules if hasattr(module, "DEEP")]
    series = [one for measure in found for one in measure.series]
    for what in ([measure.name for measure in found], [one.name for one in series]):
        if twice := sorted(name for name in what if what.count(name) > 1):
            raise ValueError(f"Two deep measures have {twice[0]!r}. Give one of them another name.")
    if unknown := {axis for one in series for axis in one.axes} - AXES.keys():
        raise ValueError(f"A deep measure has the axis {min(unknown)!r}, expected one of: {', '.join(AXES)}.")
    return tuple(sorted(found, key=lambda measure: (measure.order, measure.name)))


def chosen(names: Sequence[str]) -> tuple[Deep, ...]:
    """The deep measures of these names; all of them when none is named. Raises `BadInputError` of an unknown one."""
    known = {measure.name: measure for measure in deep_measures()}
    if unknown := [name for name in names if name not in known]:
        raise BadInputError(f"There is no measure {unknown[0][:40]!r}.", f"They are: {', '.join(known)}.")
    return tuple(measure for name, measure in known.items() if not names or name in names)
