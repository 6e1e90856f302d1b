"""A small map as a job: in the queue, in a real process, stopped and gone on with, and within a visitor's limits."""

import dataclasses
import time

import pytest

from grokviz.errors import HostingError, RunError
from grokviz.jobs import asked, deepening, files, processes, requests, supervisor, sweeping
from grokviz.sweeps import outcomes
from grokviz.sweeps.grid import Sweep, parse_grid


@pytest.fixture
def small(tiny):
    return Sweep(dataclasses.replace(tiny, steps=30), parse_grid(["frac_train=0.4,0.7", "weight_decay=0,1"]))


@pytest.fixture
def started(monkeypatch):
    names = []
    monkeypatch.setattr(processes, "start", lambda job, kind: names.append((job.name, kind)))
    return names


def until(condition, seconds=90):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def test_it_waits_for_its_turn_and_may_leave_the_queue(tmp_path, tiny, small, started, monkeypatch):
    monkeypatch.setattr(supervisor, "slots", lambda: 1)
    assert sweeping.status(tmp_path) is None
    requests.start(tmp_path, tiny, "first")
    sweeping.start(small, tmp_path)
    assert (sweeping.status(tmp_path).state, sweeping.status(tmp_path).place) == ("queued", 2)
    with pytest.raises(HostingError, match="being trained already"):
        sweeping.start(small, tmp_path)
    sweeping.cancel(tmp_path)
    assert sweeping.status(tmp_path).state == "cancelled"
    sweeping.resume(tmp_path)
    assert sweeping.status(tmp_path).state == "queued"


@pytest.mark.slow
def test_a_real_process_fills_the_map(tmp_path, small):
    sweeping.start(small, tmp_path)
    supervisor.tick(tmp_path)
    until(lambda: sweeping.status(tmp_path).state == "finished")
    assert [o.run for o in outcomes.read(sweeping.folder_of(tmp_path))] == [0, 1, 2, 3]
    assert sweeping.status(tmp_path).progress.done == 4
    processes.children[sweeping.path_of(tmp_path)].wait()


@pytest.mark.slow
def test_stopped_it_keeps_what_is_done_and_goes_on(tmp_path, small, monkeypatch):
    monkeypatch.setattr("grokviz.engine.train._runs_at_once", lambda config, where: 1)
    monkeypatch.setattr(asked, "LISTEN_SECONDS", 0.0)
    sweeping.start(small, tmp_path)
    told = files.tell
    job = sweeping.path_of(tmp_path)

    def stop_after_two(path, now):
        told(path, now)
        if now.done == 2:
            sweeping.files.write_job(job, files.read(job)._replace(wanted="cancel"))

    monkeypatch.setattr(files, "tell", stop_after_two)
    sweeping.main(job)
    assert sweeping.status(tmp_path).state == "cancelled"
    assert len(outcomes.read(sweeping.folder_of(tmp_path))) == 2
    monkeypatch.setattr(files, "tell", told)
    sweeping.resume(tmp_path)
    sweeping.main(job)
    assert sweeping.status(tmp_path).state == "finished"
    assert len(outcomes.read(sweeping.folder_of(tmp_path))) == 4


def test_there_has_to_be_a_map_to_go_on_with(tmp_path):
    with pytest.raises(RunError, match="missing"):
        sweeping.resume(tmp_path)


def test_a_failure_is_said(tmp_path, small, started):
    sweeping.start(small, tmp_path)
    (sweeping.folder_of(tmp_path) / "sweep.json").write_text("{")
    sweeping.main(sweeping.path_of(tmp_path))
    found = sweeping.status(tmp_path)
    assert found.state == "failed"
    assert "sweep.json is no JSON" in str(found.error)


def test_on_a_shared_machine_it_is_one_thing_at_a_time(small, hosted, visitor, started):
    root = visitor(1)
    wide = Sweep(small.base, parse_grid([f"weight_decay=0:1:{sweeping.MOST_RUNS + 1}"]))
    with pytest.raises(HostingError, match="61 runs"):
        sweeping.start(wide, root, hosted)
    large = Sweep(dataclasses.replace(small.base, p=hosted.p + 6), parse_grid(["lr=0.1"]))
    with pytest.raises(HostingError, match="more than this shared machine allows"):
        sweeping.start(large, root, hosted)
    sweeping.start(small, root, hosted)
    with pytest.raises(HostingError, match="One training or measuring at a time"):
        deepening.start(root / "some-run", root, hosted)
    with pytest.raises(HostingError, match="One training"):
        requests.start(root, small.base, "another", limits=hosted)


def test_the_estimate_is_of_all_runs_that_are_left(small, monkeypatch):
    monkeypatch.setattr(sweeping.machine, "seconds", lambda runs, config, steps: 10.0)
    assert sweeping.seconds(small) == pytest.approx(28)
    assert sweeping.seconds(small, 3) == pytest.approx(7)
    monkeypatch.setattr(sweeping.machine, "seconds", lambda runs, config, steps: None)
    assert sweeping.seconds(small) is None
