"""A row of the table of benchmarks, and how to time one."""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple


class Row(NamedTuple):
    what: str
    measured: str
    goal: str = ""


def as_markdown(rows: list[Row]) -> str:
    lines = ["| what | measured | goal |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines) + "\n"


def medians(*functions: Callable[[], object], repeats: int = 15, warm_up: int = 3) -> list[float]:
    """Median seconds of each function, called turn by turn so that a drift of the machine meets all alike."""
    times: list[list[float]] = [[] for _ in functions]
    for repeat in range(warm_up + repeats):
        for taken, function in zip(times, functions, strict=True):
            start = time.perf_counter()
            function()
            if repeat >= warm_up:
                taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in times]


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
