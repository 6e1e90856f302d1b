"""Reading: a live run as its longest valid prefix, a packed run snapshot by snapshot."""

import os

import numpy as np
import pytest

from grokviz.errors import RunError
from grokviz.runs import folder, storage, write
from grokviz.runs.folder import open_run
from grokviz.runs.log import LOG_COLUMNS

STEPS = [0, 3, 10, 40, 100]


@pytest.fixture(params=["live", "packed"])
def either(request):
    return request.getfixturevalue(request.param)


def test_live_and_packed_hold_the_same(either, config, weights_at, row_at):
    run = open_run(either)
    assert (run.title, run.sentence, run.provenance) == ("Small", "A small run.", {"device": "cpu"})
    assert run.config == config
    assert run.steps.dtype == np.int64
    assert run.steps.tolist() == STEPS
    assert list(run.log.columns) == list(LOG_COLUMNS)
    assert set(map(str, run.log.dtypes)) == {"float64"}
    assert run.log.to_dict("records") == [row_at(step) for step in STEPS]  # to the last digit
    for index, weights in enumerate(folder.iter_weights(run)):
        expected = weights_at(STEPS[index])
        assert weights.keys() == expected.keys()
        for name, array in weights.items():
            assert array.dtype == np.float32
            np.testing.assert_array_equal(array, expected[name].astype(np.float16).astype(np.float32))
    assert folder.read_weights(run, np.int64(1), np.float64)["W_E"].dtype == np.float64


def test_only_a_packed_run_is_finished(live):
    assert not open_run(live).finished
    write.pack(live)
    assert open_run(live).finished


def test_packing_leaves_at_most_eight_files_and_the_same_fingerprint(live):
    before = folder.fingerprint(open_run(live))
    write.pack(live)
    assert sorted(os.listdir(live)) == ["log.jsonl", "run.json", "snapshots-0.safetensors"]
    assert folder.fingerprint(open_run(live)) == before


@pytest.mark.parametrize("index", [-1, 5, 10**30, 1.0, "0", None])
def test_a_bad_index_is_one_clear_error(either, index):
    with pytest.raises(RunError, match=r"There is no snapshot .*this run has 5.*0 to 4"):
        folder.read_weights(open_run(either), index)


def test_nearest_snapshot(live, tmp_path, config):
    run = open_run(live)
    nearest = [folder.nearest_snapshot(run, step) for step in (-7, 0, 1, 2, 6, 7, 25, 26, 99, 10**30)]
    assert nearest == [0, 0, 0, 1, 1, 2, 2, 3, 4, 4]  # 25 lies between 10 and 40: the earlier
    for step in (float("nan"), float("inf")):
        with pytest.raises(RunError, match="no step"):
            folder.nearest_snapshot(run, step)
    write.create_run(tmp_path / "empty", config, {})
    with pytest.raises(RunError, match="no snapshot yet"):
        folder.nearest_snapshot(open_run(tmp_path / "empty"), 3)


def test_a_run_just_created_is_empty_and_opens(tmp_path, config):
    write.create_run(tmp_path / "new", config, {})
    run = open_run(tmp_path / "new")
    assert len(run.steps) == len(run.log) == 0
    assert list(folder.iter_weights(run)) == []
    assert set(map(str, run.log.dtypes)) == {"float64"}


def test_a_log_torn_at_any_byte_shows_its_whole_lines(live):
    whole = (live / "log.jsonl").read_bytes()
    for cut in [*range(0, len(whole), 7), *(i + d for i, b in enumerate(whole) if b == 10 for d in (0, 1))]:
        (live / "log.jsonl").write_bytes(whole[:cut])
        assert len(open_run(live).log) == whole[:cut].count(b"\n")


ROW = (
    b'{"step": %s, "train_loss": %s, "test_loss": 1.0, "train_accuracy": 1, "test_accuracy": null, '
    b'"sum_squared_weights": 2}\n'
)


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"{}\n",
        b"[1, 2]\n",
        b"\0" * 500 + b"\n",
        b"[" * 900 + b"\n",
        ROW % (b"NaN", b"1"),
        ROW % (b"null", b"1"),
        ROW % (b"1.5", b"1"),
        ROW % (b"true", b"1"),
        ROW % (b"-1", b"1"),
        ROW % (b"2", b"1"),  # twice
        ROW % (b"1", b"1"),  # descending
        ROW % (b"100000000", b"1"),
        ROW % (b"3", b"NaN"),
        ROW % (b"3", b"Infinity"),
        ROW % (b"3", b"1e999"),
        ROW % (b"3", b"1" * 400),
        ROW % (b"3", b'"1"'),
        ROW % (b"3", b"true"),
        (ROW % (b"3", b"1")).replace(b"test_loss", b"test_lost"),
        (ROW % (b"3", b"1")).replace(b"1.0", b"\xff"),
        (ROW % (b"3", b"1")).replace(b"{", b"{" + b" " * 2000),
    ],
)
def test_the_log_ends_before_a_line_that_is_no_row(live, line):
    good = ROW % (b"2", b"0.25")
    (live / "log.jsonl").write_bytes(good + line + ROW % (b"5", b"0.5"))
    log = open_run(live).log
    assert log["step"].tolist() == [2]
    assert log["train_loss"].tolist() == [0.25]
    assert np.isnan(log["test_accuracy"][0])


def test_log_and_snapshots_are_prefixes_of_their_own(live):
    (live / "log.jsonl").unlink()
    assert open_run(live).steps.tolist() == STEPS
    for file in (live / "snapshots").iterdir():
        file.unlink()
    assert len(open_run(live).steps) == 0


@pytest.mark.parametrize(
    "damage", ["truncate", "empty", "link", "folder", "rename", "dtype", "shape", "pipe"]
)
def test_snapshots_end_before_one_that_is_damaged(live, tmp_path, config, weights_at, damage):
    third = live / "snapshots" / "00000010.safetensors"
    data = third.read_bytes()
    third.unlink()
    if damage == "truncate":
        third.write_bytes(data[:-1])
    elif damage == "empty":
        third.touch()
    elif damage == "link":
        (tmp_path / "outside").write_bytes(data)
        third.symlink_to(tmp_path / "outside")
    elif damage == "folder":
        third.mkdir()
    elif damage == "rename":  # the file of another step
        third.write_bytes((live / "snapshots" / "00000003.safetensors").read_bytes())
    elif damage == "dtype":
        third.write_bytes(write.seal(weights_at(10), {"step": "10"}))
    elif damage == "shape":
        weights = {name: array.astype(np.float16) for name, array in weights_at(10).items()}
        third.write_bytes(write.seal({**weights, "b_in": weights["b_in"][:-1]}, {"step": "10"}))
    elif damage == "pipe":
        os.mkfifo(third)
    assert open_run(live).steps.tolist() == [0, 3]


def test_files_that_are_no_snapshots_are_passed_over(live):
    for name in ("00000004.safetensors.99-1.tmp", "4.safetensors", "0000000٤.safetensors", "notes.txt"):
        (live / "snapshots" / name).write_bytes(b"half")
    assert open_run(live).steps.tolist() == STEPS


def test_weights_of_a_live_run_are_checked(live):
    file = live / "snapshots" / "00000010.safetensors"
    data = bytearray(file.read_bytes())
    data[-3] ^= 4
    file.write_bytes(data)
    run = open_run(live)
    assert folder.read_weights(run, 1)
    with pytest.raises(RunError, match=r"step 10 .* is damaged"):
        folder.read_weights(run, 2)


def test_a_run_opened_live_is_read_on_after_it_was_packed(live, weights_at):
    run = open_run(live)
    write.pack(live)
    found = folder.read_weights(run, 3)["W_U"]
    np.testing.assert_array_equal(found, weights_at(40)["W_U"].astype(np.float16))


def test_a_run_packed_while_it_is_opened_is_opened_packed(live, monkeypatch):
    scan = folder._live_snapshots

    def pack_first(path, config):
        monkeypatch.setattr(folder, "_live_snapshots", scan)
        write.pack(live)
        return scan(path, config)

    monkeypatch.setattr(folder, "_live_snapshots", pack_first)
    run = open_run(live)
    assert run.shards == (5,)
    assert run.steps.tolist() == STEPS


def test_a_snapshot_is_read_without_the_others(packed, monkeypatch):
    sizes = []
    read = folder.read_array
    monkeypatch.setattr(folder, "read_array", lambda *a: sizes.append(read(*a).nbytes) or read(*a))
    run = open_run(packed)
    sizes.clear()
    folder.read_weights(run, 3)
    assert sum(sizes) == 2 * run.config.n_parameters


def test_the_fingerprint_follows_config_log_and_snapshots(live, row_at, weights_at, forge):
    seen = [folder.fingerprint(open_run(live))]
    write.append_log(live, [row_at(101)])
    seen.append(folder.fingerprint(open_run(live)))
    write.write_snapshot(live, 101, weights_at(101))
    seen.append(folder.fingerprint(open_run(live)))
    write.write_snapshot(live, 101, weights_at(102))  # the same step, other weights
    seen.append(folder.fingerprint(open_run(live)))
    forge(live, lambda record: record["config"].update(seed=7))
    seen.append(folder.fingerprint(open_run(live)))
    assert len(set(seen)) == 5
    assert all(len(text) == 16 for text in seen)


def test_a_timeline_is_read_only_while_it_fits(packed):
    run = open_run(packed)
    kept = folder.read_timeline_cache(run)
    assert kept is not None
    found, meta = kept
    assert meta == {"version": "v1"}
    assert found["loss"].tolist() == np.linspace(0, 1, 7).tolist()
    assert found["keys"].tolist() == [3, 5]
    file = packed / "timeline.safetensors"
    data = file.read_bytes()
    for broken in (b"", data[:-1], data[:40], data.replace(b"loss", b"lost")):
        file.write_bytes(broken)
        assert folder.read_timeline_cache(run) is None
    os.truncate(file, 10 * 2**30)
    assert folder.read_timeline_cache(run) is None
    file.unlink()
    assert folder.read_timeline_cache(run) is None


def test_a_timeline_over_the_limit_of_a_file_is_not_read(packed, monkeypatch):
    size = (packed / "timeline.safetensors").stat().st_size
    for limit, read in ((size, True), (size - 1, False)):
        monkeypatch.setattr(folder, "MAX_FILE", limit)
        assert (folder.read_timeline_cache(open_run(packed)) is not None) == read


def test_a_timeline_is_stale_once_the_run_has_grown(live, row_at):
    write.write_timeline_cache(open_run(live), {"x": np.zeros(2)}, {"version": "v1"})
    assert folder.read_timeline_cache(open_run(live)) is not None
    write.append_log(live, [row_at(101)])
    assert folder.read_timeline_cache(open_run(live)) is None


def test_a_folder_that_may_not_be_left_is_not(live, tmp_path):
    (tmp_path / "secret").write_text("{}")
    with pytest.raises(RunError, match="outside the run folder"), storage.open_inside(live, "../secret"):
        pass
