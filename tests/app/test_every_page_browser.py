"""Every page in a browser: it loads without moving, asks no other host, on a phone nothing goes on beyond its edge, and
axe-core, the checker that the web's accessibility tools share, finds nothing serious and nothing critical in either theme.
In the dark one only the rules of colour are asked again: the page is the same.

axe-core is a development dependency of package.json: `npm ci` once.
"""

import re

import pytest

from devtools.browser import AXE, FILM, GOOD_SHIFT, SHIFTS, cut_off, grave_faults, launch, settled
from grokviz.app import menu

PAPER = "getComputedStyle(document.querySelector('.stApp')).backgroundColor"
HERE = re.compile(r"(https?|wss?)://127\.0\.0\.1[:/]|data:|blob:")
FILMS = {"story", "timeline", "measures", "circuit", "follow", "cut"}
LATE = FILMS | {
    "map",
    "race",
    "elsewhere",
    "ungrok",
    "groups",
}  # pictures come after the text, to a place kept for them

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def visitor():
    """One for all pages: the browser compiles Streamlit's script once."""
    with launch() as browser:
        yield browser.new_context(
            viewport={"width": 1280, "height": 720}, reduced_motion="reduce", bypass_csp=True
        )


@pytest.mark.parametrize("name", [entry.name for entry in menu.entries()])
def test_it_loads_without_moving_and_has_no_grave_fault(bundled_server, visitor, name):
    asked: list[str] = []
    with visitor.new_page() as page:
        page.set_default_timeout(60_000)
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        page.add_init_script(SHIFTS)
        page.goto(f"{bundled_server}/{'' if name == 'story' else name}")
        page.get_by_role("heading", level=1).wait_for()
        if name in LATE:
            page.wait_for_selector(FILM, state="attached")
        settled(page)
        page.wait_for_timeout(500)
        assert page.evaluate("globalThis.shifted") < GOOD_SHIFT
        if AXE.exists():
            nothing_grave_is_found(page)
        page.set_viewport_size({"width": 390, "height": 844})
        assert cut_off(page) == []
        icon = page.evaluate("document.querySelector('link[rel~=icon]').href")
        assert icon.startswith("data:image/svg+xml;base64,")
    assert [url[:200] for url in asked if not HERE.match(url)] == []
    assert len(asked) > 20
    if not AXE.exists():
        pytest.skip("its faults for those who see or hear otherwise need axe-core: run npm ci")


def nothing_grave_is_found(page):
    assert grave_faults(page) == []
    light = page.evaluate(PAPER)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"light => {PAPER} !== light", arg=light)
    settled(page)
    assert grave_faults(page, of_colour=True) == []
