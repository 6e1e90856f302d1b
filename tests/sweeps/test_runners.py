"""A sweep from its definition to its table: alone, in processes, killed and resumed, on Ray."""

import dataclasses
import importlib.util
import os
import signal
import subprocess
import sys
import time

import pytest

from devtools import ROOT
from grokviz.config import RunConfig
from grokviz.engine.schedule import LogRow
from grokviz.engine.train import train
from grokviz.errors import BadInputError, MissingPackageError, RunError
from grokviz.runs.folder import open_run
from grokviz.sweeps import grid, outcomes, runners, training
from grokviz.sweeps.grid import Sweep, parse_grid
from grokviz.sweeps.runners import How

pytestmark = pytest.mark.slow

BASE = RunConfig(p=7, d_model=16, n_heads=2, d_mlp=32, lr=0.02, weight_decay=1.0, steps=60, max_snapshots=4)
GRID = parse_grid(["frac_train=0.4,0.8", "weight_decay=0,1"])
EIGHT = Sweep(BASE, GRID, (0, 1))
ALONE = How(device="cpu", workers=1)


def made(folder, sweep, how=ALONE):
    runners.begin(folder, sweep)
    return list(runners.run(folder, how))


def of(n):
    return lambda config, where: n


def same(found, others):
    """Alike to float rounding."""
    assert [(o.run, o.cell, o.seed) for o in found] == [(o.run, o.cell, o.seed) for o in others]
    for one, other in zip(found, others, strict=True):
        assert (one.memorised, one.grokked, one.train_90, one.test_90) == (
            other.memorised, other.grokked, other.train_90, other.test_90,
        )  # fmt: skip
        assert one.train_loss == pytest.approx(other.train_loss, rel=1e-2)


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A sweep of eight runs, trained in one process."""
    folder = tmp_path_factory.mktemp("swept") / "eight"
    made(folder, EIGHT)
    return folder


def test_an_outcome_is_what_the_run_alone_comes_to(swept):
    """The oracle reads the log of a run that is trained alone, row by row."""
    for outcome in outcomes.read(swept)[::3]:
        cell: dict = dict(outcome.cell)
        config = dataclasses.replace(BASE, **cell, seed=outcome.seed)
        rows = [row for row in train(config, "cpu") if isinstance(row, LogRow)]
        memorised = next((row.step for row in rows if row.train_accuracy >= 0.99), None)
        grokked = next((row.step for row in rows if row.test_accuracy >= 0.99), None)
        assert (outcome.memorised, outcome.grokked) == (memorised, grokked)
        last = next(row for row in rows if row.step == outcome.step)
        assert outcome.train_loss == pytest.approx(last.train_loss, rel=1e-2)
        assert outcome.step == (60 if memorised is None or grokked is None else max(memorised, grokked))


def test_progress_counts_to_the_end_and_the_table_holds_all(tmp_path):
    said = made(tmp_path / "new", Sweep(BASE, GRID))
    assert (said[0].done, said[-1].done, said[-1].total) == (0, 4, 4)
    assert said[-1].seconds_left == 0
    assert sum(len(now.new) for now in said) == 4


def test_a_batch_that_lost_rows_is_made_again_whole(swept, tmp_path, monkeypatch):
    monkeypatch.setattr("grokviz.engine.train._runs_at_once", of(2))
    folder = tmp_path / "eight"
    made(folder, EIGHT)
    whole, file = outcomes.read(folder), folder / outcomes.TABLE
    same(whole, outcomes.read(swept))
    file.write_bytes(file.read_bytes()[:-300])  # the last line is torn
    said = list(runners.run(folder, ALONE))
    assert said[0].done == 6
    assert outcomes.read(folder) == whole
    assert len(list(runners.run(folder, ALONE))) == 1  # nothing is left to do


SLOWLY = """
import sys, time
from pathlib import Path
from grokviz.engine import train
from grokviz.sweeps import runners
train._runs_at_once = lambda config, where: 2
how = runners.How(device="cpu", workers=1, heard=lambda run, row: time.sleep(0.01))
list(runners.run(Path(sys.argv[1]), how))
"""


@pytest.mark.slow
def test_killed_in_the_middle_it_goes_on_and_the_table_is_the_same(tmp_path, monkeypatch):
    folder = tmp_path / "killed"
    runners.begin(folder, EIGHT)
    process = subprocess.Popen([sys.executable, "-c", SLOWLY, str(folder)], cwd=ROOT)
    until = time.monotonic() + 60
    while len(outcomes.read(folder)) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert 2 <= (before := len(outcomes.read(folder))) < 8
    monkeypatch.setattr("grokviz.engine.train._runs_at_once", of(2))
    assert next(iter(runners.run(folder, ALONE))).done == before
    list(runners.run(folder, ALONE))
    made(tmp_path / "whole", EIGHT)
    assert outcomes.read(folder) == outcomes.read(tmp_path / "whole")


@pytest.mark.slow
def test_processes_beside_each_other_give_the_same_table(swept, tmp_path, monkeypatch):
    monkeypatch.setattr("grokviz.engine.train._runs_at_once", of(4))
    made(tmp_path / "two", EIGHT, How(device="cpu", workers=2))
    same(outcomes.read(tmp_path / "two"), outcomes.read(swept))


def test_runs_that_are_kept_are_folders_that_open(tmp_path):
    sweep = Sweep(BASE, GRID, (0, 1), keep=(("frac_train", (0.8,)), ("seed", (1,))))
    made(tmp_path / "kept", sweep)
    found = {o.run: o for o in outcomes.read(tmp_path / "kept")}
    assert [run for run, o in found.items() if o.folder] == [5, 7]
    run = open_run(tmp_path / "kept" / grid.FOLDERS / found[5].folder)
    assert run.finished
    assert run.config == sweep.config(5)
    assert run.title == "Pairs to train on 80\u202f%, weight decay 0, seed 1"
    assert int(run.logged["step"][-1]) == 60  # it goes on as its settings say


def test_a_run_that_diverges_is_told_and_holds_nobody_up(tmp_path):
    wild = dataclasses.replace(BASE, lr=1.0, weight_decay=0.0, steps=200)
    made(tmp_path / "wild", Sweep(wild, parse_grid(["weight_decay=0,100"])))
    found = outcomes.read(tmp_path / "wild")
    assert "The loss is" in found[1].diverged
    assert found[1].grokked is None


def test_what_is_there_already_is_not_written_over(swept):
    with pytest.raises(RunError, match=r"already holds .*--resume"):
        runners.begin(swept, EIGHT)


def test_an_engine_that_is_none_and_one_that_is_not_installed(swept, monkeypatch):
    with pytest.raises(BadInputError, match=r"'spark' is not known.*local, ray"):
        list(runners.run(swept, How("spark")))
    monkeypatch.setattr("grokviz.installation.has", lambda package: False)
    with pytest.raises(MissingPackageError, match=r"pip install 'grokviz\[sweep\]'"):
        list(runners.run(swept, How("ray")))


NO_RAY = "Ray is not installed: pip install 'grokviz[sweep]'"


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason=NO_RAY)
def test_ray_gives_the_same_table(swept, tmp_path, monkeypatch):
    monkeypatch.setattr("grokviz.engine.train._runs_at_once", of(3))
    made(tmp_path / "ray", EIGHT, How("ray", "cpu"))
    same(outcomes.read(tmp_path / "ray"), outcomes.read(swept))


def test_seeds_are_trained_apart_and_the_most_pairs_first(monkeypatch):
    monkeypatch.setattr("grokviz.engine.train._runs_at_once", of(3))
    found = training.batches(EIGHT, "cpu")
    assert sorted(run for part in found for run in part) == list(range(8))
    assert [{run % 2 for run in part} for part in found] == [{0}, {0}, {1}, {1}]
    assert EIGHT.cell(found[0][-1])["frac_train"] == 0.8
