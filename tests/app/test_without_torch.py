"""A server that only shows runs: everything but training is there, and says so where training would be."""

import subprocess
import sys

import pytest

from devtools import ROOT
from grokviz import RunConfig, installation
from grokviz.app import menu
from grokviz.errors import RunError
from grokviz.jobs import requests
from grokviz.runs import folder, library
from grokviz.runs.imported import NO_TORCH


@pytest.fixture(autouse=True)
def no_torch(monkeypatch):
    monkeypatch.setattr(installation, "has", lambda package: package != "torch")


@pytest.mark.slow
def test_the_form_gives_way_to_a_sentence(visit):
    app = visit("train")
    assert [info.value for info in app.info] == [NO_TORCH]
    assert "Start" not in [button.label for button in app.button]


OFFERING = (
    "train",
    "map",
    "race",
    "ungrok",
    "elsewhere",
)  # pages on which something can be trained, and the rest of them is whole
VISITS = f"""
import sys
from streamlit.testing.v1 import AppTest
from grokviz import installation
from grokviz.runs.imported import NO_TORCH

def visit(page):
    app = AppTest.from_file("app.py", default_timeout=60)
    app.query_params["run"] = "mod59-quick"
    app.switch_page(f"pages/{{page}}.py").run()
    assert not app.exception, app.exception
    return [info.value for info in app.info]

assert NO_TORCH not in visit("train")
installation.has = lambda package: package != "torch"
for page in {[entry.name for entry in menu.entries()]}:
    assert visit(page).count(NO_TORCH) == (page in {OFFERING}), page
assert "grokviz.study" in sys.modules
assert "torch" not in sys.modules
"""


@pytest.mark.slow
def test_every_other_page_is_whole_and_none_imports_torch(no_runs):
    done = subprocess.run([sys.executable, "-c", VISITS], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_nothing_is_queued_that_could_not_run(tmp_path):
    with pytest.raises(RunError, match="PyTorch is not installed"):
        requests.start(tmp_path, RunConfig(p=7), "seven")
    parent = folder.open_run(library.locate("mod59-quick"))
    with pytest.raises(RunError, match="PyTorch is not installed"):
        requests.fork(parent, 500, tmp_path, parent.config, "a fork")
    assert not list(tmp_path.iterdir())
