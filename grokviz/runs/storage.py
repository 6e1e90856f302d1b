"""Bytes on a disk: reading inside one folder and no further, replacing whole files, one writer at a time."""

import contextlib
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

MIB = 2**20
LOCK = ".lock"  # in a folder while it is written; after a writer was killed it may stay, and locks nothing
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
            raise RunError(f"{name} is a link to a place outside the run folder.", mend=MEND)
        # Not blocking: opening a named pipe would wait for a writer that never comes.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(real, flags)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise RunError(f"{name} is no regular file.", mend=MEND)
        with open(descriptor, "rb") as file:
            yield file
    except FileNotFoundError:
        raise RunError(f"{name} is missing.", mend=MEND) from None
    except OSError as error:
        raise RunError(f"{name} cannot be read: {error.strerror}.", mend=MEND) from error


def file_size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


def check_size(file: BinaryIO, name: str, limit: int) -> int:
    """The size of the file in bytes. Raises `RunError` over the limit."""
    if (size := file_size(file)) > limit:
        raise RunError(f"{name} holds {size:,} bytes,", f"expected at most {limit:,}.", mend=MEND)
    return size


def read_json(folder: Path, name: str) -> dict[str, object]:
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
        raise RunError(f"{name} is no JSON: {str(error)[:200]}.", mend=MEND) from None
    if not isinstance(value, dict):
        raise RunError(f"{name} holds a {type(value).__name__},", "expected a JSON object.", mend=MEND)
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
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


def replace_file(path: Path, data: bytes, durable: bool = True) -> None:
    """Write the file so that, killed at any moment, either the old or the new one is there, whole.

    What is not `durable` does not wait for the disk: after a power cut it may be gone.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    with saying(path.name):
        try:
            with open(temporary, "wb") as file:
                file.write(data)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        if durable:
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
def write_lock(folder: Path | str, patience: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Be the only writer of the folder. The thread that holds the lock may take it again.

    The lock is on a file in the folder, which goes with it; the system drops it when the process dies, however it
    dies. Where the file system knows no locks there is none.
    Raises `RunError` when another process or thread is still writing after so many seconds.
    """
    key, me = os.path.realpath(folder), (os.getpid(), threading.get_ident())
    if _holders.get(key) == me:
        yield
        return
    descriptor = _take_lock(key, patience)
    _holders[key] = me
    try:
        yield
    finally:
        _holders.pop(key, None)
        _let_go(key, descriptor)


def is_locked(folder: Path | str) -> bool:
    """Whether somebody is writing the folder. False where locks are not known."""
    from filelock import lock_descriptor

    key = os.path.realpath(folder)
    if key in _holders:
        return True
    try:
        descriptor = os.open(os.path.join(key, LOCK), os.O_RDWR)
    except OSError:  # as a rule: there is none
        return False
    try:
        if not lock_descriptor(descriptor, blocking=False):
            os.close(descriptor)
            return True
    except OSError:  # no locks here
        os.close(descriptor)
        return False
    _let_go(key, descriptor)  # left by a process that was killed
    return False


def _take_lock(folder: str, patience: float) -> int:
    """The open file of the lock."""
    from filelock import lock_descriptor  # here, so that reading needs no more than numpy

    until = time.monotonic() + patience
    while True:
        with saying(folder):
            descriptor = os.open(os.path.join(folder, LOCK), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # Whoever lets go removes the file first: a lock on a removed one is worth nothing.
            if lock_descriptor(descriptor, blocking=False) and os.fstat(descriptor).st_nlink:
                return descriptor
        except OSError:  # some network file systems know none
            return descriptor
        os.close(descriptor)
        if time.monotonic() > until:
            raise RunError(
                f"Another training is writing into {Path(folder).name}.",
                mend="Wait until it has finished, stop it, or choose another folder.",
            )
        time.sleep(0.01)


def _let_go(folder: str, descriptor: int) -> None:
    file = os.path.join(folder, LOCK)
    if os.name == "posix":
        with contextlib.suppress(OSError):
            os.unlink(file)
    os.close(descriptor)
    if os.name != "posix":  # there no open file can be removed
        with contextlib.suppress(OSError):
            os.unlink(file)
