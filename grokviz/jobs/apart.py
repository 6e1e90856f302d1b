"""One computation in a process of its own, with limits on what it may cost, and an answer that comes back.

`python -m grokviz.jobs.apart` is that process: it is told a function of this package and its arguments, says how far
it is, and answers with what the function returns or raises. Whoever waits may end it at any moment.
"""

import importlib
import os
import pickle
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import BinaryIO, NamedTuple

from grokviz import errors, installation
from grokviz.errors import GrokVizError, RunError
from grokviz.importers.apart import GIB, Limits, hold_to

STARTING = 2 * GIB  # of address space: what Python and its packages map before they compute anything
NICE = 5  # pages come first


class Answer(NamedTuple):
    """What came of it: the value or the error, and the seconds of a core that it took."""

    value: object
    error: GrokVizError | None
    seconds: float


class Apart:
    """A computation that is going on. `progress` is what it said last: how many of how many."""

    def __init__(self, function: Callable, arguments: tuple, limits: Limits) -> None:
        self.limits, self.begun = limits, time.monotonic()
        self.progress = (0, 1)
        self._said: queue.Queue[object] = queue.Queue()
        self._child = subprocess.Popen(
            [sys.executable, "-m", "grokviz.jobs.apart"], cwd=installation.HOME, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        assert self._child.stdin
        request = (function.__module__, function.__qualname__, arguments, limits)
        try:
            pickle.dump(request, self._child.stdin)
            self._child.stdin.close()
        except BrokenPipeError:
            pass  # it has ended already, and why is said below

    def __enter__(self) -> "Apart":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.end()

    def end(self) -> None:
        """Stop it, wherever it is."""
        self._child.kill()
        self._child.wait()
        self._listener.join()

    def answer(self, seconds: float) -> Answer | None:
        """What came of it, or None when it is not over after so many seconds."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if time.monotonic() - self.begun > self.limits.seconds:
                return self._ended(f"took longer than {self.limits.seconds:,} seconds")
            try:
                said = self._said.get(timeout=left)
            except queue.Empty:
                return None
            match said:
                case ("progress", int(done), int(total)):
                    self.progress = (done, total)
                case ("value", value, float(spent)):
                    return Answer(value, None, spent)
                case ("error", dict(error), float(spent)):
                    return Answer(None, errors.from_json(error), spent)
                case ("memory", float(spent)):
                    return self._ended("took more memory than one visitor may have", spent)
                case _:
                    return self._ended("took more time than one visitor may have, or ended its process")
        return None

    def _ended(self, why: str, spent: float | None = None) -> Answer:
        seconds = time.monotonic() - self.begun if spent is None else spent
        error = RunError(
            f"This {why}, and was stopped.", mend="Ask for less, or run GrokViz on a machine of your own."
        )
        return Answer(None, error, seconds)

    def _listen(self) -> None:
        assert self._child.stdout
        try:
            while True:
                self._said.put(pickle.load(self._child.stdout))  # from a process of ours, running our code
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            self._said.put(None)
        finally:
            self._child.stdout.close()


def main() -> None:
    """The process."""
    module, name, arguments, limits = pickle.load(sys.stdin.buffer)
    hold_to(limits)
    if hasattr(os, "nice"):
        os.nice(NICE)
    with _answers() as out:

        def show(done: int, total: int) -> None:
            _say(out, "progress", done, total)

        try:
            value = getattr(importlib.import_module(module), name)(*arguments, on_progress=show)
            _say(out, "value", value, time.process_time())
        except GrokVizError as error:
            _say(out, "error", errors.to_json(error), time.process_time())
        except MemoryError:
            _say(out, "memory", time.process_time())


@contextmanager
def _answers() -> Iterator[BinaryIO]:
    """Where answers go; what anything prints goes nowhere."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    with out, open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), sys.stdout.fileno())
        yield out


def _say(out: BinaryIO, *said: object) -> None:
    pickle.dump(said, out)
    out.flush()


if __name__ == "__main__":
    main()
