"""The static site from a plain server of files, in headless Chromium: what its first picture costs over a line of 10
Mbit/s with nothing cached, and the film under the hand on its pages."""

import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from bench.scrubber import drag, frames_during
from bench.table import Row
from devtools.browser import launch
from devtools.server import files
from grokviz.app.freeze.site import freeze
from grokviz.runs import library
from grokviz.runs.catalog import list_runs

LINE = {"offline": False, "downloadThroughput": 10e6 / 8, "uploadThroughput": 10e6 / 8, "latency": 40}
FILMS = {"index.html": "the story", "timeline.html": "the timeline", "measures.html": "the measures"}
FILMS |= {"follow.html": "Follow", "cut.html": "Cut"}
# Largest contentful paint, as browsers tell it; and when the curves stand on their canvas.
WATCH = """
new PerformanceObserver((list) => { for (const entry of list.getEntries()) globalThis.largest = entry.startTime; })
  .observe({ type: "largest-contentful-paint", buffered: true });
(function look() {
  if (globalThis.grokvizScrubbers?.active?.stats?.frames > 0) globalThis.filmed = performance.now();
  else requestAnimationFrame(look);
})();
"""


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, launch() as browser:
        out = Path(folder) / "site"
        size = freeze(out, [card.id for card in list_runs(library.BUNDLED)], "GrokViz")
        with files(out) as address:
            found = [Row("the site with the bundled runs", f"{size / 1e6:.1f} MB")]
            return found + first_picture(browser, address) + under_the_hand(browser, address)


def first_picture(browser: Browser, address: str) -> list[Row]:
    page, received = browser.new_page(viewport={"width": 1280, "height": 720}), []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", LINE)
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    page.add_init_script(WATCH)
    page.goto(f"{address}/index.html")
    page.wait_for_function("globalThis.filmed && globalThis.largest")
    page.wait_for_timeout(1500)
    largest, filmed = page.evaluate("[globalThis.largest, globalThis.filmed]")
    page.close()
    return [
        Row(
            "its first page over 10 Mbit/s, nothing cached: largest contentful paint",
            f"{largest:.0f} ms",
            "2 s",
        ),
        Row("until the film is drawn", f"{filmed:.0f} ms", "2 s"),
        Row(
            "bytes of the first screen, as this server sends them", f"{sum(received) / 1e6:.2f} MB", "1.5 MB"
        ),
    ]


def under_the_hand(browser: Browser, address: str) -> list[Row]:
    found = []
    for file, name in FILMS.items():
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/{file}")
        page.wait_for_function("globalThis.grokvizScrubbers?.active?.stats?.frames > 0")
        page.wait_for_timeout(1500)
        fps, latency = drag(page, 4)
        found.append(
            Row(f"drag on {name} of the site, input to redraw", f"{fps:.1f} fps, {latency:.1f} ms", "55 fps")
        )
        page.close()
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{address}/timeline.html")
    page.wait_for_function("globalThis.grokvizScrubbers?.active?.stats?.frames > 0")
    page.keyboard.press("Home")
    page.wait_for_timeout(1000)
    page.keyboard.press("Space")
    found.append(Row("play on the timeline of the site", f"{frames_during(page, 3):.1f} fps", "60 fps"))
    page.close()
    return found
