"""What it costs a training that its page is open, turn by turn; and the time that was estimated when it was started over
the time that it took, for ten runs of different sizes, half of them watched."""

import dataclasses
import itertools
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

from bench.startup import serving
from bench.table import Row
from devtools.browser import launch
from grokviz.config import RunConfig
from grokviz.errors import RunError
from grokviz.forecast import recipes
from grokviz.jobs import machine, requests
from grokviz.runs.folder import open_run

TURNS, SECONDS, SETTLING = 4, 15.0, 4.0
FACTOR = 1.5  # an estimate holds within it
LONG = 15.0  # seconds that an estimated run is to take, about
SIZES = (
    (23, 64),
    (31, 128),
    (41, 64),
    (47, 128),
    (53, 64),
    (59, 64),
    (67, 128),
    (83, 64),
    (97, 64),
    (113, 128),
)


def rows() -> list[Row]:
    with _app() as (runs, url, page):
        return [*_cost(runs, url, page), *_estimates(runs, url, page)]


@contextmanager
def _app() -> Iterator[tuple[Path, str, Page]]:
    with tempfile.TemporaryDirectory() as folder, serving(GROKVIZ_RUNS=folder) as url, launch() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{url}/train")  # the first visit starts the supervisor, which measures the machine
        while machine.rate(Path(folder)) is None:
            page.wait_for_timeout(200)
        yield Path(folder), url, page


def _cost(runs: Path, url: str, page: Page) -> list[Row]:
    config = dataclasses.replace(recipes.fast_preset(59), stop="steps", steps=400_000)
    run = requests.start(runs, config, "bench")
    _wait_for_step(run, 100, page)
    speeds = {False: [], True: []}
    for watched in [False, True] * TURNS:
        _look(page, url, watched)
        page.wait_for_timeout(1000 * SETTLING)
        begin, first = time.perf_counter(), _step(run)
        page.wait_for_timeout(1000 * SECONDS)
        speeds[watched].append((_step(run) - first) / (time.perf_counter() - begin))
    requests.discard(run)
    while run.exists():
        page.wait_for_timeout(200)
    ratios = [watched / alone for alone, watched in zip(speeds[False], speeds[True], strict=True)]
    alone, watched = (statistics.median(speeds[kind]) for kind in (False, True))
    return [
        Row("steps a second, p = 59: page closed, page open", f"{alone:.0f}, {watched:.0f}"),
        Row(f"open / closed, median of {TURNS} turns", f"{statistics.median(ratios):.2f}", "at least 0.85"),
    ]


def _estimates(runs: Path, url: str, page: Page) -> list[Row]:
    found = []
    for (p, d_model), watched in zip(SIZES, itertools.cycle([False, True])):
        config = _config(runs, p, d_model)
        estimated = machine.seconds_from_start(runs, config, config.steps)
        assert estimated
        _look(page, url, False)
        begin = time.perf_counter()
        run = requests.start(runs, config, f"p = {p}")
        _look(page, url, watched)
        _wait_for_step(run, config.steps, page)
        taken = time.perf_counter() - begin
        found.append((p, d_model, config.steps, watched, estimated, taken))
        while not open_run(run).finished:  # it is packed and measured: the next one is not to wait for that
            page.wait_for_timeout(200)
        page.wait_for_timeout(1000)
    holds = sum(1 / FACTOR <= estimated / taken <= FACTOR for *_, estimated, taken in found)
    return [
        *(
            Row(
                f"estimated / taken: p = {p}, d_model {d_model}, {steps:,} steps, page {'open' if watched else 'closed'}",
                f"{estimated / taken:.2f} of {taken:.0f} s",
            )
            for p, d_model, steps, watched, estimated, taken in found
        ),
        Row(
            f"estimates within a factor of {FACTOR}",
            f"{holds} of {len(found)}",
            f"{len(found)} of {len(found)}",
        ),
    ]


def _config(runs: Path, p: int, d_model: int) -> RunConfig:
    """As many steps as take about so long, in hundreds: what an estimate says of it is another question."""
    one = dataclasses.replace(recipes.fast_preset(p), d_model=d_model, d_mlp=4 * d_model, stop="steps")
    each = (machine.seconds(runs, one, 1_000) or 1.0) / 1_000
    return dataclasses.replace(one, steps=max(100, round(LONG / each / 100) * 100))


def _look(page: Page, url: str, watched: bool) -> None:
    page.goto(f"{url}/train" if watched else "about:blank")
    if watched:
        page.wait_for_selector(".gv-strip-figure canvas", timeout=120_000)


def _step(run: Path) -> int:
    try:
        log = open_run(run).log
    except RunError:  # it has only just been asked for
        return -1
    return int(log["step"].iloc[-1]) if len(log) else -1


def _wait_for_step(run: Path, step: int, page: Page) -> None:
    while _step(run) < step:
        page.wait_for_timeout(200)
