"""Whatever the Hub does, one sentence says so, within three seconds, and what is here goes on working."""

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest

from devtools import ROOT
from devtools.small_disk import fill, small_disk
from grokviz.errors import HubError, RunError
from grokviz.hub import client, fetch, job
from grokviz.hub.client import CancelledError
from grokviz.hub.refs import parse
from grokviz.jobs import processes
from grokviz.runs import folder, library

pytestmark = pytest.mark.slow

NAME = "someone/a-run"
QUESTIONS = {
    "silent": "fallen silent",
    "slow": "too slow",
    "401": "wants a login",
    "403": "does not let this machine read",
    "429": "asked too often from here. Try again in 17 seconds",
    "500": "fault of its own",
    "login-page": "does not speak as it does",
    "gated": "is gated",
    "no-file": "holds no file",
    "wrong-content": "not what the Hub announced",
    "truncated": "breaks off in the middle",
}


@pytest.fixture
def opened(hub, root, run_files):
    hub.repos[NAME] = dict(run_files)
    return lambda text=NAME, **more: fetch.open_ref(parse(text), root, endpoint=hub.endpoint, **more)


def test_all_sentences_differ():
    assert len(set(QUESTIONS.values())) == len(QUESTIONS)


@pytest.mark.parametrize("fault", QUESTIONS)
def test_a_fault_is_its_own_sentence_within_three_seconds(hub, root, opened, fault):
    hub.fault = fault
    start = time.monotonic()
    with pytest.raises(HubError) as error:
        opened()
    assert time.monotonic() - start < 3
    said = str(error.value)
    assert QUESTIONS[fault] in said
    assert [name for name, part in QUESTIONS.items() if part in said] == [fault]
    assert not fetch.find(root, parse(NAME))
    assert not [p for p in root.iterdir() if p.name[0] != "."]
    hub.fault = ""
    assert opened()  # and when it is well again, it works


def test_down(root):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    start = time.monotonic()
    with pytest.raises(HubError, match="cannot be reached: no connection"):
        fetch.open_ref(parse(NAME), root, endpoint=f"http://127.0.0.1:{port}")
    assert time.monotonic() - start < 3


def test_a_repository_or_revision_that_is_not_there(hub, opened):
    with pytest.raises(HubError, match="There is no model someone/else on the Hub"):
        opened("someone/else")
    with pytest.raises(HubError, match="There is no dataset"):
        opened("datasets/someone/a-run")
    with pytest.raises(HubError, match="has no revision 'v9'"):
        opened(f"{NAME}@v9")
    with pytest.raises(HubError, match=f"has no revision '{'a' * 40}'"):
        opened(f"{NAME}@{'a' * 40}")


def test_a_broken_download_goes_on_where_it_broke(hub, root, opened, run_files):
    hub.fault = "breaks"
    seen = []
    name = opened(on_progress=lambda what, done, total: seen.append((what, done, total)))
    assert folder.open_run(root / name).finished
    ranges = [path for _, path in hub.requests if path.endswith("snapshots-0.safetensors")]
    assert len(ranges) in (3, 4)  # a third at a time
    downloaded = [done for what, done, _ in seen if what == "Downloading"]
    assert downloaded[-1] == sum(len(data) for n, data in run_files.items() if n != "timeline.safetensors")


def test_what_has_arrived_is_kept_for_the_next_attempt(hub, root, opened, run_files):
    hub.fault = "truncated"
    with pytest.raises(HubError, match="goes on from there"):
        opened()
    parts = list(root.rglob("*.part"))
    assert any(p.is_file() and p.stat().st_size for p in parts)
    hub.fault = ""
    hub.requests.clear()
    assert folder.open_run(root / opened()).finished
    assert not list((root / ".part").iterdir())


def test_cancelling_keeps_what_has_arrived(hub, root, opened, run_files):
    hub.repos[NAME]["snapshots-0.safetensors"] = run_files["snapshots-0.safetensors"]
    hub.bytes_a_second = 1_000_000
    calls = []

    def tired():
        calls.append(1)
        return len(calls) > 3

    with pytest.raises(CancelledError):
        opened(is_cancelled=tired)
    assert list((root / ".part").rglob("*.part")) or list((root / ".part").rglob("*.jsonl"))
    hub.bytes_a_second = 0
    assert opened()


@pytest.fixture
def disk(tmp_path):
    """A disk of so many bytes."""
    with ExitStack() as stack:

        def mount(size):
            try:
                return stack.enter_context(small_disk(tmp_path / "small", size))
            except OSError as error:
                pytest.skip(str(error))

        yield mount


def test_a_full_disk_before_and_during_the_download(hub, disk, run_files, monkeypatch):
    hub.repos[NAME] = dict(run_files)
    small = disk(64_000)
    with pytest.raises(HubError, match="the disk has 0 MB left"):
        fetch.open_ref(parse(NAME), small, endpoint=hub.endpoint)
    monkeypatch.setattr(
        client, "refuse_full_disk", lambda folder, size: None
    )  # another process fills it meanwhile
    with pytest.raises(RunError, match="disk is full|cannot be written: No space left"):
        fetch.open_ref(parse(NAME), small, endpoint=hub.endpoint)


def test_a_job_that_cannot_even_write_why_it_failed(hub, disk, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    run = library.BUNDLED / "mod59-quick"
    hub.repos[NAME] = {file.name: file.read_bytes() for file in run.iterdir()}
    hub.bytes_a_second = 500_000
    root, ref = disk(client.ROOM + 8_000_000), parse(NAME)
    job.start(ref, root)
    fill(root)
    end = time.monotonic() + 10
    while (now := job.status(ref, root)).state == "running" and time.monotonic() < end:
        time.sleep(0.05)
    assert str(now.error).startswith("The disk is full")
    with pytest.raises(RunError, match="No space left on device. Check that the disk has room"):
        job.start(ref, root)
    (root / "somebody-else").unlink()
    hub.bytes_a_second = 0
    job.start(ref, root)
    while (now := job.status(ref, root)).state == "running" and time.monotonic() < end + 30:
        time.sleep(0.05)
    assert now.state == "finished", now
    assert folder.open_run(root / now.result).finished
    for child in processes.unqueued.values():
        child.wait()
    processes.unqueued.clear()


def test_offline_asks_nobody_and_opens_what_is_there(hub, root, run_files):
    hub.repos[NAME] = dict(run_files)
    code = (
        "import sys; from pathlib import Path; from grokviz.hub import fetch, refs\n"
        "print(fetch.open_ref(refs.parse(sys.argv[1]), Path(sys.argv[2]), endpoint=sys.argv[3]))"
    )
    command = [sys.executable, "-c", code, NAME, str(root), hub.endpoint]
    offline = {**os.environ, "HF_HUB_OFFLINE": "1"}
    first = subprocess.run(command, cwd=ROOT, env=offline, capture_output=True, text=True)
    assert "HF_HUB_OFFLINE is set, so the Hub was not asked" in first.stderr
    assert hub.requests == []
    online = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True)
    hub.requests.clear()
    again = subprocess.run(command, cwd=ROOT, env=offline, capture_output=True, text=True, check=True)
    assert again.stdout == online.stdout
    assert hub.requests == []


def test_bundled_runs_are_untouched_by_any_of_it(hub, opened, monkeypatch):
    hub.fault = "silent"
    with pytest.raises(HubError):
        opened()
    assert folder.open_run(library.find("mod113-paper")).finished


def test_a_token_of_this_machine_is_not_used_for_visitors(hub, opened, root, tmp_path, monkeypatch):
    (tmp_path / "hf").mkdir(exist_ok=True)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    opened()
    assert hub.authorizations == {"Bearer hf_secret"}
    hub.authorizations.clear()
    shutil.rmtree(root)
    root.mkdir()
    monkeypatch.setenv("GROKVIZ_HOSTED", "1")
    opened()
    assert hub.authorizations == {None}
    assert not [p for p in root.rglob("*") if p.is_file() and b"hf_secret" in p.read_bytes()]
