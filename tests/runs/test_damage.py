"""A packed run, or the run.json of any run, that is damaged: one `RunError`, in little memory, at once."""

import dataclasses
import json
import os
import tracemalloc

import numpy as np
import pytest

from grokviz.errors import RunError
from grokviz.runs import folder, log, record, write
from grokviz.runs.folder import open_run

FILES = [
    "run.json",
    "log.jsonl",
    "snapshots-0.safetensors",
    "snapshots-1.safetensors",
    "timeline.safetensors",
]
POSITIONS = 150  # of each file


def read_everything(path):
    run = open_run(path)
    weights = [{name: w.tobytes() for name, w in snapshot.items()} for snapshot in folder.iter_weights(run)]
    about = (run.config, run.title, run.sentence, run.provenance, run.finished, run.steps.tolist())
    cache = folder.read_timeline_cache(run)
    timeline = cache and {name: array.tobytes() for name, array in cache[0].items()}
    return (*about, run.log.to_dict("list"), weights), timeline


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_anywhere_is_noticed_or_harmless(packed, name):
    data, timeline = read_everything(packed)
    assert timeline is not None
    whole = (packed / name).read_bytes()
    noticed, messages = 0, []
    for position in np.unique(np.linspace(0, len(whole) - 1, POSITIONS).astype(int)):
        flipped = bytearray(whole)
        flipped[position] ^= 1 << int(position % 8)
        (packed / name).write_bytes(flipped)
        try:
            found, cache = read_everything(packed)
        except RunError as error:
            messages.append(str(error))
            continue
        assert found == data, position
        assert cache in (None, timeline), position
        noticed += cache is None
    assert all(len(message) < 600 and message.endswith(".") for message in messages)
    noticed += len(messages)
    assert noticed > 0.8 * min(POSITIONS, len(whole))  # white space may be harmless, content may not


@pytest.mark.parametrize("name", FILES[:4])
@pytest.mark.parametrize("keep", [0, 1, 8, 100, -1])
def test_a_truncated_file_is_noticed(packed, name, keep):
    data = (packed / name).read_bytes()
    # The final newline of run.json carries nothing.
    (packed / name).write_bytes(data[:-2] if name == "run.json" and keep == -1 else data[:keep])
    with pytest.raises(RunError, match=name.replace(".", r"\.")):
        open_run(packed)


@pytest.mark.parametrize("name", FILES[:4])
@pytest.mark.parametrize("more", [b"x", b"\0", b'{"step": 101}\n'])
def test_bytes_after_the_end_are_noticed(packed, name, more):
    with open(packed / name, "ab") as file:
        file.write(more)
    with pytest.raises(RunError, match=name):
        open_run(packed)


@pytest.mark.parametrize("name", FILES[:4])
def test_a_missing_file_is_named(packed, name):
    (packed / name).unlink()
    with pytest.raises(RunError, match=name):
        open_run(packed)


@pytest.mark.parametrize("name", FILES[:4])
def test_a_link_out_of_the_folder_is_not_followed(packed, tmp_path, name):
    (packed / name).rename(tmp_path / "outside")
    (packed / name).symlink_to(tmp_path / "outside")
    with pytest.raises(RunError, match="outside the run folder"):
        open_run(packed)


def test_a_link_within_the_folder_is_followed(packed):
    (packed / "log.jsonl").rename(packed / "other")
    (packed / "log.jsonl").symlink_to("other")
    assert len(open_run(packed).log) == 5


@pytest.mark.parametrize("name", FILES[:4])
def test_what_is_no_file_is_refused_without_waiting(packed, name):
    (packed / name).unlink()
    os.mkfifo(packed / name)
    with pytest.raises(RunError, match="no regular file"):
        open_run(packed)
    (packed / name).unlink()
    (packed / name).mkdir()
    with pytest.raises(RunError, match="no regular file"):
        open_run(packed)
    (packed / name).rmdir()
    (packed / name).symlink_to(name)  # to itself
    with pytest.raises(RunError, match="cannot be read"):
        open_run(packed)


@pytest.mark.parametrize("name", FILES)
def test_ten_sparse_gigabytes_take_no_memory(packed, name):
    os.truncate(packed / name, 10 * 2**30)
    assert_refused_in_little_memory(packed, name)


def test_a_header_of_ten_gigabytes_takes_no_memory(packed):
    file = packed / "snapshots-0.safetensors"
    data = bytearray(file.read_bytes())
    data[:8] = (10 * 2**30).to_bytes(8, "little")
    file.write_bytes(data)
    assert_refused_in_little_memory(packed, file.name)
    os.truncate(file, 20 * 2**30)  # now the file is long enough for it
    assert_refused_in_little_memory(packed, file.name)


def assert_refused_in_little_memory(packed, name):
    tracemalloc.start()
    try:
        if name == "timeline.safetensors":
            assert folder.read_timeline_cache(open_run(packed)) is None
        else:
            with pytest.raises(RunError, match=name):
                open_run(packed)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["live", "packed"])
def test_a_log_over_its_limit_is_not_read(request, monkeypatch, name):
    path = request.getfixturevalue(name)
    size = (path / "log.jsonl").stat().st_size
    monkeypatch.setattr(log, "MAX_LOG", size)
    assert len(open_run(path).log) == 5
    monkeypatch.setattr(log, "MAX_LOG", size - 1)
    with pytest.raises(RunError, match=rf"log\.jsonl holds {size:,} bytes, expected at most {size - 1:,}"):
        open_run(path)


def test_a_log_without_lines_takes_no_memory(live):
    with open(live / "log.jsonl", "wb") as file:
        file.truncate(60 * 2**20)
    tracemalloc.start()
    assert len(open_run(live).log) == 0
    assert tracemalloc.get_traced_memory()[1] < 4_000_000
    tracemalloc.stop()


def packed_steps(steps):
    def edit(record):
        record["packed"]["steps"] = steps

    return edit


@pytest.mark.slow
@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda r: r.update(version=3), "newer GrokViz.*Update"),
        (lambda r: r.update(version=0), "damaged"),
        (lambda r: r.update(version="1"), "damaged"),
        (lambda r: r.update(format="other"), "format 'other', expected 'grokviz-run'"),
        (lambda r: r.update(title=3), "title should be a str"),
        (lambda r: r.update(finished=1), "finished should be a bool"),
        (lambda r: r.pop("provenance"), "provenance should be a dict"),
        (lambda r: r.pop("config"), "config"),
        (lambda r: r["config"].update(p=4.5), "whole number"),
        (lambda r: r["config"].update(p="9" * 4000), "whole number"),
        (lambda r: r["config"].update(unheard=1), "Unknown setting"),
        (lambda r: r["config"].update(p=7), r"W_E is float16 \[2, 6, 8\], .* expects float16 \[2, 8, 8\]"),
        (lambda r: r["config"].update(d_model=1024, d_mlp=8192), "expects float16"),
        (lambda r: r["config"].update(precision="float32"), "expects float32"),
        (lambda r: r.update(packed=[]), "packed says nothing usable"),
        (lambda r: r.update(packed={}), "packed says nothing usable"),
        (lambda r: r["packed"].pop("steps"), "packed says nothing usable"),
        (lambda r: r["packed"]["log"].update(size=None), "packed says nothing usable"),
        (lambda r: r["packed"]["log"].update(size=10), "log.jsonl is damaged"),
        (lambda r: r["packed"]["log"].update(checksum=10), "log.jsonl is damaged"),
        (packed_steps([0, 3, 10, 40, float("nan")]), "NaN"),
        (packed_steps([0, 3, 10, 40, "100"]), "nothing usable"),
        (packed_steps([0, 3, 10, 40, True]), "nothing usable"),
        (packed_steps([-1, 3, 10, 40, 100]), "nothing usable"),
        (packed_steps([0, 3, 10, 40, 10**9]), "should go up"),
        (packed_steps([0, 3, 10, 10, 100]), "should go up"),
        (packed_steps([0, 10, 3, 40, 100]), "should go up"),
        (packed_steps([0, 4, 10, 40, 100]), "other steps"),
        (packed_steps([0, 3, 10, 40]), "4 steps, 5 checksums"),
        (lambda r: r["packed"].update(steps=[], checksums=[], shards=[]), "and some"),
        (lambda r: r["packed"].update(shards=[5]), r"snapshots-0.*\[2, .* expects .*\[5, "),
        (lambda r: r["packed"].update(shards=[2, 3]), "snapshots-1"),
        (lambda r: r["packed"].update(shards=[2, 2, 1, 0]), "expected as many"),
        (lambda r: r["packed"].update(shards=[2, 2, 2**31]), "expected as many"),
    ],
)
def test_a_run_json_that_contradicts_itself_or_the_files(packed, forge, edit, says):
    forge(packed, edit)
    with pytest.raises(RunError, match=says):
        open_run(packed)


def test_a_checksum_of_another_snapshot_is_noticed_when_it_is_read(packed, forge):
    forge(packed, lambda r: r["packed"]["checksums"].__setitem__(3, 1))
    run = open_run(packed)
    assert folder.read_weights(run, 2)
    with pytest.raises(RunError, match=r"The snapshot of step 40 in snapshots-1.safetensors is damaged"):
        folder.read_weights(run, 3)


def test_weights_that_are_not_finite_are_refused(live, weights_at):
    weights = {name: array.astype(np.float16) for name, array in weights_at(3).items()}
    weights["b_in"][2] = np.nan
    (live / "snapshots" / "00000003.safetensors").write_bytes(write.seal(weights, {"step": "3"}))
    with pytest.raises(RunError, match="not finite"):
        folder.read_weights(open_run(live), 1)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b'{"format": "grokviz-run"}',
        b'{"format": "grokviz-run", "version": 1, "crc32": null}',
        b'{"format": "grokviz-run", "format": "grokviz-run", "version": 1}',
        b'{"format": 1e999}',
        b'{"format": "\\ud800"}',
        b'{"format": ' + b"1" * 5000 + b"}",
        b"{" + b" " * 2**20 + b"}",
    ],
)
def test_a_run_json_that_is_none(live, text):
    (live / "run.json").write_bytes(text)
    with pytest.raises(RunError, match=r"run\.json"):
        open_run(live)


@pytest.mark.parametrize("value", ["1e999", "-1e999", '"\\ud800"', "NaN", "Infinity", '{"a": 1, "a": 1}'])
def test_a_value_that_json_cannot_hold_is_refused(live, value):
    text = (live / "run.json").read_text().replace('"device": "cpu"', f'"device": {value}')
    (live / "run.json").write_text(text)
    with pytest.raises(RunError, match=r"run\.json is no JSON"):
        open_run(live)


@pytest.mark.parametrize("depth", [10, 300, 900, 940, 970, 980, 990, 1000, 100_000])
@pytest.mark.parametrize("key", ["format", "version", "title", "provenance", "packed"])
def test_deep_nesting_is_refused(live, key, depth):
    fields = json.loads((live / "run.json").read_text())
    text = json.dumps({**fields, key: 0}).replace(f'"{key}": 0', f'"{key}": ' + "[" * depth + "]" * depth)
    (live / "run.json").write_text(text)
    with pytest.raises(RunError, match=r"run\.json"):
        open_run(live)


def test_what_is_no_run_folder_at_all(tmp_path):
    for path in (tmp_path / "nowhere", "\0", ""):
        with pytest.raises(RunError, match="no run"):
            open_run(path)
    with pytest.raises(RunError, match=r"holds no run\.json"):
        open_run(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="no run folder"):
        open_run(tmp_path / "file")


def test_a_record_with_a_checksum_of_its_own_is_read_back(live):
    again = record.read_record(live)
    record.write_record(live, dataclasses.replace(again, title="Grösse \U0001f9ea"))
    assert open_run(live).title == "Grösse \U0001f9ea"


def test_what_a_younger_version_wrote_besides_is_kept(live, forge):
    forge(live, lambda fields: fields.update(mood="serene"))
    again = record.read_record(live)
    assert again.more == {"mood": "serene"}
    record.write_record(live, dataclasses.replace(again, title="Other"))
    assert json.loads((live / "run.json").read_text())["mood"] == "serene"
    assert record.read_record(live) == dataclasses.replace(again, title="Other")
