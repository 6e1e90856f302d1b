"""What one visitor of a shared machine may have: so many seconds of a core within a minute, and so many bytes to and
fro within ten.

Counted is whatever their pages make it do: cuts, pairs, measures of a run they bring, in the server or in a process of
its own; and what they bring, take home and have fetched from the Hub. Trainings have limits of their own.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from streamlit.runtime.scriptrunner import get_script_run_ctx

from grokviz import hosting
from grokviz.app.session import visitor
from grokviz.errors import HostingError

B = TypeVar("B", str, bytes)
OWN = "or run GrokViz on a machine of your own, where there are no limits."


class Account:
    """What every visitor has had of something within the last `window` seconds."""

    def __init__(self, window: float) -> None:
        self.window = window
        self._bills: dict[str, deque[tuple[float, Callable[[], float]]]] = {}  # (when, how much)
        self._lock = threading.Lock()

    def charge(self, who: str, amount: float) -> None:
        """So much to a visitor, now."""
        self.charge_what_grows(who, lambda: amount)

    def charge_what_grows(self, who: str, amount: Callable[[], float]) -> None:
        """To a visitor, from now on: as much as the function says whenever it is asked."""
        with self._lock:
            self._bills.setdefault(who, deque()).append((time.monotonic(), amount))

    def seconds_until(self, who: str, most: float) -> float:
        """How long until a visitor has had less than `most`; 0: now."""
        now = time.monotonic()
        with self._lock:
            for other in list(self._bills):
                while self._bills[other] and self._bills[other][0][0] < now - self.window:
                    self._bills[other].popleft()
                if not self._bills[other]:
                    del self._bills[other]
            bills = [(when, amount()) for when, amount in self._bills.get(who, ())]
        total = sum(amount for _, amount in bills)
        if total < most:
            return 0.0
        for when, amount in bills:
            total -= amount
            if total < most:
                return max(when + self.window - now, 0.001)
        return self.window

    def total(self, who: str) -> float:
        """What a visitor has had."""
        with self._lock:
            return sum(amount() for _, amount in self._bills.get(who, ()))

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._bills.clear()


SECONDS = Account(60.0)  # of a core
BYTES = Account(600.0)  # brought, taken home, fetched
_payer: ContextVar[str] = ContextVar("who pays for what is being computed", default="")
_begun: ContextVar[float] = ContextVar("seconds of this thread when that began", default=0.0)


@contextmanager
def charged() -> Iterator[None]:
    """What is computed within goes to the account of whoever is looking. Free on one's own machine.

    Raises `HostingError` when they have nothing left; says when they will.
    """
    with _charged(payer()):
        yield


@contextmanager
def _charged(who: str) -> Iterator[None]:
    limits = hosting.limits()
    if limits is None or _payer.get():
        yield
        return
    if (wait := SECONDS.seconds_until(who, limits.cpu_seconds)) > 0:
        raise HostingError(
            f"Within the last minute this machine has computed {limits.cpu_seconds:.0f} s for you, which is what each of "
            "its visitors may have.",
            mend=f"Go on in {math.ceil(wait)} s, {OWN}",
        )
    token, begin = _payer.set(who), time.thread_time()
    _begun.set(begin)
    try:
        yield
    finally:
        spend(time.thread_time() - begin)
        _payer.reset(token)


def is_half_spent() -> bool:
    """Whether whoever is looking has had half of their seconds, with what is being computed now: what is done for them
    unasked ends there."""
    limits, who = hosting.limits(), _payer.get()
    if limits is None or not who:
        return False
    return SECONDS.total(who) + time.thread_time() - _begun.get() > limits.cpu_seconds / 2


def spend(seconds: float) -> None:
    """Seconds of a core, of this thread or of others that it has waited for, to whoever is looking."""
    if who := _payer.get():
        SECONDS.charge(who, seconds)


def may_go_on() -> bool:
    """Whether whoever pays has something left, for what is computed behind their page."""
    limits, who = hosting.limits(), _payer.get()
    return limits is None or not who or SECONDS.seconds_until(who, limits.cpu_seconds) <= 0


def payer() -> str:
    """Who is looking: a visitor by the secret of their browser, or by the session as long as that has not been told."""
    if _payer.get():
        return _payer.get()
    context = get_script_run_ctx()
    root = visitor.root().name if hosting.is_hosted() and visitor.is_known() else ""
    return root or (context.session_id if context else "nobody")


# Bytes


def why_no_bytes(of: str = "") -> str:
    """Why a visitor, as a rule whoever is looking, can neither bring, take home nor fetch more now; "" when they can."""
    limits = hosting.limits()
    wait = limits and BYTES.seconds_until(of or payer(), 1e6 * limits.transfer_mb)
    if not limits or not wait:
        return ""
    return (
        f"Within ten minutes a visitor may bring, take home and fetch {limits.transfer_mb:,} MB, and you have. "
        f"Go on in {math.ceil(wait / 60)} min, {OWN}"
    )


def fetching(how_far: Callable[[], float]) -> None:
    """Something is fetched for whoever is looking: a function that says how many bytes that is by now.

    Raises `HostingError` when they have no bytes left.
    """
    if why := why_no_bytes():
        raise HostingError(why)
    if hosting.is_hosted():
        most = [0.0]  # the job is forgotten when its run is closed, what it has fetched is not

        def so_far() -> float:
            most[0] = max(most[0], how_far())
            return most[0]

        BYTES.charge_what_grows(payer(), so_far)


def taking(make: Callable[[], B]) -> Callable[[], B]:
    """A file that is made when it is asked for, outside of any page: whoever looks now pays for its making and bytes.

    What it returns raises `HostingError` when they have nothing left.
    """
    if not hosting.is_hosted():
        return make
    who = payer()

    def made() -> B:
        with _charged(who):
            data = make()
        BYTES.charge(who, len(data))
        return data

    return made
