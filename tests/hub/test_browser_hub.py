"""Every format opens in the app through a Hub, in a real browser, and scrubs with all panels."""

import re
import time

import pytest
import torch

from devtools.browser import launch
from devtools.server import files, serving
from grokviz import cli
from grokviz.hub import fetch, job
from grokviz.hub.refs import parse
from grokviz.jobs import processes
from grokviz.view.film.assets import panels
from tests.importers.conftest import paper_state, weights_of
from tests.rates import measured

pytestmark = pytest.mark.browser(seconds=35)


@pytest.fixture
def server(hub, tmp_path):
    with serving(HF_ENDPOINT=hub.endpoint, GROKVIZ_RUNS=str(measured(tmp_path / "runs"))) as url:
        yield url


def test_every_format_opens_and_scrubs(hub, server, tmp_path, run_files, demo_file, full_run_file, shuffled):
    checkpoint = {
        "model": paper_state(weights_of(shuffled)),
        "train_losses": shuffled.log["train_loss"].tolist(),
        "test_losses": shuffled.log["test_loss"].tolist(),
        "train_indices": torch.arange(0, 169, 2),
        "epoch": 800,
        "config": {"fn_name": "add"},
    }
    torch.save(checkpoint, tmp_path / "one.pth")
    torch.save(paper_state(weights_of(shuffled)), tmp_path / "bare.pth")
    hub.repos |= {
        "a/folder": run_files,
        "b/full-run": {"full_run_data.pth": full_run_file().read_bytes()},
        "b/checkpoint": {"final.pth": (tmp_path / "one.pth").read_bytes()},
        "c/demo": {"grokking.pth": demo_file().read_bytes()},
        "d/bare": {"weights.pth": (tmp_path / "bare.pth").read_bytes()},
    }
    errors = []
    with launch() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        for reference in hub.repos:
            page.goto(f"{server}/library")
            page.get_by_label("Open a run from the Hub").fill(reference)
            page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
            if reference == "d/bare":
                page.get_by_role("button", name="Try with this").click()
            page.get_by_role("button", name="Open in the timeline").click()
            page.wait_for_url(re.compile(r"/timeline\?.*run="))
            scrub(page)
    assert errors == []


def scrub(page):
    """All panels, from one end to the other."""
    run = re.search(r"run=([^&]+)", page.url)[1]
    page.wait_for_selector(".gv-strip-figure canvas")
    boxes = page.locator(".gv-menu", has_text="Panels").locator("input[type=checkbox]")
    boxes.evaluate_all("boxes => boxes.filter((box) => !box.checked).forEach((box) => box.click())")
    page.wait_for_function(
        "globalThis.grokvizScrubbers?.active && !globalThis.grokvizScrubbers.active.busy()"
    )
    assert page.locator("[data-panel]").count() >= len(panels())
    slider = page.get_by_role("slider", name="Training step")
    steps = set()
    for key in ("End", "Home"):
        slider.focus()
        page.keyboard.press(key)
        page.wait_for_function("!globalThis.grokvizScrubbers.active.busy()")
        steps.add(page.evaluate("globalThis.grokvizScrubbers.active.step()"))
    assert len(steps) == 2 or "bare" in run or "checkpoint" in run  # which hold a single one
    assert page.get_by_test_id("stAlert").count() == 0


def test_a_fault_reaches_the_page_within_three_seconds(hub, root, monkeypatch):
    """From the click to the sentence, with the process that asks: half a second of it is starting Python."""
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    hub.fault = "silent"
    begin = time.monotonic()
    job.start(parse("a/b"), root)
    while job.status(parse("a/b"), root).state == "running" and time.monotonic() - begin < 20:
        time.sleep(0.05)
    taken = time.monotonic() - begin
    assert "fallen silent" in job.status(parse("a/b"), root).error.found
    for child in processes.unqueued.values():
        child.wait()
    processes.unqueued.clear()
    assert not fetch.find(root, parse("a/b"))
    assert taken < 5, taken  # 3 on a machine that has nothing else to do


@pytest.mark.slow
def test_a_static_space_opens_as_it_was_pushed(hub, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    monkeypatch.setenv("HF_TOKEN", "hf_" + "x" * 34)
    assert cli.main(["space", "me/site", "--runs", "mod59-no-decay", "--yes"]) == 0
    for name, data in hub.repos["me/site"].items():
        (tmp_path / "served" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "served" / name).write_bytes(data)
    said = []
    with launch() as browser, files(tmp_path / "served") as address:
        page = browser.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        for name in ("index", "follow", "cut"):
            page.goto(f"{address}/{name}.html?run=mod59-no-decay&step=2000")
            page.wait_for_function("globalThis.grokvizScrubbers?.active?.step() > 1000")
        page.locator("[data-panel=cost]").scroll_into_view_if_needed()
        page.locator("[data-panel=cost]").get_by_text("Without the wave of").wait_for()
    assert said == []
