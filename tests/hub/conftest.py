"""A Hub on this machine, and a folder for what comes from it."""

import os

# Half a second of importing, which is not the Hub's.
import huggingface_hub.hf_api  # noqa: F401
import pytest

from devtools.fake_hub import running
from grokviz.runs import folder, storage
from grokviz.runs.write import RESUME
from tests.importers.conftest import demo_file, full_run_file, lens_module, real, shuffled  # noqa: F401

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch, tmp_path):
    """Waiting for the disk guards against power cuts, which no test here makes; and no token of this machine."""
    monkeypatch.setattr(storage.os, "fsync", lambda descriptor: None)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("GROKVIZ_HOSTED", raising=False)


@pytest.fixture
def hub():
    with running() as server:
        yield server


@pytest.fixture
def root(tmp_path):
    path = tmp_path / "downloaded"
    path.mkdir()
    return path


@pytest.fixture
def run_files(trained):
    """The files of a run folder, by name."""
    path = trained / "tiny-groks"
    assert folder.open_run(path).finished
    return {file.name: file.read_bytes() for file in path.iterdir() if file.name != RESUME}
