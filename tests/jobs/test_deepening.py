"""Measuring deeply as a job: in the queue, in a real process, stopped, killed, and within a visitor's share."""

import os
import shutil
import signal
import time

import pytest

from grokviz import hosting
from grokviz.errors import HostingError
from grokviz.jobs import asked, deepening, files, processes, requests, supervisor
from grokviz.runs import folder, write
from grokviz.runs.folder import open_run
from grokviz.study import deep

posix = pytest.mark.skipif(os.name != "posix", reason="needs processes that can be killed")


@pytest.fixture
def run(tmp_path, tiny, random_weights):
    """A finished run of three snapshots, in the folder of somebody's runs."""

    def make(root, name="measured"):
        write.create_run(root / name, tiny, {})
        for step in (0, 30, 60):
            weights = random_weights(5, "float32", seed=step, d_model=8, n_heads=2, d_mlp=16)
            write.write_snapshot(root / name, step, weights)
        write.pack(root / name)
        return root / name

    return make


@pytest.fixture
def started(monkeypatch):
    names = []
    monkeypatch.setattr(processes, "start", lambda job, kind: names.append((job.name, kind)))
    return names


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def test_it_waits_for_its_turn_among_trainings(tmp_path, tiny, run, started, monkeypatch):
    monkeypatch.setattr(supervisor, "slots", lambda: 1)
    measured = run(tmp_path)
    assert deepening.status(measured, tmp_path) is None
    training = requests.start(tmp_path, tiny, "first")
    deepening.start(measured, tmp_path)
    deepening.start(measured, tmp_path)  # twice is once
    now = deepening.status(measured, tmp_path)
    assert (now.state, now.place) == ("queued", 2)
    supervisor.tick(tmp_path)
    assert started == [(training.name, "train")]
    files.end(training, "finished")
    supervisor.tick(tmp_path)
    assert started[1:] == [("_deepen-measured", "deepen")]
    assert deepening.status(measured, tmp_path).state == "running"


def test_who_leaves_the_queue_is_not_started_and_may_come_back(tmp_path, run, started):
    measured = run(tmp_path)
    deepening.start(measured, tmp_path)
    deepening.cancel(measured, tmp_path)
    assert deepening.status(measured, tmp_path).state == "cancelled"
    supervisor.tick(tmp_path)
    assert started == []
    deepening.start(measured, tmp_path)
    supervisor.tick(tmp_path)
    assert started == [("_deepen-measured", "deepen")]


@pytest.mark.slow
def test_a_real_process_measures_the_run_and_says_so(tmp_path, run):
    measured = run(tmp_path)
    deepening.start(measured, tmp_path)
    supervisor.tick(tmp_path)
    job = deepening.path_of(measured, tmp_path)
    child = processes.children[job]  # who asks later may find that it has gone already
    until(lambda: deepening.status(measured, tmp_path).state == "finished")
    assert len(deep.read(open_run(measured))) == 7
    child.wait()
    assert not files.is_running(job, "deepen")


@posix
@pytest.mark.slow
def test_killed_it_is_started_again_and_stopped_it_keeps_what_is_done(tmp_path, run, monkeypatch):
    measured = run(tmp_path)
    deepening.start(measured, tmp_path)
    supervisor.tick(tmp_path)
    job = deepening.path_of(measured, tmp_path)
    until(lambda: files.is_running(job, "deepen"))
    os.kill(processes.children[job].pid, signal.SIGKILL)
    processes.children[job].wait()
    supervisor.tick(tmp_path)
    until(lambda: supervisor.tick(tmp_path) or files.is_running(job, "deepen") or files.ended(job))
    assert files.read(job).restarts == 1
    deepening.cancel(measured, tmp_path)
    until(lambda: deepening.status(measured, tmp_path).state in ("cancelled", "finished"))
    processes.children[job].wait()


def test_a_run_that_is_gone_is_said(tmp_path, run):
    measured = run(tmp_path)
    deepening.start(measured, tmp_path)
    shutil.rmtree(measured)
    deepening.main(deepening.path_of(measured, tmp_path))
    found = deepening.status(measured, tmp_path)
    assert found.state == "failed"
    assert "There is no run folder 'measured'" in str(found.error)


def test_on_a_shared_machine_it_is_one_thing_at_a_time(tmp_path, tiny, run, hosted, visitor, started):
    root, other = visitor(1), visitor(2)
    measured = run(root)
    requests.start(root, tiny, "a training", limits=hosted)
    with pytest.raises(HostingError, match="One training or measuring at a time"):
        deepening.start(measured, root, hosted)
    elsewhere = run(other)
    deepening.start(elsewhere, other, hosted)
    run(other, "second")
    with pytest.raises(HostingError, match="One training or measuring at a time"):
        deepening.start(other / "second", other, hosted)
    assert deepening.status(elsewhere, other).place == 2


def test_on_a_shared_machine_it_keeps_to_its_share_and_ends_unseen(
    tmp_path, run, hosted, visitor, monkeypatch
):
    assert deepening.share(None) == 1
    assert deepening.share(hosting.Limits(cpu_seconds=30)) == 0.25
    root = visitor(1)
    measured = run(root)
    deepening.start(measured, root, hosted)
    job = deepening.path_of(measured, root)
    slept, used = [], iter([0.0, 3.0, 3.0, 3.0])
    monkeypatch.setattr(deepening.time, "process_time", lambda: next(used))
    monkeypatch.setattr(deepening.time, "sleep", slept.append)
    tick = deepening._listener(job, hosted._replace(cpu_seconds=60))
    tick()
    assert slept == [2.0]  # 3 s of a core at half a core are 6 s; at most 2 at a time, to hear what is wanted
    monkeypatch.setattr(files, "unseen_seconds", lambda job: 1e6)
    with pytest.raises(asked.EndedError) as ended:
        deepening._listener(job, hosted)()
    assert ended.value.why == "abandoned"


def test_what_ends_it_is_told_in_a_sentence(tmp_path, run, hosted, visitor, monkeypatch):
    root = visitor(1)
    measured = run(root)
    deepening.start(measured, root, hosted)
    monkeypatch.setattr(files, "unseen_seconds", lambda job: 1e6)
    deepening.main(deepening.path_of(measured, root))
    found = deepening.status(measured, root)
    assert found.state == "abandoned"
    assert "What was measured is kept" in found.sentence
    assert not (measured / folder.DEEP).exists()
