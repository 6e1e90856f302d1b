"""A timeline kept with its run: given back as it was, and measured anew where it does not fit, never an exception."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from grokviz import study
from grokviz.measures import registry
from grokviz.runs import folder
from grokviz.runs.folder import open_run
from grokviz.runs.tensors import read_sealed, seal
from grokviz.study import cache
from grokviz.tasks.groups import powers_of
from grokviz.tasks.pairs import OPERATIONS

VERSION_1 = Path(__file__).parents[1] / "golden/fixtures/version-1/packed"


@pytest.fixture
def kept(copied):
    """A run with its timeline beside it."""
    return copied / "tiny-groks"


def read(path):
    run = open_run(path)
    return cache.read(run, study.build_task(run.config))


def rewrite(path, change):
    """The cache with its arrays and notes changed, under a checksum that is right: as if it had been made so."""
    file = path / folder.TIMELINE
    with open(file, "rb") as opened:
        arrays, meta = read_sealed(opened, file.name)
    change(arrays, meta)
    file.write_bytes(seal({name: np.ascontiguousarray(a) for name, a in arrays.items()}, meta))


def set_entry(series, key, value):
    def change(arrays, meta):
        table = json.loads(meta["contents"])
        table[series][key] = value
        meta["contents"] = json.dumps(table)

    return change


def set_array(name, make):
    return lambda arrays, meta: arrays.update({name: make(arrays[name])})


CHANGES = {
    "missing": lambda arrays, meta: arrays.pop("ring"),
    "unknown": lambda arrays, meta: meta.update(contents=meta["contents"][:-1] + ', "bell": {}}'),
    "no contents": lambda arrays, meta: meta.pop("contents"),
    "contents a list": lambda arrays, meta: meta.update(contents="[1]"),
    "contents too deep": lambda arrays, meta: meta.update(contents="[" * 100_000),
    "contents of another": lambda arrays, meta: meta.update(contents='{"ring": 3}'),
    "other version": set_entry("ring", "version", 0),
    "other encoding": set_entry("ring", "encoding", "levels"),
    "other axes": set_entry("ring", "axes", ["key", "number"]),
    "other fingerprint": lambda arrays, meta: meta.update(fingerprint="0"),
    "empty": set_array("train_loss", lambda x: x[:0]),
    "no axis": set_array("train_loss", lambda x: np.array(1.0)),
    "too many axes": set_array("train_loss", lambda x: x[:, None]),
    "other p": set_array("answers", lambda x: x[:, 1:, 1:]),
    "other type": set_array("ring", lambda x: x.astype(np.float32)),
    "float steps": set_array("steps", lambda x: x + 0.5),
    "other steps": set_array("steps", lambda x: x + 1),
    "key too high": set_array("key_freqs", lambda x: x + 50),
    "keys no numbers": set_array("key_freqs", lambda x: x + 0.5),
    "other number of keys": set_array("key_freqs", lambda x: x[:-1]),
    "neuron that is none": set_array("neurons", lambda x: x + 1_000),
    "neurons in two rows": set_array("neurons", lambda x: x.reshape(2, -1)),
    "scale of nothing": set_entry("ring", "scale", None),
    "scale not finite": set_entry("ring", "scale", float("inf")),
    "scale in words": set_entry("ring", "shift", "many"),
    "top not a number": set_entry("logit_spectrum_2d", "top", [1]),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CHANGES)
def test_what_does_not_fit_is_measured_anew(kept, name):
    whole = study.load(open_run(kept))
    rewrite(kept, CHANGES[name])
    assert read(kept) is None
    told = []
    again = study.load(open_run(kept), on_progress=lambda *done: told.append(done))
    assert len(told) == len(whole.run.steps)
    for series in whole.timeline.series:
        np.testing.assert_array_equal(again.timeline[series], whole.timeline[series], err_msg=series)


def test_what_fits_is_not(kept):
    rewrite(kept, lambda arrays, meta: None)
    study.load(open_run(kept), on_progress=lambda *done: pytest.fail("measured again"))


def test_it_says_what_it_holds(kept):
    with open(kept / folder.TIMELINE, "rb") as file:
        arrays, meta = read_sealed(file, folder.TIMELINE)
    table = json.loads(meta["contents"])
    assert table.keys() | {"steps", "key_freqs", "neurons"} == arrays.keys()
    assert table["ring"]["axes"] == ["key", "number", "plane"]
    assert {arrays[name].dtype.name for name in table} == {"float64", "float32", "int16", "uint8"}
    for name, entry in table.items():
        assert registry.by_name(name).encoding.name == entry["encoding"]


def declared(monkeypatch, *found):
    monkeypatch.setattr(registry, "measures", lambda: tuple(found))
    registry.version.cache_clear()


def test_a_declaration_that_has_changed_is_measured_anew(kept, monkeypatch):
    before, version = registry.measures(), registry.version()
    assert study.is_kept(open_run(kept))
    declared(monkeypatch, *(dataclasses.replace(m, version=2) if m.name == "ring" else m for m in before))
    assert not study.is_kept(open_run(kept))
    assert registry.version() != version
    monkeypatch.undo()
    registry.version.cache_clear()


def test_a_new_measure_that_says_nothing_of_a_run_leaves_its_timeline_alone(kept, monkeypatch):
    before, one = registry.measures(), registry.by_name("accuracy")
    new = dataclasses.replace(one, name="of_others", applies=lambda task: "Of other runs only.")
    declared(monkeypatch, *before, new)
    assert study.is_kept(open_run(kept))
    declared(monkeypatch, *before, dataclasses.replace(new, applies=lambda task: ""))
    assert not study.is_kept(open_run(kept))
    monkeypatch.undo()
    registry.version.cache_clear()


def test_a_timeline_of_version_1_is_measured_anew(tmp_path):
    """It knows nothing of the measures that have come since."""
    copy = Path(shutil.copytree(VERSION_1, tmp_path / "packed"))
    assert read(copy) is None
    assert "distance_irrelevance" in study.load(open_run(copy), keep=True).timeline.series
    assert read(copy) is not None


def test_what_was_measured_in_another_order_of_the_numbers_is_measured_anew(tmp_path):
    """As before the order of a difference was known: as if it were a sum of the numbers as they stand."""
    copy = Path(shutil.copytree(VERSION_1, tmp_path / "packed"))
    task = study.load(open_run(copy), keep=True).task
    assert open_run(copy).config.operation == "subtract"
    assert cache.read(open_run(copy), task) is not None
    for places in (OPERATIONS["add"].places(7), None, powers_of(3, 7)):
        assert cache.read(open_run(copy), task._replace(places=places)) is None
    rewrite(copy, lambda arrays, meta: meta.pop("places"))
    assert cache.read(open_run(copy), task) is None
