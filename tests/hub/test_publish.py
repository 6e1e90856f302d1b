"""Publishing: what is shown is what is sent, a round trip changes no number, and a token is never to be seen."""

import dataclasses
import io
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from devtools import ROOT
from grokviz import cli, study
from grokviz.errors import HubError, RunError
from grokviz.hub import card, fetch, publish, space
from grokviz.hub.refs import parse
from grokviz.runs import folder, record, write
from grokviz.runs.write import RESUME

REPO = "me/my-run"
TOKEN = "hf_" + "SecretSecret" * 3


@pytest.fixture
def login(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", TOKEN)


def everything(hub) -> bytes:
    return b"".join(data for files in hub.repos.values() for data in files.values())


@pytest.mark.slow
def test_a_round_trip_changes_no_number(hub, root, trained, login):
    path = trained / "tiny-groks"
    parcel = publish.parcel(path, REPO, "cc-by-4.0")
    assert publish.send(parcel, hub.endpoint).endswith(f"{REPO} at {hub.commit(REPO)[:7]}")
    assert set(hub.repos[REPO]) == set(parcel.files)
    assert sorted((name, len(data)) for name, data in hub.repos[REPO].items()) == sorted(parcel.listing())
    name = fetch.open_ref(parse(REPO), root, endpoint=hub.endpoint)
    mine, theirs = folder.open_run(path), folder.open_run(root / name)
    for index in range(len(mine.steps)):
        assert study.measure_exactly(mine, index) == study.measure_exactly(theirs, index)
    assert folder.fingerprint(mine) == folder.fingerprint(theirs)
    assert TOKEN.encode() not in everything(hub)
    assert not [p for p in root.rglob("*") if p.is_file() and TOKEN.encode() in p.read_bytes()]


@pytest.mark.slow
def test_the_state_of_the_optimiser_stays_at_home(hub, root, trained, login):
    path = trained / "tiny-groks"
    assert (path / RESUME).stat().st_size > 1000  # it was trained here
    parcel = publish.parcel(path, REPO, "mit")
    assert RESUME not in parcel.files
    publish.send(parcel, hub.endpoint)
    assert RESUME not in hub.repos[REPO]
    hub.repos[REPO][RESUME] = (path / RESUME).read_bytes()  # somebody sent theirs by other means
    name = fetch.open_ref(parse(REPO), root, endpoint=hub.endpoint)
    assert folder.open_run(root / name).finished
    assert not list(root.rglob(f"*{RESUME}*"))
    assert not [asked for _, asked in hub.requests if asked.endswith(RESUME)]
    with pytest.raises(RunError, match="is no parameter of the paper.s network"):
        fetch.open_ref(parse(f"{REPO}/{RESUME}"), root, endpoint=hub.endpoint)


def test_the_card_is_made_from_the_run(trained):
    run = folder.open_run(trained / "tiny-groks")
    text = card.model_card(run, REPO, "cc-by-4.0")
    head, body = text.removeprefix("---\n").split("\n---\n")
    assert "license: cc-by-4.0" in head
    assert all(
        tag in head for tag in ("grokking", "mechanistic-interpretability", "modular-arithmetic", "grokviz")
    )
    measured = study.measure_exactly(run, len(run.steps) - 1)
    assert f"| Test loss | {measured['test_loss']:.4g} |" in body
    assert f"| grokked at | {study.phases_of(run).grokked_at:,} |" in body
    assert "a + b mod 13" in body
    assert f"python -m grokviz import {REPO}" in body
    assert "nanda2023progress" in body
    assert f"]({card.FIGURE})" in body
    assert "| `weight_decay` | 2.0 |" in body


def test_the_figure_draws_both_losses_and_every_phase(trained):
    import xml.etree.ElementTree as ET

    run = folder.open_run(trained / "tiny-groks")
    tree = ET.fromstring(card.figure(run))
    ns = "{http://www.w3.org/2000/svg}"
    lines = tree.findall(f"{ns}polyline")
    assert len(lines) == 2
    assert len(tree.findall(f"{ns}rect")) == len(study.phases_of(run).bands)
    for line, column in zip(lines, ("test_loss", "train_loss"), strict=True):
        points = np.array([list(map(float, point.split(","))) for point in line.get("points").split()])
        assert (np.diff(points[:, 0]) >= 0).all()
        highest = points[points[:, 1].argmin(), 0]  # the top of the curve is where the loss is highest
        share = ((highest - 52) / (760 - 104)) ** 2
        at = run.log["step"][run.log[column].idxmax()]
        assert share * run.log["step"].iloc[-1] == pytest.approx(at, abs=25)
    assert {"train", "test"} <= {text.text for text in tree.findall(f"{ns}text")}


def test_texts_of_a_run_cannot_write_the_card(copied):
    path = copied / "tiny-groks"
    hostile = "# Big\n---\nlicense: mine\n<script>alert(1)</script> [x](javascript:y) |"
    record.write_record(path, dataclasses.replace(record.read_record(path), title=hostile, sentence=hostile))
    text = card.model_card(folder.open_run(path), REPO, "mit")
    assert text.count("\n---\n") == 1
    assert "<script>" not in text.replace("\\<", "")
    assert "license: mine" not in re.findall(r"^license:.*$", text, re.M)


def test_what_cannot_be_published(copied, hub, login):
    path = copied / "tiny-groks"
    for repo in ("me", "me/../x", "me/x/y", "", "me/a b"):
        with pytest.raises(RunError, match="Write owner/name"):
            publish.parcel(path, repo, "mit")
    for licence in ("", "mit\ntags: x", "all rights reserved!"):
        with pytest.raises(RunError, match="is no licence"):
            publish.parcel(path, REPO, licence)
    live = copied / "live"
    write.create_run(live, folder.open_run(path).config, {})
    with pytest.raises(RunError, match="still being trained"):
        publish.parcel(live, REPO, "mit")


def test_without_a_login_and_on_a_public_server_nothing_is_sent(hub, trained, monkeypatch):
    parcel = publish.parcel(trained / "tiny-groks", REPO, "mit")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with pytest.raises(HubError, match="Nobody is logged in.*hf auth login"):
        publish.send(parcel, hub.endpoint)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("GROKVIZ_HOSTED", "1")
    with pytest.raises(HubError, match="Nothing is published from a public server"):
        publish.send(parcel, hub.endpoint)
    assert hub.requests == []


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("401", "token that may write"),
        ("402", "static Space, which is free"),
        ("403", "may not write"),
        ("409", "Try again"),
        ("413", "larger than"),
        ("429", "some minutes"),
        ("500", "HTTP 500"),
    ],
)
def test_faults_while_sending_are_sentences_without_the_token(hub, trained, login, fault, says):
    hub.fault = fault
    with pytest.raises(HubError, match=says) as error:
        publish.send(publish.parcel(trained / "tiny-groks", REPO, "mit"), hub.endpoint)
    assert TOKEN not in str(error.value)
    assert error.value.__cause__ is None


def say(capsys, *arguments):
    code = cli.main(list(arguments))
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_command_shows_first_and_asks(hub, trained, login, capsys, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    command = ["publish", str(trained / "tiny-groks"), "--repo", REPO]
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    code, _, error = say(capsys, *command)
    assert code == 2
    assert "Say it with --licence" in error
    code, out, error = say(capsys, *command, "--licence", "mit")
    assert code == 2
    assert "Say it with --yes" in error
    assert "snapshots-0.safetensors" in out
    assert "# tiny groks" in out
    assert hub.requests == []

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    answers = iter(["mit", "no"])
    monkeypatch.setattr("builtins.input", lambda question: next(answers))
    code, out, _ = say(capsys, *command)
    assert (code, hub.requests) == (0, [])
    assert "Nothing was sent." in out
    code, out, _ = say(capsys, *command, "--licence", "mit", "--private", "--yes")
    assert code == 0
    assert "only you see it" in out
    assert f"Published: {hub.endpoint}/{REPO} at" in out
    assert "private" in (
        hub.created[0].get("visibility"),
        *[k for k, v in hub.created[0].items() if v is True],
    )
    assert TOKEN not in out


def test_import_from_the_hub_by_the_command_line(hub, trained, tmp_path, monkeypatch, capsys, run_files):
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    monkeypatch.setenv("GROKVIZ_RUNS", str(tmp_path / "runs"))
    hub.repos[REPO] = run_files
    code, out, _ = say(capsys, "import", REPO, "--out", str(tmp_path / "mine"))
    assert code == 0
    assert "as it was trained" in out
    assert folder.open_run(tmp_path / "mine").finished
    code, _, error = say(capsys, "import", REPO, "--out", str(tmp_path / "mine"))
    assert (code, "is there already" in error) == (2, True)
    assert "There is no file" in say(capsys, "import", "nowhere.pth", "--out", str(tmp_path / "x"))[2]
    assert "There is no model" in say(capsys, "import", "no/body", "--out", str(tmp_path / "x"))[2]
    assert "no reference to the Hub" in say(capsys, "import", "what is this", "--out", str(tmp_path / "x"))[2]


@pytest.mark.slow
def test_a_space_holds_the_app_and_nothing_else(hub, login, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    assert say(capsys, "space", "me/grokviz", "--docker", "--yes")[0] == 0
    assert (hub.created[0]["type"], hub.created[0]["sdk"]) == ("space", "docker")
    pushed = hub.repos["me/grokviz"]
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    wanted = {n for n in tracked if n.split("/")[0] in space.FOLDERS or n in space.SINGLE} | set(space.OWN)
    assert wanted <= set(pushed)
    assert not [
        n for n in pushed if "__pycache__" in n or n.startswith((".git/", "tests", "bench", ".venv", "runs"))
    ]
    head = pushed["README.md"].decode().split("---")[1]
    assert "sdk: docker" in head
    assert "app_port: 8501" in head
    for name, data in pushed.items():
        (tmp_path / "app" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "app" / name).write_bytes(data)
    command = [sys.executable, "-m", "grokviz", "list", "--json"]
    listed = subprocess.run(command, cwd=tmp_path / "app", capture_output=True, text=True, check=True)
    assert json.loads(listed.stdout)[0]["id"] == "mod113-paper"
    shutil.rmtree(tmp_path / "app")


def test_the_dockerfile_says_what_the_space_needs():
    text = (ROOT / "deploy" / "space" / "Dockerfile").read_text()
    for line in ("--uid 1000", "USER user", "ENV GROKVIZ_HOSTED=1", "ENV GROKVIZ_RUNS=/home/user/", "EXPOSE 8501",
                 "ENV HF_HOME=/home/user/", "download.pytorch.org/whl/cpu", "/_stcore/health"):  # fmt: skip
        assert line in text


@pytest.mark.slow
def test_a_space_is_a_static_site_unless_asked_otherwise(hub, login, monkeypatch, capsys):
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    code, out, _ = say(
        capsys, "space", "me/site", "--runs", "mod59-no-decay", "--title", 'Mine: "one"', "--yes"
    )
    assert (code, "Published" in out) == (0, True)
    assert (hub.created[0]["type"], hub.created[0]["sdk"]) == ("space", "static")
    pushed = hub.repos["me/site"]
    assert {"index.html", "site.js", "site.css", "README.md"} <= set(pushed)
    assert any(name.startswith("runs/mod59-no-decay-") for name in pushed)
    head = pushed["README.md"].decode().split("---")[1]
    assert "sdk: static" in head
    assert 'title: "Mine: \\"one\\""' in head
    assert "Dockerfile" not in pushed


def test_the_docker_space_holds_the_bundled_runs_alone(capsys):
    code, _, error = say(capsys, "space", "me/x", "--docker", "--runs", "mod59-quick", "--yes")
    assert (code, "Leave out --runs, or --docker" in error) == (2, True)
