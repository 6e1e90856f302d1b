"""The figures of a run on sequences as one HTML file: they move under one bar, without a network, a server or Python."""

import json
from collections.abc import Sequence

from grokviz.view.export import document
from grokviz.view.film.assets import FOLDER, bundle

HOME = FOLDER.parent / "elsewhere"
PLACE = '<div class="els-place"><div class="els">\n</div></div>'
ROOM = ".els-place { margin: 0 0 28px; }"
PLAY = """
const figures = JSON.parse(document.getElementById("figures").textContent);
const show = () => document.querySelectorAll(".els-place").forEach((parentElement, i) => {
  mount({ data: figures[i], parentElement, setTriggerValue() {} });
});
show();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
"""


def offline_html(figures: Sequence[dict], title: str, sentence: str) -> str:
    """A page with what functions of `view/elsewhere` have put together; one of the figures has the bar for the step."""
    safe = json.dumps(figures).replace("<", "\\u003c")  # nothing in it may end the script
    data = f'<script type="application/json" id="figures">{safe}</script>'
    return document(title, sentence, PLACE * len(figures), data, style() + ROOM, script() + PLAY)


def script() -> str:
    """All figures, as one script without its export."""
    return bundle(HOME / "js/mount.js")


def style() -> str:
    """What they look like."""
    return (HOME / "style.css").read_text("utf-8")
