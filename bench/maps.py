"""A map of a thousand outcomes: read, drawn, and drawn again by another rule, seen from the browser."""

import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.table import Row, medians, milliseconds
from devtools import browser, own_map, server
from grokviz.forecast.presets import preset
from grokviz.sweeps import outcomes
from grokviz.sweeps.grid import Sweep
from grokviz.sweeps.outcomes import Curve, Outcome
from grokviz.sweeps.rules import RULES
from grokviz.view.film import assets
from grokviz.view.film.component import PICTURES
from grokviz.view.pictures import Words
from grokviz.view.pictures import outcomes as picture
from grokviz.view.pictures.outcomes import Choice

if TYPE_CHECKING:
    from playwright.sync_api import Page

SHARES, DECAYS = (
    tuple(round(0.1 + 0.02 * i, 2) for i in range(25)),
    tuple(round(0.25 * i, 2) for i in range(20)),
)
SWEEP = Sweep(preset("fast", 59), (("frac_train", SHARES), ("weight_decay", DECAYS)), (0, 1))
CURVE = Curve(tuple(range(40)), (0.5,) * 40, (1.5,) * 40)
CHOICE = Choice(RULES["ratio"])
GOAL = "300 ms"

# The page has several maps, each in a shadow root of its own: this is the one of the bench, by the number of its cells.
FIND = """(cells) => [...document.querySelectorAll('*')].map((element) => element.shadowRoot?.querySelector('.pic'))
    .find((picture) => picture?.querySelectorAll('.pic-cell').length === cells)"""
# From the press of a button until the cells are painted. `told` says what has to be another afterwards.
PRESS = """async ([cells, button, told]) => {
    const picture = (FIND)(cells), seen = () => [...picture.querySelectorAll('.pic-cell')].map((cell) => cell[told]).join();
    const before = seen(), begin = performance.now();
    [...picture.querySelectorAll(button)].find((one) => one.ariaPressed === 'false').click();
    if (seen() === before) throw new Error('the map is as it was');
    await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)));
    return performance.now() - begin;
}""".replace("FIND", FIND)
# The picture once more, from its data, on a page of its own.
BUILD = """(data) => {
    const parent = document.createElement('div'), begin = performance.now();
    parent.innerHTML = '<div class="pic"></div>';
    document.body.replaceChildren(parent);
    mount({ data, parentElement: parent, setTriggerValue: () => {} });
    parent.getBoundingClientRect();
    return performance.now() - begin;
}"""


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        home = own_map.finished(Path(folder), SWEEP, map(_outcome, range(len(SWEEP))))
        found = outcomes.read(home)
        data = picture.data_of(SWEEP, found, CHOICE, Words("", ""))
        read, made = medians(
            lambda: outcomes.read(home),
            lambda: picture.data_of(SWEEP, found, CHOICE, Words("", "")),
            repeats=7,
        )
        told = [
            Row(f"{len(found):,} outcomes read from their table, once after each change", milliseconds(read)),
            Row(f"{len(found):,} outcomes judged by both rules and put into cells", milliseconds(made), GOAL),
        ]
        if browser.lacking():
            return told
        with server.serving("app.py", GROKVIZ_RUNS=folder) as at, browser.launch() as launched:
            page = launched.new_page(viewport={"width": 1280, "height": 900})
            return [*told, _built(page, data), *_pressed(page, at)]


def _built(page: "Page", data: dict) -> Row:
    page.set_content("<!doctype html><body></body>")
    page.add_style_tag(content=(PICTURES / "style.css").read_text("utf-8"))
    page.add_script_tag(content=assets.bundle(PICTURES / "js/mount.js"))
    times = sorted(page.evaluate(BUILD, data) for _ in range(7))
    return Row(f"{len(SWEEP):,} outcomes built and laid out in the browser", f"{times[3]:.0f} ms", GOAL)


def _pressed(page: "Page", at: str) -> list[Row]:
    cells = len(SWEEP.cells)
    page.goto(f"{at}/map")
    page.wait_for_function(FIND, arg=cells, timeout=60_000)
    page.wait_for_timeout(3_000)

    def median(button: str, told: str) -> str:
        times = []
        for _ in range(7):
            times.append(page.evaluate(PRESS, [cells, button, told]))
            page.wait_for_timeout(1_500)  # until the server has heard
        return f"{statistics.median(times):.0f} ms"

    return [
        Row(f"{len(SWEEP):,} outcomes by the other rule, from the press to the picture", median(".pic-switch button", "ariaLabel"), GOAL),
        Row(f"{len(SWEEP):,} outcomes filtered by what became of them, likewise", median(".pic-fate-button", "className"), GOAL),
    ]  # fmt: skip


def _outcome(run: int) -> Outcome:
    """One that the two rules call by different names; in every other cell, one that only memorised."""
    knows = run // len(SWEEP.seeds) % 2 == 0
    return Outcome(
        run, SWEEP.cell(run), SWEEP.seed(run), 50, 700 if knows else None, 60, 900 if knows else None, 0.02, 900, 1e-6,
        0.01, 1.0, 0.995, curve=CURVE,
    )  # fmt: skip
