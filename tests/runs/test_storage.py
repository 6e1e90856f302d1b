"""One writer at a time, and whole files or none."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import grokviz
from grokviz.errors import RunError
from grokviz.runs import storage
from grokviz.runs.storage import replace_file, write_lock

HOLDER = """
import sys, time
from grokviz.runs.storage import write_lock
with write_lock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of `tmp_path`."""
    environment = {**os.environ, "PYTHONPATH": str(Path(grokviz.__file__).parents[1])}
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


@pytest.mark.skipif(storage.fcntl is None, reason="this system has no file locks")
def test_a_second_process_gets_a_sentence_until_the_first_is_killed(tmp_path, holder):
    for _ in range(2):
        with (
            pytest.raises(RunError, match=f"Another training is writing into {tmp_path.name}"),
            write_lock(tmp_path),
        ):
            pass
    holder.kill()
    holder.wait()
    with write_lock(tmp_path):
        pass
    assert os.listdir(tmp_path) == []  # no lock file stays behind


@pytest.mark.skipif(storage.fcntl is None, reason="this system has no file locks")
def test_the_thread_that_holds_the_lock_may_take_it_again_and_no_other(tmp_path):
    seen = []

    def other():
        try:
            with write_lock(tmp_path):
                seen.append("taken")
        except RunError:
            seen.append("refused")

    def in_a_thread():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()

    with write_lock(tmp_path):
        with write_lock(tmp_path / "."):
            pass
        in_a_thread()  # the inner one has not released it
    in_a_thread()
    assert seen == ["refused", "taken"]


def test_without_locks_one_can_still_write(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(storage, "fcntl", None)  # Windows
        with write_lock(tmp_path), write_lock(tmp_path):
            pass

    class NoLocks:
        LOCK_EX = LOCK_NB = 0

        @staticmethod
        def flock(descriptor, operation):
            raise OSError("Operation not supported")

    monkeypatch.setattr(storage, "fcntl", NoLocks)
    with write_lock(tmp_path):
        pass


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "a"
    replace_file(path, b"old")

    def full(*args):
        raise OSError(28, "No space left on device")

    for step in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(storage.os, step, full)
            with pytest.raises(RunError, match=r"a cannot be written: No space left.*disk has room"):
                replace_file(path, b"new")
        assert path.read_bytes() == b"old"
        assert os.listdir(tmp_path) == ["a"]
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
