"""The three bundled runs: what version 1 showed of them is still shown, to the accuracy of its own storage."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.golden import access
from tests.golden.reference import array_faults, json_faults, rows_kept, weights_digest

FIXTURES = Path(__file__).with_name("fixtures")
GOLDEN = json.loads((FIXTURES / "bundled.json").read_text())


def arrays_kept(run: str) -> dict[str, dict[str, np.ndarray]]:
    """part/array -> what was kept of it."""
    kept: dict[str, dict[str, np.ndarray]] = {}
    with np.load(FIXTURES / f"{run}.npz") as file:
        for name in file.files:
            array, _, value = name.rpartition("/")
            kept.setdefault(array, {})[value] = file[name]
    return kept


def faults_of(found: dict[str, np.ndarray], run: str, part: str) -> list[str]:
    kept = {name.removeprefix(f"{part}/"): v for name, v in arrays_kept(run).items() if name.startswith(part)}
    assert len(kept) > 3
    missing = [f"{name} is missing" for name in kept if name not in found]
    wrong = [
        f"{name}: {fault}"
        for name in kept
        if name in found
        for fault in array_faults(found[name], kept[name])
    ]
    return missing + wrong


@pytest.mark.parametrize("run", access.BUNDLED)
def test_timeline(run):
    assert faults_of(access.timeline_series(run), run, "timeline") == []


@pytest.mark.parametrize("part", ["core", "maps"])
@pytest.mark.parametrize("run", access.BUNDLED)
def test_blob(run, part):
    header, arrays = access.decoded_blob(run, part)
    if part == "core":  # a byte an answer: the top bit says right, seven the probability
        answers = arrays.pop("answers").astype(np.int64)
        arrays |= {"answers_right": answers >> 7, "answers_probability": (answers & 127) / 127}
    assert json_faults(header, GOLDEN[run]["headers"][part]) == []
    assert faults_of(arrays, run, part) == []


@pytest.mark.slow
@pytest.mark.parametrize(("run", "step"), [(run, step) for run in GOLDEN for step in GOLDEN[run]["measures"]])
def test_measure(run, step):
    assert json_faults(access.measure_json(run, step), GOLDEN[run]["measures"][step]) == []


def test_measure_under_other_key_frequencies():
    kept = GOLDEN["mod59-quick"]["measures_under_9_and_15"]
    assert json_faults(access.measure_json("mod59-quick", 1860, "9,15"), kept) == []


@pytest.mark.parametrize("run", access.BUNDLED)
def test_phases(run):
    assert json_faults(access.phases_json(run), GOLDEN[run]["phases"]) == []


@pytest.mark.parametrize("run", access.BUNDLED)
def test_inspect(run):
    assert json_faults(access.inspect_json(run), GOLDEN[run]["inspect"]) == []


@pytest.mark.parametrize("run", access.BUNDLED)
def test_log(run):
    assert json_faults(rows_kept(access.log_rows(run)), GOLDEN[run]["log"]) == []


@pytest.mark.parametrize("run", access.BUNDLED)
def test_weights(run):
    assert weights_digest(access.weights(run)) == GOLDEN[run]["weights"]
