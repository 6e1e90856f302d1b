"""A disk so small that it fills up, and somebody who fills it."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def small_disk(at: Path, size: int) -> Iterator[Path]:
    """A disk of its own of so many bytes. Raises `OSError` where none may be mounted."""
    at.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(at)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        raise OSError("a disk so small can be mounted only with the right to do so")
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def fill(disk: Path) -> None:
    """Once part of a large file has arrived, take every byte that is left."""
    end = time.monotonic() + 20
    while not [part for part in disk.rglob("snapshots*.part") if part.stat().st_size]:
        if time.monotonic() > end:
            raise TimeoutError("the download did not begin")
        time.sleep(0.02)
    try:
        with open(disk / "somebody-else", "wb", buffering=0) as file:
            while file.write(bytes(1 << 20)):
                pass
    except OSError:
        pass  # full
