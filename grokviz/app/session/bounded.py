"""A cache that never holds more than it may: so many values, so many bytes."""

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from functools import wraps
from types import FunctionType, ModuleType
from typing import NamedTuple, ParamSpec, TypeVar, cast

import numpy as np
import pandas as pd
import streamlit as st

P = ParamSpec("P")
R = TypeVar("R")


class Caps(NamedTuple):
    """The most that a cache holds."""

    entries: int
    megabytes: float


class Cache:
    """Values by key; the one that was asked for longest ago goes first. Shared by all visitors, for reading only.

    Of threads that ask for the same value one makes it, and the others wait. A value that is larger than the cache
    may be is made and not kept. `spinner` is said on the page while a value is made.
    """

    def __init__(self, what: str, entries: int, megabytes: float, spinner: str = "") -> None:
        self.what, self.caps, self.spinner = what, Caps(entries, megabytes), spinner
        self._values: OrderedDict[Hashable, object] = OrderedDict()
        self._sizes: dict[Hashable, int] = {}
        self._lock = threading.RLock()
        self._makers: dict[Hashable, threading.RLock] = {}

    def get(self, key: Hashable, make: Callable[[], R]) -> R:
        """The value of a key, made if it is not here."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return cast(R, self._values[key])
            maker = self._makers.setdefault(key, threading.RLock())
        with maker:
            with self._lock:
                if key in self._values:  # made by the thread that this one waited for
                    return cast(R, self._values[key])
            try:
                value = self._made(make)
                self.put(key, value)
            finally:
                with self._lock:
                    self._makers.pop(key, None)
        return value

    def peek(self, key: Hashable) -> object | None:
        """The value of a key if it is here."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def _made(self, make: Callable[[], R]) -> R:
        if not self.spinner:
            return make()
        with st.spinner(self.spinner):
            return make()

    def put(self, key: Hashable, value: object) -> None:
        """Keep a value, if there is room."""
        size = size_of(value)
        with self._lock:
            self._values[key], self._sizes[key] = value, size
            self._shrink()

    def measure_again(self, key: Hashable) -> None:
        """After the value of a key has grown."""
        with self._lock:
            if key in self._values:
                self._sizes[key] = size_of(self._values[key])
                self._shrink()

    def _shrink(self) -> None:
        while len(self._values) > self.caps.entries or self.n_bytes > 1e6 * self.caps.megabytes:
            gone, _ = self._values.popitem(last=False)
            del self._sizes[gone]

    @property
    def n_bytes(self) -> int:
        """Bytes of what is held, as measured when it was put here."""
        return sum(self._sizes.values())

    def __len__(self) -> int:
        return len(self._values)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()
            self._sizes.clear()


def kept(
    cache: Cache, key: Callable[..., Hashable] | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep what a function returns in this cache, by its arguments or by what `key` makes of them."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def cached(*args: P.args, **kwargs: P.kwargs) -> R:
            asked = key(*args, **kwargs) if key else (args, tuple(sorted(kwargs.items())))
            return cache.get((function.__qualname__, asked), lambda: function(*args, **kwargs))

        return cached

    return decorate


def size_of(value: object) -> int:
    """Bytes of memory that a value holds: its arrays, tables and texts, each counted once."""
    seen: set[int] = set()
    total, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type | ModuleType | FunctionType):
            continue
        seen.add(id(one))
        if isinstance(one, np.ndarray):
            if one.base is not None:
                waiting.append(one.base)
            else:
                total += one.nbytes
        elif isinstance(one, pd.DataFrame):
            total += int(one.memory_usage(deep=True).sum())
        elif isinstance(one, str | bytes | bytearray):
            total += sys.getsizeof(one)
        elif isinstance(one, Mapping):
            total += sys.getsizeof(one)
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            total += sys.getsizeof(one)
            waiting += one
        else:
            waiting.append(getattr(one, "__dict__", None))
    return total
