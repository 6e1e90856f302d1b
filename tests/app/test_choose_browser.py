"""A press in a figure of the film draws what it is on alone, and the lists say so."""

import pytest

from devtools.browser import settled
from tests.app import test_browser

pytestmark = pytest.mark.browser

page = test_browser.page  # its fixture
FREQS = "[...globalThis.grokvizScrubbers.parts.values()].findLast(({ header }) => header.part === 'chosen')?.header.freqs.join()"


def test_a_press_on_a_bar_draws_the_ring_of_that_frequency(page, tiny_server):
    page.goto(f"{tiny_server}/timeline?run=tiny-groks")
    bars = page.locator("[data-panel=embedding] canvas").nth(1)
    page.wait_for_selector("[data-panel=embedding]:not(.gv-empty)")
    settled(page)
    bars.scroll_into_view_if_needed()
    box = bars.bounding_box()

    def press_on(k: int) -> None:
        bars.click(position={"x": 4 + (box["width"] - 8) * (k - 0.5) / 6, "y": 0.6 * box["height"]})

    press_on(4)
    page.wait_for_function(f"{FREQS} === '4'")
    assert "freqs=4" in page.url
    press_on(4)
    page.wait_for_function(f"{FREQS} === ''")
    settled(page)
    assert "freqs" not in page.url
