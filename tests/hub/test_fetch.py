"""What is opened, from which words, and what is not let in."""

import json
import os
import time

import pytest
import torch

from grokviz import cli, study
from grokviz.errors import HubError, RunError, Unanswered
from grokviz.hub import fetch, job
from grokviz.hub.refs import parse
from grokviz.jobs import files, processes
from grokviz.runs import folder, library
from tests.importers.conftest import lens_state, weights_of

pytestmark = pytest.mark.slow

NAME = "someone/a-run"


@pytest.fixture
def opened(hub, root):
    return lambda text=NAME, **more: fetch.open_ref(parse(text), root, endpoint=hub.endpoint, **more)


def test_a_run_folder_measures_as_the_original(hub, root, opened, run_files, trained):
    hub.repos[NAME] = run_files | {"README.md": b"hello"}
    hub.licences[NAME] = "mit"
    name = opened()
    mine, original = folder.open_run(root / name), folder.open_run(trained / "tiny-groks")
    last = len(mine.steps) - 1
    assert study.measure_exactly(mine, last) == study.measure_exactly(original, last)
    assert sorted(p.name for p in (root / name).iterdir()) == sorted(run_files)
    assert not any(p.is_symlink() for p in root.rglob("*"))
    known = fetch.origin(root, name)
    assert (known["repo"], known["licence"], known["author"]) == (NAME, "mit", "someone")
    assert "timeline.safetensors" not in str(hub.requests)  # measured here, not believed


def test_what_is_pinned_and_here_asks_nobody(hub, root, opened, run_files):
    hub.repos[NAME] = run_files
    commit = hub.commit(NAME)
    name = opened(f"{NAME}@{commit}")
    hub.requests.clear()
    assert opened(f"{NAME}@{commit}") == name
    assert hub.requests == []
    assert opened() == name  # the newest is that one, one question says
    assert len(hub.requests) == 1
    hub.fault = "500"
    assert opened() == name  # and when the Hub is ill, what was the newest


def test_a_subfolder_and_a_choice(hub, root, opened, run_files):
    hub.repos[NAME] = {f"runs/{seed}/{n}": data for seed in "ab" for n, data in run_files.items()}
    with pytest.raises(
        HubError, match=r"holds 2 runs or files of weights. Name one: someone/a-run/runs/a, or one of runs/b"
    ):
        opened()
    assert opened(f"{NAME}/runs/a") == opened(f"{NAME}/runs/a/run.json") != opened(f"{NAME}/runs/b")


def test_a_file_of_weights_is_imported_and_questions_are_asked(hub, root, opened, tmp_path, trained):
    real = folder.open_run(trained / "tiny-groks")
    torch.save(lens_state(weights_of(real)), tmp_path / "w.pth")
    hub.repos[NAME] = {"weights/grokked model.pth": (tmp_path / "w.pth").read_bytes(), "README.md": b"x"}
    with pytest.raises(Unanswered, match="which pairs were trained on") as asked:
        opened()
    assert [question.setting for question in asked.value.questions] == ["frac_train", "split", "seed"]
    hub.requests.clear()
    name = opened(given={"frac_train": 0.8, "split": "seeded", "seed": 0})
    assert len(hub.requests) == 1  # the answer did not need the file again
    run = folder.open_run(root / name)
    assert run.provenance["origin"]["repo"] == NAME
    assert run.provenance["origin"]["commit"] == hub.commit(NAME)
    assert run.title == "a-run: grokked model.pth"


@pytest.fixture
def bare(hub, tmp_path, trained):
    """A file on the Hub that says nothing of its split."""
    torch.save(lens_state(weights_of(folder.open_run(trained / "tiny-groks"))), tmp_path / "bare.pth")
    hub.repos[NAME] = {"bare.pth": (tmp_path / "bare.pth").read_bytes()}


def test_a_second_answer_is_heard(hub, root, opened, bare):
    first = opened(given={"frac_train": 0.3, "split": "paper", "seed": 0})
    second = opened(given={"frac_train": 0.3, "split": "paper", "seed": 1})
    unknown = opened(given={"split": "unknown", "title": "My title"})
    assert len({first, second, unknown}) == 3
    runs = [folder.open_run(root / name) for name in (first, second, unknown)]
    assert [(run.config.split, run.config.seed) for run in runs] == [
        ("paper", 0),
        ("paper", 1),
        ("unknown", 0),
    ]
    assert [run.title for run in runs] == ["a-run: bare.pth", "a-run: bare.pth", "My title"]
    assert opened(given={"frac_train": 0.3, "split": "paper", "seed": 0}) == first  # said before, and here
    assert opened() == first  # nothing is said: the copy that was asked for last
    assert fetch.given_of(root, unknown) == {"split": "unknown", "title": "My title"}
    commit = hub.commit(NAME)
    hub.requests.clear()
    assert opened(f"{NAME}@{commit}/bare.pth", given={"split": "unknown", "title": "My title"}) == unknown
    assert hub.requests == []


def test_title_and_snapshots_are_for_files_alone(hub, opened, run_files):
    hub.repos[NAME] = run_files
    with pytest.raises(HubError, match=r"says itself how it was trained. Leave out seed, title\."):
        opened(given={"seed": 1, "title": "x", "snapshots": None})


def test_the_command_line_hears_title_snapshots_and_a_second_answer(hub, bare, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    monkeypatch.setenv("GROKVIZ_RUNS", str(tmp_path / "runs"))
    answers = ["--frac-train", "0.3", "--split", "paper", "--seed"]
    for seed, more in (("0", []), ("1", ["--title", "Mine", "--snapshots", "2"])):
        command = ["import", NAME, "--out", str(tmp_path / seed), *answers, seed, *more]
        assert cli.main(command) == 0, capsys.readouterr().err
    runs = [folder.open_run(tmp_path / seed) for seed in "01"]
    assert [run.config.seed for run in runs] == [0, 1]
    assert [run.title for run in runs] == ["a-run: bare.pth", "Mine"]


def test_a_downloaded_run_can_be_removed_and_fetched_again(root, opened, bare):
    name = opened(given={"split": "unknown"})
    fetch.remove(root, name)
    assert not fetch.find(root, parse(NAME))
    assert [p for p in root.iterdir() if p.name[0] != "."] == []
    assert opened(given={"split": "unknown"}) == name
    with pytest.raises(RunError, match="no name of a run"):
        fetch.remove(root, "../elsewhere")


@pytest.mark.parametrize(("data", "says"), [
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer"),
    (b"<!doctype html><title>404</title>\n", "web page"), (b"", "is empty"), (b'{"a": 1}', "text in JSON"),
])  # fmt: skip
def test_what_is_no_file_of_weights_is_named(hub, root, opened, data, says):
    hub.repos[NAME] = {"weights.safetensors": data}
    with pytest.raises(RunError, match=says):
        opened()
    assert not [p for p in root.iterdir() if p.name[0] != "."]


def test_nothing_to_open(hub, opened):
    hub.repos[NAME] = {"README.md": b"x", "config.json": b"{}"}
    with pytest.raises(HubError, match="neither a run nor weights.*README.md"):
        opened()
    with pytest.raises(HubError, match="holds no file 'x.pth'"):
        opened(f"{NAME}/x.pth")
    with pytest.raises(HubError, match="'config.json' is neither a run nor weights"):
        opened(f"{NAME}/config.json")


def test_a_damaged_run_is_not_listed(hub, root, opened, run_files):
    data = bytearray(run_files["snapshots-0.safetensors"])
    data[-1000] ^= 255
    hub.repos[NAME] = run_files | {"snapshots-0.safetensors": bytes(data)}
    with pytest.raises(RunError, match="damaged"):
        opened()
    assert not [p for p in root.iterdir() if p.name[0] != "."]


def test_a_run_of_a_newer_format_says_so(hub, opened, run_files):
    record = json.loads(run_files["run.json"]) | {"version": 99}
    hub.repos[NAME] = run_files | {"run.json": json.dumps(record).encode()}
    with pytest.raises(RunError, match="newer GrokViz"):
        opened()


def test_names_on_the_hub_never_choose_a_place_on_this_disk():
    for name in ("../../etc/passwd", "a/..", ".hidden", "x\ny", "/", "ü" * 300):
        local = fetch._local_name(name)
        assert local
        assert "/" not in local
        assert not local.startswith(".")
        assert len(local) <= 80


def test_a_hosted_server_refuses_what_is_too_large(hub, opened, run_files, monkeypatch):
    hub.repos[NAME] = run_files
    monkeypatch.setenv("GROKVIZ_HOSTED", "1")
    monkeypatch.setattr(fetch, "MAX_ACTIVATIONS_HOSTED", 100)
    with pytest.raises(HubError, match="too large for this server"):
        opened()
    monkeypatch.setattr(fetch, "MAX_BYTES_HOSTED", 100)
    with pytest.raises(HubError, match="expected at most"):
        opened()


def test_a_hosted_server_forgets_the_oldest(hub, root, opened, run_files, monkeypatch):
    monkeypatch.setenv("GROKVIZ_HOSTED", "1")
    monkeypatch.setattr(fetch, "KEEP_HOSTED", sum(map(len, run_files.values())) * 3 // 2)
    for repo in ("a/one", "a/two"):
        hub.repos[repo] = run_files
        opened(repo)
    assert not fetch.find(root, parse("a/one"))
    assert fetch.find(root, parse("a/two"))


@pytest.fixture
def jobs(hub, root, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)

    def wait(text, state):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            now = job.status(parse(text), root)
            if now and state(now):
                return now
            time.sleep(0.05)
        raise AssertionError(now)

    yield wait
    for child in processes.unqueued.values():
        child.wait()
    processes.unqueued.clear()


def test_a_job_is_a_process_that_can_be_followed(hub, root, run_files, jobs):
    hub.repos[NAME] = run_files
    job.start(parse(NAME), root)
    done = jobs(NAME, lambda now: now.state != "running")
    assert done.state == "finished", done.error
    assert folder.open_run(root / done.result).finished
    job.forget(parse(NAME), root)
    assert job.status(parse(NAME), root) is None


def test_a_job_asks_what_the_file_does_not_say(hub, root, bare, jobs):
    job.start(parse(NAME), root, {"seed": 3})
    asked = jobs(NAME, lambda now: now.state != "running").error
    assert isinstance(asked, Unanswered)
    assert [question.setting for question in asked.questions] == ["frac_train", "split"]
    assert "unknown" in asked.questions[1].choices
    assert job.given_of(parse(NAME), root) == {"seed": 3}
    job.forget(parse(NAME), root)
    job.start(parse(NAME), root, {"seed": 3, "split": "unknown"})
    done = jobs(NAME, lambda now: now.state != "running")
    assert folder.open_run(root / done.result).config.split == "unknown"
    assert done.error is None


def test_an_answer_while_it_downloads_is_heard_and_a_second_does_not_download_again(hub, root, bare, jobs):
    hub.bytes_a_second = 60_000
    job.start(parse(NAME), root)
    jobs(NAME, lambda now: now.progress.what == job.DOWNLOADING and now.progress.done > 0)
    assert job.bytes_of(parse(NAME), root) == len(hub.repos[NAME]["bare.pth"])
    job.start(parse(NAME), root, {"split": "unknown"})
    hub.bytes_a_second = 0
    done = jobs(NAME, lambda now: now.state != "running")
    assert done.error is None
    assert folder.open_run(root / done.result).config.split == "unknown"
    before = len(hub.requests)
    job.start(parse(NAME), root, {"split": "paper", "frac_train": 0.3, "seed": 5})
    again = jobs(NAME, lambda now: now.state != "running")
    assert folder.open_run(root / again.result).config.seed == 5
    assert len(hub.requests) - before == 1  # what is the newest; the file is here


def test_files_that_runs_were_made_of_are_kept_while_there_is_room(root, opened, bare, monkeypatch):
    parts = root / ".part"
    for n, age in (("old", 2 * fetch.ARRIVING_SECONDS), ("arriving", 0)):
        (parts / n).mkdir(parents=True)
        (parts / n / "file").write_bytes(bytes(1000))
        for path in (parts / n / "file", parts / n):
            os.utime(path, (time.time() - age, time.time() - age))
    opened(given={"split": "unknown"})
    assert len(list(parts.iterdir())) == 3
    monkeypatch.setattr(fetch, "KEEP_FILES", 1)
    opened(given={"split": "unknown", "title": "Another"})
    left = {path.name for path in parts.iterdir()}
    assert len(left) == 2
    assert "arriving" in left


def test_a_job_can_be_cancelled_and_goes_on_later(hub, root, run_files, jobs):
    hub.repos[NAME] = run_files
    hub.bytes_a_second = 100_000
    job.start(parse(NAME), root)
    now = jobs(NAME, lambda now: now.progress.what == "Downloading" and now.progress.done > 0)
    assert now.progress.total > now.progress.done
    job.start(parse(NAME), root)  # a second visitor follows the same one
    job.cancel(parse(NAME), root)
    assert jobs(NAME, lambda now: now.state != "running").state == "cancelled"
    hub.bytes_a_second = 0
    job.start(parse(NAME), root)
    assert jobs(NAME, lambda now: now.state != "running").state == "finished"


def test_a_job_that_was_killed_says_so(hub, root, run_files, jobs):
    hub.repos[NAME] = run_files
    hub.bytes_a_second = 100_000
    job.start(parse(NAME), root)
    jobs(NAME, lambda now: now.progress.what == "Downloading" and now.progress.done > 0)
    processes.unqueued[root / job.job_name(parse(NAME))].kill()
    said = jobs(NAME, lambda now: now.state != "running")
    assert (said.state, said.error) == ("failed", job.BROKEN)
    hub.bytes_a_second = 0
    job.start(parse(NAME), root)
    assert jobs(NAME, lambda now: now.state != "running").state == "finished"


def test_a_job_that_ends_between_two_looks_has_not_died(root, monkeypatch):
    ref, path = parse(NAME), root / job.job_name(parse(NAME))
    files.write_job(path, files.Job("open", kind="open", started=True))
    files.tell(path, files.Progress("Downloading"))

    def ends_now(run, kind):
        files.end(run, "finished", result="a-run")
        return False

    with monkeypatch.context() as patch:
        patch.setattr(files, "is_running", ends_now)
        assert job.status(ref, root)[::6] == ("finished", "a-run")
    (files.folder_of(path) / "ended.json").unlink()
    assert job.status(ref, root).error == job.BROKEN


def test_what_a_file_does_not_say_is_asked_as_questions(hub, root, trained, tmp_path, jobs):
    real = folder.open_run(trained / "tiny-groks")
    torch.save(lens_state(weights_of(real)), tmp_path / "w.pth")
    hub.repos[NAME] = {"w.pth": (tmp_path / "w.pth").read_bytes()}
    job.start(parse(NAME), root, {"seed": 7})
    said = jobs(NAME, lambda now: now.state != "running")
    assert said.state == "failed"
    assert isinstance(said.error, Unanswered)
    assert said.error.questions[0].setting == "frac_train"
    assert job.given_of(parse(NAME), root) == {"seed": 7}


def test_a_fault_is_said_by_the_job(hub, root, jobs):
    start = time.monotonic()
    job.start(parse("nobody/nothing"), root)
    said = jobs("nobody/nothing", lambda now: now.state != "running")
    assert "There is no model nobody/nothing" in str(said.error)
    assert time.monotonic() - start < 10


def test_hosted_jobs_are_limited(hub, root, run_files, jobs, monkeypatch):
    monkeypatch.setenv("GROKVIZ_HOSTED", "1")
    hub.bytes_a_second = 100_000
    for n in range(3):
        hub.repos[f"a/run{n}"] = run_files
    for n in range(2):
        job.start(parse(f"a/run{n}"), root)
        jobs(f"a/run{n}", lambda now: now.progress.what == "Downloading")
    with pytest.raises(RunError, match="2 downloads are under way"):
        job.start(parse("a/run2"), root)
    for n in range(2):
        job.cancel(parse(f"a/run{n}"), root)
        jobs(f"a/run{n}", lambda now: now.state == "cancelled")


def test_downloaded_runs_are_in_the_list(hub, run_files, runs, monkeypatch, tmp_path):
    monkeypatch.setenv("GROKVIZ_RUNS", str(tmp_path / "mine"))
    library.downloaded().mkdir(parents=True)
    hub.repos[NAME] = run_files
    name = fetch.open_ref(parse(NAME), library.downloaded(), endpoint=hub.endpoint)
    assert [card.id for card in library.cards()] == [name]
    assert library.find(name) == library.downloaded() / name
