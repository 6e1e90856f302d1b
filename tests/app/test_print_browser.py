"""On paper every figure is whole: what stands behind its moving part, too."""

import pytest

from tests.app import test_browser

pytestmark = pytest.mark.browser

page = test_browser.page  # its fixture


def test_both_layers_of_every_figure_are_printed(page, tiny_server):
    """Pixels can be laid over each other; strokes would be printed over a white sheet that hides what lies below it."""
    page.goto(f"{tiny_server}/?run=tiny-groks")
    page.wait_for_selector("[data-panel=race]", state="attached")
    page.wait_for_function("!globalThis.grokvizScrubbers.active.busy()")
    layers = page.locator(".gv-panel canvas, .gv-strip-figure canvas").count()
    assert layers > 4
    pictures_and_masks = page.pdf(print_background=True).count(b"/Subtype /Image")
    assert pictures_and_masks >= 2 * layers
