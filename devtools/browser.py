"""A headless browser, for tests, benchmarks and the check of the Space."""

import importlib.util
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

from devtools import ROOT

Fault = TypeVar("Fault")
# Both are packages of Debian's. The first has no windows, and a page costs it two thirds of the work.
CHROMIUMS = [Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium")]
CHROMIUM = next(filter(Path.exists, CHROMIUMS), CHROMIUMS[-1])
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
SETTLED = """document.querySelector('.stApp')?.dataset.testScriptState === 'notRunning'
    && document.querySelector('[data-stale=true]') === null"""
AXE = ROOT / "node_modules/axe-core/axe.min.js"  # a development dependency of package.json: `npm ci` once
COLOUR_RULES = """axe.getRules(["cat.color"]).filter(({ tags }) => !tags.includes("wcag2aaa"))
    .map((rule) => rule.ruleId)"""
# How much of the page has moved without anybody's hand, as the web measures it. Of the first layout, in which the page
# becomes wide and is empty yet, the amount depends on how busy the machine is: that is left out.
SHIFTS = """globalThis.shifted = 0; new PerformanceObserver((list) => {
    for (const { hadRecentInput, sources, value } of list.getEntries())
        if (!hadRecentInput && !sources.some(({ node }) => node?.dataset?.testid === "stMainBlockContainer"))
            globalThis.shifted += value;
}).observe({ type: "layout-shift", buffered: true });"""
GOOD_SHIFT = 0.1  # cumulative; above 0.25 it is poor
# What is wider than the room it has, so that some of it is out of sight: but tables and fields, which can be pushed
# aside, and what is 1 px wide because it is for a screen reader, as the copy is that each formula has.
CUT_OFF = """(() => {
    const main = document.querySelector("[data-testid=stMain]"), mayScroll = "[data-testid=stDataFrame], input, .katex-display";
    const isCut = (e) => e.matches(".katex-html .base") ? e.getBoundingClientRect().right > innerWidth
        : e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 20 && getComputedStyle(e).overflowX !== "visible" && !e.closest(mayScroll);
    return [main, ...main.querySelectorAll("*")].filter(isCut).map((e) => e.outerHTML.slice(0, 200));
})()"""
FILM = "canvas, .els, .pic, svg.marks"  # any picture of a page
ATTEMPTS, PATIENCE = 4, 2_000.0  # to open a list in which something stands; milliseconds for all but the last


def lacking() -> str | None:
    """What a browser needs and is not on this machine; None where one can be launched."""
    if importlib.util.find_spec("playwright") is None:
        return "playwright"
    return None if CHROMIUM.exists() else str(CHROMIUM)


_open: "list[Browser]" = []


@contextmanager
def launch() -> "Iterator[Browser]":
    """A Chromium, closed afterwards. Within another such block it is the same one, and only what was opened in it is closed.

    Raises `ImportError` where there is no playwright: see `lacking`.
    """
    from playwright.sync_api import sync_playwright

    if _open:
        before = set(_open[0].contexts)
        try:
            yield _open[0]
        finally:
            for context in set(_open[0].contexts) - before:
                context.close()
        return
    with sync_playwright() as playwright:
        _open.append(playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS))
        try:
            yield _open[0]
        finally:
            _open.pop().close()


def grave_faults(page: "Page", of_colour: bool = False) -> list[tuple[str, object, str]]:
    """What axe-core finds on this page that is serious or critical: its rule, where, and the element.

    `of_colour` asks those rules alone that another theme may break. What fades in has its colour some seconds later.
    """
    page.evaluate(AXE.read_text("utf-8"))
    only = {"runOnly": page.evaluate(COLOUR_RULES)} if of_colour else {}
    options = {"resultTypes": ["violations"], **only}

    def found() -> list[tuple[str, object, str]]:
        violations = page.evaluate("options => axe.run(document, options)", options)["violations"]
        return [
            (one["id"], node["target"], node["html"][:200])
            for one in violations
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]

    return _that_stays(page, found)


def cut_off(page: "Page") -> list[str]:
    """What goes on beyond the edge of its part of the page, once all is drawn for this window."""
    return _that_stays(page, lambda: page.evaluate(CUT_OFF))


def _that_stays(page: "Page", look: Callable[[], list[Fault]]) -> list[Fault]:
    """What is found wrong at every one of three looks, the last after some seconds: what is being drawn may be for a moment."""
    found = []
    for wait in (300, 1_000, 3_000):
        page.wait_for_timeout(wait)
        if not (found := look()):
            break
    return found


def settled(page: "Page") -> None:
    """Wait until the app computes and sends nothing: what opens now stays open."""
    page.wait_for_function(SETTLED)
    page.wait_for_timeout(250)
    page.wait_for_function(SETTLED)  # a rerun may have begun in between


def choose(page: "Page", title: str) -> None:
    """Go to the page of this title by the menu above it."""
    from grokviz.app import menu

    section = next(entry.section for entry in menu.entries() if entry.title == title)
    link = page.get_by_test_id("stTopNavDropdownLink").filter(has_text=title)
    heading = page.get_by_test_id("stTopNavSection").filter(has_text=section)
    _in_a_list(page, heading.click, lambda patience: link.click(timeout=patience))


def pick(page: "Page", label: "str | re.Pattern[str]", option: object) -> None:
    """Click on one more option of a list of several."""
    typed(page, label, option, lambda found, patience: found.click(timeout=patience))
    # Not by Escape, which would take all back where the list has closed by itself.
    page.evaluate("document.activeElement?.blur()")


def typed(
    page: "Page",
    label: "str | re.Pattern[str]",
    option: object,
    then: "Callable[[Locator, float], None]" = lambda found, patience: found.wait_for(timeout=patience),
) -> "Locator":
    """The field of a list of several, in which this option was typed (a long list is only drawn in part) and stands."""
    box = page.get_by_role("combobox", name=label)

    def type_it() -> None:
        settled(page)
        box.click()
        box.fill(str(option))

    found = page.get_by_role("option", name=str(option), exact=True)
    _in_a_list(page, type_it, lambda patience: then(found, patience))
    return box


def _in_a_list(page: "Page", opened: Callable[[], None], use: Callable[[float], None]) -> None:
    """Use what stands in a list that opens; open it again where a rerun of the page has closed it meanwhile.

    `use` is given the milliseconds to wait. Raises the `TimeoutError` of Playwright at the last attempt.
    """
    from playwright.sync_api import TimeoutError

    for _ in range(ATTEMPTS - 1):
        opened()
        try:
            return use(PATIENCE)
        except TimeoutError:
            page.keyboard.press("Escape")  # whatever is open still is not what was asked for
    opened()
    use(30_000)
