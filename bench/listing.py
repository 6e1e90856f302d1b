"""A thousand runs in a folder, listed: by a server that has listed them before, after a write in one of them, and by a
process that has just been started. And the queue, while a run is forked."""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import queueing
from bench.table import Row, medians, milliseconds
from devtools import ROOT
from grokviz.app.session.bounded import Cache
from grokviz.runs import library, summary, write
from grokviz.runs.catalog import list_runs

RUNS = 1_000
FRESH = (
    "import sys, time; from grokviz.runs.catalog import list_runs; begin = time.perf_counter(); "
    "found = list_runs(sys.argv[1]); print(time.perf_counter() - begin, len(found))"
)


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for n in range(RUNS):
            shutil.copytree(library.BUNDLED / "mod59-quick", root / f"run-{n:04}")
        memory = Cache("cards", 5_000, 100)

        def listed() -> int:
            return len(list_runs(root, known=memory))  # pyright: ignore[reportArgumentType]

        begin = time.perf_counter()
        listed()
        first = time.perf_counter() - begin
        (warm,) = medians(listed, repeats=9, warm_up=1)
        opened = _count_opened()
        write.set_title(root / "run-0500", "Another")
        begin = time.perf_counter()
        listed()
        after = time.perf_counter() - begin
        fresh = float(
            subprocess.run(
                [sys.executable, "-c", FRESH, folder], cwd=ROOT, capture_output=True, text=True, check=True
            ).stdout.split()[0]
        )
    return [
        Row(f"{RUNS:,} runs for the first time, each opened", f"{first:.1f} s"),
        Row(f"{RUNS:,} runs again", milliseconds(warm), "300 ms"),
        Row(f"{RUNS:,} runs after a write in one; runs opened", f"{milliseconds(after)}; {len(opened)}", "300 ms; 1"),
        Row(f"{RUNS:,} runs in a new process, none opened", milliseconds(fresh), ""),
        *queueing.rows(),
    ]  # fmt: skip


def _count_opened() -> list[Path]:
    opened, real = [], summary.open_any

    def counting(path: Path):
        opened.append(path)
        return real(path)

    summary.open_any = counting
    return opened


if __name__ == "__main__":
    for row in rows():
        print(*row, sep=" | ")
