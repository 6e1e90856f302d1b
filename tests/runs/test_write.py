"""Writing: what is stored comes back, and what cannot be stored is refused with a sentence."""

import contextlib
import dataclasses
import json
import math
import os
import shutil
import threading

import numpy as np
import pytest
from filelock import FileLock

from grokviz.config import RunConfig
from grokviz.errors import RunError
from grokviz.runs import folder, log, record, storage, write
from grokviz.runs.folder import open_run, read_weights, snapshot_name
from grokviz.runs.log import LOG_COLUMNS
from grokviz.runs.tensors import read_header

STEPS = [0, 3, 10, 40, 100]


def test_a_folder_that_holds_anything_is_not_written_over(live, tmp_path, config):
    before = (live / "run.json").read_bytes()
    with pytest.raises(RunError, match=r"already holds 'log.jsonl'.*choose another folder"):
        write.create_run(live, config, {})
    assert (live / "run.json").read_bytes() == before
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="file cannot be written"):
        write.create_run(tmp_path / "file", config, {})


def test_a_creation_that_was_killed_can_be_made_again(tmp_path, config):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "run.json.1-1.tmp").write_text("{")
    write.create_run(tmp_path / "new", config, {})
    assert open_run(tmp_path / "new").config == config


def test_a_run_whose_log_would_not_fit_is_refused_before_it_starts(tmp_path, config):
    long = dataclasses.replace(config, steps=10_000_000, log_every=1)
    with pytest.raises(RunError, match="Choose a log_every of at least 40"):
        write.create_run(tmp_path / "new", long, {})
    write.create_run(tmp_path / "new", dataclasses.replace(long, log_every=40), {})
    longest = dict.fromkeys(log.LOG_COLUMNS, -math.pi * 1e-300) | {"step": log.MAX_STEP}
    assert write.MAX_ROWS * len(log.encode_row(longest, -1)) < log.MAX_LOG


def test_run_json_keeps_under_its_limit(tmp_path, config):
    with pytest.raises(RunError, match=r"run\.json would hold .*Shorten"):
        write.create_run(tmp_path / "new", config, {}, sentence="x" * 2**20)


def test_losses_come_back_to_the_last_digit(live):
    losses = [1 / 3, 5e-324, 1.7976931348623157e308, np.float32(0.1), np.float64(math.pi)]
    write.append_log(live, [row(200 + i, loss) for i, loss in enumerate(losses)])
    assert open_run(live).log["train_loss"].tolist()[-5:] == [float(loss) for loss in losses]


def row(step, loss: float | None = 1.0):
    return dict.fromkeys(LOG_COLUMNS, 0.5) | {"step": step, "train_loss": loss}


def test_what_was_not_measured_is_nan(live):
    write.append_log(live, [row(101, None), row(102, math.nan), row(103, math.inf)])
    assert open_run(live).log["train_loss"].isna().tolist()[-3:] == [True] * 3
    for line in (live / "log.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=pytest.fail)


@pytest.mark.parametrize(
    "rows", [[row(100)], [row(7)], [row(101), row(101)], [row(None)], [row(101.5)], [row(10**8)]]
)
def test_steps_of_the_log_ascend(live, rows):
    before = (live / "log.jsonl").read_bytes()
    with pytest.raises(RunError, match=r"goes on after step 10.*rewind"):
        write.append_log(live, rows)
    assert (live / "log.jsonl").read_bytes() == before


def test_a_row_has_all_columns_and_no_other(live):
    with pytest.raises(RunError, match="A row of the log holds"):
        write.append_log(live, [{"step": 101}])


def test_appending_drops_a_torn_line_and_refuses_damage(live, row_at):
    file = live / "log.jsonl"
    whole = file.read_bytes()
    for torn in (b"{", whole[: whole.index(b"\n")], b"\0" * 900):
        file.write_bytes(whole + torn)
        write.append_log(live, [row_at(101)])
        assert open_run(live).log["step"].tolist() == [*STEPS, 101]
    for damage in (whole + b"no row\n", whole + b"\0" * 5000, b"\n"):
        file.write_bytes(damage)
        with pytest.raises(RunError, match=r"damaged at its end. Rewind"):
            write.append_log(live, [row_at(101)])
        assert file.read_bytes() == damage
    file.write_bytes(b"torn from the start")
    write.append_log(live, [row_at(3)])
    assert open_run(live).log["step"].tolist() == [3]


def test_the_log_keeps_under_its_limit(live, row_at, monkeypatch):
    size = (live / "log.jsonl").stat().st_size
    monkeypatch.setattr(write, "MAX_LOG", size + 10)
    with pytest.raises(RunError, match="Choose a larger log_every"):
        write.append_log(live, [row_at(101)])
    assert (live / "log.jsonl").stat().st_size == size


@pytest.mark.parametrize("value", [65504.1, -65520.0, 1e30])
def test_a_weight_too_large_for_float16_is_refused(live, weights_at, value):
    weights = weights_at(101)
    weights["W_out"][3, 2] = value
    with pytest.raises(RunError, match=r"W_out holds .*float16 ends at 65504.*float32"):
        write.write_snapshot(live, 101, {name: w.astype(np.float64) for name, w in weights.items()})
    assert open_run(live).steps.tolist() == STEPS


def test_the_largest_float16_is_stored(live, weights_at):
    weights = weights_at(101) | {"b_in": np.full(16, -65504.0)}
    write.write_snapshot(live, 101, weights, "float16")
    assert folder.read_weights(open_run(live), 5)["b_in"].tolist() == [-65504.0] * 16


def test_float32_is_stored_exactly(tmp_path, config, weights_at):
    path = tmp_path / "exact"
    write.create_run(path, dataclasses.replace(config, precision="float32"), {})
    large = weights_at(1) | {"b_in": np.full(16, 1e30, dtype=np.float32)}
    write.write_snapshot(path, 1, large, "float32")
    for _ in range(2):
        found = folder.read_weights(open_run(path), 0)
        for name, array in large.items():
            np.testing.assert_array_equal(found[name], array)
        write.pack(path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_refused(live, weights_at, value):
    weights = weights_at(101)
    weights["W_K"][1, 2, 3] = value
    with pytest.raises(RunError, match=r"W_K holds .*diverged"):
        write.write_snapshot(live, 101, weights)


def test_a_snapshot_must_fit_the_config(live, weights_at):
    weights = weights_at(101)
    lacking = {name: array for name, array in weights.items() if name != "b_in"}
    for wrong, says in (
        (lacking, r"b_in has shape None, the config expects \(16,\)"),
        (weights | {"b_in": np.zeros(15)}, r"b_in has shape \(15,\)"),
        (weights | {"b_K": np.zeros(3)}, r"b_K has shape \(3,\), the config expects None"),
    ):
        with pytest.raises(RunError, match=says):
            write.write_snapshot(live, 101, wrong)
    with pytest.raises(RunError, match="Got precision 'float32', the config says 'float16'"):
        write.write_snapshot(live, 101, weights, "float32")
    for step in (-1, 10**8):
        with pytest.raises(RunError, match="Got step"):
            write.write_snapshot(live, step, weights)


def test_resume_keeps_arrays_and_meta(live):
    arrays = {
        "exp_avg.W_E": np.arange(6, dtype=np.float32).reshape(2, 3),
        "generator": np.arange(3, dtype=np.uint8),
    }
    meta = {"step": 40, "schedule": {"last": [0.1, 1e-300]}}
    write.write_resume(live, arrays, meta)
    found = write.read_resume(live)
    assert found is not None
    assert found[1] == meta
    assert found[0].keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[0][name].dtype == array.dtype
        np.testing.assert_array_equal(found[0][name], array)


def test_resume_missing_or_damaged(live):
    file = live / "resume.safetensors"
    data = bytearray(file.read_bytes())
    for position in range(len(data)):
        data[position] ^= 1
        file.write_bytes(data)
        data[position] ^= 1
        if position >= 8 and data[position : position + 1].isspace():
            continue
        with pytest.raises(RunError, match=r"resume\.safetensors"):
            write.read_resume(live)
    os.truncate(file, 10 * 2**30)
    with pytest.raises(RunError, match="expected at most"):
        write.read_resume(live)
    file.write_bytes(write.seal({}, {}))
    with pytest.raises(RunError, match="no meta data"):
        write.read_resume(live)
    file.unlink()
    assert write.read_resume(live) is None


@pytest.mark.parametrize(("step", "left"), [(1000, 5), (100, 5), (99, 4), (10, 3), (9, 2), (0, 1), (-1, 0)])
def test_rewind_forgets_what_came_later(live, step, left, row_at):
    with open(live / "log.jsonl", "ab") as file:
        file.write(b'{"step": 2')
    write.rewind(live, step)
    run = open_run(live)
    assert run.steps.tolist() == run.log["step"].tolist() == STEPS[:left]
    assert (live / "log.jsonl").stat().st_size == run.log_size
    write.append_log(live, [row_at(1001)])


def test_rewind_mends_a_damaged_log(live, row_at):
    lines = (live / "log.jsonl").read_bytes().splitlines(keepends=True)
    (live / "log.jsonl").write_bytes(b"".join([*lines[:3], b"rubbish\n", *lines[3:]]))
    with pytest.raises(RunError, match=r"damaged after .*Rewind"):
        write.pack(live)
    write.rewind(live, 10)
    write.append_log(live, [row_at(11)])
    assert open_run(live).log["step"].tolist() == [0, 3, 10, 11]


def test_a_run_that_has_finished_grows_no_more(live, row_at, weights_at):
    write.mark_finished(live)
    assert open_run(live).finished
    assert not open_run(live).shards
    for again in range(2):
        for grow in (
            lambda: write.append_log(live, [row_at(101)]),
            lambda: write.write_snapshot(live, 101, weights_at(101)),
            lambda: write.write_resume(live, {}, {}),
            lambda: write.rewind(live, 10),
        ):
            with pytest.raises(RunError, match="has finished"):
                grow()
        if not again:
            write.pack(live)


def test_packing_drops_a_torn_line_and_what_killed_writers_left(live):
    with open(live / "log.jsonl", "ab") as file:
        file.write(b'{"step": 2')
    (live / "run.json.7-7.tmp").write_text("{")
    (live / "snapshots" / "00000200.safetensors.7-7.tmp").write_text("half")
    (live / "snapshots-7.safetensors").write_text("half")
    write.pack(live)
    assert sorted(os.listdir(live)) == ["log.jsonl", "run.json", "snapshots-0.safetensors"]
    assert len(open_run(live).log) == len(STEPS)


def test_packing_twice_changes_nothing(packed):
    before = {file.name: file.read_bytes() for file in packed.iterdir()}
    write.pack(packed)
    assert {file.name: file.read_bytes() for file in packed.iterdir()} == before


def test_packing_refuses_to_lose_snapshots(live):
    (live / "snapshots" / "00000010.safetensors").write_bytes(b"")
    with pytest.raises(RunError, match=r"00000010.* is damaged. Remove that file"):
        write.pack(live)
    (live / "snapshots" / "00000010.safetensors").unlink()
    write.pack(live)
    assert open_run(live).steps.tolist() == [0, 3, 40, 100]


def test_packing_refuses_damaged_weights(live):
    file = live / "snapshots" / "00000010.safetensors"
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(RunError, match=r"step 10 .*damaged"):
        write.pack(live)
    assert open_run(live).steps.tolist() == STEPS
    assert not open_run(live).finished


def test_packing_needs_a_snapshot_and_room(live, tmp_path, config, monkeypatch):
    write.create_run(tmp_path / "empty", config, {})
    with pytest.raises(RunError, match="nothing to pack"):
        write.pack(tmp_path / "empty")
    monkeypatch.setattr(write, "MAX_SHARDS", 1)
    one = config.n_parameters * 2 + 8
    for fit, says in ((4, "Keep at most 4"), (0, "Keep at most 0")):
        monkeypatch.setattr(write, "MAX_FILE", write.HEADER_ROOM + fit * one + one - 1)
        with pytest.raises(RunError, match=says):
            write.pack(live)
    assert open_run(live).steps.tolist() == STEPS


@pytest.mark.parametrize(
    ("fit", "shards"), [(1, (1, 1, 1, 1, 1)), (2, (2, 2, 1)), (3, (3, 2)), (4, (3, 2)), (5, (5,))]
)
def test_packed_files_keep_under_their_limit(live, config, fit, shards, monkeypatch, weights_at):
    limit = write.HEADER_ROOM + fit * (config.n_parameters * 2 + 8)
    monkeypatch.setattr(write, "MAX_FILE", limit)
    write.pack(live)
    run = open_run(live)
    assert run.shards == shards
    assert len(os.listdir(live)) <= 7
    assert all(file.stat().st_size <= limit for file in live.iterdir())
    for step, weights in zip(run.steps, folder.iter_weights(run), strict=True):
        np.testing.assert_array_equal(weights["W_in"], weights_at(int(step))["W_in"].astype(np.float16))


def test_the_run_of_the_paper_fits():
    """150 snapshots of 226,688 parameters in float16: two files, none over 48 MB."""
    config = RunConfig()
    one = config.n_parameters * 2 + 8
    run = folder.Run(**dict.fromkeys([f.name for f in dataclasses.fields(folder.Run)]))  # pyright: ignore
    run = dataclasses.replace(run, config=config, steps=np.arange(150))
    assert [len(part) * one < 48_000_000 for part in write._split(run)] == [True, True]


def test_a_timeline_that_is_too_large_is_refused(packed, monkeypatch):
    monkeypatch.setattr(write, "MAX_FILE", 1000)
    with pytest.raises(RunError, match=r"timeline\.safetensors would hold"):
        write.write_timeline_cache(packed, {"x": np.zeros(1000)}, {})
    assert folder.read_timeline_cache(open_run(packed)) is not None


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(packed):
    packed.chmod(0o500)
    try:
        with pytest.raises(RunError, match="cannot be written"):
            write.write_timeline_cache(packed, {"x": np.zeros(3)}, {})
    finally:
        packed.chmod(0o700)


@pytest.mark.slow
def test_packing_and_rewinding_wait_for_no_other_writer(live):
    with FileLock(live / storage.LOCK):
        for act in (write.pack, write.mark_finished, lambda path: write.rewind(path, 3)):
            with pytest.raises(RunError, match="Another training"):
                act(live)


@pytest.fixture
def ended(live, weights_at):
    """The run, finished with what training on needs."""
    arrays = {f"weights.{name}": w for name, w in weights_at(120).items()}
    write.write_resume(live, arrays, {"step": 120})
    write.finish(live)
    return live


def test_a_run_that_is_ended_keeps_its_state_as_the_last_snapshot(ended, weights_at):
    run = open_run(ended)
    assert run.finished
    assert run.shards
    assert run.steps.tolist() == [*STEPS, 120]
    for name, w in folder.read_weights(run, 5).items():
        np.testing.assert_array_equal(w, weights_at(120)[name].astype(np.float16))
    assert write.read_resume(ended)[1] == {"step": 120}


def test_reopening_can_be_cut_short_anywhere(ended, config, tmp_path, monkeypatch):
    """It fails at every file it would replace, one after the other: the run opens, and is the one or the other."""
    longer, before = dataclasses.replace(config, steps=200), folder.fingerprint(open_run(ended))
    replace, seen = storage.replace_file, set()
    for fail_at in range(20):
        calls = 0

        def failing(path, data, fail_at=fail_at):
            nonlocal calls
            calls += 1
            if calls > fail_at:
                raise RunError("killed")
            replace(path, data)

        path = tmp_path / f"copy-{fail_at}"
        shutil.copytree(ended, path)
        with monkeypatch.context() as patch:
            patch.setattr(write, "replace_file", failing)
            patch.setattr(record, "replace_file", failing)
            with contextlib.suppress(RunError):
                write.reopen(path, longer)
        run = open_run(path)
        seen.add(run.finished)
        if run.finished:
            assert folder.fingerprint(run) == before
            write.reopen(path, longer)
            run = open_run(path)
        assert run.config.steps == 200
        assert run.steps.tolist() == [*STEPS, 120]
        assert len(list(folder.iter_weights(run))) == 6
        write.finish(path)
        assert open_run(path).shards
        if calls <= fail_at:
            break
    assert seen == {True, False}
    assert calls == 7  # six snapshots and run.json: everything was cut short once


def test_reopening_needs_a_state_and_more_steps(ended, config):
    with pytest.raises(RunError, match="at step 100 already"):
        write.reopen(ended, dataclasses.replace(config, steps=100))
    with pytest.raises(RunError, match="d_mlp is 16 in this run, got 32"):
        write.reopen(ended, dataclasses.replace(config, steps=200, d_mlp=32))
    (ended / write.RESUME).unlink()
    with pytest.raises(RunError, match="Fork it from a step instead"):
        write.reopen(ended, dataclasses.replace(config, steps=200))
    assert open_run(ended).finished


def test_a_run_goes_on_under_other_settings_but_not_as_another_network(live, config):
    changed = dataclasses.replace(config, steps=300, changes=((40, "lr", 0.1),))
    write.set_config(live, changed)
    assert open_run(live).config == changed
    for name, value in (("p", 7), ("seed", 3), ("lr", 0.1), ("precision", "float32"), ("log_every", 3)):
        with pytest.raises(RunError, match=f"{name} is .* Start a new run"):
            write.set_config(live, dataclasses.replace(changed, **{name: value}))
    write.mark_finished(live)
    with pytest.raises(RunError, match="has finished"):
        write.set_config(live, config)


def test_title_and_provenance_are_replaced_and_nothing_else(ended):
    before = folder.fingerprint(open_run(ended))
    write.set_title(ended, "Another")
    write.set_provenance(ended, {"device": "abacus"})
    run = open_run(ended)
    assert (run.title, run.provenance) == ("Another", {"device": "abacus"})
    assert folder.fingerprint(run) == before


def test_looking_for_a_lock_keeps_nobody_out(live):
    assert not storage.is_locked(live)
    assert not storage.is_locked(live / "nowhere")
    other = FileLock(live / storage.LOCK, thread_local=False)
    with other:  # somebody writes
        assert storage.is_locked(live)
    assert not storage.is_locked(live)
    other.acquire()
    threading.Timer(0.05, other.release).start()
    with storage.write_lock(live):  # for so short a time it waits
        assert storage.is_locked(live)
    assert not storage.is_locked(live)


def test_what_stands_beside_weights_that_were_read_is_not_stored_again(tmp_path):
    """The attention rate is in the record: a fork writes what it has read."""
    config = RunConfig(p=5, d_model=8, n_heads=2, d_mlp=6, steps=3, attention_rate=0.25, precision="float32")
    rng = np.random.default_rng(0)
    weights = {name: rng.normal(size=shape).astype(np.float32) for name, shape in config.shapes.items()}
    for name in ("first", "fork"):
        write.create_run(tmp_path / name, config, {}, name, "")
    write.write_snapshot(tmp_path / "first", 0, weights)
    read = read_weights(open_run(tmp_path / "first"), 0)
    assert read["attention_rate"] == 0.25
    write.write_snapshot(tmp_path / "fork", 0, read)
    again = read_weights(open_run(tmp_path / "fork"), 0)
    assert all(np.array_equal(again[name], weights[name]) for name in weights)
    with open(tmp_path / "fork" / snapshot_name(0), "rb") as file:
        assert read_header(file, "snapshot").tensors.keys() == config.shapes.keys()


def test_a_log_may_have_further_columns_in_every_row(tmp_path, config):
    write.create_run(tmp_path / "new", config, {})
    write.append_log(tmp_path / "new", [row(0) | {"removed_accuracy": None, "digit_0": 2.5}])
    write.append_log(tmp_path / "new", [row(1) | {"removed_accuracy": 0.25, "digit_0": 1 / 3}])
    logged = open_run(tmp_path / "new").logged
    assert list(logged) == [*LOG_COLUMNS, "digit_0", "removed_accuracy"]
    assert logged["digit_0"].tolist() == [2.5, 1 / 3]
    np.testing.assert_equal(logged["removed_accuracy"], [np.nan, 0.25])


@pytest.mark.parametrize("further", [{}, {"digit_1": 1.0}, {"digit_0": 1.0, "digit_1": 1.0}])
def test_a_row_with_other_further_columns_is_refused(tmp_path, config, further):
    write.create_run(tmp_path / "new", config, {})
    write.append_log(tmp_path / "new", [row(0) | {"digit_0": 1.0}])
    with pytest.raises(RunError, match="holds .*digit_1|holds .*expected .*digit_0"):
        write.append_log(tmp_path / "new", [row(1) | further])
    assert len(open_run(tmp_path / "new").logged["step"]) == 1


@pytest.mark.parametrize("names", [["Digit"], ["x" * 33], [f"digit_{n}" for n in range(25)], ["a b"]])
def test_a_further_column_has_a_plain_name_and_there_are_few(tmp_path, config, names):
    write.create_run(tmp_path / "new", config, {})
    with pytest.raises(RunError, match="A row of the log holds"):
        write.append_log(tmp_path / "new", [row(0) | dict.fromkeys(names, 1.0)])


def test_the_longest_line_is_read_back(tmp_path, config):
    longest = {name.ljust(32, "x")[:32]: -math.pi * 1e-300 for name in (f"c{n:02}" for n in range(24))}
    write.create_run(tmp_path / "new", config, {})
    write.append_log(tmp_path / "new", [row(log.MAX_STEP, -math.pi * 1e-300) | longest])
    assert len(open_run(tmp_path / "new").logged) == len(LOG_COLUMNS) + 24
