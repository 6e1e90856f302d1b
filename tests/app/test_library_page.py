"""The library as a page: cards of three sources, and opening what lies on a Hub."""

import os
import shutil
import time

import pytest
import torch
from streamlit.testing.v1 import AppTest

from devtools.fake_hub import running
from grokviz.app.library import cards
from grokviz.app.session import keys
from grokviz.config import RunConfig
from grokviz.hub import fetch
from grokviz.hub.refs import parse
from grokviz.jobs import machine, processes, requests, supervisor
from grokviz.jobs.files import Progress
from grokviz.runs import folder, library
from grokviz.runs.storage import is_locked
from tests.app.conftest import components, healthy, unescaped
from tests.importers.conftest import lens_state, weights_of

pytestmark = pytest.mark.slow

NAME = "someone/a-run"


@pytest.fixture
def hub(monkeypatch, tmp_path):
    with running() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        yield server
    for child in processes.unqueued.values():
        child.wait()
    processes.unqueued.clear()


@pytest.fixture
def run_files(trained):
    return {file.name: file.read_bytes() for file in (trained / "tiny-groks").iterdir()}


def texts(app) -> str:
    return unescaped(" ".join(t.value for t in [*app.markdown, *app.caption, *app.error, *app.info]))


def press(app, label):
    return healthy(next(b for b in app.button if b.label == label).click().run())


def until(app, words):
    end = time.monotonic() + 30
    while words not in texts(app) and time.monotonic() < end:
        time.sleep(0.2)
        app.run()
    assert words in texts(app)
    return healthy(app)


def test_every_run_has_a_card_of_one_kind(runs, visit):
    app = visit("library")
    said = texts(app)
    assert "**tiny groks**" in said
    assert "a + b mod 13 · 80 % trained on · weight decay 2 · 800 steps" in said
    assert "The run that groks." in said
    assert "It memorised by step" in said
    assert "Yours" in said
    assert "callummcdougall/grokking_full_run_data" in said
    assert len([b for b in app.button if b.label == "Open"]) == 3  # two runs, and the box


def test_a_card_opens_its_run_in_the_timeline(runs, visit):
    app = visit("library")
    button = next(b for b in app.button if b.key == f"open-{runs.name}-tiny-recites")
    healthy(button.click().run())
    assert app.title[0].value == "Drag through a training run"
    assert app.query_params["run"] == "tiny-recites"


def test_without_any_run_it_says_how_to_get_one(no_runs, visit):
    assert "python -m grokviz train" in texts(visit("library"))


def test_a_damaged_run_has_a_card_that_says_so(copied, visit):
    (copied / "tiny-groks" / "run.json").write_text("{")
    assert "is no JSON" in texts(visit("library"))


def test_runs_that_wait_are_being_trained_or_were_refused_leave_the_shelf_standing(
    copied, visit, monkeypatch
):
    monkeypatch.setattr(machine, "is_busy_measuring", lambda runs: False)
    monkeypatch.setattr(processes, "children", {})
    tiny = RunConfig(p=5, d_model=8, n_heads=2, d_mlp=16, frac_train=0.6, steps=1_000_000, max_snapshots=8)
    run = requests.start(copied, tiny, "in the making")
    (copied / "broken").mkdir()  # no run at all
    log = copied / "tiny-recites" / "run.json"
    log.write_text(log.read_text().replace('"p": 7', '"p": 10000'))
    assert "**tiny groks**" in texts(visit("library"))  # nothing of the waiting one yet
    supervisor.tick(copied)
    try:
        end = time.monotonic() + 30
        while not folder.open_run(run).steps.size and time.monotonic() < end:
            time.sleep(0.1)
        app = visit("library")
        said = texts(app)
        assert is_locked(run)
        assert "**in the making**" in said
        assert "mod 5 · 60 % trained on" in said
        assert "**tiny groks**" in said
        assert [b.label for b in app.button].count("Publish") == 1  # not before it has finished
        assert "**broken**" in said
        assert "**tiny-recites**" in said
    finally:
        child = processes.children[run]
        child.kill()
        child.wait()


@pytest.mark.parametrize("text", ["what?", "a/../b", "<b>x</b>/y", "x" * 300])
def test_what_is_no_reference_is_refused(runs, visit, text):
    app = visit("library", open=text)
    assert "is no reference to the Hub" in unescaped(app.error[0].value)


def test_a_run_is_opened_from_the_hub(copied, visit, hub, run_files):
    hub.repos[NAME] = run_files
    app = visit("library")
    app.text_input(key=keys.REFERENCE).set_value(NAME)
    healthy(
        next(b for b in app.button if b.label == "Open" and not (b.key or "").startswith("open-"))
        .click()
        .run()
    )
    assert app.query_params["open"] == NAME
    until(app, "is here")
    assert f"By {NAME} at {hub.commit(NAME)[:7]}, licence: not stated" in texts(app)
    press(app, "Open in the timeline")
    assert app.query_params["run"].startswith("someone--a-run-")
    assert library.find(app.query_params["run"]).parent == library.downloaded()


def test_a_shared_link_asks_before_it_downloads(copied, visit, hub, run_files):
    hub.repos[NAME] = run_files
    app = visit("library", open=NAME)
    assert "is not here yet" in texts(app)
    assert hub.requests == []
    press(app, "Get it")
    until(app, "is here")


def test_a_download_is_cancelled_and_goes_on(copied, visit, hub, run_files):
    hub.repos[NAME] = run_files
    hub.bytes_a_second = 50_000
    app = visit("library", open=NAME)
    press(app, "Get it")
    press(app, "Cancel")
    until(app, "Cancelled. What has arrived is kept")
    hub.bytes_a_second = 0
    press(app, "Try again")
    until(app, "is here")
    press(app, "Close")
    assert "open" not in app.query_params


def test_a_fault_is_a_sentence_and_the_shelf_stays(copied, visit, hub):
    app = visit("library", open="no/body")
    press(app, "Get it")
    until(app, "There is no model no/body on the Hub")
    assert "**tiny groks**" in texts(app)
    assert components(visit("timeline", run="tiny-groks"))


@pytest.fixture
def bare(hub, tmp_path, trained):
    """A file on the Hub that says nothing of its split."""
    torch.save(lens_state(weights_of(folder.open_run(trained / "tiny-groks"))), tmp_path / "bare.pth")
    hub.repos[NAME] = {"bare.pth": (tmp_path / "bare.pth").read_bytes()}


def test_what_the_file_does_not_say_is_a_form_and_not_known_is_an_answer(copied, visit, bare):
    app = visit("library")
    app.text_input[0].set_value(NAME)
    press(app, "Open")
    app = until(app, "Do you know it?")
    assert [field.label for field in app.number_input] == ["Share trained on", "Seed"]
    split = next(field for field in app.selectbox if field.label == "Drawn by")
    assert split.options == ["paper", "seeded", "not known"]
    split.set_value("unknown")
    app = until(press(app, "Try with this"), "is here.")
    assert "training pairs not known · weight decay not known" in texts(app)
    assert "When it memorised and when it generalised is not known" in texts(app)
    (run,) = [card.id for card in library.cards() if card.path.parent == library.downloaded()]
    assert folder.open_run(library.downloaded() / run).config.split == "unknown"


def test_another_answer_is_heard_and_a_downloaded_run_is_removed(copied, visit, bare):
    root = library.downloaded()
    root.mkdir(parents=True, exist_ok=True)
    first = fetch.open_ref(parse(NAME), root, {"split": "unknown"}, endpoint=os.environ["HF_ENDPOINT"])
    app = visit("library", open=NAME)
    next(field for field in app.selectbox if field.label == "Drawn by").set_value("paper")
    press(app, "Try with this instead")
    end = time.monotonic() + 30
    while len(found := [p.name for p in root.iterdir() if p.is_dir() and p.name[0] != "."]) < 2:
        time.sleep(0.2)
        assert time.monotonic() < end
    until(app, "is here.")
    (second,) = set(found) - {first}
    for name in (first, second):
        app = visit("library")
        healthy(app.button(key=f"remove-{name}").click().run())
    assert [p.name for p in root.iterdir() if p.name[0] != "."] == []


def test_a_visitor_of_a_host_removes_nothing(copied, visit, bare, monkeypatch):
    root = library.downloaded()
    root.mkdir(parents=True, exist_ok=True)
    fetch.open_ref(parse(NAME), root, {"split": "unknown"}, endpoint=os.environ["HF_ENDPOINT"])
    monkeypatch.setenv("GROKVIZ_HOSTED", "1")
    app = visit("library")
    assert "training pairs not known" in texts(app)
    assert not [button for button in app.button if button.label == "Remove from this machine"]


def test_words_for_a_job():
    said = cards.progress_words(Progress("Downloading", 12_000_000, 456_000_000, 2_000_000))
    assert said == "12.0 of 456.0 MB, 2.0 MB/s, about 4 min left"
    assert cards.progress_words(Progress("Measuring", 3, 50, 1)) == "measuring, 3 of 50, about 47 s left"
    assert cards.progress_words(Progress("Asking the Hub")) == "Asking the Hub …"


def test_publishing_is_for_ones_own_machine(runs, visit, monkeypatch):
    assert [b.label for b in visit("library").button].count("Publish") == 2
    monkeypatch.setenv("GROKVIZ_HOSTED", "1")
    assert "Publish" not in [b.label for b in visit("library").button]


def publish_dialog():
    from grokviz.app.library import publish

    publish.dialog("tiny-groks")


def test_publishing_shows_what_is_sent_and_sends_that(copied, hub, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.endpoint)
    monkeypatch.setattr("huggingface_hub.hf_api.constants.ENDPOINT", hub.endpoint)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    app = healthy(AppTest.from_function(publish_dialog, default_timeout=60).run())
    assert not app.button  # without a name and a licence there is nothing to send
    app.text_input[0].set_value("no name")
    app.selectbox[0].set_value("cc-by-4.0").run()
    assert "Write owner/name" in unescaped(app.error[0].value)
    app.text_input[0].set_value("me/mine").run()
    assert "files, " in texts(app)
    assert "snapshots-0.safetensors" in texts(app)
    assert "license: cc-by-4.0" in app.code[0].value
    assert hub.requests == []
    healthy(app.button[0].click().run())
    assert "Published: " in unescaped(app.success[0].value), texts(app)
    assert "license: cc-by-4.0" in hub.repos["me/mine"]["README.md"].decode()
    assert "hf_secret" not in texts(app) + unescaped(app.success[0].value)


def test_a_fork_says_every_weight_decay_it_had():
    config = RunConfig(
        weight_decay=0.3, changes=((130, "lr", 1e-3), (130, "weight_decay", 2.0), (500, "weight_decay", 2.0))
    )
    assert cards._over_time(config, "weight_decay", 0.3) == "0.3, 2 from step 130"
    assert cards._over_time(RunConfig(), "weight_decay", 1.0) == "1"


def test_many_runs_can_be_searched_and_ordered(no_runs, trained, visit):
    for i in range(8):
        shutil.copytree(trained / "tiny-groks", no_runs / f"run-{i}")
        requests.rename(no_runs / f"run-{i}", f"number {7 - i}")
    app = visit("library")

    def titles():
        return [m.value.strip("*") for m in app.markdown if m.value.startswith("**number")]

    assert len(titles()) == 8
    app.selectbox[0].set_value("By title")
    app = healthy(app.run())
    assert titles() == [f"number {i}" for i in range(8)]
    app.text_input(key="library_find").set_value("RUN-4 number")
    app = healthy(app.run())
    assert titles() == ["number 3"]


def test_two_runs_of_one_title_are_told_apart_by_their_names(copied, visit):
    shutil.copytree(copied / "tiny-groks", copied / "its-twin")
    said = texts(visit("library"))
    assert "(its-twin)" in said
    assert "(tiny-groks)" in said
    assert "(tiny-recites)" not in said
