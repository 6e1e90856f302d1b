"""log.jsonl: a line of JSON for every logged step, at full precision, written when it happens.

Every line has the `LOG_COLUMNS`. A run whose training tells of more has further columns, in every line the same: the
first line is the table of contents.
"""

import json
import math
import os
import re
import zlib
from array import array
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from jaxtyping import Float

from grokviz.errors import RunError
from grokviz.runs.storage import MIB, check_size, open_inside

LOG = "log.jsonl"
LOG_COLUMNS = (
    "step",
    "train_loss",
    "test_loss",
    "train_accuracy",
    "test_accuracy",
    "sum_squared_weights",
)
MAX_LOG = 64 * MIB
MAX_LINE = 2048  # bytes of a line
MAX_FURTHER = 24  # further columns, by names as here: so a line fits
FURTHER = re.compile(r"[a-z][a-z0-9_]{0,31}")
MAX_STEP = 99_999_999  # eight digits in a file name


Columns = dict[
    str, Float[np.ndarray, " rows"]
]  # `LOG_COLUMNS` and further ones; NaN where nothing was measured


class Log(NamedTuple):
    """The valid rows at the beginning of a log, and how many bytes they are."""

    columns: Columns
    size: int
    checksum: int
    whole: bool  # nothing follows the valid rows


def read_log(folder: Path, until: float = math.inf) -> Log:
    """The rows of the log up to the first that is torn, invalid or after the step `until`.

    Raises `RunError` when it is over 64 MiB.
    """
    values, columns = array("d"), LOG_COLUMNS
    size, crc, step = 0, 0, -1
    with open_inside(folder, LOG) as file:
        total = check_size(file, LOG, MAX_LOG)
        while row := parse_row(line := file.readline(MAX_LINE), step):
            if row["step"] > until or (size and columns != tuple(row)):
                break
            columns = tuple(row)
            values.extend(row.values())
            size, crc, step = size + len(line), zlib.crc32(line, crc), int(row["step"])
    return Log(_columns(values, columns), size, crc, size == total)


def no_log() -> Log:
    """That of a run that has logged nothing yet."""
    return Log(_columns(array("d"), LOG_COLUMNS), 0, 0, True)


def _columns(values: array, columns: tuple[str, ...]) -> Columns:
    table = np.array(values).reshape(-1, len(columns))
    return dict(zip(columns, table.T.copy(), strict=True))


def parse_row(line: bytes, after: int) -> dict[str, float] | None:
    """The values of a line by `LOG_COLUMNS`, then of further columns by name; None if it is not a row after step `after`."""
    try:
        row = json.loads(line.decode("ascii"))
        if not line.endswith(b"\n") or not isinstance(row, dict) or wrong_columns(row):
            return None
        if type(row["step"]) is not int or not after < row["step"] <= MAX_STEP:
            return None
        if any(type(x) not in (int, float) or not math.isfinite(x) for x in row.values() if x is not None):
            return None
        names = (*LOG_COLUMNS, *further_in(row))
        return {name: math.nan if row[name] is None else float(row[name]) for name in names}
    except (ValueError, RecursionError, OverflowError):
        return None


def further_in(row: Iterable[str]) -> list[str]:
    """The names in a row besides `LOG_COLUMNS`, in their order."""
    return sorted(set(row) - set(LOG_COLUMNS))


def wrong_columns(row: Mapping[str, object]) -> bool:
    """Whether these are not the names of a row: one is missing, too many, or no name of a column."""
    further = further_in(row)
    missing = any(name not in row for name in LOG_COLUMNS)
    return missing or len(further) > MAX_FURTHER or not all(FURTHER.fullmatch(name) for name in further)


class Tail(NamedTuple):
    """How a log ends: its size in bytes, its last step (-1 when there is none), and its columns (None then)."""

    size: int
    step: int
    columns: tuple[str, ...] | None


def mend_tail(file: BinaryIO) -> Tail:
    """Cut a torn last line off, and say what is left."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 2 * MAX_LINE))
    tail = file.read()
    whole, newline, torn = tail.rpartition(b"\n")
    last = parse_row(whole.rpartition(b"\n")[2] + newline, -1)
    if last is None and (newline or len(tail) < size):
        raise RunError(f"{LOG} is damaged at its end. Rewind the run to the last step that it shows.")
    if torn:
        file.truncate(size - len(torn))
    return Tail(size - len(torn), int(last["step"]) if last else -1, tuple(last) if last else None)


def encode_row(row: Mapping[str, float | None], after: int, columns: tuple[str, ...] | None = None) -> bytes:
    """A row as a line. Raises `RunError` when its names are not those of a row, or not the `columns` of the rows before
    it, or its step is not later."""
    names = (*LOG_COLUMNS, *further_in(row))
    if wrong_columns(row) or columns not in (None, names):
        raise RunError(f"A row of the log holds {sorted(row)},", f"expected {list(columns or LOG_COLUMNS)}.")
    values = {name: _number(row[name]) for name in names}
    step = values["step"]
    if step is None or step != int(step) or not after < step <= MAX_STEP:
        raise RunError(
            f"The log goes on after step {after} with step {row['step']}, expected a later one, at most "
            f"{MAX_STEP:,}. To go back, use rewind."
        )
    return json.dumps({**values, "step": int(step)}).encode() + b"\n"


def _number(value: float | None) -> float | None:
    """Python's own float, whatever kind of number it was; None when it is not finite: JSON has no NaN."""
    return float(value) if value is not None and math.isfinite(value) else None
