"""The colours and dashes of the house, one file for the film and the charts: `film/palette.json`."""

import functools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T", int, str)

FILE = Path(__file__).parent / "film" / "palette.json"


@functools.cache
def palette() -> dict:
    """Colours of series, phases and key frequencies, light and dark, and dashes of series."""
    return json.loads(FILE.read_text("utf-8"))


def series_colours(dark: bool = False, text: bool = False) -> dict[str, str]:
    """Name of a series -> its colour: Okabe-Ito, lightened for the dark theme; `text` has contrast AA."""
    shade = ("dark" if dark else "light") + ("Text" if text else "")
    return {name: style[shade] for name, style in palette()["series"].items() if name in NAMED}


def series_dashes() -> dict[str, list[int]]:
    """Name of a series -> its dashes, the second channel beside colour."""
    return {name: style["dash"] or [1, 0] for name, style in palette()["series"].items() if name in NAMED}


def quiet(dark: bool = False) -> str:
    """The colour of words in a chart that are no name of a curve: with contrast AA, and no other meaning."""
    return palette()["quiet"]["dark" if dark else "light"]


def frequency_colours(freqs: Iterable[T], dark: bool = False) -> dict[T, str]:
    """Each key frequency, by number or name -> its colour, the same in the film and in every chart."""
    colours = palette()["frequencies"]["dark" if dark else "light"]
    return {k: colours[i % len(colours)] for i, k in enumerate(freqs)}


NAMED = ("train", "test", "restricted", "excluded")
