"""The film in the offline page, in a browser."""

import pytest

from devtools.browser import launch
from devtools.made_up_run import run_like
from grokviz.view.export import offline_html
from grokviz.view.frames import maps_blob, timeline_blob


@pytest.fixture(scope="module")
def browser():
    with launch() as browser:
        yield browser


@pytest.fixture
def open_page(browser):
    contexts = []

    def open_at(address, width=1280, height=900, init="", **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(init)
        page.errors, page.received = [], []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on(
            "websocket",
            lambda socket: socket.on("framereceived", lambda data: page.received.append(len(data))),
        )
        page.goto(address)
        page.wait_for_selector(".gv-strip-figure canvas", timeout=20_000)
        return page

    yield open_at
    for context in contexts:
        context.close()


def offline(folder, **odd):
    run, timeline, task, phases = run_like(**({"p": 23, "n": 40, "keys": (3, 7), "neurons": 2} | odd))
    page = offline_html(
        timeline_blob(run, timeline, task, phases), run.title, maps=maps_blob(run, timeline), step=9_400
    )
    path = folder / "scrubber.html"
    path.write_text(page, "utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    return offline(tmp_path_factory.mktemp("offline"))


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory):
    """The address of a page with two runs of other lengths under one hand."""
    blobs = [
        timeline_blob(*run_like(p=23, n=n, keys=(3, 7), neurons=2, title=f"snapshots and end: {n}"))
        for n in ((40, 40_000), (15, 10_000))
    ]
    path = tmp_path_factory.mktemp("two") / "two.html"
    path.write_text(offline_html(blobs[0], "two", beside=blobs[1:], step=9_400, panels=("answers",)), "utf-8")
    return path.as_uri()
