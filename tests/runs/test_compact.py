"""Copies at a byte a weight: what they hold, how far off it is, and what of them is refused."""

import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grokviz.errors import RunError
from grokviz.runs import bundle, deltas, folder, tensors, write
from grokviz.runs.compact import CHAIN, compact
from grokviz.runs.folder import open_run


@pytest.fixture
def copy(packed, tmp_path):
    return compact(open_run(packed), tmp_path / "copy").path


def read_back(snapshots):
    """What a reader finds of the snapshots in a file of them."""
    file = io.BytesIO(tensors.encode(deltas.encode(snapshots)))
    file.fileno = lambda: -1
    header = {name: (array.dtype, array.shape) for name, array in deltas.encode(snapshots).items()}
    shapes = {name: w.shape for name, w in snapshots[0].items()}
    assert header == deltas.layout(shapes, len(snapshots), snapshots[0]["w"].dtype)
    length = int.from_bytes(file.read(8), "little")
    entries = json.loads(file.read(length))
    places = {
        name: tensors.Tensor(tensors.DTYPES[e["dtype"]], tuple(e["shape"]), 8 + length + e["data_offsets"][0])
        for name, e in entries.items()
    }
    return [deltas.read(file, places, shapes, row) for row in range(len(snapshots))]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.floats(1e-4, 1e3), st.sampled_from(["<f2", "<f4"]))
def test_each_weight_is_half_a_step_off_at_most_however_long_the_chain(seed, n, size, dtype):
    """A random walk: the step of a row is its largest change in 127 parts, whatever was lost before."""
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.normal(size=(n, 3, 5)) * size, axis=0).astype(dtype)
    walk[:, 1] = walk[0, 1]  # a row that never changes
    found = read_back([{"w": w, "b": w[0]} for w in walk])
    assert np.array_equal(found[0]["w"], walk[0])
    for row in range(1, n):
        known = found[row - 1]["w"].astype(np.float32)
        step = np.abs(walk[row] - known).max(axis=-1, keepdims=True) / 127
        # Of what is computed and stored there are roundings on top: of the dtype, and of float32 along the chain.
        rounding = np.abs(walk[: row + 1]).max() * (2 * np.finfo(dtype).eps + (row + 1) * 2**-22)
        assert (np.abs(found[row]["w"] - walk[row]) <= 0.51 * step + rounding).all()
        assert found[row]["w"].dtype == np.dtype(dtype)
        assert np.array_equal(found[row]["w"][1], walk[0, 1])
        assert np.allclose(found[row]["b"], found[row]["w"][0])


def test_a_copy_is_the_run_but_for_a_step_of_its_weights(packed, copy):
    run, found = open_run(packed), open_run(copy)
    assert found.deltas
    for name in ("config", "title", "sentence", "provenance", "finished", "log_checksum"):
        assert getattr(found, name) == getattr(run, name), name
    assert found.steps.tolist() == run.steps.tolist()
    assert found.shards == (5,)
    assert folder.fingerprint(found) != folder.fingerprint(run)
    for index in range(len(run.steps)):
        was, now = folder.read_weights(run, index), folder.read_weights(found, index)
        assert max(np.abs(was[name] - now[name]).max() for name in was) <= (
            0.04 if index else 0
        )  # of 4 sigma


def test_a_copy_of_a_copy_can_be_read_and_takes_half_the_room(packed, copy, tmp_path):
    again = compact(open_run(copy), tmp_path / "again")
    assert len(list(folder.iter_weights(again))) == 5
    n = sum(np.prod(shape) for shape in again.config.shapes.values())
    size = (copy / "snapshots-0.safetensors").stat().st_size
    assert size < 2 * n + 4 * n + 8_000  # one of two bytes, four of one, and scales


def test_a_long_run_is_cut_into_files_so_that_chains_stay_short(live, weights_at, row_at, tmp_path):
    for step in range(101, 101 + 3 * CHAIN):
        write.append_log(live, [row_at(step)])
        write.write_snapshot(live, step, weights_at(step))
    write.pack(live)
    found = compact(open_run(live), tmp_path / "copy")
    assert len(found.shards) == 4
    assert max(found.shards) <= CHAIN
    assert sum(found.shards) == len(found.steps) == 5 + 3 * CHAIN
    for index in (0, 40, len(found.steps) - 1):
        was, now = folder.read_weights(open_run(live), index), folder.read_weights(found, index)
        assert np.allclose(was["W_E"], now["W_E"], atol=0.04)


def test_a_copy_goes_into_a_zip_and_out_of_it(copy, tmp_path):
    data = io.BytesIO()
    bundle.export_zip(open_run(copy), data)
    data.seek(0)
    found = bundle.import_zip(data, tmp_path, "arrived")
    assert found.deltas
    assert folder.fingerprint(found) == folder.fingerprint(open_run(copy))


def test_who_reads_version_1_alone_is_told_to_update(copy, packed):
    versions = [json.loads((path / "run.json").read_text())["version"] for path in (copy, packed)]
    assert versions == [2, 1]


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda r: r["packed"].update(deltas=1), "packed says nothing usable"),
        (
            lambda r: r["packed"].update(deltas=False),
            r"W_E is float16 \[6, 8\].* expects float16 \[5, 6, 8\]",
        ),
        (lambda r: r["packed"].update(shards=[4, 1]), r"W_E.changes is int8 \[4, .* expects int8 \[3, "),
        (lambda r: r["config"].update(precision="float32"), "expects float32"),
    ],
)
def test_a_record_that_contradicts_the_file_is_refused(copy, forge, edit, says):
    forge(copy, edit)
    with pytest.raises(RunError, match=says):
        open_run(copy)


def test_a_record_of_stacks_that_says_changes_is_refused(packed, forge):
    forge(packed, lambda r: r["packed"].update(deltas=True))
    with pytest.raises(RunError, match="W_E is float16"):
        open_run(packed)


def overwritten(path, tensor, data):
    with open(path, "r+b") as file:
        file.seek(tensors.read_header(file, path.name).tensors[tensor].start)
        file.write(data)


def test_a_changed_byte_is_noticed_in_every_snapshot_after_it(copy):
    overwritten(copy / "snapshots-0.safetensors", "W_E.changes", b"\x55")
    run = open_run(copy)
    assert folder.read_weights(run, 0)
    for index in range(1, 5):
        with pytest.raises(RunError, match=f"step {run.steps[index]} in snapshots-0.* is damaged"):
            folder.read_weights(run, index)


@pytest.mark.parametrize("scale", [np.inf, np.nan, 3e38])
def test_a_scale_that_no_training_has_is_refused(copy, scale):
    overwritten(copy / "snapshots-0.safetensors", "b_in.scales", np.float32(scale).tobytes())
    with pytest.raises(RunError, match="is damaged"):
        folder.read_weights(open_run(copy), 1)


def test_a_folder_that_holds_anything_is_refused(packed, copy):
    with pytest.raises(RunError, match="already holds"):
        compact(open_run(packed), copy)


def test_a_run_that_is_trained_is_refused(live, tmp_path):
    with pytest.raises(RunError, match="has not finished"):
        compact(open_run(live), tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_file_that_would_be_too_large_is_refused_and_leaves_no_run(packed, tmp_path, monkeypatch):
    monkeypatch.setattr("grokviz.runs.compact.MAX_FILE", 100)
    with pytest.raises(RunError, match="would hold .* expected at most 100"):
        compact(open_run(packed), tmp_path / "copy")
    assert not (tmp_path / "copy" / "run.json").exists()


def test_damage_is_not_copied(packed, tmp_path):
    overwritten(packed / "snapshots-1.safetensors", "W_E", b"\x55\x55")
    with pytest.raises(RunError, match="step 10 in snapshots-1.* is damaged"):
        compact(open_run(packed), tmp_path / "copy")
