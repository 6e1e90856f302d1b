"""The hand never leaves the picture: under a held mouse every figure of a page follows, and the strip stays in sight."""

import pytest

from grokviz.runs.folder import open_run
from tests.app import test_browser

pytestmark = pytest.mark.browser

page = test_browser.page  # its fixture
ROOM = 120 + 60  # pixels of the slim strip, and of the page's own header above it
MAIN = "document.querySelector('[data-testid=stMain]')"


def opened(page, url):
    page.goto(url)
    page.wait_for_selector(".gv-strip-figure canvas")
    page.wait_for_selector("[data-panel]", state="attached")
    page.wait_for_function("!globalThis.grokvizScrubbers.active.busy()")


def scrolled_to(page, panel):
    """The panel below the strip."""
    page.locator(f"[data-panel={panel}]").evaluate("e => e.scrollIntoView({ block: 'start' })")
    page.wait_for_selector(f"[data-panel={panel}] .gv-caption:not(:empty)")
    page.wait_for_timeout(200)


def picture(page, panel):
    return page.locator(f"[data-panel={panel}] canvas").last.evaluate("c => c.toDataURL()")


def figures_follow(page, panel, to=0.12):
    """Press on the strip, move and look before letting go: picture and sentence have changed."""
    scrolled_to(page, panel)
    strip = page.locator(".gv-stage").bounding_box()
    assert 0 < strip["y"] + strip["height"] <= ROOM + 1, "the strip is out of sight, or more than a slim bar"
    figure = page.locator(".gv-strip-figure").bounding_box()
    y = strip["y"] + strip["height"] - 70
    page.mouse.move(figure["x"] + figure["width"] * 0.85, y)
    page.mouse.down()
    page.wait_for_timeout(300)
    late = picture(page, panel), page.locator(f"[data-panel={panel}] .gv-caption").inner_text()
    page.mouse.move(figure["x"] + figure["width"] * to, y, steps=5)
    page.wait_for_timeout(300)
    early = picture(page, panel), page.locator(f"[data-panel={panel}] .gv-caption").inner_text()
    page.mouse.up()
    assert late[0] != early[0], f"{panel} does not follow the hand"
    assert late[1] != early[1], f"the sentence of {panel} does not follow the hand"
    page.wait_for_function("!globalThis.grokvizScrubbers.active.busy()")


def test_beside_the_text_below_a_film_its_strip_stays_and_nothing_jumps(tiny_server, page, trained):
    steps = open_run(trained / "tiny-groks").steps.tolist()
    opened(page, f"{tiny_server}/story?run=tiny-groks&step={steps[-1]}")
    place = f"e => e.getBoundingClientRect().top + {MAIN}.scrollTop"
    heading = page.get_by_role("heading", name="Three phases")
    before = heading.evaluate(place)
    scrolled_to(page, "race")
    assert page.locator(".gv-held .gv-stage").bounding_box()["width"] > 1000, "as wide as the page"
    assert heading.evaluate(place) == pytest.approx(before, abs=1)
    figures_follow(page, "race", to=0.04)  # the winners of this run are ahead soon
    page.evaluate(f"{MAIN}.scrollTo(0, 0)")
    page.wait_for_selector(".gv:not(.gv-held) .gv-stage")
    assert heading.evaluate(place) == pytest.approx(before, abs=1)


def test_measures_move_under_the_hand(tiny_server, page, trained):
    steps = open_run(trained / "tiny-groks").steps.tolist()
    opened(page, f"{tiny_server}/measures?run=tiny-groks&step={steps[-1]}")
    for panel in ("restricted_loss_test", "gini_W_E", "frac_neurons_over_085"):
        figures_follow(page, panel)
    scrolled_to(page, "gini_W_E")
    box = page.locator("[data-panel=gini_W_E] .gv-panel-figure").bounding_box()
    page.mouse.click(box["x"] + 60, box["y"] + 80)  # a figure is a handle itself
    page.wait_for_function("globalThis.grokvizScrubbers.active.index() < 3")


def test_a_pair_moves_through_all_its_stages_under_the_hand(tiny_server, page, trained):
    steps = open_run(trained / "tiny-groks").steps.tolist()
    opened(page, f"{tiny_server}/follow?run=tiny-groks&step={steps[-1]}&a=7&b=11")
    inside = "[...globalThis.grokvizScrubbers.parts].find(([name]) => name.endsWith('/inside'))?.[1].header"
    page.wait_for_function(f"{inside}?.waits === false")  # all snapshots have come
    for panel in ("asked", "answer", "angles", "heads", "sums", "waves"):
        figures_follow(page, panel)


def test_what_a_cut_costs_moves_under_the_hand(tiny_server, page, trained):
    steps = open_run(trained / "tiny-groks").steps.tolist()
    opened(page, f"{tiny_server}/cut?run=tiny-groks&step={steps[-1]}&a=7&b=11")
    cut = "[...globalThis.grokvizScrubbers.parts].find(([name]) => name.endsWith('/cut'))?.[1].header"
    page.wait_for_function(f"{cut}?.waits === false")  # all snapshots have come
    for panel in ("damage", "cost", "answer", "waves"):
        figures_follow(page, panel)


def test_what_is_scrolled_to_stands_below_the_bar(tiny_server, page):
    opened(page, f"{tiny_server}/measures?run=tiny-groks")
    for name in ("Distance irrelevance", "Restricted loss", "Margins of the training pairs"):
        page.get_by_role("link", name=name, exact=True).click()
        heading = page.locator(f"[id='{page.url.partition('#')[2]}']")
        page.wait_for_timeout(600)
        bar, box = page.locator(".gv-stage").bounding_box(), heading.bounding_box()
        assert bar["y"] + bar["height"] <= box["y"] + 1 < page.viewport_size["height"], name
        page.evaluate(f"{MAIN}.scrollTo(0, 0)")
