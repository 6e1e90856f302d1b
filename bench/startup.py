"""From a fresh server process to the first picture in a browser, files warm."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.table import Row, milliseconds
from devtools import ROOT
from devtools.browser import launch
from devtools.server import free_port, start, stop, url


@contextmanager
def serving(**variables: str) -> Iterator[str]:
    """The address of an app as `python -m grokviz app` starts it, for as long as it is needed."""
    port = free_port()
    command = [sys.executable, "-m", "grokviz", "app", f"--port={port}"]
    environment = {**os.environ, "STREAMLIT_SERVER_HEADLESS": "true", **variables}
    process = start(command, port, environment=environment)
    try:
        yield url(port)
    finally:
        stop(process)


def visit() -> tuple[float, float]:
    """Seconds from the browser's first request to the scrubber's first frame, on a server that is up; and from
    a key to the panels that Python redraws below it (table, chart), of which 150 ms are the scrubber's wait."""
    with serving() as url, launch() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        start = time.perf_counter()
        page.goto(f"{url}/timeline")
        page.wait_for_selector(".gv-step:has-text('step')")
        first = time.perf_counter() - start
        page.wait_for_selector("text=in numbers")
        page.wait_for_timeout(2000)
        page.locator("input.gv-range").focus()
        settled = []
        for _ in range(7):
            before = page.get_by_role("heading", name="in numbers").text_content()
            start = time.perf_counter()
            page.keyboard.press("ArrowRight")
            page.wait_for_function("(t) => !document.body.innerText.includes(t)", arg=before)
            settled.append(time.perf_counter() - start)
            page.wait_for_timeout(600)
    return first, statistics.median(settled)


def modules_of_browsing() -> str:
    """What a page imports, by Python's own list."""
    code = "import sys, grokviz.app.explorer.page, grokviz.app.explorer.tour; print('torch' in sys.modules)"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def rows() -> list[Row]:
    visit()  # files into the cache
    first, settled = visit()
    return [
        Row("first request to first picture", f"{first:.1f} s", "3 s"),
        Row("a key to the panels below redrawn", milliseconds(settled), "350 ms"),
        Row("torch imported by browsing", modules_of_browsing().strip(), "False"),
    ]
