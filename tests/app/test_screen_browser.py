"""What a visitor sees first: one screen that holds the story, and does not move but under the hand."""

from typing import Literal

import pytest

from devtools.browser import FILM, GOOD_SHIFT, SETTLED, SHIFTS, launch

STEP = "globalThis.grokvizScrubbers.active.step()"
Motion = Literal["reduce", "no-preference"]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def open_page(bundled_server):
    with launch() as browser:
        visitor = browser.new_context()

        def open_at(path="", width=1280, height=720, motion: Motion = "reduce"):
            page = visitor.new_page()
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(reduced_motion=motion)
            page.set_default_timeout(60_000)
            page.add_init_script(SHIFTS)
            page.goto(f"{bundled_server}/{path}")
            page.wait_for_selector(FILM, state="attached")
            page.wait_for_function(SETTLED)
            page.wait_for_timeout(500)
            return page

        yield open_at


@pytest.fixture(scope="module")
def story(open_page):
    return open_page()


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1366, 768)])
def test_strip_rings_map_and_moments_are_on_the_first_screen(story, width, height):
    story.set_viewport_size({"width": width, "height": height})
    story.wait_for_timeout(300)
    for part in (
        "h1",
        ".gv-moments",
        ".gv-strip-figure",
        ".gv-controls",
        "[data-panel=rings] canvas >> nth=0",
        "[data-panel=answers] canvas >> nth=0",
    ):
        box = story.locator(part).bounding_box()
        assert box["y"] >= 0, part
        assert box["y"] + box["height"] <= height, part


def test_the_tour_moves_the_film_and_nothing_else(story):
    parts = (".gv-strip-figure", "[data-panel=rings]", "[data-panel=answers]", ".gv-moments")
    at_rest = [story.locator(part).bounding_box() for part in parts]
    seen = set()
    for button in story.locator(".gv-moment").all():
        button.click()
        story.wait_for_timeout(300)
        assert button.get_attribute("aria-pressed") == "true"
        assert [story.locator(part).bounding_box() for part in parts] == at_rest
        seen.add(story.evaluate(STEP))
    assert len(seen) == 5


def test_a_word_opens_its_meaning_where_it_stands(story):
    story.get_by_role("link", name="loss", exact=True).first.click()
    story.get_by_text("How surprised the network is by the right answer").wait_for()
    assert "glossary" not in story.url
    story.keyboard.press("Escape")
    story.get_by_text("How surprised the network is by the right answer").wait_for(state="hidden")


def test_it_plays_once_by_itself_until_it_is_touched(open_page):
    page = open_page(motion="no-preference")
    page.wait_for_function("globalThis.grokvizScrubbers.active.playing", timeout=10_000)
    page.mouse.click(5, 400)
    page.wait_for_function("!globalThis.grokvizScrubbers.active.playing")
    still = open_page("?step=0", motion="no-preference")
    still.wait_for_timeout(2_500)
    assert still.evaluate(STEP) == 0


def test_embedded_there_are_the_figures_alone(open_page):
    page = open_page("timeline?embed=true&panels=rings")
    assert page.locator("[data-panel]").count() == 1
    assert page.locator("h1").count() == 0
    assert page.get_by_test_id("stTopNavSection").count() == 0
    assert page.get_by_text("on the way through").count() == 0
    assert page.locator(".gv-strip-figure").bounding_box()["y"] < 120


def test_the_old_address_of_the_story_works(open_page):
    page = open_page("story")
    assert page.locator("h1").inner_text().startswith("It learns by heart")
    assert page.get_by_text("Page not found").count() == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["map", "race", "elsewhere", "ungrok", "groups"])
def test_on_a_phone_a_page_keeps_room_for_what_comes_late(open_page, name):
    """On a wide screen: test_every_page_browser.py."""
    assert open_page(name, 390, 844).evaluate("globalThis.shifted") < GOOD_SHIFT
