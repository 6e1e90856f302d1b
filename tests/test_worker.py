"""A training that is killed, stopped or started twice: the run folder survives all of it.

Run as a script, this file is the victim: it imports torch once, then forks trainings and kills them.
"""

import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from devtools import ROOT
from grokviz import cli, hosting, worker
from grokviz.config import RunConfig
from grokviz.errors import RunError
from grokviz.jobs import files
from grokviz.jobs.files import GO_ON, Order
from grokviz.runs import folder, storage, write
from grokviz.runs.storage import write_lock

CONFIG = RunConfig(p=5, d_model=16, n_heads=2, d_mlp=32, frac_train=0.6, steps=200, max_snapshots=20)
KILLS = 10
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
posix = pytest.mark.skipif(os.name != "posix", reason="needs fork and kill -9")


def train_whole(path: Path) -> None:
    """Train from wherever the run is."""
    if not (path / "run.json").exists():
        worker.start(path, CONFIG, "cpu")
    for _ in worker.run(path, "cpu"):
        pass


def train_in_child(path: Path, writes: int = 1_000_000, delay: float = 0.0) -> int:
    """Train in a process of its own, and kill -9 it so long after it began to write for the so-manieth time: rows of the
    log, a snapshot or a state. How often it did. By what it does and not by the clock, so that a machine that has
    much else to do kills it at the same moments."""
    hears, tells = os.pipe()
    child = os.fork()
    if child == 0:
        write_it = worker._write

        def told(*arguments):
            os.write(tells, b".")
            write_it(*arguments)

        worker._write = told
        train_whole(path)
        os._exit(0)
    os.close(tells)
    heard = 0
    while heard < writes and os.read(hears, 1):
        heard += 1
    time.sleep(delay)
    if heard == writes:
        os.kill(child, signal.SIGKILL)
    os.close(hears)
    _, ended = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(ended) in (0, -signal.SIGKILL)
    return heard


def kill_trainings(root: Path) -> None:
    storage.os.fsync = lambda descriptor: None  # guards against power cuts, not against kills
    train_whole(root / "warm")  # what torch loads at the first step, it need not load in every child
    writes = train_in_child(root / "whole")
    rng = random.Random(0)
    for number in range(KILLS):
        path = root / f"killed-{number}"
        share = rng.uniform(number, number + 1) / KILLS  # spread over the training
        if number % 2:  # one that was killed before, and is killed again after it was resumed
            shutil.copytree(root / f"killed-{number - 1}", path)
            share = rng.uniform(0, 1 - share)
        train_in_child(path, 1 + int(share * (writes - 1)), rng.choice((0.0, 0.0005, 0.002)))


@pytest.mark.slow
@posix
def test_killed_at_ten_random_moments_it_ends_as_if_nothing_had_happened(tmp_path):
    subprocess.run([sys.executable, __file__, str(tmp_path)], check=True, env=ENVIRONMENT, timeout=150)
    whole = folder.open_run(tmp_path / "whole")
    assert whole.finished
    interrupted = [path for path in sorted(tmp_path.iterdir()) if path.name.startswith("killed")]
    assert len(interrupted) == KILLS
    left_at = set()
    for path in interrupted:
        run = folder.open_run(path)  # it opens, and holds the beginning of the whole run
        left_at.add(len(run.log))
        np.testing.assert_array_equal(run.log, whole.log[: len(run.log)])
        np.testing.assert_array_equal(run.steps, whole.steps[: len(run.steps)])
        train_whole(path)
        run = folder.open_run(path)
        assert run.finished
        np.testing.assert_array_equal(run.log, whole.log)
        assert folder.fingerprint(run) == folder.fingerprint(whole)
        assert sorted(os.listdir(path)) == [
            "log.jsonl",
            "resume.safetensors",
            "run.json",
            "snapshots-0.safetensors",
        ]
    assert len(left_at) >= 5, left_at  # the kills fell at different moments


@pytest.mark.slow
@posix
def test_ctrl_c_keeps_the_run_and_a_second_writer_is_refused_meanwhile(tmp_path, capfd):
    path = tmp_path / "long"
    flags = "--modulus 5 --d-model 16 --heads 2 --d-mlp 32 --steps 1000000 --log-every 100 --device cpu"
    command = [sys.executable, "-m", "grokviz", "train", *flags.split(), "--out", str(path)]
    heed = lambda: signal.signal(signal.SIGINT, signal.default_int_handler)  # noqa: E731  a shell's & ignores it
    with subprocess.Popen(
        command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True, preexec_fn=heed
    ) as child:
        end = time.monotonic() + 60
        while not (path / "resume.safetensors").exists() and time.monotonic() < end:
            time.sleep(0.02)
        assert not folder.open_run(path).finished
        for more in (["--resume"], ["--steps", "5"]):
            assert cli.main(["train", *more, "--out", str(path)]) == cli.BAD_INPUT
            error = capfd.readouterr().err.splitlines()
            assert "Another training is writing into long." in error[-1]
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=30)
    assert child.returncode == 130
    assert said.splitlines()[-1] == "Stopped. What was trained is kept; --resume goes on from there."
    assert "Traceback" not in said
    run = folder.open_run(path)
    assert not run.finished
    assert len(run.steps)
    assert len(run.log)


def test_what_a_training_killed_while_it_tidied_up_has_left_is_removed(copied):
    path = copied / "tiny-groks"
    clean = sorted(os.listdir(path))
    (path / "snapshots").mkdir()
    (path / "snapshots" / "00000000.safetensors").write_bytes(b"left")
    assert list(worker.run(path)) == []
    assert sorted(os.listdir(path)) == clean


def test_running_a_finished_run_again_does_nothing(copied, capsys):
    path = copied / "tiny-recites"
    before = {file: (file.stat().st_mtime_ns, file.stat().st_size) for file in path.iterdir()}
    assert list(worker.run(path)) == []
    assert cli.main(["train", "--resume", "--out", str(path)]) == 0
    assert {file: (file.stat().st_mtime_ns, file.stat().st_size) for file in path.iterdir()} == before
    assert "snapshots" in capsys.readouterr().err


def test_a_packed_run_holds_packed_files_and_what_training_on_needs(trained):
    assert sorted(os.listdir(trained / "tiny-groks")) == [
        "log.jsonl",
        "resume.safetensors",
        "run.json",
        "snapshots-0.safetensors",
        "timeline.safetensors",
    ]


def test_rows_come_as_they_are_logged_and_the_lock_is_given_back(tmp_path):
    path = tmp_path / "run"
    worker.start(path, CONFIG, "cpu", title="A title", sentence="A sentence.")
    rows = worker.run(path, "cpu")
    first = next(rows)
    assert first.step == 0
    assert first.train_loss == pytest.approx(np.log(5), abs=0.5)
    with write_lock(path):  # the same thread may
        pass
    rows.close()
    opened = folder.open_run(path)
    assert (opened.title, opened.sentence, opened.finished) == ("A title", "A sentence.", False)
    assert [row.step for row in worker.run(path, "cpu")] == [*folder.open_run(path).log["step"]]


def test_provenance_says_where_and_with_what(trained):
    provenance = folder.open_run(trained / "tiny-groks").provenance
    assert provenance["device"] == "cpu"
    assert set(provenance) >= {
        "grokviz",
        "torch",
        "python",
        "threads",
        "cores",
        "machine",
        "constants",
        "started",
    }
    assert json.dumps(provenance)


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(RunError, match=r"already holds 'thesis.tex'.*choose another folder"):
        worker.start(tmp_path, CONFIG, "cpu")
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_damaged_resume_file_is_an_error_and_touches_nothing(tmp_path):
    path = tmp_path / "run"
    worker.start(path, CONFIG, "cpu")
    rows = worker.run(path, "cpu")
    for row in rows:
        if row.step > 50:
            break
    rows.close()
    resume = path / "resume.safetensors"
    resume.write_bytes(resume.read_bytes()[:-100])
    steps = folder.open_run(path).steps.tolist()
    with pytest.raises(RunError, match=r"resume\.safetensors"):
        list(worker.run(path, "cpu"))
    assert folder.open_run(path).steps.tolist() == steps


def test_what_the_writing_thread_raises_is_not_lost():
    def fail(text):
        raise RunError(text)

    def write_all(*calls):
        with worker.writing_thread() as write_soon:
            for call in calls:
                write_soon(*call)

    done = []
    write_all((done.append, 1), (done.append, 2))
    with pytest.raises(RunError, match="disk full"):
        write_all((done.append, 3), (fail, "disk full"), (done.append, 4))
    assert done == [1, 2, 3]
    with pytest.raises(RunError, match="at the end"):
        write_all((fail, "at the end"))


def orders(**at):
    """A listener that gives these orders: `row_7=..` after the seventh row."""
    rows = itertools.count(1)
    return lambda: at.get(f"row_{next(rows)}", GO_ON)


def to_the_end(path, listen=lambda: GO_ON):
    list(worker.run(path, "cpu", listen))
    return folder.open_run(path)


@pytest.mark.slow
def test_paused_and_resumed_it_is_as_if_it_had_not_been(tmp_path):
    for name in ("whole", "paused"):
        worker.start(tmp_path / name, CONFIG, "cpu")
    whole = to_the_end(tmp_path / "whole")
    for row in (1, 7, 40):
        run = to_the_end(tmp_path / "paused", orders(**{f"row_{row}": Order("pause")}))
        assert not run.finished
        assert write.read_resume(run.path)[1]["step"] == run.log["step"].iloc[-1]
    run = to_the_end(tmp_path / "paused")
    assert run.finished
    np.testing.assert_array_equal(run.log, whole.log)
    assert folder.fingerprint(run) == folder.fingerprint(whole)


@pytest.mark.parametrize("lost", ["step", "schedule", "last", "weights.W_E", "exp_avg.W_U"])
def test_a_state_that_lacks_a_part_is_an_error_and_touches_nothing(tmp_path, lost):
    path = tmp_path / "run"
    worker.start(path, CONFIG, "cpu")
    run = to_the_end(path, orders(row_7=Order("pause")))
    arrays, meta = write.read_resume(path) or ({}, {})
    schedule = meta["schedule"]
    assert isinstance(schedule, dict)
    for part in (arrays, meta, schedule):
        part.pop(lost, None)
    write.write_resume(path, arrays, meta)
    with pytest.raises(RunError, match="lacks a part.*exp_avg, exp_avg_sq.*fork it"):
        list(worker.run(path, "cpu"))
    assert folder.fingerprint(folder.open_run(path)) == folder.fingerprint(run)


@pytest.mark.slow
def test_changed_while_it_trains_it_is_the_run_whose_config_says_so(tmp_path):
    path = tmp_path / "run"
    worker.start(path, CONFIG, "cpu")
    run = to_the_end(path, orders(row_20=Order(settings={"weight_decay": 0.0, "lr": 1e-3}),
                                  row_60=Order("pause", {"lr": 0.01})))  # fmt: skip
    (one, two) = run.config.changes  # lr was 1e-3 already
    assert one[1:] == ("weight_decay", 0.0)
    assert two == (run.log["step"].iloc[-1], "lr", 0.01)
    run = to_the_end(path)
    worker.start(tmp_path / "other", run.config, "cpu")
    np.testing.assert_array_equal(run.log, to_the_end(tmp_path / "other").log)
    worker.start(tmp_path / "plain", CONFIG, "cpu")
    plain = to_the_end(tmp_path / "plain").log
    np.testing.assert_array_equal(run.log[run.log["step"] <= one[0]], plain[plain["step"] <= one[0]])
    assert run.log["train_loss"].iloc[-1] != plain["train_loss"].iloc[-1]


def test_kept_it_ends_with_what_it_was_and_discarded_it_leaves(tmp_path):
    for name in ("kept", "discarded"):
        worker.start(tmp_path / name, CONFIG, "cpu")
    kept = to_the_end(tmp_path / "kept", orders(row_33=Order("keep")))
    assert kept.finished
    assert len(kept.log) == 33
    assert kept.steps[-1] == kept.log["step"].iloc[-1]
    weights = write.read_resume(kept.path)[0]
    last = folder.read_weights(kept, len(kept.steps) - 1)
    assert all(np.array_equal(w, weights[f"weights.{n}"].astype(np.float16)) for n, w in last.items())
    discarded = to_the_end(tmp_path / "discarded", orders(row_5=Order("discard")))
    assert not discarded.finished
    assert len(discarded.log) == 5


@pytest.mark.slow
def test_where_the_gpu_has_too_little_memory_the_processor_goes_on(tmp_path, monkeypatch):
    path = tmp_path / "run"
    worker.start(path, CONFIG, "cpu")
    files.write_job(path, files.Job(device="auto"))
    asked, train = [], worker.train

    def crowded(config, device, *more):
        asked.append(device)
        if device != "cpu":
            raise torch.OutOfMemoryError("CUDA out of memory")
        return train(config, device, *more)

    monkeypatch.setattr(worker, "train", crowded)
    monkeypatch.setattr(
        worker, "choose_device", lambda name: torch.device("cpu" if name == "cpu" else "cuda")
    )
    worker._run_to_end(path, "auto", lambda: GO_ON)
    assert asked == ["auto", "cpu"]
    assert folder.open_run(path).finished
    note = (files.folder_of(path) / "note.txt").read_text()
    assert note == "The GPU had too little memory left, so this run is trained on the processor."
    worker.start(tmp_path / "small", CONFIG, "cpu")
    monkeypatch.setattr(worker, "choose_device", lambda name: torch.device("cpu"))
    with pytest.raises(torch.OutOfMemoryError):  # there is nothing to fall back to
        worker._run_to_end(tmp_path / "small", "auto", lambda: GO_ON)


def test_the_listener_tells_news_once(tmp_path, monkeypatch):
    path = tmp_path / "run"
    worker.start(path, CONFIG, "cpu")
    monkeypatch.setattr(worker, "LISTEN_SECONDS", 0)
    listener = worker._Listener(path, None)
    files.write_job(path, files.Job(settings={"lr": 0.1}))
    assert [listener.listen() for _ in range(2)] == [Order(settings={"lr": 0.1}), GO_ON]
    files.write_job(path, files.Job("pause", settings={"lr": 0.1}))
    assert listener.listen() == Order("pause", why="paused")
    limited = worker._Listener(path, hosting.Limits(minutes=1e-9))
    assert limited.listen() == Order("pause", why="time")
    files.seen(path)
    os.utime(files.folder_of(path) / "seen", (0, 0))
    assert worker._Listener(path, hosting.Limits()).listen() == Order("pause", why="abandoned")
    limited.stop()
    assert limited.listen() == Order("pause", why="stopped")


if __name__ == "__main__":
    kill_trainings(Path(sys.argv[1]))
