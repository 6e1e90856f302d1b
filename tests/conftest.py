"""One thread a test process: several run side by side, and tiny matrices gain nothing from more.

And real runs to look at: one that groks and one that can only memorise, trained once for all test processes.
"""

import contextlib
import fcntl
import functools
import gc
import os
import shutil
import sys
import typing

import pytest
from threadpoolctl import threadpool_limits

from devtools import browser, shapes
from devtools.server import serving

# The floors that compute: each of their functions is held to its annotations, array shapes included, by every test.
# Higher up tests give wrong types on purpose, to see them refused in words.
COMPUTING = ("tasks", "models", "forecast", "engine", "measures", "circuit", "study", "view")
shapes.hold(f"grokviz.{part}" for part in COMPUTING)

if sys.version_info < (3, 12):  # which works out anew at every check of a protocol what that asks for
    typing._get_protocol_attrs = functools.cache(typing._get_protocol_attrs)  # pyright: ignore[reportAttributeAccessIssue]

gc.disable()  # until all tests are collected: what is imported for them is here to stay

pytest_plugins = ["tests.networks"]  # small networks and tasks, for every test

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
threadpool_limits(1, "blas")  # a plugin of pytest may have loaded numpy before the two lines above

from tests.rates import measured  # noqa: E402  what it imports is held, too

_shared = (
    contextlib.ExitStack()
)  # the browser, while one browser test follows another: they `launch` within it


def pytest_collection_modifyitems(items):
    """Browser tests first: a worker does them all in its browser, on its servers, while the others do the rest, and
    takes its turn of the rest (`--dist worksteal`). Of those the longest first: nobody is to wait for it at the end."""

    def place(item):
        marker = item.get_closest_marker("browser")
        return (0, -marker.kwargs.get("seconds", 0)) if marker else (1, 0)

    items.sort(key=place)


def pytest_collection_finish():
    gc.enable()
    gc.freeze()


def pytest_runtest_setup(item):
    if item.get_closest_marker("browser") is None:
        _shared.close()  # playwright occupies asyncio, which others need
    elif missing := browser.lacking():
        pytest.skip(f"the browser tests need {missing}")
    else:
        _shared.enter_context(browser.launch())


def pytest_sessionfinish():
    _shared.close()


@pytest.fixture(autouse=True)
def urgency(monkeypatch):
    """Jobs make themselves less urgent than pages: done in a test they would do that to every test after it."""
    monkeypatch.setattr(os, "nice", lambda increment: 0, raising=False)


@pytest.fixture(scope="session")
def bundled_server(tmp_path_factory):
    """The address of the app with the bundled runs, for tests that change nothing."""
    with serving(GROKVIZ_RUNS=str(measured(tmp_path_factory.mktemp("no runs")))) as url:
        yield url


@pytest.fixture(scope="session")
def tiny_server(trained, tmp_path_factory):
    """The address of the app with the trained runs besides, for tests that change nothing."""
    runs = measured(tmp_path_factory.mktemp("tiny") / "runs")
    shutil.copytree(trained, runs, dirs_exist_ok=True)
    with serving(GROKVIZ_RUNS=str(runs)) as url:
        yield url


TINY = "--d-model 32 --heads 2 --d-mlp 64 --device cpu --modulus"
TRAININGS = {
    "tiny-groks": f"{TINY} 13 --frac-train 0.8 --lr 0.01 --weight-decay 2 --steps 800 --snapshots 24",
    "tiny-recites": f"{TINY} 7 --operation random --frac-train 0.6 --lr 0.005 --weight-decay 0 --steps 150 "
    "--snapshots 8",
}


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    """`made_once(name, make)`: the folder that `make` is told to write, once for all test processes; for reading only."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def folder(name, make):
        with open(shared / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (shared / name).exists():
                make(shared / f"making-{name}")
                (shared / f"making-{name}").rename(shared / name)
        return shared / name

    return folder


@pytest.fixture(scope="session")
def trained(made_once):
    """The folder of the trained runs."""

    def train(out):
        from grokviz import cli

        for name, flags in TRAININGS.items():
            texts = ["--title", name.replace("-", " "), "--sentence", f"The run that {name[5:]}."]
            assert cli.main(["train", *flags.split(), *texts, "--out", str(out / name)]) == 0

    return made_once("trained", train)


@pytest.fixture
def no_runs(tmp_path, monkeypatch):
    """A GrokViz without any run, bundled or trained. The folder in which runs can be put."""
    from grokviz.runs import library

    (tmp_path / "bundled").mkdir()
    runs = measured(tmp_path / "runs")
    monkeypatch.setattr(library, "BUNDLED", tmp_path / "bundled")
    monkeypatch.setenv("GROKVIZ_RUNS", str(runs))
    return runs


@pytest.fixture
def runs(trained, no_runs, monkeypatch):
    """GrokViz with the two trained runs and no others."""
    monkeypatch.setenv("GROKVIZ_RUNS", str(trained))
    return trained


@pytest.fixture
def copied(trained, no_runs):
    """The same, as copies that a test may change."""
    shutil.copytree(trained, no_runs, dirs_exist_ok=True)
    return no_runs
