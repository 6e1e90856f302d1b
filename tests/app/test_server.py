"""The server as a process: it ends when it is told to, asks nobody else for anything, and may be restarted."""

import re
import signal
import time

import pytest

from devtools.browser import SETTLED, choose, launch
from devtools.server import commanded, free_port, get, url
from grokviz.app import menu

STEP = "globalThis.grokvizScrubbers?.active?.step()"
HERE = re.compile(r"(https?|wss?)://127\.0\.0\.1[:/]|data:|blob:")


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
        asked: list[str] = []
        page.asked = asked  # pyright: ignore[reportAttributeAccessIssue] (for the tests to read)
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        yield page


@pytest.mark.browser
def test_a_visit_asks_no_other_host_and_goes_on_after_the_server_was_restarted(page, copied):
    port = free_port()
    with commanded(port):
        page.goto(f"{url(port)}/?run=tiny-groks")
        for entry in [*menu.entries(), menu.entry("timeline")]:
            choose(page, entry.title)
            page.wait_for_url(re.compile(rf"/{entry.name}\b|:{port}/(\?|$)"))
            page.wait_for_function(SETTLED)
        icon = page.evaluate("document.querySelector('link[rel~=icon]').href")
        page.wait_for_function(f"{STEP} >= 0")
    with page.expect_websocket() as back, commanded(port):
        back.value.wait_for_event("framereceived")
        until_it_moves(page)
        page.get_by_text("At step 0, in numbers").wait_for()
    assert icon.startswith("data:image/svg+xml;base64,")
    assert [url[:200] for url in page.asked if not HERE.match(url)] == []
    assert len(page.asked) > 20


def until_it_moves(page):
    """To the first step, by keyboard; while the page is drawn anew a key may be lost."""
    end = time.monotonic() + 20
    while "step=0" not in page.url:
        assert time.monotonic() < end, "The film moves, and the address does not follow."
        page.get_by_role("slider", name="Training step").focus()
        page.keyboard.press("End")
        page.keyboard.press("Home")
        page.wait_for_timeout(500)
