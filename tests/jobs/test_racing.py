"""A race as a job: its runs in folders of their own, in one real process, stopped, and within a visitor's limits."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import pytest

from grokviz import racer
from grokviz.config import RunConfig
from grokviz.errors import HostingError
from grokviz.jobs import deepening, files, processes, racing, requests, supervisor, sweeping
from grokviz.jobs.files import Order
from grokviz.runs.folder import open_run
from grokviz.runs.storage import write_lock
from grokviz.sweeps.grid import Sweep, parse_grid
from tests.jobs.test_deepening import until

TINY = RunConfig(p=5, d_model=8, n_heads=2, d_mlp=12, frac_train=0.6, steps=40, log_every=10, max_snapshots=3)
ENTRIES = [
    (TINY, "Race: AdamW, seed 0"),
    (dataclasses.replace(TINY, optimizer="sphere"), "Race: On a sphere, seed 0"),
]


def test_who_is_behind_takes_the_next_step(tmp_path):
    runs = [requests.create(tmp_path, *entry) for entry in ENTRIES]
    seen = [(runs.index(run), row.step) for run, row in racer.side_by_side(runs)]
    alone = [step for number, step in seen if number == 0]
    assert alone == sorted(alone) == [step for number, step in seen if number == 1]
    assert alone[-1] == 40
    assert seen == sorted(seen, key=lambda at: (at[1], at[0]))
    for run, (config, title) in zip(runs, ENTRIES, strict=True):
        opened = open_run(run)
        assert (opened.finished, opened.config, opened.title) == (True, config, title)


def test_one_that_diverges_ends_and_the_others_go_on(tmp_path):
    wild = dataclasses.replace(TINY, lr=1.0, weight_decay=100.0, warmup_steps=1)
    runs = [requests.create(tmp_path, *entry) for entry in ((wild, "wild"), ENTRIES[0])]
    list(racer.side_by_side(runs))
    ended = files.ended(runs[0])
    assert ended
    assert ended.why == "failed"
    assert open_run(runs[1]).finished


def test_stopped_it_keeps_what_there_is(tmp_path):
    run = requests.create(tmp_path, *ENTRIES[0])
    rows = []
    for _, row in racer.side_by_side([run], lambda run: Order("keep") if len(rows) > 3 else files.GO_ON):
        rows.append(row)
    opened = open_run(run)
    assert opened.finished
    assert rows[-1].step < 40


@pytest.mark.slow
def test_a_real_process_runs_it_when_it_is_its_turn(tmp_path):
    assert racing.latest(tmp_path) is None
    race = racing.start(tmp_path, ENTRIES)
    assert racing.latest(tmp_path) == race
    now = racing.status(race)
    assert now
    assert (now.state, now.place) == ("queued", 1)
    supervisor.tick(tmp_path)
    until(lambda: files.ended(race))
    processes.children[race].wait()
    now = racing.status(race)
    assert now
    assert now.state == "finished", now.error
    assert [open_run(run).finished for run in racing.runs_of(race)] == [True, True]


def test_who_leaves_the_queue_is_not_started(tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(processes, "start", lambda job, kind: started.append(job))
    race = racing.start(tmp_path, ENTRIES)
    racing.cancel(race)
    now = racing.status(race)
    assert now
    assert (now.state, now.sentence) == ("cancelled", "Stopped where it was.")
    supervisor.tick(tmp_path)
    assert started == []


def test_on_a_shared_machine_it_keeps_to_the_limits_and_leaves_nothing_behind(tmp_path, hosted, visitor):
    root = visitor(1)
    with pytest.raises(HostingError, match="makes 2 runs, and you may have 1 here"):
        racing.start(root, ENTRIES, hosted._replace(runs=1))
    large = (dataclasses.replace(TINY, d_mlp=4_096), "large")
    with pytest.raises(HostingError, match="more than this shared machine allows"):
        racing.start(root, [ENTRIES[0], large], hosted)
    assert files.runs_in(root) == []
    racing.start(root, ENTRIES, hosted)
    with pytest.raises(HostingError, match="One training or measuring at a time"):
        racing.start(root, ENTRIES[::-1], hosted)


def test_pressed_twice_at_once_it_is_one_race(tmp_path):
    with ThreadPoolExecutor(4) as threads:
        races = {*threads.map(lambda _: racing.start(tmp_path, ENTRIES), range(4))}
    assert len(races) == 1
    assert len(files.runs_in(tmp_path)) == len(ENTRIES)
    racing.cancel(*races)
    assert racing.start(tmp_path, ENTRIES) not in races


@pytest.mark.parametrize("why", ["time", "abandoned"])
def test_it_stops_where_the_limits_are_reached(tmp_path, hosted, visitor, monkeypatch, why):
    race = racing.start(visitor(1), ENTRIES, hosted)
    if why == "abandoned":
        monkeypatch.setattr(files, "unseen_seconds", lambda job: 1e6)
    listener = racer._Listener(race, hosted._replace(minutes=1e-9) if why == "time" else hosted)
    listener.heard -= 1
    (run, _) = racing.runs_of(race)
    assert listener.listen(run) == Order("keep")
    assert listener.why == why


def test_while_it_waits_or_goes_on_no_other_job_of_its_visitor_is_taken(hosted, visitor):
    root = visitor(1)
    race = racing.start(root, ENTRIES, hosted)
    small = Sweep(TINY, parse_grid(["weight_decay=0,1"]))
    others = (
        lambda: requests.start(root, TINY, "a training", limits=hosted),
        lambda: requests.resume(racing.runs_of(race)[0]),
        lambda: sweeping.start(small, root, hosted),
        lambda: deepening.start(racing.runs_of(race)[0], root, hosted),
    )
    for ask in others:
        with pytest.raises(HostingError, match="One training or measuring at a time"):
            ask()
    racing.cancel(race)
    requests.start(root, TINY, "a training", limits=hosted)


def test_one_that_is_told_to_stop_says_so_until_it_has(tmp_path):
    race = racing.start(tmp_path, ENTRIES)
    files.write_job(race, files.read(race)._replace(started=True))
    with write_lock(files.folder_of(race)):
        files.tell(race, files.Progress("Training", 10, 40, 5.0))
        racing.cancel(race)
        now = racing.status(race)
    assert now
    assert (now.state, now.progress.what, now.progress.done) == ("running", "Stopping", 10)
