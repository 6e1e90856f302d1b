"""The server as a process: it ends when it is told to, and may be restarted."""

import re
import signal
import time

import pytest

from devtools.browser import SETTLED, choose, launch
from devtools.server import commanded, free_port, get, url
from grokviz.app import menu

STEP = "globalThis.grokvizScrubbers?.active?.step()"


@pytest.mark.slow
def test_whoever_ends_the_command_ends_the_server(no_runs):
    port = free_port()
    with commanded(port) as process:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        assert get(url(port)) is None


@pytest.fixture
def page():
    with launch() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(30_000)
        yield page


@pytest.mark.browser
def test_a_visit_goes_on_after_the_server_was_restarted(page, copied):
    port = free_port()
    with commanded(port):
        page.goto(f"{url(port)}/?run=tiny-groks")
        choose(page, menu.entry("timeline").title)
        page.wait_for_url(re.compile(r"/timeline\b"))
        page.wait_for_function(SETTLED)
        page.wait_for_function(f"{STEP} >= 0")
    with page.expect_websocket() as back, commanded(port):
        back.value.wait_for_event("framereceived")
        until_it_moves(page)
        page.get_by_text("At step 0, in numbers").wait_for()


def until_it_moves(page):
    """To the first step, by keyboard; while the page is drawn anew a key may be lost."""
    end = time.monotonic() + 20
    while "step=0" not in page.url:
        assert time.monotonic() < end, "The film moves, and the address does not follow."
        page.get_by_role("slider", name="Training step").focus()
        page.keyboard.press("End")
        page.keyboard.press("Home")
        page.wait_for_timeout(500)
