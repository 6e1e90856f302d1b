"""The colours and dashes of the house, one file for the film and the charts: `film/palette.json`."""

import functools
import json
from pathlib import Path

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


NAMED = ("train", "test", "restricted", "excluded")
