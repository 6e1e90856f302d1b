"""Bytes on a disk: reading inside one folder and no further, replacing whole files, one writer at a time."""

import json
import os
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from grokviz.errors import RunError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

MIB = 2**20
PATIENCE_SECONDS = 0.2  # somebody may be looking whether the folder is locked, which takes a moment
MEND = "Copy or download the run again, or train it anew."


@contextmanager
def open_inside(folder: Path, name: str) -> Iterator[BinaryIO]:
    """A regular file of the folder, open for reading.

    Raises `RunError` when it is missing, unreadable, no regular file, or a link that leaves the folder.
    """
    try:
        real = os.path.realpath(folder / name)
        if not Path(real).is_relative_to(os.path.realpath(folder)):
            raise RunError(f"{name} is a link to a place outside the run folder. {MEND}")
        # Not blocking: opening a named pipe would wait for a writer that never comes.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(real, flags)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise RunError(f"{name} is no regular file. {MEND}")
        with open(descriptor, "rb") as file:
            yield file
    except FileNotFoundError:
        raise RunError(f"{name} is missing. {MEND}") from None
    except OSError as error:
        raise RunError(f"{name} cannot be read: {error.strerror}. {MEND}") from error


def file_size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


def check_size(file: BinaryIO, name: str, limit: int) -> int:
    """The size of the file in bytes. Raises `RunError` over the limit."""
    if (size := file_size(file)) > limit:
        raise RunError(f"{name} holds {size:,} bytes, expected at most {limit:,}. {MEND}")
    return size


def read_json(folder: Path, name: str) -> dict:
    """A JSON object of at most 1 MiB. Raises `RunError` for anything else."""
    with open_inside(folder, name) as file:
        data = file.read(check_size(file, name, MIB))
    return parse_json(data, name)


def parse_json(data: bytes, name: str) -> dict:
    """The JSON object in UTF-8 bytes. Raises `RunError` when it is none, or names a key twice."""
    try:
        value = json.loads(data.decode(), object_pairs_hook=_unique, parse_constant=_refuse)
        canonical(value)  # refuses what could not be written again: 1e999, half a Unicode character
    except (ValueError, RecursionError) as error:
        raise RunError(f"{name} is no JSON: {str(error)[:200]}. {MEND}") from None
    if not isinstance(value, dict):
        raise RunError(f"{name} holds a {type(value).__name__}, expected a JSON object. {MEND}")
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict:
    if len(values := dict(pairs)) < len(pairs):
        raise ValueError("a key is there twice")
    return values


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON number")


def canonical(value: object) -> bytes:
    """The one spelling of a JSON value, for checksums. Raises `ValueError` for NaN."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


@contextmanager
def saying(what: str) -> Iterator[None]:
    """Turns an error of the disk while writing `what` into a `RunError`."""
    try:
        yield
    except OSError as error:
        mend = "Check that the disk has room and that the folder may be written."
        raise RunError(f"{what} cannot be written: {error.strerror}. {mend}") from error


def replace_file(path: Path, data: bytes) -> None:
    """Write the file so that, killed at any moment, either the old or the new one is there, whole."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    with saying(path.name):
        try:
            with open(temporary, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames in the folder survive a power cut. Windows cannot open a folder, nor needs it."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


_holders: dict[str, tuple[int, int]] = {}  # folder -> (process, thread) that holds its lock


@contextmanager
def write_lock(folder: Path | str) -> Iterator[None]:
    """Be the only writer of the run folder. The thread that holds the lock may take it again.

    The lock is on the folder itself, so no file is left behind, and the system drops it when the process
    dies, however it dies. Where the file system knows no locks, and on Windows, there is none.
    Raises `RunError` when another process or thread is writing.
    """
    key, me = os.path.realpath(folder), (os.getpid(), threading.get_ident())
    if _holders.get(key) == me:
        yield
        return
    descriptor = _take_lock(key)
    _holders[key] = me
    try:
        yield
    finally:
        _holders.pop(key, None)
        if descriptor is not None:
            os.close(descriptor)


def is_locked(folder: Path | str) -> bool:
    """Whether somebody is writing the run folder. False where locks are not known."""
    key = os.path.realpath(folder)
    if fcntl is None or not os.path.isdir(key):
        return False
    if key in _holders:
        return True
    try:
        descriptor = os.open(key, os.O_RDONLY)
    except FileNotFoundError:  # removed since
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: others may look at the same time
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def _take_lock(folder: str) -> int | None:
    if fcntl is None:
        return None
    with saying(folder):
        descriptor = os.open(folder, os.O_RDONLY)
    until = time.monotonic() + PATIENCE_SECONDS
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.01)
    except BlockingIOError:
        os.close(descriptor)
        raise RunError(
            f"Another training is writing into {Path(folder).name}. "
            "Wait until it has finished, stop it, or choose another folder."
        ) from None
    except OSError:  # some network file systems cannot lock a folder
        os.close(descriptor)
        return None
    return descriptor
