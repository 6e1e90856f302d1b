"""What axe-core, the checker that the web's accessibility tools share, finds on every page, in both themes: nothing
serious and nothing critical. In the dark theme only the rules of colour are asked again: the page is the same.

It is a development dependency of package.json: `npm ci` once."""

import pytest

from devtools.browser import AXE, grave_faults, launch, settled
from grokviz.app import menu

PAPER = "getComputedStyle(document.querySelector('.stApp')).backgroundColor"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not AXE.exists(), reason="needs axe-core: run npm ci"),
]


@pytest.mark.parametrize("name", [entry.name for entry in menu.entries()])
def test_nothing_grave_is_found(bundled_server, name):
    with launch() as browser:
        page = browser.new_context(
            viewport={"width": 1280, "height": 900}, reduced_motion="reduce", bypass_csp=True
        ).new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{bundled_server}/{name}")
        page.get_by_role("heading", level=1).wait_for()
        settled(page)
        assert grave_faults(page) == []
        light = page.evaluate(PAPER)
        page.emulate_media(color_scheme="dark")
        page.wait_for_function(f"light => {PAPER} !== light", arg=light)
        settled(page)
        assert grave_faults(page, of_colour=True) == []
