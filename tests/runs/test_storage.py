"""One writer at a time, and whole files or none."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import filelock
import pytest

import grokviz
from grokviz.errors import RunError
from grokviz.runs import storage
from grokviz.runs.storage import LOCK, is_locked, replace_file, write_lock

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


@pytest.mark.slow
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
    def refuse(*_, **__):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(filelock, "lock_descriptor", refuse)
    with write_lock(tmp_path), write_lock(tmp_path):
        pass
    (tmp_path / LOCK).touch()
    assert not is_locked(tmp_path)


def test_a_folder_that_is_not_there_cannot_be_locked(tmp_path):
    assert not is_locked(tmp_path / "nowhere")
    with pytest.raises(RunError, match="cannot be written: No such file"), write_lock(tmp_path / "nowhere"):
        pass
    assert not (tmp_path / "nowhere").exists()


def test_the_lock_of_a_process_that_was_killed_is_gone_at_once(tmp_path, holder):
    assert is_locked(tmp_path)
    holder.kill()
    holder.wait()
    assert (tmp_path / LOCK).exists()  # the file is still there, and locks nothing
    assert not is_locked(tmp_path)
    assert os.listdir(tmp_path) == []


def test_of_many_that_want_the_lock_one_at_a_time_has_it(tmp_path):
    inside, most, taken = [], [], []

    def work():
        for _ in range(20):
            with write_lock(tmp_path, patience=60):
                inside.append(1)
                most.append(len(inside))
                taken.append(1)
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (max(most), len(taken)) == (1, 120)  # although each removes the file that the others wait for
    assert os.listdir(tmp_path) == []


@pytest.mark.slow
def test_nothing_here_needs_posix_to_be_imported():
    """As on Windows: modules that only POSIX has cannot be imported, and neither can what only training needs."""
    code = (
        "import sys\n"
        "for name in ('fcntl', 'resource', 'termios', 'pwd', 'grp'):\n"
        "    sys.modules[name] = None\n"
        "import os, importlib, pkgutil, grokviz\n"
        "for name in ('O_DIRECTORY', 'O_NOFOLLOW', 'O_NONBLOCK', 'fork', 'killpg', 'getuid', 'nice', 'sysconf'):\n"
        "    if hasattr(os, name): delattr(os, name)\n"
        "for name in ('SIGKILL', 'SIGHUP', 'SIGUSR1'):\n"
        "    import signal; delattr(signal, name)\n"
        "skipped = ('grokviz.engine', 'grokviz.worker', 'grokviz.app', 'grokviz.models.transformer', 'grokviz.__main__')\n"
        "for found in pkgutil.walk_packages(grokviz.__path__, 'grokviz.'):\n"
        "    if not found.name.startswith(skipped): importlib.import_module(found.name)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(grokviz.__file__).parents[1])


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


def test_what_need_not_survive_a_power_cut_waits_for_no_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(storage.os, "fsync", lambda descriptor: pytest.fail("it waited"))
    replace_file(tmp_path / "a", b"new", durable=False)
    assert (tmp_path / "a").read_bytes() == b"new"
