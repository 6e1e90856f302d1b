"""Maps of outcomes in a browser: what is chosen on one is seen at once, on all of the page, and stands in the address."""

import dataclasses

import pytest

from devtools import browser, own_map, server
from grokviz.sweeps import outcomes
from grokviz.sweeps.bundled import OFFERS, bundled
from grokviz.sweeps.outcomes import Outcome
from grokviz.sweeps.rules import FATES, RULES
from tests.rates import measured

pytestmark = pytest.mark.browser

OWN = OFFERS["share"].sweep(31)
LATER = Outcome(0, OWN.cell(0), 0, 50, 700, 60, 900, 0.02, 900, 1e-6, 0.01, 1.0, 0.995)
MAPS = """[...document.querySelectorAll('*')].map((element) => element.shadowRoot?.querySelector('.pic-outcomes'))
    .filter(Boolean)"""
LETTERS = f"""() => {MAPS}.map((map) => [...map.querySelectorAll('.pic-cell-letter')].map((cell) => cell.textContent).join(''))"""
PRESS = f"""([map, button]) => {{
    [...{MAPS}[map].querySelectorAll('button')].find((one) => one.textContent.includes(button)).click();
    return ({LETTERS})();
}}"""  # in one task of the browser: no server can have answered


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page with two maps: the bundled one, and one of a visitor's own of which half has grokked."""
    root = measured(tmp_path_factory.mktemp("runs"))
    half = [dataclasses.replace(LATER, run=run, cell=OWN.cell(run)) for run in range(0, len(OWN), 2)]
    own_map.finished(root, OWN, half)
    with server.serving("app.py", GROKVIZ_RUNS=str(root)) as at, browser.launch() as launched:
        found = launched.new_page(viewport={"width": 1280, "height": 1600})
        found.goto(f"{at}/map")
        found.wait_for_function(f"{MAPS}.length === 2")
        browser.settled(found)
        yield found


def letters_of(rule):
    """Of the bundled map, row by row, from its table: of each cell the seed in the middle."""
    (folder,) = [folder for name, folder in bundled().items() if name == next(iter(bundled()))]
    found = outcomes.read(folder)
    order = "".join(fate.letter for fate in FATES)

    def late(o):
        letter, (train, test) = RULES[rule].judge(o).letter, RULES[rule].times(o)
        return order.index(letter), test or train or 1e9

    cells = [sorted(found[run : run + 3], key=late)[1] for run in range(0, len(found), 3)]
    return "".join(
        RULES[rule].judge(cells[6 * column + row]).letter for row in range(6) for column in range(8)
    )


def test_a_rule_colours_both_maps_at_once_and_goes_into_the_address(page):
    assert page.evaluate(LETTERS) == [letters_of("ratio"), "G" * 15]
    page.evaluate(f"() => {MAPS}.forEach((map) => {{ map.known = true; }})")
    assert page.evaluate(PRESS, [0, "1,000 steps later"]) == [letters_of("published"), "C" * 15]
    page.wait_for_url("**rule=published**")
    browser.settled(page)
    assert page.evaluate(f"() => {MAPS}.map((map) => map.known)") == [True, True]  # nothing was built anew
    assert page.evaluate(PRESS, [1, "Four times as late"]) == [letters_of("ratio"), "G" * 15]
    page.wait_for_url("**rule=ratio**")  # from a map that stands in a fragment


def test_what_is_filtered_stands_out_and_is_counted(page):
    bright = f"() => {MAPS}[0].querySelectorAll('.pic-cell:not(.pic-faded)').length"
    found = [RULES["ratio"].judge(o).letter for o in outcomes.read(next(iter(bundled().values())))]
    page.evaluate(PRESS, [0, "◆ grokking"])
    assert page.evaluate(bright) == sum("G" in found[run : run + 3] for run in range(0, len(found), 3))
    assert page.get_by_role("button", name=f"{found.count('G')} of 144 runs").count() == 1
    page.wait_for_url("**only=grokking**")
    page.evaluate(PRESS, [0, "◆ grokking"])
    assert page.evaluate(bright) == 48
    page.wait_for_function("!location.search.includes('only')")


def test_a_chosen_cell_is_told_and_keeps_the_focus(page):
    cell = page.locator(".pic-cell").nth(10)
    cell.click()
    page.wait_for_url("**cell=**")
    browser.settled(page)
    assert cell.get_attribute("aria-pressed") == "true"
    assert cell.evaluate("element => element.getRootNode().activeElement === element")
    assert page.get_by_role("button", name="Train this one").count() == 1


def test_a_kept_run_is_scrubbed_where_its_cell_was_pressed(page):
    cell = page.locator(".pic-kept").first
    cell.click()
    page.wait_for_function(
        "globalThis.grokvizScrubbers?.active && !globalThis.grokvizScrubbers.active.busy()"
    )
    browser.settled(page)
    place = page.locator(".gv-strip-figure").bounding_box()
    told = page.locator(".gv-step").first

    def at(share):
        page.mouse.click(place["x"] + share * place["width"], place["y"] + place["height"] / 2)
        page.wait_for_timeout(400)
        return told.inner_text()

    assert at(0.2) != at(0.8)
    browser.settled(page)
    assert cell.get_attribute("aria-pressed") == "true"  # the map stays as it was
