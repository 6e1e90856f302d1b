"""What a visitor may ask for, and every refusal; the worker refuses what was forged past them."""

import dataclasses
import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from grokviz import worker
from grokviz.config import MAX_CHANGES
from grokviz.errors import ConfigError, HostingError, RunError
from grokviz.jobs import files, requests, supervisor
from grokviz.jobs.files import Job
from grokviz.runs import folder, library, record, storage, write
from grokviz.runs.catalog import ID
from grokviz.runs.log import LOG_COLUMNS
from grokviz.runs.storage import write_lock


@pytest.fixture(autouse=True)
def polite_worker(monkeypatch):
    """A worker within this process: it changes neither its priority nor its signals."""
    monkeypatch.setattr(worker, "_make_way", lambda: None)
    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)


def trained(run):
    assert worker.main([str(run)]) == 0
    return folder.open_run(run)


BEYOND = {
    "p": 132,
    "d_model": 136,
    "d_mlp": 513,
    "n_heads": 16,
    "steps": 40_001,
    "max_snapshots": 151,
    "precision": "float32",
}


@pytest.mark.parametrize("name", BEYOND)
def test_nobody_gets_more_than_the_limits_not_even_by_forgery(hosted, visitor, tiny, name):
    base = dataclasses.replace(tiny, d_model=16) if name == "n_heads" else tiny
    wanted = dataclasses.replace(base, **{name: BEYOND[name]})
    with pytest.raises(HostingError, match="float16" if name == "precision" else f"{name} = "):
        requests.start(visitor(1), wanted, "big", limits=hosted)
    assert not visitor(1).exists()
    run = requests.start(visitor(1), tiny, "small", limits=hosted)
    record.write_record(
        run, dataclasses.replace(record.read_record(run), config=wanted)
    )  # as if by an edited file
    assert worker.main([str(run)]) == 1
    over = files.ended(run)
    assert over
    assert over.why == "failed"
    assert isinstance(over.error, HostingError)
    assert "shared machine" in over.error.found
    assert not (run / "log.jsonl").exists()


def test_forged_jobs_are_not_obeyed(tmp_path, tiny):
    run = requests.start(tmp_path, tiny, "run")
    for forged in (
        Job(device="tpu"),
        Job(device="cpu", settings={"weight_decay": -1.0}),
        Job(device="cpu", settings={"lr": "much"}),  # pyright: ignore
    ):
        files.write_job(run, forged)
        assert worker.main([str(run)]) == 1
        assert files.ended(run).why == "failed"
    for forged in ('{"wanted": "rule"}', "[]", "{"):
        (files.folder_of(run) / "job.json").write_text(forged)
        assert worker.main([str(run)]) == 1
        assert "job" in str(files.ended(run).error)
    requests.resume(run)  # as the sentence says
    assert files.read(run).wanted == "train"


def test_an_error_that_nobody_foresaw_ends_the_training_and_is_not_tried_again(tmp_path, tiny, monkeypatch):
    run = requests.start(tmp_path, tiny, "run", "cpu")
    files.write_job(run, files.read(run)._replace(started=True))

    def stumble(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(worker, "run", stumble)
    with pytest.raises(ZeroDivisionError):
        worker.main([str(run)])
    supervisor.tick(tmp_path)
    assert supervisor.status(run, tmp_path).state == "failed"


def test_one_training_at_a_time_and_so_many_in_the_queue(hosted, visitor, tiny):
    first = requests.start(visitor(0), tiny, "run", limits=hosted)
    with pytest.raises(HostingError, match="One training or measuring at a time"):
        requests.start(visitor(0), tiny, "another", limits=hosted)
    for n in range(1, 4):
        requests.start(visitor(n), tiny, "run", limits=hosted)
    with pytest.raises(HostingError, match="4 are waiting already"):
        requests.start(visitor(4), tiny, "run", limits=hosted)
    requests.pause(first)
    second = requests.start(visitor(0), tiny, "second", limits=hosted)
    with pytest.raises(HostingError, match="One training or measuring at a time"):
        requests.resume(first)  # a paused one is no way round
    requests.resume(second)


def test_one_visitor_who_presses_many_times_at_once_gets_one(hosted, visitor, tiny):
    def press(_):
        try:
            return requests.start(visitor(0), tiny, "run", limits=hosted)
        except HostingError:
            return None

    with ThreadPoolExecutor(8) as threads:
        assert sum(run is not None for run in threads.map(press, range(8))) == 1
    assert len(files.runs_in(visitor(0))) == 1


@pytest.mark.slow
def test_what_is_pressed_twice_at_once_is_started_once(tmp_path, tiny, monkeypatch):
    slow_disk(monkeypatch, 0.05)  # the second press comes while the first is being obeyed
    with ThreadPoolExecutor(4) as threads:
        found = [*threads.map(lambda _: requests.start_once(tmp_path, tiny, "run"), range(4))]
    assert len({run for run, _ in found}) == 1
    assert [is_new for _, is_new in found].count(True) == 1
    other = dataclasses.replace(tiny, seed=7)
    assert requests.start_once(tmp_path, other, "other")[1]
    requests.pause(found[0][0])
    assert requests.start_once(tmp_path, tiny, "again")[1]  # nobody trains it


def finished(root, tiny, title="old"):
    run = requests.start(root, dataclasses.replace(tiny, steps=1), title, "cpu")
    write.mark_finished(run)
    files.end(run, "finished")
    return run


def test_runs_of_a_visitor_are_counted(hosted, visitor, tiny):
    for _ in range(3):
        finished(visitor(1), tiny)
    with pytest.raises(HostingError, match=r"3 runs here, which is the most. Delete one"):
        requests.start(visitor(1), tiny, "fourth", limits=hosted)
    requests.delete(files.runs_in(visitor(1))[0])
    requests.start(visitor(1), tiny, "fourth", limits=hosted)


def test_the_oldest_go_first_and_none_that_is_trained_or_waits(hosted, visitor, tiny):
    runs = [finished(visitor(n), tiny) for n in range(4)]
    for age, run in enumerate(runs):
        os.utime(run, (1e9 - age, 1e9 - age))
    requests.resume(runs[3])  # the oldest waits
    with write_lock(runs[2]):  # the next is trained
        requests.make_room(visitor(9), hosted._replace(all_runs=4))
    assert [run.exists() for run in runs] == [True, False, True, True]
    requests.make_room(visitor(9), hosted._replace(disk_mb=0))
    assert [run.exists() for run in runs] == [False, False, False, True]
    assert not files.folder_of(runs[0]).exists()


def test_deleted_runs_fill_the_disk_too_and_go_before_any_other(hosted, visitor, tiny):
    kept, gone = finished(visitor(1), tiny), finished(visitor(2), tiny)
    (gone / "snapshots-0.safetensors").write_bytes(bytes(2_000_000))
    bin = requests.delete(gone)
    requests.make_room(visitor(3), hosted._replace(disk_mb=1))
    assert kept.exists()
    assert not bin.exists()
    with pytest.raises(RunError, match="gone for good"):
        requests.restore(bin)


def test_deleting_can_be_undone_until_it_is_swept(tmp_path, tiny, monkeypatch):
    run = finished(tmp_path, tiny)
    with write_lock(run), pytest.raises(RunError, match="Stop it first"):
        requests.delete(run)
    bin = requests.delete(run)
    assert not run.exists()
    assert files.runs_in(tmp_path) == []
    supervisor.tick(tmp_path)
    assert requests.restore(bin) == run
    assert folder.open_run(run).title == "old"
    bin = requests.delete(run)
    monkeypatch.setattr(supervisor, "TRASH_SECONDS", 0)
    time.sleep(0.01)
    supervisor.tick(tmp_path)
    assert not bin.exists()
    assert not files.folder_of(run).exists()
    with pytest.raises(RunError, match="gone for good"):
        requests.restore(bin)


def test_titles_from_outside_become_one_printable_line(tmp_path, tiny):
    title = "a\0b\x1b[31m\n\u202ec\u2066d" + "x" * 10_000
    run = requests.start(tmp_path, tiny, title)
    found = folder.open_run(run).title
    assert found == "ab[31m cd" + "x" * 71
    requests.rename(run, "\u2028 <b>new</b> \t")
    assert folder.open_run(run).title == "<b>new</b>"


@pytest.mark.parametrize(
    "name", ["", "..", "../../etc/passwd", "a\0b.zip", ".zip", "é😀.zip", "x" * 10_000, "CON.zip", "catalog.json.zip"]
)  # fmt: skip
def test_the_name_of_a_file_becomes_an_id_of_its_own(tmp_path, name):
    ids = {requests.free_id(tmp_path, name) for _ in range(3)}
    assert len(ids) == 3  # never that of another run, as of a bundled one that is found first
    assert all(ID.fullmatch(id) and id != "catalog.json" for id in ids)


def test_ids_say_what_is_trained(tiny):
    id = requests.new_id(dataclasses.replace(tiny, operation="x^2+xy+y^2"))
    assert ID.fullmatch(id)
    assert id.startswith("mod5-x-2-xy-y-2-")


@pytest.mark.parametrize("name", ["../v-0/run", "v-0/run", "/etc", "..", "run\0", "RUN", ".jobs", "x" * 100])
def test_no_name_leads_to_the_run_of_another(hosted, visitor, tiny, no_runs, name):
    theirs = requests.start(visitor(1), tiny, "theirs", limits=hosted)
    for id in (name, f"../{theirs.parent.name}/{theirs.name}", theirs.name):
        with pytest.raises(RunError):
            library.find(id, visitor(2))
    assert library.find(theirs.name, visitor(1)) == theirs


def test_what_can_be_changed_and_how_often(tmp_path, tiny):
    run = requests.start(tmp_path, tiny, "run")
    requests.change(run, weight_decay=2)
    requests.change(run, lr=0.01)
    assert files.read(run).settings == {"weight_decay": 2.0, "lr": 0.01}
    for wrong in ({"weight_decay": -1.0}, {"lr": float("nan")}, {"lr": 2.0}):
        with pytest.raises(ConfigError):
            requests.change(run, **wrong)
    often = dataclasses.replace(tiny, changes=tuple((s, "lr", 0.01) for s in range(MAX_CHANGES)))
    write.set_config(run, often)
    with pytest.raises(ConfigError, match="at most 100 times"):
        requests.change(run, lr=0.02)
    assert files.read(run).settings["lr"] == 0.01


@pytest.mark.slow
def test_a_fork_has_the_past_of_its_parent_and_goes_on_from_there(tmp_path, tiny):
    parent = trained(requests.start(tmp_path, tiny, "parent", "cpu"))
    step = int(parent.steps[-2])
    config = dataclasses.replace(tiny, weight_decay=0.0, steps=step + 40)
    path = requests.fork(parent, step, tmp_path, config, "fork")
    begun = folder.open_run(path)
    assert begun.steps.tolist() == parent.steps[:-1].tolist()
    np.testing.assert_array_equal(begun.log, parent.log[parent.log["step"] <= step])
    fork = trained(path)
    assert fork.finished
    assert fork.log["step"].iloc[-1] == step + 40
    assert (fork.config.at(step - 1).weight_decay, fork.config.at(step).weight_decay) == (1.0, 0.0)
    np.testing.assert_array_equal(fork.log[: len(begun.log)], begun.log)
    for i in range(len(begun.steps)):
        np.testing.assert_array_equal(
            folder.read_weights(fork, i)["W_E"], folder.read_weights(parent, i)["W_E"]
        )
    assert fork.provenance["forked"]["run"] == parent.path.name


@pytest.mark.slow
def test_a_fork_keeps_the_network_and_the_task(tmp_path, tiny):
    parent = trained(requests.start(tmp_path, tiny, "parent", "cpu"))
    for name, other in (
        ("p", 7),
        ("seed", 1),
        ("d_mlp", 32),
        ("wrong_labels", 0.5),
        ("operation", "subtract"),
    ):
        with pytest.raises(RunError, match=f"A fork keeps {name}"):
            requests.fork(parent, 60, tmp_path, dataclasses.replace(tiny, **{name: other}), "fork")
    with pytest.raises(RunError, match="Choose more steps"):
        requests.fork(parent, 60, tmp_path, tiny, "fork")
    assert len(files.runs_in(tmp_path)) == 1


@pytest.mark.slow
def test_a_fork_whose_making_was_cut_short_goes_on_from_what_there_is(tmp_path, tiny):
    parent = trained(requests.start(tmp_path, tiny, "parent", "cpu"))
    step = int(parent.steps[-1])
    path = requests.fork(parent, step, tmp_path, dataclasses.replace(tiny, steps=step + 40), "fork")
    for later in parent.steps[2:]:
        (path / folder.snapshot_name(int(later))).unlink()
    fork = trained(path)
    again = fork.log[fork.log["step"] <= parent.steps[1]]
    np.testing.assert_array_equal(again, parent.log[: len(again)])
    assert fork.log["step"].iloc[-1] == step + 40


@pytest.mark.slow
@pytest.mark.parametrize("how", [{}, {"optimizer": "grokfast_ma", "grokfast_ma_window": 7}], ids=str)
def test_trained_on_it_is_what_it_would_have_been_in_one_go(tmp_path, tiny, how):
    """Also where the optimiser remembers many gradients: what a finished run keeps of them is needed."""
    tiny = dataclasses.replace(tiny, **how)
    short = requests.start(tmp_path, tiny, "short", "cpu")
    trained(short)
    requests.extend(short, 120)
    more = trained(short)
    whole = trained(requests.start(tmp_path, dataclasses.replace(tiny, steps=120), "whole", "cpu"))
    assert more.finished
    rows, expected = (run.log.set_index("step") for run in (more, whole))
    common = rows.index.intersection(expected.index)
    assert len(common) >= len(expected) - 1
    np.testing.assert_array_equal(rows.loc[common], expected.loc[common])
    steps = set(more.steps) & set(whole.steps)
    assert {0, 120} <= steps
    for step in steps:
        ours, theirs = (folder.read_weights(r, r.steps.tolist().index(step)) for r in (more, whole))
        assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.slow
def test_training_on_is_refused_beyond_the_limits_and_backwards(hosted, visitor, tiny):
    run = requests.start(visitor(1), tiny, "run", "cpu", hosted)
    trained(run)
    with pytest.raises(HostingError, match="steps = 50,000"):
        requests.extend(run, 50_000, hosted)
    with pytest.raises(RunError, match="at step 60 already"):
        requests.extend(run, 60, hosted)
    requests.start(visitor(1), tiny, "other", limits=hosted)
    with pytest.raises(HostingError, match="One training or measuring at a time"):
        requests.extend(run, 100, hosted)
    assert folder.open_run(run).finished


def test_kept_while_it_pauses_it_ends_where_its_state_is(tmp_path, tiny):
    run = requests.start(tmp_path, dataclasses.replace(tiny, steps=5_000), "run", "cpu")
    for number, _ in enumerate(worker.run(run, "cpu", lambda: files.Order("pause"))):
        assert number < 3
    requests.pause(run)
    state = write.read_resume(run)[1]["step"]
    requests.keep(run)
    kept = folder.open_run(run)
    assert kept.finished
    assert kept.steps[-1] == state
    assert supervisor.status(run, tmp_path).state == "finished"


def slow_disk(monkeypatch, seconds):
    monkeypatch.setattr(storage.os, "fsync", lambda descriptor: time.sleep(seconds))


def taking(act, *arguments):
    """The seconds that it takes."""
    begin = time.perf_counter()
    act(*arguments)
    return time.perf_counter() - begin


@pytest.fixture
def long_run(tmp_path, tiny):
    """A finished run of 150 snapshots."""
    config = dataclasses.replace(tiny, steps=150, max_snapshots=150)
    path = tmp_path / "long"
    write.create_run(path, config, {}, title="long")
    rng = np.random.default_rng(0)
    for step in range(150):
        write.append_log(path, [dict.fromkeys(LOG_COLUMNS, 0.5) | {"step": step}])
        write.write_snapshot(path, step, {n: rng.normal(size=shape) for n, shape in config.shapes.items()})
    state = folder.read_weights(folder.open_run(path), 149)
    write.write_resume(path, {f"weights.{name}": w for name, w in state.items()}, {"step": 149})
    write.pack(path, keep_resume=True)
    return path


def acts_on_the_queue(runs, other, limits=None):
    return {
        "status": (supervisor.status, other, runs),
        "queue": (supervisor.queue, runs),
        "tick": (supervisor.tick, runs),
        "pause": (requests.pause, other),
        "resume": (requests.resume, other),
        "tick again": (supervisor.tick, runs),
    }


@pytest.mark.slow
@pytest.mark.parametrize("what", ["fork", "extend", "keep"])
def test_while_a_run_is_written_the_queue_answers(tmp_path, tiny, long_run, monkeypatch, what):
    other = requests.start(tmp_path, tiny, "other")
    waiting = requests.start(tmp_path, dataclasses.replace(tiny, steps=1), "waiting")
    monkeypatch.setattr(supervisor, "slots", lambda: 0)  # nothing is to start here
    if what == "keep":
        write.reopen(long_run, dataclasses.replace(record.read_record(long_run).config, steps=300))
    config = dataclasses.replace(tiny, steps=1_000)
    write_it = {
        "fork": lambda: requests.fork(folder.open_run(long_run), 149, tmp_path, config, "fork"),
        "extend": lambda: requests.extend(long_run, 1_000),
        "keep": lambda: requests.keep(long_run),
    }[what]
    slow_disk(monkeypatch, 0.005 if what != "keep" else 0.3)
    writing = threading.Thread(target=write_it)
    writing.start()
    taken = []
    while writing.is_alive():
        for name, (act, *arguments) in acts_on_the_queue(tmp_path, other).items():
            taken.append((taking(act, *arguments), name))
    writing.join()
    assert len(taken) > 30
    slowest = sorted(taken)[-len(taken) // 20 :]  # the machine itself may stumble now and then
    assert slowest[0][0] < 0.05, slowest
    assert max(taken)[0] < 0.5
    assert supervisor.queue(tmp_path)[0] == waiting


def test_a_run_that_could_not_be_filled_leaves_nothing(tmp_path, tiny, long_run, monkeypatch):
    def full(*_):
        raise RunError("The disk is full.")

    parent = folder.open_run(long_run)
    monkeypatch.setattr(write, "write_snapshot", full)
    with pytest.raises(RunError, match="disk is full"):
        requests.fork(parent, 149, tmp_path, dataclasses.replace(tiny, steps=1_000), "fork")
    assert files.runs_in(tmp_path) == [long_run]
    assert supervisor.queue(tmp_path) == []


def test_a_run_that_is_being_filled_counts_as_one_that_is_trained(hosted, visitor, tiny, monkeypatch):
    refused = []

    def create(*arguments, **more):
        with pytest.raises(HostingError, match="One training or measuring at a time"):
            requests.start(visitor(1), tiny, "second", limits=hosted)
        refused.append(1)
        return real(*arguments, **more)

    real = write.create_run
    monkeypatch.setattr(requests.write, "create_run", create)
    requests.start(visitor(1), tiny, "first", limits=hosted)
    assert refused == [1]


def test_jobs_of_version_1_are_understood(tmp_path, tiny):
    run = requests.start(tmp_path, tiny, "run")
    home = files.folder_of(run)
    old = {
        "device": "cpu",
        "queued": 5,
        "restarts": 1,
        "settings": {"lr": 0.01},
        "started": True,
        "wanted": "pause",
    }
    (home / "job.json").write_text(json.dumps(old))
    (home / "ended.json").write_text('{"why": "failed", "sentence": "It failed."}')
    assert files.read(run) == Job("pause", 5, "cpu", {"lr": 0.01}, True, 1)
    over = files.ended(run)
    assert over
    assert (over.why, str(over.error)) == ("failed", "It failed.")
    assert str(supervisor.status(run, tmp_path).error) == "It failed."


def test_a_run_that_was_kept_elsewhere_is_copied_once(tmp_path, tiny, hosted, visitor):
    kept = trained(requests.start(tmp_path / "elsewhere", tiny, "kept")).path
    mine = requests.adopt(Path(kept), visitor(1))
    assert mine.parent == visitor(1)
    assert requests.adopt(Path(kept), visitor(1)) == mine
    assert files.runs_in(visitor(1)) == [mine]
    assert folder.open_run(mine).steps.tolist() == folder.open_run(kept).steps.tolist()
    mine.rename(visitor(1) / "another")
    with pytest.raises(HostingError, match="1 runs here, which is the most"):
        requests.adopt(Path(kept), visitor(1), hosted._replace(runs=1))
    with pytest.raises(RunError, match="holds no run.json"):
        requests.adopt(tmp_path / "nothing", visitor(1))
