"""The page “It happens elsewhere” in a browser: its figures hear the keys of the film, and stand alone in one file."""

import pytest

from devtools import browser
from grokviz.app.elsewhere import asked, figures, runs
from grokviz.runs import library
from grokviz.view.elsewhere import offline

pytestmark = pytest.mark.browser
STEP = "globalThis.grokvizStep.step"


@pytest.fixture
def page():
    with browser.launch() as chromium:
        opened = chromium.new_page(viewport={"width": 1000, "height": 900})
        faults: list[str] = []
        opened.on("pageerror", lambda error: faults.append(str(error)))
        yield opened
        assert faults == []
        opened.close()


def moves_by_keys(page, last):
    page.locator("h1").first.click()
    page.keyboard.press("Home")
    assert page.evaluate(STEP) == 0
    page.keyboard.press("ArrowRight")
    first = page.evaluate(STEP)
    assert 0 < first < last / 50
    page.keyboard.press("End")
    assert page.evaluate(STEP) == last
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    page.wait_for_function(f"{STEP} > {last // 50}")
    page.keyboard.press("Space")
    rests = page.evaluate(STEP)
    page.wait_for_timeout(300)
    assert page.evaluate(STEP) == rests < last
    return rests


def test_the_keys_of_the_film_move_its_figures_and_write_in_its_fields(page, bundled_server):
    page.goto(f"{bundled_server}/elsewhere")
    browser.settled(page)
    page.wait_for_selector(".els-bar")
    rests = moves_by_keys(page, int(page.locator(".els-bar").get_attribute("max")))
    field = page.get_by_label("First number")
    field.click()
    page.keyboard.press("End")
    page.keyboard.press("Space")
    assert field.input_value() == f"{asked.SUM[0]} "
    assert page.evaluate(STEP) == rests


def test_the_file_that_is_taken_home_plays_without_a_server(page, tmp_path):
    handle = runs.bundled("repeats")
    assert handle
    viewed = handle, runs.opened(handle)
    question = asked.text(viewed[1].config, asked.TEXT)
    path = tmp_path / "repeats.html"
    path.write_text(
        offline.offline_html(figures.of_run(viewed, question, 0), "Repeats", "They come again."), "utf-8"
    )
    page.goto(path.as_uri())
    page.wait_for_selector(".els-bar")
    assert page.locator(".els-place canvas").count() == 4  # losses, what the heads do, and two maps
    moves_by_keys(page, viewed[1].last_step)
    assert library.sequences() in viewed[1].path.parents
