"""Training in the app: from a press on Start to 99 % of the unseen pairs, its process started, PyTorch imported and
everything recorded; and how long the scrubber of another run takes to answer meanwhile."""

import dataclasses
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.startup import serving
from bench.table import Row
from devtools.browser import launch
from grokviz.errors import RunError
from grokviz.forecast import recipes
from grokviz.jobs import requests, supervisor
from grokviz.runs.folder import open_run
from grokviz.study import phases_of

MODULI, SEEDS = (31, 59, 97, 113), range(5)
KEYS = 60


def rows() -> list[Row]:
    return [*_to_grokking(), *_meanwhile()]


def _to_grokking() -> list[Row]:
    found = []
    for p in MODULI:
        seconds, below, ratio = zip(*(_train(p, seed) for seed in SEEDS), strict=True)
        found += [
            Row(
                f"p = {p}: Start to grokked, median of {len(seconds)} seeds",
                f"{statistics.median(seconds):.1f} s ({min(seconds):.1f} to {max(seconds):.1f})",
                "30 s",
            ),
            Row(
                f"p = {p}: points between train and test accuracy when memorised; grokked at how many times that step",
                f"{statistics.median(below):.0f}; {statistics.median(ratio):.1f}",
                "50; 3",
            ),
        ]
    return found


def _train(p: int, seed: int) -> tuple[float, float, float]:
    """(seconds from Start to grokked, points below when memorised, step of grokking / of memorising)."""
    config = dataclasses.replace(recipes.fast_preset(p), seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder)
        (runs / ".jobs").mkdir()
        rate = runs / ".jobs" / f"rate-{os.cpu_count()}-cores.json"  # so that nothing is measured first
        rate.write_text('{"seconds_per_step_overhead": 0.001, "seconds_per_flop": 1e-11}')
        begin = time.perf_counter()
        run = requests.start(runs, config, "bench")
        while not (phases := phases_of(open_run(run))).grokked:
            if time.perf_counter() - begin > 300 or open_run(run).finished:
                raise RuntimeError(f"p = {p}, seed {seed} did not grok.")
            supervisor.tick(runs)
            time.sleep(0.2)
        seconds = time.perf_counter() - begin
        log = open_run(run).log.set_index("step")
        assert phases.memorised
        row = log.loc[phases.memorised.step]
        requests.discard(run)
        while run.exists():
            supervisor.tick(runs)
            time.sleep(0.1)
        return (
            seconds,
            100 * (row.train_accuracy - row.test_accuracy),
            phases.grokked.step / phases.memorised.step,
        )


def _meanwhile() -> list[Row]:
    """The Timeline page of a bundled run, its keys pressed one by one while another run is trained."""
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder)
        with serving(GROKVIZ_RUNS=folder) as url, launch() as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(f"{url}/timeline")  # the first visit starts the supervisor
            page.wait_for_selector("text=in numbers")
            config = dataclasses.replace(recipes.fast_preset(113), stop="steps", steps=100_000)
            run = requests.start(runs, config, "bench")
            while not _is_training(run):
                time.sleep(0.2)
            page.locator("input.gv-range").focus()
            taken = []
            for i in range(KEYS):
                before = page.get_by_role("heading", name="in numbers").text_content()
                begin = time.perf_counter()
                page.keyboard.press("ArrowRight" if i % 40 < 20 else "ArrowLeft")
                page.wait_for_function("(t) => !document.body.innerText.includes(t)", arg=before)
                taken.append(time.perf_counter() - begin)
                page.wait_for_timeout(300)
            still = _is_training(run)
            requests.discard(run)
            while run.exists():
                time.sleep(0.1)
    assert still, "the training ended before the keys did"
    return [
        Row(
            "a key to the panels below redrawn while another run is trained, median and 95th percentile",
            f"{1000 * statistics.median(taken):.0f} ms, {1000 * np.percentile(taken, 95):.0f} ms",
            "700 ms",
        )
    ]


def _is_training(run: Path) -> bool:
    try:
        return len(open_run(run).log) > 5
    except RunError:
        return False
