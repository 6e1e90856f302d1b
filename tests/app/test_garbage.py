"""Garbage goes when nobody waits, and not on the way of a visitor."""

import ctypes
import gc
import subprocess
import sys
import time
import tomllib
import weakref
from threading import Event

import pytest

from devtools import ROOT
from grokviz.app import garbage
from grokviz.app.garbage import collect_when_idle

pytestmark = pytest.mark.slow


class Node:
    """Something that only a collection can free."""

    def __init__(self):
        self.me = self


@pytest.fixture
def collector(monkeypatch):
    monkeypatch.setattr(garbage, "PAUSE", 0.05)
    monkeypatch.setattr(garbage, "IDLE", 1e9)
    gc.disable()
    stopped = Event()
    thread = collect_when_idle(stopped)
    yield monkeypatch
    stopped.set()
    thread.join()
    gc.unfreeze()
    gc.enable()


def is_freed(seconds=5.0):
    found, end = weakref.ref(Node()), time.monotonic() + seconds
    while found() and time.monotonic() < end:
        time.sleep(0.02)
    return found() is None


def test_what_nobody_holds_is_freed_when_idle(collector):
    assert is_freed()


def test_it_waits_while_somebody_waits_but_not_for_ever(collector):
    collector.setattr(garbage, "IDLE", -1.0)
    time.sleep(0.2)
    assert not is_freed(0.3)
    collector.setattr(garbage, "LONGEST", 0.1)
    assert is_freed()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="of glibc alone")
def test_what_is_free_goes_back_to_the_system():
    """Small pieces between which one stays: without it the allocator keeps them all. In a process of its own."""
    script = """
from pathlib import Path
from grokviz.app import garbage
def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
many = [bytes(3000) for _ in range(60_000)]
kept = many[-1]
del many
before = held()
garbage.give_back()
print(before - held())
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) > 50e6


def test_streamlit_does_not_collect_after_every_run():
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert settings["runner"]["postScriptGC"] is False
