"""Many people at one server while a network trains beside them: real websockets, Streamlit's own protocol. Everyone has
a page open and lets go of the film at another step every 2 s. Memory is what the server holds beyond an open page."""

import asyncio
import functools
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.table import Row
from devtools.server import commanded, free_port
from devtools.visitor import Visitor, come
from grokviz.runs import library
from grokviz.runs.folder import open_run

FILM, MIXED = ("", "timeline"), ("", "timeline", "", "timeline", "follow", "cut")
EVERY, SECONDS = 2.0, 40.0
BEFORE = {"STREAMLIT_RUNNER_POST_SCRIPT_GC": "true"}  # as Streamlit is by itself


def rows() -> list[Row]:
    found = []
    for people, pages, goal in ((20, FILM, ""), (50, MIXED, "p95 500 ms; 25 MB a viewer")):
        what = "the film" if pages == FILM else "mixed pages, a third of them Follow and Cut"
        for name, variables in (("collecting garbage after every run", BEFORE), ("as it is", {})):
            with served(variables) as (port, process):
                said = asyncio.run(_crowd(port, process.pid, people, pages))
            found.append(Row(f"{people} viewers of {what}, {name}", said, goal))
    for page in ("", "timeline", "measures", "follow", "cut"):
        with served({}) as (port, process):
            found.append(
                Row(
                    f"CPU of one commit on {page or 'story'}",
                    asyncio.run(_alone(port, process.pid, page)),
                    "40 ms",
                )
            )
    return found


@contextmanager
def served(variables: dict[str, str]) -> Iterator[tuple[int, subprocess.Popen]]:
    """A server, and a training beside it."""
    port = free_port()
    with (
        tempfile.TemporaryDirectory() as folder,
        commanded(port, GROKVIZ_RUNS=folder, **variables) as process,
    ):
        out = ["--out", str(Path(folder) / "training"), "--device", "cpu"]
        command = [sys.executable, "-m", "grokviz", "train", "--steps", "100000", *out]
        training = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            yield port, process
        finally:
            training.send_signal(signal.SIGKILL)
            training.wait()


async def _crowd(port: int, pid: int, people: int, pages: tuple[str, ...]) -> str:
    """p50, p95, CPU a commit and memory of so many viewers, each on one of the pages."""
    first = await come(port)
    await first.open("timeline")
    empty = memory(pid)
    viewers = [await arrive(port, pages[number % len(pages)]) for number in range(people)]
    begin, cpu = time.monotonic(), seconds_of(pid)
    taken = [t for times in await asyncio.gather(*map(_stay, viewers)) for t in times]
    spent, wall, full = seconds_of(pid) - cpu, time.monotonic() - begin, memory(pid)
    await asyncio.gather(*(viewer.socket.close() for viewer in viewers))
    taken.sort()
    return (
        f"p50 {_ms(statistics.median(taken))}, p95 {_ms(taken[int(0.95 * len(taken))])}; "
        f"{_ms(spent / len(taken))} of CPU a commit, {len(taken) / wall:.0f} a second; "
        f"{(full - empty) / people / 1e6:.0f} MB a viewer, {full / 1e6:.0f} MB in all"
    )


async def arrive(port: int, page: str) -> Visitor:
    """A visitor with this page open."""
    viewer = await come(port)
    await viewer.open(page)
    return viewer


async def _stay(viewer: Visitor) -> list[float]:
    """Commits until the time is up; the seconds that each took."""
    rng, taken = random.Random(id(viewer)), []
    end = time.monotonic() + SECONDS
    await asyncio.sleep(rng.uniform(0, EVERY))
    while (now := time.monotonic()) < end:
        taken.append(await viewer.commit(rng.choice(steps())))
        await asyncio.sleep(max(0.0, now + EVERY - time.monotonic()))
    return taken


async def _alone(port: int, pid: int, page: str) -> str:
    """CPU of a commit: while what the page says of all snapshots is computed behind it, once for all viewers, which counts
    with it; and when all of that is there."""
    viewer, chosen, found = await arrive(port, page), steps()[5:-1:5], []
    await viewer.commit(steps()[-1])
    for _ in range(2):
        begin = seconds_of(pid)
        for step in chosen:
            await viewer.commit(step)
        found.append((seconds_of(pid) - begin) / len(chosen))
        await _computed(viewer, pid)
    return f"{_ms(found[0])} while all snapshots are computed, {_ms(found[1])} when they are there"


async def _computed(viewer: Visitor, pid: int) -> None:
    """Wait, with a commit now and then, as nothing is computed for those who are gone, until nothing is computed any more."""
    spent = 1.0
    while spent > 0.2:
        begin = seconds_of(pid)
        await viewer.commit(steps()[-1])
        await asyncio.sleep(EVERY)
        spent = seconds_of(pid) - begin


@functools.cache
def steps() -> list[int]:
    """Those of the run that is shown at first."""
    return open_run(library.BUNDLED / library.DEFAULT_RUN).steps.tolist()


def seconds_of(pid: int) -> float:
    """CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def memory(pid: int) -> float:
    """Bytes that a process holds."""
    line = next(
        line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")
    )
    return float(line.split()[1]) * 1024


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"
