"""Run folders and a zip of version 1: they open, show what they showed, and are trained on as they were."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from devtools import ROOT
from tests.golden import access
from tests.golden.reference import json_faults, rows_kept, weights_digest

FIXTURES = Path(__file__).with_name("fixtures")
GOLDEN = json.loads((FIXTURES / "folders.json").read_text())
KINDS = ("changed", "fork-begun", "forked", "imported", "live", "packed")
SAME_COURSE = 1e-3  # relative, of a loss: processors do not add up in the same order


@pytest.fixture
def version_1(tmp_path):
    """A copy of the folders, where they may be written to."""
    return shutil.copytree(FIXTURES / "version-1", tmp_path / "runs")


def faults_of(run: Path, kept: dict) -> list[str]:
    header, _ = access.decoded_blob(run, "core")
    return (
        json_faults(access.inspect_json(run), kept["inspect"], "inspect")
        + json_faults(rows_kept(access.log_rows(run)), kept["log"], "log")
        + json_faults(weights_digest(access.weights(run)), kept["weights"], "weights")
        + json_faults(access.phases_json(run), kept["phases"], "phases")
        + json_faults(access.measure_json(run), kept["measure"], "measure")
        + json_faults(header, kept["header"], "header")
    )


def assert_same_course(run: Path, kept: dict) -> None:
    assert [step for step, _ in access.weights(run)] == kept["snapshots"]
    rows = access.log_rows(run)
    assert rows["step"].tolist() == kept["rows"]["step"]
    for name, values in kept["rows"].items():
        np.testing.assert_allclose(rows[name], values, rtol=SAME_COURSE, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_shows_what_it_showed(version_1, kind):
    assert faults_of(version_1 / kind, GOLDEN[kind]) == []


def test_the_list_names_every_kind(version_1, monkeypatch):
    monkeypatch.setenv("GROKVIZ_RUNS", str(version_1))
    cards = {card["id"]: card for card in access.list_json()}
    for kind in KINDS:
        assert cards[kind]["problem"] is None
        assert cards[kind]["sentence"] == GOLDEN[kind]["inspect"]["sentence"]
        assert json_faults(cards[kind]["config"], GOLDEN[kind]["inspect"]["config"]) == []
    assert [kind for kind in KINDS if not cards[kind]["finished"]] == ["fork-begun", "live"]


def test_the_kinds_are_what_they_are_called():
    inspected = {kind: GOLDEN[kind]["inspect"] for kind in KINDS}
    assert [kind for kind in KINDS if "forked" in inspected[kind]["provenance"]] == ["fork-begun", "forked"]
    assert [kind for kind in KINDS if "imported" in inspected[kind]["provenance"]] == ["imported"]
    assert inspected["imported"]["config"]["split"] == "stored"
    assert [change[1] for change in inspected["changed"]["config"]["changes"]] == ["lr", "lr", "weight_decay"]
    assert sorted(os.listdir(FIXTURES / "version-1" / "live")) == [
        "log.jsonl",
        "resume.safetensors",
        "run.json",
        "snapshots",
    ]


@pytest.mark.parametrize("kind", ["live", "fork-begun"])
def test_a_training_goes_on_where_it_was(version_1, kind):
    access.train_to_end(version_1 / kind)
    assert_same_course(version_1 / kind, GOLDEN[kind]["course"])
    now = access.inspect_json(version_1 / kind)
    assert now["finished"]
    assert json_faults(now["config"], GOLDEN[kind]["inspect"]["config"]) == []


def test_a_finished_run_is_trained_on(version_1):
    access.train_on(version_1 / "packed", 120)
    assert_same_course(version_1 / "packed", GOLDEN["packed"]["course"])


def test_what_was_asked_of_a_training_is_still_known(version_1):
    assert access.job(version_1 / "live") == {
        "wanted": "pause",
        "device": "cpu",
        "settings": {"lr": 0.005},
        "ended": ("paused", "It was paused."),
    }


def test_a_zip_is_taken_in(tmp_path):
    run = access.import_zip(FIXTURES / "small.zip", tmp_path, "small")
    assert faults_of(run, GOLDEN["small.zip"]) == []


def reproduced(script: bytes, tmp_path: Path) -> Path:
    """The run that a script trains, started as its own words say."""
    (tmp_path / "reproduce.py").write_bytes(script)
    done = subprocess.run(
        [sys.executable, "-W", "error", tmp_path / "reproduce.py", tmp_path / "again"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("step ")
    return tmp_path / "again"


@pytest.mark.slow
def test_the_script_in_a_zip_trains_the_same_run_again(tmp_path):
    kept = GOLDEN["small.zip"]
    with zipfile.ZipFile(FIXTURES / "small.zip") as archive:
        again = reproduced(archive.read("reproduce.py"), tmp_path)
    now = access.inspect_json(again)
    for name in ("config", "title", "sentence", "parameters"):
        assert json_faults(now[name], kept["inspect"][name], name) == []
    assert_same_course(again, kept["course"])
    first = access.weights(access.import_zip(FIXTURES / "small.zip", tmp_path, "small"))[0]
    assert weights_digest(access.weights(again)[:1]) == weights_digest([first])  # the same on any machine


def test_a_script_that_names_every_setting_still_runs(tmp_path, monkeypatch, capsys):
    kept, again = GOLDEN["every-setting"], tmp_path / "again"
    monkeypatch.setattr(sys, "argv", ["reproduce.py", str(again)])
    script = (FIXTURES / "every-setting.txt").read_text()
    exec(compile(script, "reproduce.py", "exec"), {"__name__": "__main__"})
    assert "step " in capsys.readouterr().out
    assert json_faults(access.inspect_json(again)["config"], kept["config"]) == []
    assert_same_course(again, kept["course"])
