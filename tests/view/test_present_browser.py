"""The film shown to a room, and on paper."""

import pytest

from devtools.browser import launch
from tests.view.test_film_browser import STEP, offline, settled

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    return offline(tmp_path_factory.mktemp("offline"))


@pytest.fixture
def page(address):
    with launch() as browser:
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.goto(address)
        page.wait_for_selector(".gv-strip-figure canvas")
        yield page


def test_it_fills_the_window_in_large_type_and_esc_leaves(page):
    size = "getComputedStyle(document.querySelector('.gv-step')).fontSize"
    step = page.evaluate(STEP)
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Show to a room").click()
    page.wait_for_selector(".gv-present")
    box = page.locator(".gv").bounding_box()
    assert (box["width"], box["height"]) == (1920, 1080)
    assert page.locator(".gv-panel:visible").count() == 1
    assert page.locator(".gv-step").bounding_box()["height"] > 35, page.evaluate(size)
    assert page.evaluate(
        "document.querySelector('.gv').scrollHeight <= document.querySelector('.gv').clientHeight + 1"
    )
    strip = page.locator(".gv-strip-figure").bounding_box()
    page.mouse.click(strip["x"] + strip["width"] * 0.1, strip["y"] + 100)
    assert settled(page) < step
    before = page.evaluate(STEP)
    page.keyboard.press("PageDown")
    assert settled(page) > before
    first = page.locator(".gv-panel:visible").get_attribute("data-panel")
    page.keyboard.press("p")
    assert page.locator(".gv-panel:visible").get_attribute("data-panel") != first
    page.keyboard.press("Escape")
    page.wait_for_selector(".gv-present", state="detached")
    assert page.locator(".gv").get_attribute("popover") is None
    assert page.locator(".gv-panel:visible").count() > 1


def test_several_runs_fill_it_with_a_row_for_all(page, two_runs):
    page.goto(two_runs)
    page.locator("[data-panel=difference] .gv-caption:not(:empty)").wait_for()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Show to a room").click()
    page.keyboard.press("p")  # from the curves to the map of the answers
    page.wait_for_timeout(300)
    boxes = [page.locator("[data-panel]:visible .gv-panel-figure").nth(i).bounding_box() for i in range(3)]
    assert len({round(box["y"]) for box in boxes}) == 1  # A, B and their difference
    assert max(box["y"] + box["height"] for box in boxes) < 1080
    assert page.locator("[data-panel]:visible").count() == 3
    page.keyboard.press("Escape")
    page.wait_for_selector(".gv-present", state="detached")


def test_on_paper_every_panel_is_drawn(page, address):
    page.set_viewport_size({"width": 700, "height": 400})
    page.goto(address)
    page.wait_for_timeout(300)
    inked = """() => [...document.querySelectorAll('.gv-panel')].filter((panel) => {
        const c = panel.querySelectorAll('canvas')[1];
        return c.width && c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v > 0);
    }).length"""
    count = page.locator(".gv-panel").count()
    assert page.evaluate(inked) < count
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(inked) == count
