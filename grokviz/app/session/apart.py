"""What is too much for the process that serves everyone: computed in one of its own, one after the other.

On a shared machine alone, and only where it is expected to cost more than `IN_PLACE`. Whoever waits is told their place
and then how far it is; whoever goes elsewhere meanwhile ends it.
"""

import functools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import streamlit as st

from grokviz import hosting
from grokviz.app.session import budget
from grokviz.errors import HostingError
from grokviz.forecast.looking import Cost
from grokviz.importers.apart import Limits
from grokviz.jobs import supervisor
from grokviz.jobs.apart import STARTING, Apart

R = TypeVar("R")

IN_PLACE = Cost(2.5, 500e6)  # what the server computes itself
ROOM = 3.0  # times what is expected, before it is stopped
LOOK_SECONDS = 0.2

_queue: list[tuple[str, object]] = []  # (visitor, ticket): first come first, the ones at work among them
_lock = threading.Lock()


@functools.cache
def _turns() -> threading.BoundedSemaphore:
    """How many larger computations of this process there may be at one time: on one's own machine as many as by default."""
    return threading.BoundedSemaphore((hosting.limits() or hosting.Limits()).at_once)


@contextmanager
def in_turn() -> Iterator[None]:
    """Within it something larger is computed in this process: a few at a time, so that memory is bounded.

    It must ask no cache within: whoever makes a value for that may be waiting for a turn.
    """
    with _turns():
        yield


def is_large(cost: Cost) -> bool:
    """Whether this is to be computed apart: on a shared machine, beyond what its server does itself."""
    return hosting.is_hosted() and cost.is_over(IN_PLACE)


def compute(what: str, cost: Cost, function: Callable[..., R], *arguments: object) -> R:
    """What a function returns, computed in a process of its own, in turn; it is also given `on_progress`.

    Raises what the function raises, `RunError` when it took more than it may, and `HostingError` when this visitor,
    or too many, wait already.
    """
    limits = hosting.limits()
    assert limits, "on one's own machine everything is computed in place"
    most = Limits(
        int(max(ROOM * cost.seconds, 20)),
        STARTING + limits.memory_mb * 1_000_000,
        int(max(6 * cost.seconds, 60)),
    )
    bar = st.progress(0.0, text=f"{what} …")
    try:
        with _ticket(limits.waiting) as place:
            while (ahead := place()) > 0:
                bar.progress(
                    0.0, text=f"{what}: number {ahead} in the queue. You may look at something else."
                )
                time.sleep(LOOK_SECONDS)
            with Apart(function, arguments, most) as running:
                while (answer := running.answer(LOOK_SECONDS)) is None:
                    done, total = running.progress
                    bar.progress(min(done / max(total, 1), 1.0), text=_words(what, done, total))
    finally:
        bar.empty()
    budget.SECONDS.charge(budget.payer(), answer.seconds)
    if answer.error:
        raise answer.error
    return answer.value  # pyright: ignore[reportReturnType]


def _words(what: str, done: int, total: int) -> str:
    return f"{what}: {done:,} of {total:,}" if total > 1 else f"{what} …"


@contextmanager
def _ticket(waiting: int) -> Iterator[Callable[[], int]]:
    """A place in the queue: a function that says how many have to end before this one begins, 0 when it may."""
    ticket = (budget.payer(), object())
    with _lock:
        if any(who == ticket[0] for who, _ in _queue):
            raise HostingError(
                "Something large is being computed for you already, and each visitor has one such thing at a time.",
                mend="Come back when it is done.",
            )
        if len(_queue) >= waiting:
            raise HostingError(
                f"{waiting} visitors wait for something large.", mend="Please come back in a while."
            )
        _queue.append(ticket)
    try:
        yield lambda: max(0, _queue.index(ticket) - supervisor.slots() + 1)
    finally:
        with _lock:
            _queue.remove(ticket)
