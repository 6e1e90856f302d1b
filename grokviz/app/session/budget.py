"""What one visitor of a shared machine may have computed: so many seconds of a core within a minute.

Counted is whatever their pages make it do: cuts, pairs, measures of a run they bring, zips in and out. Trainings and
downloads have limits of their own, in processes of their own.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from streamlit.runtime.scriptrunner import get_script_run_ctx

from grokviz import hosting
from grokviz.app.session import visitor
from grokviz.errors import HostingError

WINDOW = 60.0  # seconds
_spent: dict[str, deque[tuple[float, float]]] = {}  # visitor -> (when, seconds of a core)
_lock = threading.Lock()
_payer: ContextVar[str] = ContextVar("who pays for what is being computed", default="")


@contextmanager
def charged() -> Iterator[None]:
    """What is computed within goes to the account of whoever is looking. Free on one's own machine.

    Raises `HostingError` when they have nothing left; says when they will.
    """
    limits = hosting.limits()
    if limits is None or _payer.get():
        yield
        return
    who = _who()
    if (wait := seconds_until(who, limits.cpu_seconds)) > 0:
        raise HostingError(
            f"Within the last minute this machine has computed {limits.cpu_seconds:.0f} s for you, which is what each of "
            "its visitors may have.",
            mend=f"Go on in {math.ceil(wait)} s, or run GrokViz on a machine of your own, where there are no limits.",
        )
    token, begin = _payer.set(who), time.thread_time()
    try:
        yield
    finally:
        spend(time.thread_time() - begin)
        _payer.reset(token)


def spend(seconds: float) -> None:
    """Seconds of a core, of this thread or of others that it has waited for, to whoever is looking."""
    if who := _payer.get():
        with _lock:
            _spent.setdefault(who, deque()).append((time.monotonic(), seconds))


def seconds_until(who: str, most: float) -> float:
    """How long until a visitor has less than so many seconds on their account of the last minute; 0: now."""
    now = time.monotonic()
    with _lock:
        for other in list(_spent):
            while _spent[other] and _spent[other][0][0] < now - WINDOW:
                _spent[other].popleft()
            if not _spent[other]:
                del _spent[other]
        bills = list(_spent.get(who, ()))
    total = sum(seconds for _, seconds in bills)
    for when, seconds in bills:
        if total < most:
            return 0.0
        total -= seconds
        if total < most:
            return max(when + WINDOW - now, 0.001)
    return 0.0


def _who() -> str:
    """A visitor by the secret of their browser; by the session as long as that has not been told."""
    context = get_script_run_ctx()
    root = visitor.root().name if visitor.is_known() else ""
    return root or (context.session_id if context else "nobody")
