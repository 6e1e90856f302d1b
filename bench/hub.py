"""What a person waits before the sentence stands on the page, for every fault of a Hub on this machine: from the start
of the process that asks to its last word. `python -m bench hub`."""

import os
import socket
import tempfile
import time
from pathlib import Path

from bench.fake_hub import FakeHub, running
from bench.table import Row
from grokviz import library
from grokviz.hub import job
from grokviz.hub.refs import Ref, parse

REPO = "someone/a-run"
FAULTS = (
    "silent",
    "slow",
    "401",
    "403",
    "429",
    "500",
    "gated",
    "login-page",
    "no-file",
    "wrong-content",
    "truncated",
)


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, running() as hub:
        run = library.BUNDLED / "mod59-quick"
        hub.repos[REPO] = {file.name: file.read_bytes() for file in run.iterdir()}
        found = [_row(hub.endpoint, fault, hub, fault, REPO, Path(folder) / fault) for fault in FAULTS]
        found.append(_row(hub.endpoint, "no such repository", hub, "", "no/body", Path(folder) / "a"))
        found.append(_row(hub.endpoint, "revision gone", hub, "", f"{REPO}@v9", Path(folder) / "b"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            closed = f"http://127.0.0.1:{probe.getsockname()[1]}"
        found.append(_row(closed, "down", hub, "", REPO, Path(folder) / "c"))
        os.environ["HF_HUB_OFFLINE"] = "1"
        found.append(_row(hub.endpoint, "HF_HUB_OFFLINE", hub, "", REPO, Path(folder) / "d"))
        del os.environ["HF_HUB_OFFLINE"]
    return found


def _row(endpoint: str, what: str, hub: FakeHub, fault: str, text: str, root: Path) -> Row:
    os.environ["HF_ENDPOINT"], os.environ["HF_HOME"] = endpoint, str(root / "hf")
    hub.fault = fault
    ref: Ref = parse(text)
    begin = time.perf_counter()
    job.start(ref, root)
    while (now := job.status(ref, root)) and now.state == "running":
        time.sleep(0.02)
    taken = time.perf_counter() - begin
    message = now.message if now else "nothing"
    return Row(f"{what}: {message.split('. ')[0]}", f"{taken:.1f} s", "3 s")
