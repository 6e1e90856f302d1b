"""What is computed of every snapshot behind the pages' backs, one snapshot after the other, for all viewers at once.

The first step in view is computed when it is asked for. From then on nobody waits: one thread of low priority goes on,
with the steps in view first and then a coarse grid, as long as somebody looks, and the page shows what is known. Of
several wanted things each gets its turn, and what nobody has asked for lately stops.
"""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from queue import Queue
from typing import Generic, TypeVar

from grokviz.app.session import budget

R = TypeVar("R")
PATIENCE = 5.0  # seconds after the last question
THREAD = "rows of snapshots"
GRID = 9  # snapshots of the coarse grid


class Rows(Generic[R]):
    """Something of each of `n` snapshots, as far as it has been computed. `make` gives that of one."""

    def __init__(self, n: int, make: Callable[[int], R]) -> None:
        self.n, self._make = n, make
        self.done: dict[int, R] = {}
        self._wanted: dict[int, None] = {}  # in view and not here, the latest last
        self._failed: set[int] = set()
        self._asked, self._payer, self._is_queued = 0.0, copy_context(), False
        self._counted = 0
        self._lock = threading.Lock()

    def __getitem__(self, index: int) -> R:
        """That of one snapshot, computed now if it is not here."""
        if index not in self.done:
            self.done[index] = self._make(index)
            self._failed.discard(index)
        return self.done[index]

    @property
    def is_complete(self) -> bool:
        """Whether nothing more will come by itself."""
        return len(self.done) + len(self._failed) >= self.n

    def has_grown(self) -> bool:
        """Whether more is here than when this was asked last."""
        before, self._counted = self._counted, len(self.done)
        return self._counted > before

    def all(self) -> dict[int, R]:
        """Those of all snapshots, the missing ones computed now."""
        return {index: self[index] for index in range(self.n)}

    def steps_done(self) -> list[int]:
        """The snapshots that are here, in order."""
        return sorted(self.done)

    def ask(self, index: int) -> "Rows[R]":
        """The snapshot in view next, the others soon: this viewer pays for them.

        It is computed now where nothing is here yet, or where the thread could not: then this raises what `make` does.
        """
        if not self.done or index in self._failed:
            _ = self[index]
        self._asked, self._payer = time.monotonic(), copy_context()
        with self._lock:
            if index not in self.done:
                self._wanted.pop(index, None)
                self._wanted[index] = None
            if not (self._is_queued or self.is_complete):
                self._is_queued = True
                _start()
                _waiting.put(self)
        return self

    def _next(self) -> int | None:
        """The next snapshot to compute: in view, then of a coarse grid; none when nobody looks any more."""
        if time.monotonic() - self._asked > PATIENCE or not self._payer.run(budget.may_go_on):
            return None
        with self._lock:
            wanted = [self._wanted.popitem()[0]] if self._wanted else []
        grid = [round(i * (self.n - 1) / (GRID - 1)) for i in range(GRID)]
        missing = (
            i for i in [*wanted, *grid, *range(self.n)] if i not in self.done and i not in self._failed
        )
        return next(missing, None)

    def go_on(self) -> None:
        """One more snapshot, then back into the queue."""
        index = self._next()
        if index is not None:
            begin = time.thread_time()
            try:
                _ = self[index]
            except Exception:  # what cannot be made is told to whoever asks for it, when they do
                self._failed.add(index)
            self._payer.run(budget.spend, time.thread_time() - begin)
        with self._lock:
            self._is_queued = index is not None
            if self._is_queued:
                _waiting.put(self)


_waiting: Queue[Rows] = Queue()
_starting = threading.Lock()
_threads: list[threading.Thread] = []


def _start() -> None:
    with _starting:
        if not _threads:
            _threads.append(threading.Thread(target=_work, name=THREAD, daemon=True))
            _threads[0].start()


def _work() -> None:
    with suppress(OSError, AttributeError):  # Linux has priorities of threads; elsewhere they are all alike
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
    while True:
        _waiting.get().go_on()
