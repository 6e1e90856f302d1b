"""What a server holds in the long run: people come, look at steps and go again, while a network trains beside them."""

import asyncio
import random

from bench.crowd import MIXED, arrive, memory, served, steps
from bench.table import Row

VISITORS, COMMITS = 200, 2_000
KEPT_SECONDS = 125.0  # Streamlit keeps the sessions of those who left for two minutes, for a reload


def rows() -> list[Row]:
    what = f"memory over {VISITORS} visitors and {COMMITS:,} commits"
    with served({}) as (port, process):
        return [Row(what, asyncio.run(_level(port, process.pid)), "level")]


async def _level(port: int, pid: int) -> str:
    """Memory when somebody has looked at every step on every page, so that the caches are full, and after everybody has
    come and gone."""
    for page in dict.fromkeys(MIXED):
        viewer = await arrive(port, page)
        for step in steps():
            await viewer.commit(step)
        await viewer.socket.close()
    rng, held = random.Random(0), [await _settled(port, pid)]
    for visitor in range(VISITORS):
        viewer = await arrive(port, MIXED[visitor % len(MIXED)])
        for _ in range(COMMITS // VISITORS):
            await viewer.commit(rng.choice(steps()))
        await viewer.socket.close()
        if (visitor + 1) % (VISITORS // 4) == 0:
            held.append(await _settled(port, pid))
    first, *later = (f"{megabytes:.0f} MB" for megabytes in held)
    return f"{first} when the caches are full; {', '.join(later)} after each quarter of them"


async def _settled(port: int, pid: int) -> float:
    """MB that are held when the sessions of those who left have gone, which Streamlit keeps for a reload."""
    await asyncio.sleep(KEPT_SECONDS)
    viewer = await arrive(port, "glossary")  # somebody has to come: only then it looks which are too old
    await viewer.socket.close()
    await asyncio.sleep(12)  # garbage is collected when nobody waits
    return memory(pid) / 1e6
