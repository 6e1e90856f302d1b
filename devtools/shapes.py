"""The hook that holds functions to their annotations in the tests, array shapes included."""

import functools
import inspect
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

import jaxtyping
from beartype import BeartypeConf, beartype

Held = Callable[..., object]

check = beartype(conf=BeartypeConf(is_pep484_tower=True))  # a whole number is a number
_with_axes = jaxtyping.jaxtyped


def hold(modules: Iterable[str]) -> AbstractContextManager[None]:
    """Hold every function and dataclass of these modules, imported from now on (or within the block), to its annotations.

    jaxtyping's own decorator checks the arguments of every call twice, and binds them to their names to tell of a fault;
    a long training then takes half as long again. This one checks them once, and remembers how long an axis is only where
    an annotation speaks of arrays. Raises `RuntimeError` where one of them is imported already: it would not be held.
    """
    held = tuple(modules)
    if early := [
        name for name in sys.modules if name in held or name.startswith(tuple(f"{one}." for one in held))
    ]:
        raise RuntimeError(f"Imported before they could be held to their annotations: {', '.join(early)}.")
    jaxtyping.jaxtyped = _held  # what the hook writes above each function
    return jaxtyping.install_import_hook(held, f"{__name__}.check")


def _held(*, typechecker: Callable[[Held], Held]) -> Callable[[Held], Held]:
    return functools.partial(_hold, typechecker)


def _hold(typechecker: Callable[[Held], Held], held: Held) -> Held:
    if not inspect.isfunction(held):
        return _with_axes(held, typechecker=typechecker)
    checked = typechecker(held)
    if "jaxtyping." not in repr(held.__annotations__):
        return checked

    @functools.wraps(held)
    def within_its_axes(*args: object, **kwargs: object) -> object:
        with _with_axes("context"):
            return checked(*args, **kwargs)

    return within_its_axes
