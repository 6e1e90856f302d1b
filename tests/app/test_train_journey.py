"""One visitor of the page Train in a real browser: choose, train, pause, change, resume, scrub meanwhile, fork,
take home, bring back, delete."""

import os
import re
import signal
import subprocess
import time
import zipfile
from pathlib import Path

import pytest

from devtools import ROOT
from devtools.browser import SETTLED, launch
from devtools.server import free_port, start, stop, streamlit, url
from grokviz.runs.folder import open_run
from tests.rates import measured

pytestmark = pytest.mark.browser(seconds=80)
SLOW_TRAINING = ROOT / "devtools" / "slow_training"
STEP = "globalThis.grokvizScrubbers.active.step()"


class Server:
    """The app as a process of its own, which can be killed and started again on the same runs."""

    def __init__(self, runs: Path, **environment: str) -> None:
        self.environment = (
            os.environ | {"GROKVIZ_RUNS": str(runs), "PYTHONPATH": str(SLOW_TRAINING)} | environment
        )
        self.port = free_port()
        self.url = url(self.port)
        self.start()

    def start(self) -> None:
        self.process = start(streamlit("app.py", self.port), self.port, environment=self.environment)

    def kill(self) -> None:
        stop(self.process, signal.SIGKILL)


@pytest.fixture
def server(tmp_path):
    runs = measured(tmp_path / "runs")
    server = Server(runs, OMP_NUM_THREADS="1")
    yield server, runs
    server.kill()
    subprocess.run(["pkill", "-9", "-f", str(runs)], check=False)


@pytest.fixture
def page():
    with launch() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 1100}, accept_downloads=True)
        page.set_default_timeout(60_000)
        yield page


def run_in(runs: Path, *before: Path) -> Path:
    """The run folder that is there besides those before, once it is."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        found = {f for f in runs.iterdir() if (f / "run.json").exists()} - {*before}
        if found:
            return found.pop()
        time.sleep(0.1)
    raise AssertionError(f"no other run in {os.listdir(runs)}")


def button(page, name: str):
    return page.get_by_role("button", name=name, exact=False).first


def fill(page, label: str, value: str) -> None:
    field = page.get_by_label(label, exact=True).last
    field.fill(value)
    field.press("Enter")
    page.wait_for_timeout(400)
    page.wait_for_function(SETTLED)


def until(true, what: str, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def logged(run: Path) -> int:
    return int(max(open_run(run).log["step"], default=-1))


def is_before_the_eye(page, title: str) -> None:
    """The run of this title begins in the upper half of the window: the page has scrolled to it by itself."""
    top = "(t) => [...document.querySelectorAll('h2')].find((h) => h.textContent.includes(t))?.getBoundingClientRect().top"
    page.wait_for_function(
        f"(t) => {{ const top = ({top})(t); return top >= 0 && top < innerHeight / 2; }}", arg=title
    )


def worker_of(run: Path) -> int:
    found = subprocess.run(["pgrep", "-f", f"grokviz.worker {run}"], capture_output=True, text=True)
    return int(found.stdout.split()[0])


def test_the_whole_journey(server, page, tmp_path):
    server, runs = server
    page.goto(f"{server.url}/train")
    page.get_by_text("What shall it learn?").wait_for()

    # choose: a preset, then one's own numbers, with a forecast before the start
    page.get_by_role("radio", name="Only memorises").click()
    page.get_by_text("weight decay").first.wait_for()
    page.get_by_role("radio", name=re.compile("Fast")).click()
    fill(page, "Modulus", "11")
    page.get_by_text("What to expect.").wait_for()
    page.get_by_text("More", exact=True).click()
    for label, value in {
        "Steps, at most": "200000",
        "Width (d_model)": "16",
        "Heads": "2",
        "Neurons": "16",
    }.items():
        fill(page, label, value)
    fill(page, "Weight decay", "1.5")
    button(page, "Start").click()
    run = run_in(runs)
    page.get_by_text("Training.", exact=False).first.wait_for()
    page.wait_for_selector(".gv-strip-figure")

    # it grows, and can be dragged through meanwhile
    config = open_run(run).config
    assert (config.p, config.d_model, config.weight_decay) == (11, 16, 1.5)
    page.wait_for_function("globalThis.grokvizScrubbers.active?.steps.length > 2")
    before = page.evaluate("globalThis.grokvizScrubbers.active.steps.at(-1)")
    page.wait_for_function("(s) => globalThis.grokvizScrubbers.active.steps.at(-1) > s", arg=before)
    page.locator("input.gv-range").focus()
    page.keyboard.press("Home")
    page.wait_for_function(f"{STEP} === 0")
    page.wait_for_timeout(4_000)
    assert page.evaluate(STEP) == 0, "it stays where the hand has put it"
    page.wait_for_url(re.compile("step=0"))

    # pause: the process goes, the run stays
    button(page, "Pause").click()
    page.get_by_text("Paused.", exact=False).first.wait_for()
    paused_at = logged(run)
    assert paused_at > 0

    # change weight decay, go on
    button(page, "Change").click()
    fill(page, "Weight decay", "0.25")  # the last of that name: the popover stands at the end of the page
    page.get_by_role("button", name="Apply").click()
    page.keyboard.press("Escape")
    button(page, "Resume").click()
    until(lambda: open_run(run).config.changes, "the change is recorded")
    ((step, name, value),) = open_run(run).config.changes
    assert (name, value) == ("weight_decay", 0.25)
    assert step >= paused_at - 1
    page.get_by_text("Training.", exact=False).first.wait_for()
    page.wait_for_function("globalThis.grokvizScrubbers.active?.header.changes?.length === 1")

    # kill -9 of the worker: it says so, and goes on
    at_kill = logged(run)
    os.kill(worker_of(run), signal.SIGKILL)
    page.get_by_text("ended from outside").first.wait_for()
    until(lambda: logged(run) > at_kill, "it goes on")

    # kill -9 of the server: the training does not notice, and the next server finds it
    worker, at_kill = worker_of(run), logged(run)
    server.kill()
    until(lambda: logged(run) > at_kill, "it trains without a server")
    server.start()
    page.goto(f"{server.url}/train?run={run.name}")
    page.get_by_text("Training.", exact=False).first.wait_for()
    assert worker_of(run) == worker

    # finish here; fork at the step in view with another weight decay
    button(page, "Finish here").click()
    page.get_by_text("Finished.", exact=False).first.wait_for()
    assert open_run(run).finished
    page.wait_for_selector(".gv-strip-figure")
    page.locator("input.gv-range").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("step=[1-9]"))
    in_view = page.evaluate(STEP)
    button(page, "Fork here").click()
    button(page, f"Fork at step {in_view:,}").click()
    fork = run_in(runs, run)
    origin = open_run(fork).provenance["forked"]
    assert (origin["run"], origin["step"]) == (run.name, in_view)
    page.get_by_text("forked at").first.wait_for()
    is_before_the_eye(page, "forked at")
    page.get_by_text("Training.", exact=False).first.wait_for()
    button(page, "Discard").click()
    until(lambda: not fork.exists(), "discarded")

    # download, upload, delete, undo
    page.get_by_text("Finished.", exact=False).first.wait_for()
    with page.expect_download() as download:
        button(page, "Download").click()
    home = tmp_path / "home.zip"
    download.value.save_as(home)
    assert {"run.json", "log.jsonl", "losses.csv", "reproduce.py"} <= {
        Path(n).name for n in zipfile.ZipFile(home).namelist()
    }
    page.get_by_text("Bring a run that you have as a zip").click()
    page.locator("input[type=file]").set_input_files(home)
    until(lambda: list(runs.glob("home-*/run.json")), "brought in")
    (brought,) = runs.glob("home-*")
    assert open_run(brought).config == open_run(run).config
    page.wait_for_url(re.compile(brought.name))
    page.wait_for_timeout(1_000)  # the page scrolls
    assert 0 <= page.locator(".gv-strip-figure").bounding_box()["y"] < 1100
    button(page, "Delete").click()
    until(lambda: not brought.exists(), "deleted")
    button(page, "Undo").click()
    until(brought.exists, "back again")
    assert subprocess.run(["pgrep", "-f", f"grokviz.worker {runs}"], check=False).returncode == 1


def test_what_is_started_stands_before_the_eye_in_two_tabs(server, page):
    """A second start from the foot of a long page; a reload; and a second tab that says the same."""
    server, runs = server
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{server.url}/train")
    fill(page, "Modulus", "11")
    fill(page, "Weight decay", "1.5")
    button(page, "Start").dblclick()
    first = run_in(runs)
    page.get_by_text("Training.", exact=False).first.wait_for()
    assert page.get_by_role("button", name="Start").count() == 0, "the form is folded away"
    page.wait_for_selector(".gv-strip-figure")

    page.get_by_text("Train another one").click()
    fill(page, "Seed", "3")
    start_again = page.get_by_role("button", name="Start", exact=False).last
    start_again.scroll_into_view_if_needed()
    start_again.click()
    second = run_in(runs, first)
    is_before_the_eye(page, "seed 3")
    page.get_by_text("Waiting for its turn", exact=False).first.wait_for()
    started = [open_run(f).config for f in runs.iterdir() if (f / "run.json").exists()]
    assert len(started) == 2, f"each once: {started}"
    button(page, "Discard").click()  # the one that waits: the one that is trained comes into view
    page.get_by_text("seed 0").first.wait_for()
    until(lambda: not second.exists(), "discarded")

    page.reload()
    page.get_by_text("seed 0").first.wait_for()
    other = page.context.browser.new_page()
    other.goto(f"{server.url}/train?run={first.name}")
    button(other, "Pause").click()
    page.get_by_text("Paused.", exact=False).first.wait_for()
    button(other, "Finish here").click()
    page.get_by_text("Finished.", exact=False).first.wait_for()
    page.get_by_role("button", name="Resume").wait_for(state="detached")  # the page may still be on its way


def test_visitors_of_a_shared_machine_see_their_own_runs_only(tmp_path):
    runs = measured(tmp_path / "runs")
    server = Server(runs, GROKVIZ_HOSTED="1", GROKVIZ_LIMITS="p=31,unseen_seconds=600", OMP_NUM_THREADS="1")
    try:
        with launch() as browser:
            first, second = (browser.new_context().new_page() for _ in range(2))
            first.set_default_timeout(60_000)
            second.set_default_timeout(60_000)

            first.goto(f"{server.url}/train")
            first.get_by_text("What shall it learn?").wait_for()
            fill(first, "Modulus", "11")
            button(first, "Start").click()
            until(lambda: list(runs.glob("v-*/mod11-*/run.json")), "it is in the visitor's own folder")
            (run,) = (path.parent for path in runs.glob("v-*/mod11-*/run.json"))
            first.get_by_text("Training.", exact=False).first.wait_for()

            second.goto(f"{server.url}/train?run={run.name}")
            second.get_by_text("What shall it learn?").wait_for()
            assert second.get_by_text(re.compile(r"mod 11\b")).count() == 0
            second.goto(f"{server.url}/timeline?run={run.name}")
            second.wait_for_selector(".gv-strip-figure canvas")  # of another run
            second.wait_for_function("name => !location.href.includes(name)", arg=run.name)
            assert second.get_by_text(re.compile(r"mod 11\b")).count() == 0

            first.reload()  # a new session: the browser's secret finds the run again
            first.get_by_text("a + b mod 11", exact=False).first.wait_for()
    finally:
        server.kill()
        subprocess.run(["pkill", "-9", "-f", str(runs)], check=False)
