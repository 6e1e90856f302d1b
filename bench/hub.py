"""What a person waits before the sentence stands on the page, for every fault of a Hub on this machine: from the start
of the process that asks to its last word. `python -m bench hub`."""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.table import Row
from devtools.fake_hub import FakeHub, running
from devtools.server import free_port
from devtools.small_disk import fill, small_disk
from grokviz.hub import client, job
from grokviz.hub.refs import Ref, parse
from grokviz.runs import library

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
        found.append(_row(f"http://127.0.0.1:{free_port()}", "down", hub, "", REPO, Path(folder) / "c"))
        os.environ["HF_HUB_OFFLINE"] = "1"
        found.append(_row(hub.endpoint, "HF_HUB_OFFLINE", hub, "", REPO, Path(folder) / "d"))
        del os.environ["HF_HUB_OFFLINE"]
        found += _full_disks(hub, Path(folder) / "disk")
    return found


def _full_disks(hub: FakeHub, at: Path) -> list[Row]:
    """Too little room before the download; and enough, until somebody else fills the disk in the middle of it."""
    try:
        with small_disk(at, 64_000) as disk:
            before = _row(hub.endpoint, "disk full", hub, "", REPO, disk)
        with small_disk(at, client.ROOM + 8_000_000) as disk:
            hub.bytes_a_second = 500_000
            during = _row(hub.endpoint, "disk full in the middle", hub, "", REPO, disk, lambda: fill(disk))
            hub.bytes_a_second = 0
    except OSError as error:
        return [Row("disk full", f"skipped: {error}", "3 s")]
    return [before, during]


def _row(
    endpoint: str,
    what: str,
    hub: FakeHub,
    fault: str,
    text: str,
    root: Path,
    strike: Callable[[], None] | None = None,
) -> Row:
    os.environ["HF_ENDPOINT"], os.environ["HF_HOME"] = endpoint, str(root / "hf")
    hub.fault = fault
    ref: Ref = parse(text)
    begin = time.perf_counter()
    job.start(ref, root)
    if strike:  # the fault comes only now
        strike()
        begin = time.perf_counter()
    while (now := job.status(ref, root)) and now.state == "running":
        time.sleep(0.02)
    taken = time.perf_counter() - begin
    message = str(now.error) if now else "nothing"
    return Row(f"{what}: {message.split('. ')[0]}", f"{taken:.1f} s", "3 s")
