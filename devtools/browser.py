"""A headless browser, for tests, benchmarks and the check of the Space."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def lacking() -> str | None:
    """What a browser needs and is not on this machine; None where one can be launched."""
    if importlib.util.find_spec("playwright") is None:
        return "playwright"
    return None if CHROMIUM.exists() else str(CHROMIUM)


@contextmanager
def launch() -> "Iterator[Browser]":
    """A Chromium, closed afterwards. Raises `ImportError` where there is no playwright: see `lacking`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def choose(page: "Page", title: str) -> None:
    """Go to the page of this title by the menu above it."""
    from grokviz.app import menu

    section = next(entry.section for entry in menu.entries() if entry.title == title)
    page.get_by_test_id("stTopNavSection").filter(has_text=section).click()
    page.get_by_test_id("stTopNavDropdownLink").filter(has_text=title).click()
