"""Garbage is collected when nobody waits: Streamlit's own collection after every run of a page took 80 ms of it.

And memory that was freed goes back to the system: the allocator keeps what lies below something that is still held.
"""

import contextlib
import ctypes
import gc
import time
from threading import Event, Thread

PAUSE = 5.0  # seconds between two looks
IDLE = 0.3  # of a core: below it nobody waits
LONGEST = 60.0  # seconds without a collection, however busy it is


def collect_when_idle(stopped: Event | None = None) -> Thread:
    """Starts the thread that does so. What is here by now stays, and is not looked through again."""
    gc.collect()
    gc.freeze()
    thread = Thread(target=_collect, args=(stopped or Event(),), name="garbage", daemon=True)
    thread.start()
    return thread


def _collect(stopped: Event) -> None:
    last, begin = time.monotonic(), time.process_time()
    while not stopped.wait(PAUSE):
        now, used = time.monotonic(), time.process_time()
        if used - begin < IDLE * PAUSE or now - last > LONGEST:
            gc.collect()
            give_back()
            last = now
        begin = time.process_time()


def give_back() -> None:
    """Let the allocator return what is free. Where it is not that of glibc it is left alone."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
