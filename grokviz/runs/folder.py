"""Reading a run: what it is, its log, and its snapshots one at a time.

Of a run that is being trained a reader sees the longest valid prefix. A packed run is whole, or it is one
`RunError`.
"""

import dataclasses
import hashlib
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from grokviz.config import RunConfig
from grokviz.errors import OtherTaskError, RunError
from grokviz.runs import deltas
from grokviz.runs.log import LOG, Columns, Log, no_log, read_log
from grokviz.runs.record import (
    RUN,
    AnyRecord,
    Config,
    Packed,
    Provenance,
    config_to_json,
    no_pairs,
    read_any,
)
from grokviz.runs.storage import MEND, canonical, file_size, open_inside
from grokviz.runs.tensors import DTYPES, Header, checksum, read_array, read_header, read_sealed
from grokviz.sequence_config import SequenceConfig

if TYPE_CHECKING:
    import pandas as pd

MAX_FILE = 48_000_000  # bytes of a file of a packed run
STORED = {"float16": DTYPES["F16"], "float32": DTYPES["F32"]}
SNAPSHOTS = "snapshots"
TIMELINE = "timeline.safetensors"
DEEP = "deep.safetensors"  # what is measured when it is asked for
MAX_DEEP = 8 * 2**20  # bytes of it

Weights = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class AnyRun:
    """A run as it was when it was opened, whatever its task. Weights are read when asked for, with `read_weights`."""

    path: Path
    config: Config
    title: str
    sentence: str
    provenance: Provenance
    finished: bool
    steps: np.ndarray  # int64, of the snapshots, ascending
    logged: Columns  # float64, `LOG_COLUMNS`; NaN where a value was not measured
    checksums: tuple[int, ...]  # of the snapshots
    log_checksum: int
    log_size: int  # bytes of the log that are valid
    shards: tuple[int, ...]  # snapshots in each packed file; () when the run is not packed
    deltas: bool = False  # the packed files hold changes: `runs.deltas`

    @cached_property
    def log(self) -> "pd.DataFrame":
        """What was logged, as a table. Raises `ImportError` where there is no pandas, which opening a run needs not."""
        import pandas as pd

        return pd.DataFrame(self.logged)

    @property
    def last_step(self) -> int:
        """The last step that is logged or has a snapshot; 0 before there is one."""
        return int(max([0, *self.logged["step"][-1:], *self.steps[-1:]]))


@dataclass(frozen=True, eq=False)
class Run(AnyRun):
    """A run on pairs."""

    config: RunConfig


@dataclass(frozen=True, eq=False)
class SequenceRun(AnyRun):
    """A run on sequences."""

    config: SequenceConfig


def open_run(path: Path | str) -> Run:
    """The run on pairs in a folder, live or packed.

    Raises `RunError` when run.json is missing, damaged or of a newer version, or a packed file is damaged;
    `OtherTaskError` when it is a run on sequences.
    """
    run = open_any(path)
    if not isinstance(run, Run):
        raise no_pairs(run.config)
    return run


def open_sequences(path: Path | str) -> SequenceRun:
    """The run on sequences in a folder. Raises as `open_run`, and `OtherTaskError` when it is a run on pairs."""
    run = open_any(path)
    if not isinstance(run, SequenceRun):
        raise OtherTaskError(
            f"{Path(path).name!r} is a run on pairs of numbers, and what was asked for knows runs on sequences."
        )
    return run


def open_any(path: Path | str) -> AnyRun:
    """The run in a folder, whatever its task: a `Run` or a `SequenceRun`. Raises `RunError` as `open_run`."""
    folder = Path(path)
    if not os.path.isdir(folder):
        raise RunError(
            f"There is no run folder {folder.name!r}.", mend="Check its name, or start a run there."
        )
    record = read_any(folder)
    if record.packed is None:
        run = _open_live(folder, record)
        record = read_any(folder)  # it may have been packed, and its snapshots removed, in between
        if record.packed is None:
            return run
    return _open_packed(folder, record, record.packed)


class Snapshots(NamedTuple):
    """Their steps and checksums and, when the run is packed, how many each file holds."""

    steps: Sequence[int]
    checksums: Sequence[int]
    shards: Sequence[int] = ()
    deltas: bool = False


def _open_live(folder: Path, record: AnyRecord) -> AnyRun:
    log = read_log(folder) if os.path.lexists(folder / LOG) else no_log()
    return _run(folder, record, log, _live_snapshots(folder, record.config))


def _live_snapshots(folder: Path, config: Config) -> Snapshots:
    """The snapshots up to the first that is damaged."""
    steps, checksums = [], []
    for step in snapshot_steps(folder):
        try:
            checksums.append(_check_live(folder, config, step))
        except RunError:
            break
        steps.append(step)
    return Snapshots(steps, checksums)


def snapshot_steps(folder: Path) -> list[int]:
    """The steps of the snapshot files of a run that is not packed, valid or not, ascending."""
    try:
        names = [Path(name) for name in os.listdir(folder / SNAPSHOTS)]
    except OSError:
        return []
    return sorted(int(n.stem) for n in names if n.suffix == ".safetensors" and _is_step(n.stem))


def _is_step(text: str) -> bool:
    return len(text) == 8 and text.isascii() and text.isdigit()


def snapshot_name(step: int) -> str:
    return f"{SNAPSHOTS}/{step:08d}.safetensors"


def _check_live(folder: Path, config: Config, step: int) -> int:
    """The checksum that a live snapshot should have. Raises `RunError` unless its header is sound."""
    name = snapshot_name(step)
    with open_inside(folder, name) as file:
        header = _header(file, name, config, None)
    crc = header.meta.get("crc32", "")
    if header.meta.get("step") != str(step) or not (crc.isascii() and crc.isdigit() and len(crc) <= 10):
        raise RunError(f"{name} says it is of another step, or holds no checksum.", mend=MEND)
    return int(crc)


def _header(
    file: BinaryIO, name: str, config: Config, count: int | None, with_deltas: bool = False
) -> Header:
    """The header of one snapshot, or of a file of `count`. Raises `RunError` if the config says other."""
    header, stored = read_header(file, name), STORED[config.precision]
    lead = () if count is None else (count,)
    if with_deltas and count is not None:
        expected = deltas.layout(config.shapes, count, stored)
    else:
        expected = {key: (stored, (*lead, *shape)) for key, shape in config.shapes.items()}
    if count is not None:
        expected["steps"] = (DTYPES["I64"], lead)
    found = {key: (tensor.dtype, tensor.shape) for key, tensor in header.tensors.items()}
    for key in sorted(expected.keys() | found.keys()):
        if expected.get(key) != found.get(key):
            got, want = (
                f"{side[key][0]} {list(side[key][1])}" if key in side else "nothing"
                for side in (found, expected)
            )
            raise RunError(f"{name}: {key[:40]} is {got}, the config of the run expects {want}.", mend=MEND)
    return header


def _open_packed(folder: Path, record: AnyRecord, packed: Packed) -> AnyRun:
    log, size, crc = read_log(folder), packed.log_size, packed.log_checksum
    if not log.whole or (log.size, log.checksum) != (size, crc):
        raise RunError(
            f"{LOG} is damaged: {log.size:,} valid bytes with checksum {log.checksum}, expected "
            f"{str(size)[:20]} with {str(crc)[:20]} and none after.",
            mend=MEND,
        )
    return _run(folder, record, log, _packed_snapshots(folder, record.config, packed))


def _packed_snapshots(folder: Path, config: Config, packed: Packed) -> Snapshots:
    """The snapshots that run.json names. Raises `RunError` unless the files are as it says."""
    begin = 0
    for number, count in enumerate(packed.shards):
        steps = list(packed.steps[begin : begin + count])
        _check_shard(folder, shard_name(number), config, steps, packed.deltas)
        begin += count
    return Snapshots(packed.steps, packed.checksums, packed.shards, packed.deltas)


def shard_name(number: int) -> str:
    return f"{SNAPSHOTS}-{number}.safetensors"


def _check_shard(folder: Path, name: str, config: Config, steps: list[int], with_deltas: bool) -> None:
    with open_inside(folder, name) as file:
        header = _header(file, name, config, len(steps), with_deltas)
        if read_array(file, header.tensors["steps"]).tolist() != steps:
            raise RunError(f"{name} is damaged: it holds other steps than {RUN} says.", mend=MEND)


def _run(folder: Path, record: AnyRecord, log: Log, snapshots: Snapshots) -> AnyRun:
    found = {
        "path": folder,
        "title": record.title,
        "sentence": record.sentence,
        "provenance": record.provenance,
        "finished": record.finished,
        "steps": np.array(snapshots.steps, dtype=np.int64),
        "logged": log.columns,
        "checksums": tuple(snapshots.checksums),
        "log_checksum": log.checksum,
        "log_size": log.size,
        "shards": tuple(snapshots.shards),
        "deltas": snapshots.deltas,
    }
    if isinstance(record.config, SequenceConfig):
        return SequenceRun(config=record.config, **found)
    return Run(config=record.config, **found)


def read_weights(run: AnyRun, index: int | np.integer, dtype: DTypeLike | None = np.float32) -> Weights:
    """The weights of snapshot `index` = 0, 1, .. in the shapes of the config, its checksum checked; and beside them
    the constants of the network, where it has some, so that whoever has the weights can run them. Without a `dtype`
    each has its own.

    Raises `RunError` when there is no such snapshot, or it is damaged.
    """
    found = read_stored(run, index) | run.config.model.constants
    return {name: array.astype(dtype or array.dtype) for name, array in found.items()}


def read_stored(run: AnyRun, index: int | np.integer) -> Weights:
    """`read_weights` in the precision of the file."""
    if not isinstance(index, int | np.integer) or not 0 <= index < len(run.steps):
        raise RunError(
            f"There is no snapshot {str(index)[:20]}: this run has {len(run.steps)}. "
            f"Choose a number from 0 to {len(run.steps) - 1}."
        )
    try:
        return _read_stored(run, int(index))
    except RunError:
        if run.shards:
            raise
        # Since it was opened, a live run may have been packed, or rewound and trained again.
        now, step = _with_snapshots_of_now(run), run.steps[index]
        if step not in now.steps or (now.shards, now.checksums) == (run.shards, run.checksums):
            raise
        return _read_stored(now, now.steps.tolist().index(step))


def _with_snapshots_of_now(run: AnyRun) -> AnyRun:
    record = read_any(run.path)
    if record.packed is not None:
        found = _packed_snapshots(run.path, record.config, record.packed)
    else:
        found = _live_snapshots(run.path, record.config)
    return dataclasses.replace(
        run,
        steps=np.array(found.steps),
        checksums=tuple(found.checksums),
        shards=tuple(found.shards),
        deltas=found.deltas,
    )


def _read_stored(run: AnyRun, index: int) -> Weights:
    step = int(run.steps[index])
    name, row, count = _place(run, index)
    with open_inside(run.path, name) as file:
        tensors, shapes = _header(file, name, run.config, count, run.deltas).tensors, run.config.shapes
        if run.deltas:
            stored = deltas.read(file, tensors, shapes, row or 0)
        else:
            stored = {key: read_array(file, tensors[key], row) for key in shapes}
    if (found := checksum(stored, {"step": str(step)})) != run.checksums[index]:
        raise RunError(
            f"The snapshot of step {step} in {name} is damaged: its checksum is {found}, "
            f"expected {run.checksums[index]}.",
            mend=MEND,
        )
    if not all(np.isfinite(weight).all() for weight in stored.values()):
        raise RunError(f"The snapshot of step {step} holds weights that are not finite.", mend=MEND)
    return stored


def _place(run: AnyRun, index: int) -> tuple[str, int | None, int | None]:
    """The file of a snapshot and, when the run is packed, its row in the stacks there, of how many."""
    if not run.shards:
        return snapshot_name(int(run.steps[index])), None, None
    shard = 0
    while index >= run.shards[shard]:
        index -= run.shards[shard]
        shard += 1
    return shard_name(shard), index, run.shards[shard]


def iter_weights(run: AnyRun, dtype: DTypeLike = np.float32) -> Iterator[Weights]:
    """The weights of every snapshot, in the order of `run.steps`, one at a time in memory."""
    return (read_weights(run, index, dtype) for index in range(len(run.steps)))


def nearest_snapshot(run: AnyRun, step: float) -> int:
    """The index of the snapshot nearest to a step; of two as near, the earlier.

    Raises `RunError` when the run has no snapshot yet, or the step is no number.
    """
    if not len(run.steps):
        raise RunError("This run has no snapshot yet.", mend="Wait until the training has written one.")
    if not abs(step) < math.inf:  # also refuses NaN
        raise RunError(f"There is no step {step}.", mend="Choose a step of the run.")
    return min(range(len(run.steps)), key=lambda index: abs(int(run.steps[index]) - step))


def fingerprint(run: AnyRun) -> str:
    """Sixteen hexadecimal digits that change with the config, the log or any snapshot.

    From checksums that are known once a run is open, so it costs nothing; the same before and after packing.
    """
    content = [config_to_json(run.config), run.steps.tolist(), run.checksums, run.log_size, run.log_checksum]
    return hashlib.sha256(canonical(content)).hexdigest()[:16]


def read_timeline_cache(run: AnyRun) -> tuple[dict[str, np.ndarray], dict[str, str]] | None:
    """The derived arrays stored by `write_timeline_cache` and what was noted of them, or None when they are missing,
    damaged, or of another state of the run."""
    try:
        with open_inside(run.path, TIMELINE) as file:
            if file_size(file) > MAX_FILE:
                return None
            arrays, meta = read_sealed(file, TIMELINE)
    except RunError:
        return None
    return (arrays, meta) if meta.pop("fingerprint", None) == fingerprint(run) else None


def read_deep(run: AnyRun) -> tuple[dict[str, np.ndarray], dict[str, str]] | None:
    """The arrays stored by `write_deep` and what was noted of them, or None when they are missing or damaged. Whether
    they are of this run, `study.deep` sees."""
    try:
        with open_inside(run.path, DEEP) as file:
            return read_sealed(file, DEEP) if file_size(file) <= MAX_DEEP else None
    except RunError:
        return None
