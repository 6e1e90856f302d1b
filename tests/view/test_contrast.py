"""Every colour that something is told by can be told apart from what it stands on: WCAG 2.2, AA, in both themes."""

import itertools
import tomllib

import pytest

from devtools import ROOT
from grokviz.app.shell import ICON, LOGO_COLOUR
from grokviz.view.palette import palette, quiet, series_colours, series_dashes

TEXT, MARK = 4.5, 3.0  # of small text, and of what has to be seen
THEME = tomllib.loads((ROOT / ".streamlit/config.toml").read_text("utf-8"))["theme"]
MODES = ("light", "dark")
CAPTION = 0.6  # of the colour of text: what Streamlit writes captions in
MUTED = {"light": 0.66, "dark": 0.70}  # and the film its axes: js/kit/theme.js


def channels(colour):
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def mixed(colour, paper, share):
    return [a * share + b * (1 - share) for a, b in zip(channels(colour), channels(paper), strict=True)]


def luminance(rgb):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in rgb)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    one, other = (channels(colour) if isinstance(colour, str) else colour for colour in (one, other))
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(
        4.48, abs=0.005
    )  # the well-known grey that just fails


@pytest.mark.parametrize("mode", MODES)
def test_the_name_of_the_product_is_legible_in_both_themes(mode):
    assert contrast(LOGO_COLOUR, THEME[mode]["backgroundColor"]) >= MARK
    assert LOGO_COLOUR in ICON.read_text("utf-8")  # the colour of the sign


def papers(mode):
    """What text stands on: the page, what is set off from it, and the tints of the phases."""
    theme = THEME[mode]
    return [theme["backgroundColor"], theme["secondaryBackgroundColor"], *tints(mode)]


def tints(mode):
    return [shades[mode] for shades in palette()["phases"].values()]


@pytest.mark.parametrize("mode", MODES)
def test_text_captions_and_links_can_be_read(mode):
    theme = THEME[mode]
    page, aside = theme["backgroundColor"], theme["secondaryBackgroundColor"]
    for paper in papers(mode):
        assert contrast(theme["textColor"], paper) >= TEXT
    for paper in (page, aside):
        assert contrast(mixed(theme["textColor"], paper, CAPTION), paper) >= TEXT
        assert contrast(theme["linkColor"], paper) >= TEXT
        assert contrast(mixed(theme["textColor"], paper, MUTED[mode]), paper) >= TEXT
        assert contrast(theme["primaryColor"], paper) >= MARK  # the ring round what has the focus
    assert contrast("#FFFFFF", theme["primaryColor"]) >= TEXT  # the word on a button


@pytest.mark.parametrize("mode", MODES)
def test_curves_and_their_names_can_be_seen(mode):
    page, dark = THEME[mode]["backgroundColor"], mode == "dark"
    for paper in (page, *tints(mode)):
        for name, colour in series_colours(dark, text=True).items():
            assert contrast(colour, paper) >= TEXT, (name, paper)
        assert contrast(quiet(dark), paper) >= TEXT
    for name, style in palette()["series"].items():
        assert contrast(style[mode], page) >= MARK or style["dash"], name
        assert contrast(style[f"{mode}Text"], page) >= TEXT, name
    for colour in palette()["frequencies"][mode]:
        assert contrast(colour, page) >= TEXT, colour  # they are written in, too


@pytest.mark.parametrize("mode", MODES)
def test_what_stands_in_a_cell_of_a_map_can_be_read(mode):
    for name, shades in palette()["fates"].items():
        assert contrast(THEME[mode]["textColor"], shades[mode]) >= TEXT, name


def test_no_two_curves_look_alike():
    dashes = [tuple(dash) for dash in series_dashes().values()]
    assert len(set(dashes)) == len(dashes)
    for mode in MODES:
        frequencies = palette()["frequencies"][mode]
        assert len(set(frequencies)) == len(frequencies)
        named = {*series_colours(mode == "dark").values()}
        assert not named & {*frequencies}, "a frequency in the colour of a loss"
        for one, other in itertools.combinations(named, 2):
            assert one != other
