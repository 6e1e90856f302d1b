"""A map of a thousand outcomes: read, drawn, and drawn again by another rule, seen from the browser."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.table import Row, medians, milliseconds
from devtools import browser, server
from grokviz.forecast.presets import preset
from grokviz.jobs import files, sweeping
from grokviz.jobs.files import Job
from grokviz.sweeps import grid, outcomes
from grokviz.sweeps.grid import Sweep
from grokviz.sweeps.outcomes import Curve, Outcome
from grokviz.sweeps.rules import RULES
from grokviz.view.pictures import Words
from grokviz.view.pictures import outcomes as picture

if TYPE_CHECKING:
    from playwright.sync_api import Page

SHARES, DECAYS = (
    tuple(round(0.1 + 0.02 * i, 2) for i in range(25)),
    tuple(round(0.25 * i, 2) for i in range(20)),
)
SWEEP = Sweep(preset("fast", 59), (("frac_train", SHARES), ("weight_decay", DECAYS)), (0, 1))
CURVE = Curve(tuple(range(40)), (0.5,) * 40, (1.5,) * 40)
GOAL = "300 ms"

# The picture stands in a shadow root. From the press of the other rule until its cells say something else, and a frame more.
SWITCH = """async (label) => {
    const roots = () => [...document.querySelectorAll('*')].map((element) => element.shadowRoot).filter(Boolean);
    const letter = () => roots().map((root) => root.querySelector('.pic-cell-letter')).find(Boolean)?.textContent;
    const before = letter(), begin = performance.now();
    [...document.querySelectorAll('button')].find((button) => button.textContent.trim() === label).click();
    while ([before, undefined].includes(letter())) {
        if (performance.now() - begin > 20_000) throw new Error('the map is as it was');
        await new Promise(requestAnimationFrame);
    }
    await new Promise(requestAnimationFrame);
    return performance.now() - begin;
}"""
LAY_OUT = """() => {
    const roots = [...document.querySelectorAll('*')].map((element) => element.shadowRoot).filter(Boolean);
    const picture = roots.map((root) => root.querySelector('.pic')).find(Boolean), begin = performance.now();
    const copy = picture.cloneNode(true);
    picture.parentNode.append(copy);
    copy.getBoundingClientRect();
    const taken = performance.now() - begin;
    copy.remove();
    return taken;
}"""


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        home = sweeping.folder_of(root)
        home.mkdir(parents=True)
        grid.write(home, SWEEP)
        outcomes.append(home, [_outcome(run) for run in range(len(SWEEP))])
        job = sweeping.path_of(root)
        files.write_job(job, Job(sweeping.KIND, kind=sweeping.KIND, started=True))
        files.end(job, "finished")
        found = outcomes.read(home)
        words = Words("", "")
        read, made = medians(
            lambda: outcomes.read(home),
            lambda: picture.data_of(SWEEP, found, RULES["ratio"], None, words),
            repeats=7,
        )
        told = [
            Row(f"{len(found):,} outcomes read from their table, once after each change", milliseconds(read)),
            Row(f"{len(found):,} outcomes judged and put into cells", milliseconds(made), GOAL),
        ]
        if browser.lacking():
            return told
        with server.serving("app.py", GROKVIZ_RUNS=folder) as at, browser.launch() as launched:
            page = launched.new_page(viewport={"width": 1280, "height": 900})
            return [*told, *_seen(page, at, len(found))]


def _seen(page: "Page", at: str, n: int) -> list[Row]:
    page.goto(f"{at}/map")
    page.wait_for_selector(".pic-cell", timeout=60_000)
    page.wait_for_timeout(2_000)
    labels = [rule.title for rule in RULES.values()]
    times = sorted(page.evaluate(SWITCH, labels[(turn + 1) % 2]) for turn in range(7))
    laid_out = sorted(page.evaluate(LAY_OUT) for _ in range(7))
    return [
        Row(f"{n:,} outcomes built and laid out in the browser", f"{laid_out[3]:.0f} ms", GOAL),
        Row(
            f"{n:,} outcomes by the other rule, from the press to the picture, server included",
            f"{times[3]:.0f} ms",
            GOAL,
        ),
    ]


def _outcome(run: int) -> Outcome:
    """One that the two rules call by different names."""
    return Outcome(
        run,
        SWEEP.cell(run),
        SWEEP.seed(run),
        50,
        700,
        60,
        900,
        0.02,
        900,
        1e-6,
        0.01,
        1.0,
        0.995,
        curve=CURVE,
    )
