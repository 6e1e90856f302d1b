"""From a fresh server process to the first picture in a browser, files warm."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from bench.browser import launch
from bench.table import Row

ROOT = Path(__file__).parents[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def first_picture() -> float:
    """Seconds from the browser's first request to the scrubber's first frame, on a server that is up."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app.py",
        f"--server.port={port}",
        "--server.headless=true",
    ]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"}, **quiet
    ) as server:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        with launch() as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            start = time.perf_counter()
            page.goto(f"http://127.0.0.1:{port}/timeline")
            page.wait_for_selector(".gv-step:has-text('step')")
            taken = time.perf_counter() - start
        server.terminate()
    return taken


def modules_of_browsing() -> str:
    """What a page imports, by Python's own list."""
    code = "import sys, grokviz.app.explorer, grokviz.app.gauges, grokviz.app.tour; print('torch' in sys.modules)"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def rows() -> list[Row]:
    first_picture()  # files into the cache
    return [
        Row("first request to first picture", f"{first_picture():.1f} s", "3 s"),
        Row("torch imported by browsing", modules_of_browsing().strip(), "False"),
    ]
