"""A server that only shows runs: everything but training is there, and says so where training would be."""

import pytest

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


@pytest.mark.slow
@pytest.mark.parametrize("page", [entry.name for entry in menu.entries() if entry.name != "train"])
def test_every_other_page_is_whole(visit, page):
    app = visit(page, run="mod59-quick")
    assert NO_TORCH not in [info.value for info in app.info]


def test_nothing_is_queued_that_could_not_run(tmp_path):
    with pytest.raises(RunError, match="PyTorch is not installed"):
        requests.start(tmp_path, RunConfig(p=7), "seven")
    parent = folder.open_run(library.locate("mod59-quick"))
    with pytest.raises(RunError, match="PyTorch is not installed"):
        requests.fork(parent, 500, tmp_path, parent.config, "a fork")
    assert not list(tmp_path.iterdir())
