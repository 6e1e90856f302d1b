"""What axe-core, the checker that the web's accessibility tools share, finds on every page, in both themes: nothing
serious and nothing critical. It is a development dependency of package.json: `npm ci` once."""

from typing import Literal

import pytest

from devtools.browser import AXE, SETTLED, grave_faults, launch
from devtools.server import serving
from grokviz.app import menu

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not AXE.exists(), reason="needs axe-core: run npm ci"),
]


@pytest.fixture(scope="module")
def server():
    with serving() as url:
        yield url


@pytest.fixture(scope="module")
def browser():
    with launch() as browser:
        yield browser


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", [entry.name for entry in menu.entries()])
def test_nothing_grave_is_found(browser, server, name, theme: Literal["light", "dark"]):
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, color_scheme=theme, reduced_motion="reduce", bypass_csp=True
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{server}/{name}")
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_function(SETTLED)
    page.wait_for_timeout(600)  # what fades in has its colour then
    found = grave_faults(page)
    context.close()
    assert found == []
