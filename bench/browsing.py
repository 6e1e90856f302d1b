"""What a server needs that only shows runs, as a free host of 1 GB would: its memory at most, seen from outside."""

import asyncio
from pathlib import Path

from bench.crowd import arrive, steps
from bench.table import Row
from devtools.server import commanded, free_port

PAGES = ("", "timeline", "measures", "circuit", "glossary", "library", "follow", "cut")
VIEWERS, COMMITS = 20, 10


def rows() -> list[Row]:
    port = free_port()
    with commanded(port, GROKVIZ_HOSTED="1", GROKVIZ_LIMITS="at_once=1") as process:
        found = [Row("after the start, nobody there", _mb(peak(process.pid)))]
        asyncio.run(_one(port))
        one = peak(process.pid)
        found.append(Row("one viewer has seen every page of the paper's run", _mb(one), "350 MB"))
        asyncio.run(_many(port))
        each = (peak(process.pid) - one) / VIEWERS
        found.append(Row(f"each of {VIEWERS} viewers of the film besides", _mb(each), "5 MB"))
    return found


async def _one(port: int) -> None:
    for page in PAGES:
        viewer = await arrive(port, page)
        for step in steps()[5 : 5 + COMMITS] if viewer.film else ():
            await viewer.commit(step)
        await viewer.socket.close()


async def _many(port: int) -> None:
    viewers = [await arrive(port, PAGES[number % 2]) for number in range(VIEWERS)]
    for step in steps()[20 : 20 + COMMITS]:
        await asyncio.gather(*(viewer.commit(step) for viewer in viewers))
    await asyncio.gather(*(viewer.socket.close() for viewer in viewers))


def peak(pid: int) -> float:
    """The most bytes that a process has held so far."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return float(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024


def _mb(size: float) -> str:
    return f"{size / 1e6:.0f} MB"
