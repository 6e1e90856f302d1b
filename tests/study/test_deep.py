"""Deep measures are kept with the run, go on after a kill, and are believed only as far as they fit."""

import dataclasses
import io
import json
import shutil
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest

from devtools import ROOT
from grokviz import api
from grokviz.config import RunConfig
from grokviz.errors import RunError
from grokviz.jobs import requests
from grokviz.measures.deep import learning_coefficient as llc
from grokviz.measures.deep import registry
from grokviz.measures.deep.declaration import axis_sizes
from grokviz.runs import bundle, folder, storage, write
from grokviz.runs.folder import open_run
from grokviz.runs.tensors import read_sealed, seal
from grokviz.study import deep

QUICK = ("alignment", "effective_rank", "softmax_collapse", "margins")


@pytest.fixture
def run(copied, monkeypatch):
    monkeypatch.setattr(storage.os, "fsync", lambda descriptor: None)
    return open_run(copied / "tiny-groks")


def measured(run, *names):
    return deep.deepen(run, registry.chosen(names))


@pytest.fixture
def short_chains(monkeypatch):
    monkeypatch.setattr(llc, "DRAWS", 20)
    monkeypatch.setattr(llc, "LEFT_OUT", 10)


@pytest.mark.slow
def test_everything_is_measured_once_and_read_again(run, short_chains, monkeypatch):
    found = measured(run)
    assert list(found) == [m.name for m in registry.deep_measures()]
    again = deep.read(open_run(run.path))
    sizes = axis_sizes(run.config)
    for measure in registry.deep_measures():
        rows = again[measure.name]
        assert rows.steps.tolist() == run.steps.tolist()[: len(rows.steps)] or measure.most < len(run.steps)
        assert run.steps[-1] in rows.steps
        for one in measure.series:
            assert rows.series[one.name].shape == (len(rows.steps), *(sizes[axis] for axis in one.axes))
            np.testing.assert_array_equal(rows.series[one.name], found[measure.name].series[one.name])
    assert (run.path / folder.DEEP).stat().st_size < 100_000
    monkeypatch.setattr(deep, "Subject", None)  # nothing is computed a second time
    assert deep.missing(run, registry.deep_measures(), again) == []
    measured(run)


def test_what_the_numbers_say_of_a_run_that_groks(run):
    found = measured(run, "margins", "effective_rank")
    assert found["margins"].series["margin_min"][-1] > 0 > found["margins"].series["margin_min"][0]
    assert (found["margins"].series["margin_mean"] >= found["margins"].series["margin_min"]).all()
    assert (found["effective_rank"].series["effective_rank"] >= 1 - 1e-9).all()


def test_a_measuring_that_is_ended_keeps_what_it_did(run):
    calls = iter(range(100))

    def tick():
        if next(calls) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deep.deepen(run, registry.chosen(["alignment"]), tick=tick)
    kept = deep.read(run)["alignment"]
    assert len(kept.steps) == 5
    assert kept.steps[-1] == run.steps[-1]  # the end first
    told = []
    deep.deepen(run, registry.chosen(["alignment"]), told.append)
    assert len(told) == len(run.steps) - 5
    assert deep.read(run)["alignment"].steps.tolist() == run.steps.tolist()
    shares = [now.done / now.total for now in told]
    assert shares == sorted(shares)
    assert all(now.seconds_left >= 0 for now in told)


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on(run, short_chains):
    code = (
        "import sys; from grokviz.study import deep; from grokviz.runs.folder import open_run; "
        "from grokviz.measures.deep import learning_coefficient as llc, registry; deep.KEEP_SECONDS = 0; "
        "llc.DRAWS, llc.LEFT_OUT = 20, 10; "
        "deep.deepen(open_run(sys.argv[1]), registry.chosen(['learning_coefficient']))"
    )
    known = 0
    for _ in range(3):
        child = subprocess.Popen([sys.executable, "-c", code, str(run.path)], cwd=ROOT)
        until = time.monotonic() + 30
        while time.monotonic() < until and child.poll() is None:
            rows = deep.read(run).get("learning_coefficient")
            if rows is not None and len(rows.steps) > known:
                known = len(rows.steps)
                break
            time.sleep(0.01)
        child.kill()
        child.wait()
    assert known > 0
    before = deep.read(run)["learning_coefficient"]
    after = measured(run, "learning_coefficient")["learning_coefficient"]
    assert after.steps.tolist() == run.steps.tolist()
    for i, step in enumerate(before.steps):
        j = after.steps.tolist().index(step)
        np.testing.assert_array_equal(
            before.series["learning_coefficient"][i], after.series["learning_coefficient"][j]
        )
    # and what a process gives is what another gives: the noise hangs on step and chain alone
    shutil.copytree(run.path, run.path.with_name("anew"))
    (run.path.with_name("anew") / folder.DEEP).unlink()
    anew = measured(open_run(run.path.with_name("anew")), "learning_coefficient")["learning_coefficient"]
    np.testing.assert_array_equal(anew.series["learning_coefficient"], after.series["learning_coefficient"])


def altered(run, change):
    """The file with its arrays and notes changed, sealed again."""
    with open(run.path / folder.DEEP, "rb") as file:
        arrays, meta = read_sealed(file, folder.DEEP)
    change(arrays, meta)
    (run.path / folder.DEEP).write_bytes(seal(arrays, meta))


def _contents(change):
    def alter(arrays, meta):
        table = json.loads(meta["contents"])
        change(table)
        meta["contents"] = json.dumps(table)

    return alter


ALTERED = {
    "another format": lambda arrays, meta: meta.update(version="2"),
    "of another task": lambda arrays, meta: meta.update(key="0" * 16),
    "no table": lambda arrays, meta: meta.pop("contents"),
    "a table that is a list": lambda arrays, meta: meta.update(contents="[]"),
    "a table that is deep": lambda arrays, meta: meta.update(contents="[" * 100_000),
    "an entry of nothing": _contents(lambda table: table.update(margins=None)),
    "another version": _contents(lambda table: table["margins"].update(version=99)),
    "other settings": _contents(lambda table: table["margins"].update(settings={"x": 1})),
    "no series": lambda arrays, meta: arrays.pop("margin_min"),
    "no steps": lambda arrays, meta: arrays.pop("margins.steps"),
    "too short": lambda arrays, meta: arrays.update(margin_min=arrays["margin_min"][:-1]),
    "of another type": lambda arrays, meta: arrays.update(margin_min=arrays["margin_min"].astype(np.float32)),
    "steps as floats": lambda arrays, meta: arrays.update({"margins.steps": arrays["margins.steps"] * 1.0}),
    "of other snapshots": lambda arrays, meta: arrays.update({"margins.checksums": arrays["margins.checksums"] + 1}),
    "of steps that are none": lambda arrays, meta: arrays.update({"margins.steps": arrays["margins.steps"] + 1}),
}  # fmt: skip


@pytest.mark.parametrize("change", ALTERED.values(), ids=ALTERED)
def test_what_does_not_fit_is_ignored_and_measured_anew(run, change):
    before = measured(run, "margins")["margins"]
    altered(run, change)
    assert "margins" not in deep.read(run)
    after = measured(run, "margins")["margins"]
    np.testing.assert_array_equal(after.series["margin_min"], before.series["margin_min"])


@pytest.mark.parametrize("data", [b"", b"\0" * 100, b"x" * (9 * 2**20)], ids=["empty", "zeros", "large"])
def test_a_damaged_file_is_none(run, data):
    (run.path / folder.DEEP).write_bytes(data)
    assert deep.read(run) == {}


def test_other_measures_of_the_file_stay_when_one_is_outdated(run):
    measured(run, "margins", "alignment")
    altered(run, ALTERED["another version"])
    assert list(deep.read(run)) == ["alignment"]
    measured(run, "margins")
    assert list(deep.read(run)) == ["alignment", "margins"]


def test_two_processes_add_to_each_other(run, monkeypatch):
    """One measures while another has written: what it keeps is both."""
    first = deep._keep_new

    def other_writes_first(run, new):
        monkeypatch.setattr(deep, "_keep_new", first)
        measured(run, "alignment")
        return first(run, new)

    monkeypatch.setattr(deep, "_keep_new", other_writes_first)
    assert list(measured(run, "margins")) == ["alignment", "margins"]


def test_the_pages_do_not_take_it_for_another_state_of_the_run(run):
    from grokviz.runs.summary import stamp_of

    before = stamp_of(str(run.path))
    measured(run, "margins")
    assert stamp_of(str(run.path)) == before
    assert folder.fingerprint(open_run(run.path)) == folder.fingerprint(run)


def test_rows_stay_where_a_run_grows_and_go_where_it_went_back(no_runs, monkeypatch, random_weights):
    monkeypatch.setattr(storage.os, "fsync", lambda descriptor: None)
    path = no_runs / "live"
    write.create_run(path, RunConfig(p=7, d_model=8, n_heads=2, d_mlp=10, precision="float32", steps=100), {})
    for step in (0, 10):
        write.write_snapshot(path, step, random_weights(7, np.float32, seed=step))
    assert measured(open_run(path), "margins")["margins"].steps.tolist() == [0, 10]
    write.write_snapshot(path, 20, random_weights(7, np.float32, seed=20))
    assert deep.read(open_run(path))["margins"].steps.tolist() == [0, 10]
    write.rewind(path, 0)
    write.write_snapshot(path, 10, random_weights(7, np.float32, seed=99))
    assert deep.read(open_run(path))["margins"].steps.tolist() == [0]
    write.pack(path)
    assert measured(open_run(path), "margins")["margins"].steps.tolist() == [0, 10]
    assert (path / folder.DEEP).is_file()


def test_a_run_without_a_snapshot_and_a_folder_that_cannot_be_written_are_refused(no_runs, run, monkeypatch):
    write.create_run(no_runs / "empty", RunConfig(p=7), {})
    with pytest.raises(
        RunError, match="This run has no snapshot yet, so there is nothing to measure. Train it first."
    ):
        measured(open_run(no_runs / "empty"))
    monkeypatch.setattr(write, "MAX_DEEP", 100)
    with pytest.raises(RunError, match=r"deep.safetensors would hold .* bytes, expected at most 100."):
        measured(run, "margins")


def test_snapshots_are_chosen_evenly_and_from_coarse_to_fine():
    assert sorted(deep.chosen_snapshots(25, 1_000)) == list(range(25))
    assert deep.chosen_snapshots(25, 1_000)[:4] == [24, 0, 16, 8]
    chosen = deep.chosen_snapshots(150, 40)
    assert len(chosen) == 40
    assert {0, 149} <= set(chosen)
    assert max(np.diff(sorted(chosen))) <= 4
    assert deep.chosen_snapshots(1, 40) == [0]


def test_where_there_is_no_gradient_it_says_so(run):
    config = dataclasses.replace(run.config, loss="stablemax")
    for name in ("learning_coefficient", "alignment"):
        assert "This run trains on another" in registry.chosen([name])[0].applies(config)
    assert registry.chosen(["margins"])[0].applies(config) == ""


def test_it_travels_with_a_zip_and_is_believed_as_far_as_it_fits(run, tmp_path):
    before = measured(run, "margins")["margins"]
    data = io.BytesIO()
    bundle.export_zip(run, data)
    with zipfile.ZipFile(data) as archive:
        assert folder.DEEP in archive.namelist()
        assert "what was measured of it when it was asked for" in archive.read("README.txt").decode()
    taken = bundle.import_zip(data, tmp_path, "taken")
    assert isinstance(taken, folder.Run)
    np.testing.assert_array_equal(
        deep.read(taken)["margins"].series["margin_min"], before.series["margin_min"]
    )

    forged = io.BytesIO()
    with zipfile.ZipFile(data) as archive, zipfile.ZipFile(forged, "w") as other:
        for name in archive.namelist():
            other.writestr(name, b"no tensors" if name == folder.DEEP else archive.read(name))
    assert not (bundle.import_zip(forged, tmp_path, "forged").path / folder.DEEP).exists()


def test_a_fork_has_what_was_measured_of_its_past(run, tmp_path):
    before = measured(run, "margins")["margins"]
    step = int(run.steps[5])
    config = dataclasses.replace(run.config, steps=2_000)
    fork = requests.fork(run, step, tmp_path, config, "fork")
    rows = deep.read(open_run(fork))["margins"]
    assert rows.steps.tolist() == run.steps[:6].tolist()
    np.testing.assert_array_equal(rows.series["margin_min"], before.series["margin_min"][:6])


def test_scripts_read_it(run):
    assert api.OpenRun(run).deep == {}
    measured(run, "margins", "effective_rank")
    found = api.OpenRun(run).deep
    assert list(found) == ["effective_rank", "margins"]
    assert list(found["margins"]) == ["margin_mean", "margin_min"]
    table = found["margins"].to_pandas()
    assert table["step"].tolist() == run.steps.tolist()
    assert table["margin_min"].iloc[-1] > 0
    assert found["effective_rank"]["effective_rank"].shape == (len(run.steps), 9)
