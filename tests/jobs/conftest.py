"""Runs so small that a training takes a moment, and a machine that need not be measured."""

import pytest

from grokviz import hosting
from grokviz.config import RunConfig
from grokviz.jobs import machine, processes
from grokviz.runs import storage

TINY = RunConfig(p=5, d_model=8, n_heads=2, d_mlp=16, frac_train=0.6, steps=60, max_snapshots=8)


@pytest.fixture(autouse=True)
def measured(monkeypatch):
    monkeypatch.setattr(storage.os, "fsync", lambda descriptor: None)
    monkeypatch.setattr(machine, "is_busy_measuring", lambda runs: False)
    monkeypatch.setattr(processes, "children", {})


@pytest.fixture
def tiny():
    return TINY


@pytest.fixture
def hosted(monkeypatch):
    """A shared machine, and its limits."""
    monkeypatch.setenv(hosting.HOSTED, "1")
    monkeypatch.setenv(hosting.LIMITS, "runs=3,waiting=4,unseen_seconds=60")
    return hosting.limits()


@pytest.fixture
def visitor(tmp_path):
    """The folder of the n-th visitor."""
    return lambda n: hosting.visitor_root(tmp_path, f"{n:032x}")
