"""A finished run in half the room: a copy whose snapshots take a byte a weight (`runs.deltas`)."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from grokviz.errors import RunError
from grokviz.runs import deltas
from grokviz.runs.bundle import copy_log
from grokviz.runs.folder import MAX_FILE, AnyRun, open_any, read_stored, shard_name
from grokviz.runs.record import Packed, read_any, write_record
from grokviz.runs.storage import open_inside, replace_file, saying, write_lock
from grokviz.runs.tensors import checksum, encode, read_header
from grokviz.runs.write import MAX_SHARDS, refuse_full

CHAIN = 24  # snapshots of a file, as far as there are files: to read one is to read those before it


def compact(run: AnyRun, path: Path | str) -> AnyRun:
    """Copy a finished run into a new or empty folder, a byte a weight. What was measured of the run stays behind: it is
    measured again of the copy, whose weights are others.

    Until it is whole the copy has no run.json, and is no run. Raises `RunError` when the run has not finished or
    has no snapshot, something is damaged, the folder holds anything, or a file would take over 48 MB.
    """
    folder = Path(path)
    if not run.finished or not len(run.steps):
        raise RunError(
            "This run has not finished,", "expected one that has.", "Wait until it has, or finish it."
        )
    with saying(folder.name):
        folder.mkdir(parents=True, exist_ok=True)
    with write_lock(folder):
        refuse_full(folder)
        n_files = min(MAX_SHARDS, math.ceil(len(run.steps) / CHAIN))
        shards = np.array_split(np.arange(len(run.steps)), n_files)
        checksums = [crc for number, rows in enumerate(shards) for crc in _write(run, folder, number, rows)]
        copy_log(run, folder)
        sizes = tuple(len(rows) for rows in shards)
        packed = Packed(
            tuple(run.steps.tolist()), tuple(checksums), sizes, run.log_size, run.log_checksum, deltas=True
        )
        write_record(folder, replace(read_any(run.path), packed=packed))
    return open_any(folder)


def _write(run: AnyRun, folder: Path, number: int, rows: np.ndarray) -> list[int]:
    """One file of these snapshots. The checksum of each, as it is read from there."""
    arrays = deltas.encode([read_stored(run, index) for index in rows])
    data = encode({**arrays, "steps": run.steps[rows]})
    name, shapes = shard_name(number), run.config.shapes
    if len(data) > MAX_FILE:
        raise RunError(f"{name} would hold {len(data):,} bytes,", f"expected at most {MAX_FILE:,}.")
    replace_file(folder / name, data)
    with open_inside(folder, name) as file:
        tensors = read_header(file, name).tensors
        return [
            checksum(deltas.read(file, tensors, shapes, row), {"step": str(run.steps[index])})
            for row, index in enumerate(rows)
        ]
