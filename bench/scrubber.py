"""The film in headless Chromium with software rendering: p = 113, 150 snapshots, the default panels. Then the pages of
the app with the paper's run, a figure of each in view below the strip, and everything that is computed behind them there."""

import re
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page

from bench.table import Row
from devtools.browser import launch
from devtools.server import serving

STATS = "globalThis.grokvizScrubbers.active.stats"


def made_up_page() -> tuple[Path, list[Row]]:
    from devtools.made_up_run import run_like
    from grokviz.view.export import offline_html
    from grokviz.view.frames import maps_blob, timeline_blob

    run, timeline, task, phases = run_like()
    start = time.perf_counter()
    core, maps = timeline_blob(run, timeline, task, phases), maps_blob(run, timeline)
    taken = time.perf_counter() - start
    page = Path(tempfile.mkdtemp()) / "scrubber.html"
    page.write_text(offline_html(core, run.title, maps=maps), "utf-8")
    return page, [
        Row("to the browser, all default panels", f"{(len(core) + len(maps)) / 1e6:.2f} MB", "6 MB"),
        Row("of which before a panel with maps is in view", f"{len(core) / 1e6:.2f} MB"),
        Row("to build that, warm", f"{taken * 1000:.0f} ms", "300 ms"),
    ]


def frames_during(page: Page, seconds: float) -> float:
    before = page.evaluate(f"[{STATS}.frames, performance.now()]")
    page.wait_for_timeout(seconds * 1000)
    after = page.evaluate(f"[{STATS}.frames, performance.now()]")
    return (after[0] - before[0]) / (after[1] - before[1]) * 1000


def drag(page: Page, seconds: float) -> tuple[float, float]:
    """(frames a second, median ms from input to redraw) of a mouse that wanders along the strip, slim or whole."""
    box, stage = (page.locator(place).bounding_box() for place in (".gv-strip-figure", ".gv-stage"))
    assert box
    assert stage
    y = stage["y"] + stage["height"] - 70
    page.mouse.move(box["x"] + 0.2 * box["width"], y)
    page.mouse.down()
    before = page.evaluate(f"{STATS}.inputs = [], [{STATS}.frames, performance.now()]")
    i, elapsed = 0, 0.0
    while elapsed < seconds * 1000:
        for _ in range(20):
            i += 1
            page.mouse.move(box["x"] + box["width"] * (0.1 + 0.7 * abs((i / 150) % 2 - 1)), y)
        now = page.evaluate(f"[{STATS}.frames, performance.now(), {STATS}.inputs]")
        elapsed = now[1] - before[1]
    page.mouse.up()
    return (now[0] - before[0]) / elapsed * 1000, statistics.median(now[2])


def played_and_dragged(page: Page) -> tuple[float, float, float]:
    """Frames a second under play, and what `drag` says; the page is closed then."""
    page.wait_for_timeout(800)
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    play = frames_during(page, 5)
    page.keyboard.press("Space")
    dragged, latency = drag(page, 4)
    page.close()
    return play, dragged, latency


def over_the_wire(browser: Browser) -> list[Row]:
    """Bytes the browser receives from a Streamlit page at p = 113, and the time from an input to Python's answer."""
    rows = []
    with serving("devtools/film_page.py", FILM_SIZE="113,150") as url:
        page, received = browser.new_page(viewport={"width": 1280, "height": 900}), []
        page.on(
            "websocket", lambda socket: socket.on("framereceived", lambda data: received.append(len(data)))
        )
        page.goto(url)
        page.wait_for_selector("[data-panel=logits]:not(.gv-empty)")
        page.wait_for_timeout(1000)
        rows.append(Row("first load over the wire", f"{sum(received) / 1e6:.2f} MB"))
        for name in ("first commit", "later commits"):
            received.clear()
            start = time.perf_counter()
            before = page.get_by_text(re.compile(r"run \d+$")).text_content()
            page.keyboard.press("ArrowLeft")
            page.wait_for_function("(t) => !document.body.innerText.includes(t)", arg=before)
            took = time.perf_counter() - start
            page.wait_for_timeout(500)
            rows.append(
                Row(
                    f"{name}, input to Python's answer", f"{took * 1000:.0f} ms, {sum(received) / 1e3:.1f} kB"
                )
            )
        received.clear()
        page.get_by_role("button", name="Jump").click()
        page.wait_for_timeout(1000)
        rows.append(Row("a jump ordered by Python", f"{sum(received) / 1e3:.1f} kB"))
    return rows


PAGES = {  # a figure of each, and the part of the run that comes last there
    "": ("rings", "core"),
    "timeline": ("answers", "maps"),
    "measures": ("gini_W_E", "core"),
    "circuit": ("rings", "core"),
    "follow": ("angles", "inside"),
    "cut": ("cost", "cut"),
}
IS_HERE = """(last) => {
    const headers = [...globalThis.grokvizScrubbers.parts.values()].map(({ header }) => header);
    return headers.some(({ part }) => part === last) && !headers.some(({ waits }) => waits);
}"""


def pages_of_the_app(browser: Browser) -> list[Row]:
    """Frames under the hand on every page that has a strip; on Follow also from a key to all figures drawn."""
    rows = []
    with serving("app.py") as url:
        for name, (panel, last) in PAGES.items():
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            page.goto(f"{url}/{name}")
            place = page.locator(f"[data-panel={panel}]")
            place.wait_for(state="attached")
            place.evaluate("e => e.scrollIntoView({ block: 'start' })")
            page.wait_for_function(IS_HERE, arg=last, timeout=120_000)
            page.wait_for_timeout(2000)
            place.evaluate("e => e.scrollIntoView({ block: 'start' })")  # what came late has moved it
            fps, latency = drag(page, 4)
            goal = "50 fps"
            rows.append(
                Row(f"drag on {name or 'story'}, input to redraw", f"{fps:.1f} fps, {latency:.1f} ms", goal)
            )
            if name == "follow":
                page.evaluate(f"{STATS}.inputs = []")
                for key in ["ArrowLeft"] * 10 + ["ArrowRight"] * 10:
                    page.keyboard.press(key)
                    page.wait_for_timeout(120)
                keyed = page.evaluate(f"{STATS}.inputs")
                rows.append(
                    Row(
                        "Follow, key to picture, median and slowest of 20",
                        f"{statistics.median(keyed):.1f} ms, {max(keyed):.1f} ms",
                        "60 ms",
                    )
                )
            page.close()
    return rows


def two_runs(browser: Browser) -> list[Row]:
    """Two runs of p = 113 under one hand, of 50 and 150 snapshots and of other lengths: rings, both maps of answers and their
    difference in view."""
    from devtools.made_up_run import run_like
    from grokviz.view.export import offline_html
    from grokviz.view.frames import timeline_blob

    one, other = (timeline_blob(*run_like(n=n)) for n in ((50, 25_000), 150))
    path = Path(tempfile.mkdtemp()) / "two.html"
    path.write_text(offline_html(one, "two runs", beside=[other], panels=("rings", "answers")), "utf-8")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(path.resolve().as_uri())
    place = page.locator("[data-panel=difference]")
    place.wait_for(state="attached")
    place.evaluate("e => e.scrollIntoView({ block: 'end' })")
    play, dragged, latency = played_and_dragged(page)
    return [
        Row("two runs of 50 and 150 snapshots, play", f"{play:.1f} fps", "55 fps"),
        Row("two runs, drag, input to redraw", f"{dragged:.1f} fps, {latency:.1f} ms", "40 fps"),
    ]


def rows() -> list[Row]:
    path, found = made_up_page()
    with launch() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(path.resolve().as_uri())
        page.wait_for_selector(".gv-grid canvas")
        play, dragged, latency = played_and_dragged(page)
        found += [
            Row("play", f"{play:.1f} fps", "55 fps"),
            Row("drag with a real mouse", f"{dragged:.1f} fps", "40 fps"),
            Row("input to redraw, median", f"{latency:.1f} ms", "20 ms"),
            *two_runs(browser),
            *over_the_wire(browser),
            *pages_of_the_app(browser),
        ]
    return found
