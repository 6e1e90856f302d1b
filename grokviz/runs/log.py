"""log.jsonl: a line of JSON for every logged step, at full precision, written when it happens."""

import json
import math
import os
import zlib
from array import array
from collections.abc import Mapping
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
MAX_LINE = 1024  # bytes of a line
MAX_STEP = 99_999_999  # eight digits in a file name


Columns = dict[str, Float[np.ndarray, " rows"]]  # by `LOG_COLUMNS`; NaN where a value was not measured


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
    values = array("d")
    size, crc, step = 0, 0, -1
    with open_inside(folder, LOG) as file:
        total = check_size(file, LOG, MAX_LOG)
        while (row := parse_row(line := file.readline(MAX_LINE), step)) and row[0] <= until:
            values.extend(row)
            size, crc, step = size + len(line), zlib.crc32(line, crc), int(row[0])
    return Log(_columns(values), size, crc, size == total)


def no_log() -> Log:
    """That of a run that has logged nothing yet."""
    return Log(_columns(array("d")), 0, 0, True)


def _columns(values: array) -> Columns:
    table = np.array(values).reshape(-1, len(LOG_COLUMNS))
    return dict(zip(LOG_COLUMNS, table.T.copy(), strict=True))


def parse_row(line: bytes, after: int) -> list[float] | None:
    """The values of a line in the order of `LOG_COLUMNS`, or None if it is not a row after step `after`."""
    try:
        row = json.loads(line.decode("ascii"))
        if not line.endswith(b"\n") or not isinstance(row, dict) or row.keys() != set(LOG_COLUMNS):
            return None
        if type(row["step"]) is not int or not after < row["step"] <= MAX_STEP:
            return None
        values = [row[column] for column in LOG_COLUMNS]
        if any(type(x) not in (int, float) or not math.isfinite(x) for x in values if x is not None):
            return None
        return [math.nan if x is None else float(x) for x in values]
    except (ValueError, RecursionError, OverflowError):
        return None


def mend_tail(file: BinaryIO) -> tuple[int, int]:
    """Cut a torn last line off. The size that is left, and the last step (-1 when there is none)."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 2 * MAX_LINE))
    tail = file.read()
    whole, newline, torn = tail.rpartition(b"\n")
    last = parse_row(whole.rpartition(b"\n")[2] + newline, -1)
    if last is None and (newline or len(tail) < size):
        raise RunError(f"{LOG} is damaged at its end. Rewind the run to the last step that it shows.")
    if torn:
        file.truncate(size - len(torn))
    return size - len(torn), int(last[0]) if last else -1


def encode_row(row: Mapping[str, float | None], after: int) -> bytes:
    """A row as a line. Raises `RunError` when its names are not `LOG_COLUMNS`, or its step is not later."""
    if row.keys() != set(LOG_COLUMNS):
        raise RunError(f"A row of the log holds {sorted(row)},", f"expected {list(LOG_COLUMNS)}.")
    values = {name: _number(row[name]) for name in LOG_COLUMNS}
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
