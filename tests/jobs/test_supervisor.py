"""The queue, with pretended processes; and with real ones: twenty visitors at once, and kill -9."""

import dataclasses
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from grokviz.engine.schedule import LogRow
from grokviz.engine.train import train
from grokviz.hosting import LIMITS
from grokviz.jobs import files, processes, requests, supervisor
from grokviz.runs import folder, write
from grokviz.runs.log import LOG_COLUMNS
from grokviz.runs.storage import is_locked, write_lock

posix = pytest.mark.skipif(os.name != "posix", reason="needs processes that can be killed")


class Pretended:
    """A process that lives until it is told to end."""

    started: list[str]

    def __init__(self, command, **_):
        self.started.append(Path(command[-1]).name)
        self.code = None

    def poll(self):
        return self.code


@pytest.fixture
def started(monkeypatch):
    Pretended.started = []
    pretended = type("subprocess", (), {"Popen": Pretended, "DEVNULL": subprocess.DEVNULL})
    monkeypatch.setattr(processes, "subprocess", pretended)
    return Pretended.started


def ends(run, code):
    processes.children[run].code = code  # pyright: ignore[reportAttributeAccessIssue] (it is pretended)


def over(run, why="finished"):
    files.end(run, why)
    ends(run, 0)


@pytest.mark.parametrize("slots", [1, 2])
def test_first_come_first_trained_as_many_at_once_as_there_are_slots(
    tmp_path, tiny, started, monkeypatch, slots
):
    monkeypatch.setattr(supervisor, "slots", lambda: slots)
    runs = [requests.start(tmp_path, tiny, f"run {i}") for i in range(4)]
    for _ in range(2):
        supervisor.tick(tmp_path)
    assert started == [run.name for run in runs[:slots]]
    assert [supervisor.status(run, tmp_path).place for run in runs[slots:]] == [*range(1, 5 - slots)]
    assert supervisor.status(runs[0], tmp_path).state == "starting"
    over(runs[0])
    supervisor.tick(tmp_path)
    assert started == [run.name for run in runs[: slots + 1]]


def test_who_leaves_the_queue_is_not_started_and_who_comes_back_is_last(tmp_path, tiny, started, monkeypatch):
    monkeypatch.setattr(supervisor, "slots", lambda: 1)
    runs = [requests.start(tmp_path, tiny, f"run {i}") for i in range(3)]
    requests.pause(runs[0])
    assert supervisor.status(runs[0], tmp_path).state == "paused"
    requests.resume(runs[0])
    supervisor.tick(tmp_path)
    assert started == [runs[1].name]
    assert supervisor.queue(tmp_path) == [runs[2], runs[0]]


def test_one_that_dies_is_started_again_twice_and_then_it_is_said(tmp_path, tiny, started):
    run = requests.start(tmp_path, tiny, "run")
    for kill in range(3):
        supervisor.tick(tmp_path)
        assert len(started) == kill + 1
        ends(run, -9)
        supervisor.tick(tmp_path)  # notices
        words = supervisor.status(run, tmp_path)
        assert "started again" in words.note
        assert words.state == ("paused" if kill == 2 else "queued")
    supervisor.tick(tmp_path)
    assert len(started) == 3
    assert "ended from outside" in supervisor.status(run, tmp_path).sentence
    requests.resume(run)
    assert files.read(run).restarts == 0
    assert files.ended(run) is None


def test_one_that_ends_between_two_looks_is_not_about_to_start(tmp_path, tiny, started, monkeypatch):
    run = requests.start(tmp_path, tiny, "run")
    supervisor.tick(tmp_path)

    def ends_now(run):
        files.end(run, "time")
        return False

    monkeypatch.setattr(supervisor, "is_locked", ends_now)
    words = supervisor.status(run, tmp_path)
    assert (words.state, words.sentence) == ("paused", supervisor.PAUSED_BECAUSE["time"])


def test_a_training_killed_just_after_it_had_finished_is_not_started_again(tmp_path, tiny, started):
    run = requests.start(tmp_path, tiny, "run")
    supervisor.tick(tmp_path)
    write.mark_finished(run)
    ends(run, -9)
    supervisor.tick(tmp_path)
    assert started == [run.name]
    assert supervisor.status(run, tmp_path).state == "finished"


def test_a_new_server_knows_by_the_lock_what_is_being_trained(tmp_path, tiny, started):
    run = requests.start(tmp_path, tiny, "run")
    supervisor.tick(tmp_path)
    processes.children.clear()  # the server was killed; its worker lives
    with write_lock(run):
        supervisor.tick(tmp_path)
        assert supervisor.status(run, tmp_path).state == "training"
    assert started == [run.name]
    supervisor.tick(tmp_path)  # the worker died too
    supervisor.tick(tmp_path)
    assert started == [run.name] * 2


def test_a_damaged_run_holds_nobody_up(tmp_path, tiny, started):
    broken, sound = (requests.start(tmp_path, tiny, name) for name in ("broken", "sound"))
    files.write_job(broken, files.read(broken)._replace(started=True))
    (broken / "run.json").write_text("{")
    supervisor.tick(tmp_path)
    assert started == [sound.name]


def test_nobody_waits_for_who_has_gone(hosted, visitor, tmp_path, tiny, started):
    gone, here = (requests.start(visitor(n), tiny, "run", limits=hosted) for n in (1, 2))
    os.utime(files.folder_of(gone) / "seen", (0, 0))
    supervisor.tick(tmp_path)
    assert started == [here.name]
    assert "Nobody was looking" in supervisor.status(gone, tmp_path).sentence


def test_discarded_before_it_began_it_leaves_nothing_but_keeps_its_slot_until_it_has_ended(
    tmp_path, tiny, started, monkeypatch
):
    monkeypatch.setattr(supervisor, "slots", lambda: 1)
    first, second = (requests.start(tmp_path, tiny, name) for name in ("a", "b"))
    supervisor.tick(tmp_path)
    requests.discard(first)
    supervisor.tick(tmp_path)
    assert not first.exists()
    assert not files.folder_of(first).exists()
    assert started == [first.name]
    ends(first, 1)
    supervisor.tick(tmp_path)
    assert started == [first.name, second.name]


def test_discarded_while_it_trains_it_goes_when_the_lock_does(tmp_path, tiny, started):
    run = requests.start(tmp_path, tiny, "run")
    with write_lock(run):
        requests.discard(run)
        supervisor.tick(tmp_path)
        assert run.exists()
    supervisor.tick(tmp_path)
    assert not run.exists()
    assert started == []


def memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def wait_for(condition, runs, seconds=90):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        supervisor.tick(runs)
        time.sleep(0.05)


@pytest.mark.slow
@posix
def test_twenty_visitors_press_start_at_once(hosted, visitor, tmp_path, tiny, monkeypatch):
    """Real processes, one slot: four train in the order of the queue, sixteen leave it; nothing is left behind."""
    monkeypatch.setenv(LIMITS, "unseen_seconds=1000")
    monkeypatch.setattr(supervisor, "slots", lambda: 1)
    before, begun = memory(), threading.Barrier(20)

    def press(n):
        begun.wait()
        requests.start(visitor(n), tiny, f"visitor {n}", "cpu", hosted._replace(waiting=30))

    pressed = [threading.Thread(target=press, args=(n,)) for n in range(20)]
    for thread in pressed:
        thread.start()
    for thread in pressed:
        thread.join()
    order = supervisor.queue(tmp_path)
    assert len(order) == 20
    patient, others = order[::5], [run for i, run in enumerate(order) if i % 5]
    for run in others:
        requests.pause(run)
    done, most = [], 0

    def all_over():
        nonlocal most
        most = max(most, sum(is_locked(run) for run in order))
        done.extend(run for run in patient if files.ended(run) and run not in done)
        return len(done) == 4

    wait_for(all_over, tmp_path)
    assert done == patient
    assert most == 1
    wait_for(lambda: not processes.children, tmp_path, 20)
    assert all(supervisor.status(run, tmp_path).state == "finished" for run in patient)
    assert all(supervisor.status(run, tmp_path).state == "paused" for run in others)
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not any(str(tmp_path).encode() in line for line in lines)
    assert memory() < before + 60e6


@pytest.mark.slow
@posix
def test_killed_it_loses_a_second_and_goes_on_to_what_it_would_have_been(tmp_path, tiny):
    config = dataclasses.replace(tiny, steps=1_000_000, max_snapshots=12)
    run = requests.start(tmp_path, config, "run", "cpu")
    passed: dict[int, float] = {}  # when the log on the disk was seen to have come to a step

    def has_logged(rows):
        def seen():
            log = folder.open_run(run).log["step"]
            if len(log):
                passed.setdefault(int(log.iloc[-1]), time.monotonic())
            return len(log) > rows and len(passed) > 4

        return seen

    wait_for(has_logged(150), tmp_path)
    os.kill(processes.children[run].pid, signal.SIGKILL)
    killed_at = time.monotonic()
    processes.children[run].wait()
    before = folder.open_run(run).log
    found = write.read_resume(run)
    assert found
    goes_on_at = found[1]["step"]
    assert isinstance(goes_on_at, int)
    reached = min(seen for step, seen in passed.items() if step >= goes_on_at)
    assert killed_at - reached < 2.5  # a state a second old at most, and what a loaded machine adds
    wait_for(has_logged(len(before) + 50), tmp_path)
    assert files.read(run).restarts == 1
    assert "goes on from where it was" in supervisor.status(run, tmp_path).note
    requests.keep(run)
    wait_for(lambda: supervisor.status(run, tmp_path).state == "finished", tmp_path)
    wait_for(lambda: not processes.children, tmp_path)
    whole = folder.open_run(run)
    expected = []
    for event in train(config, "cpu"):
        if isinstance(event, LogRow):
            expected.append(event[: len(LOG_COLUMNS)])
            if event.step == whole.log["step"].iloc[-1]:
                break
    np.testing.assert_array_equal(whole.log.to_numpy(), np.array(expected))
    np.testing.assert_array_equal(before.to_numpy(), np.array(expected)[: len(before)])


def test_the_thread_outlives_what_cannot_be_read(tmp_path, monkeypatch):
    looks = []

    def look(runs):
        looks.append(runs)
        raise OSError("the disk is away")

    monkeypatch.setattr(supervisor, "tick", look)
    thread = supervisor.supervise(tmp_path, every=0.01)
    end = time.monotonic() + 5
    while len(looks) < 3 and time.monotonic() < end:
        time.sleep(0.01)
    assert len(looks) >= 3
    assert thread.is_alive()
