"""Writing a run while it is trained, and packing it when it has finished.

Killed at any moment, every function here leaves a folder that opens, and called again it finishes the work.
Whoever trains holds `write_lock` throughout.
"""

import math
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from grokviz.config import SETTINGS, RunConfig
from grokviz.errors import RunError
from grokviz.methods import arrays_kept
from grokviz.runs.folder import (
    DEEP,
    MAX_DEEP,
    MAX_FILE,
    SNAPSHOTS,
    STORED,
    TIMELINE,
    AnyRun,
    Weights,
    fingerprint,
    open_any,
    open_run,
    read_stored,
    shard_name,
    snapshot_name,
    snapshot_steps,
)
from grokviz.runs.log import LOG, LOG_COLUMNS, MAX_LOG, MAX_STEP, encode_row, further_in, mend_tail, read_log
from grokviz.runs.record import (
    AnyRecord,
    Config,
    Packed,
    Provenance,
    make_record,
    read_any,
    read_record,
    write_record,
)
from grokviz.runs.storage import (
    LOCK,
    MIB,
    canonical,
    check_size,
    open_inside,
    parse_json,
    replace_file,
    saying,
    write_lock,
)
from grokviz.runs.tensors import encode, read_sealed, seal

RESUME = "resume.safetensors"
MAX_SHARDS = 5  # with run.json, the log and the timeline, 8 files
MAX_ROWS = 250_000  # a row of the log is at most some 240 bytes
HEADER_ROOM = 64_000  # bytes kept free for the header of a packed file
RESUME_BYTES = 32  # a parameter: weights and two moments, with room to spare; and a moment more
MOMENT_BYTES = 4
FLOAT16_MAX = 65504.0


def create_run(
    path: Path | str, config: Config, provenance: Provenance, title: str = "", sentence: str = ""
) -> None:
    """Start a run in a new or empty folder.

    Raises `RunError` when the folder holds anything, or the log of such a run would pass 64 MiB.
    """
    folder = Path(path)
    if config.steps > MAX_ROWS * config.log_every:
        raise RunError(
            f"{config.steps:,} steps with log_every = {config.log_every} make over {MAX_ROWS:,} rows of log. "
            f"Choose a log_every of at least {math.ceil(config.steps / MAX_ROWS)}."
        )
    with saying(folder.name):
        folder.mkdir(parents=True, exist_ok=True)
    with write_lock(folder):
        refuse_full(folder)
        write_record(folder, make_record(config, title, sentence, provenance))


def refuse_full(folder: Path) -> None:
    """Raises `RunError` when the folder holds anything."""
    # A file that was never renamed is all that a creation leaves when it is killed.
    if found := sorted(n for n in os.listdir(folder) if n != LOCK and not n.endswith(".tmp")):
        raise RunError(
            f"{folder.name!r} already holds {found[0]!r}, expected a new or empty folder. "
            "Resume that run, delete it, or choose another folder."
        )


def _unfinished(folder: Path) -> AnyRecord:
    """The record of a run that may still grow. Raises `RunError` when it has finished."""
    record = read_any(folder)
    if record.finished:
        raise RunError(f"The run {folder.name!r} has finished.", mend="Start another in a new folder.")
    return record


def append_log(path: Path | str, rows: Iterable[Mapping[str, float | None]]) -> None:
    """Add rows of `LOG_COLUMNS`, and of the further columns of this run, to the log, each a whole line; None or NaN says
    "not measured".

    A torn line that a killed writer left at the end is dropped first.
    Raises `RunError` when the run has finished, steps do not ascend, or the log would pass 64 MiB.
    """
    folder = Path(path)
    _unfinished(folder)
    with saying(LOG), open(folder / LOG, "a+b") as file:
        size, step, columns = mend_tail(file)
        lines = []
        for row in rows:
            lines.append(encode_row(row, step, columns))
            step, columns = int(row["step"] or 0), (*LOG_COLUMNS, *further_in(row))
        data = b"".join(lines)
        if size + len(data) > MAX_LOG:
            raise RunError(f"{LOG} would pass {MAX_LOG:,} bytes.", mend="Choose a larger log_every.")
        file.write(data)


def write_snapshot(path: Path | str, step: int, weights: Weights, precision: str | None = None) -> None:
    """Store the weights of a step in the precision of the config.

    Raises `RunError` when the run has finished, names or shapes or precision are not those of its config,
    or a weight is not finite or too large for float16.
    """
    folder = Path(path)
    config = _unfinished(folder).config
    if precision not in (None, config.precision):
        raise RunError(
            f"Got precision {precision!r}, the config says {config.precision!r}.", mend="Use that."
        )
    if not 0 <= step <= MAX_STEP:
        raise RunError(f"Got step {step},", f"expected 0 to {MAX_STEP:,}.")
    weights = {name: array for name, array in weights.items() if name not in config.model.constants}
    found = {name: array.shape for name, array in weights.items()}
    if found != config.shapes:
        wrong = sorted(
            name for name in found.keys() | config.shapes.keys() if found.get(name) != config.shapes.get(name)
        )
        raise RunError(
            f"{wrong[0]} has shape {found.get(wrong[0])}, the config expects {config.shapes.get(wrong[0])}."
        )
    stored = {name: _stored(name, array, config.precision) for name, array in weights.items()}
    with saying(SNAPSHOTS):
        (folder / SNAPSHOTS).mkdir(exist_ok=True)
    replace_file(folder / snapshot_name(step), seal(stored, {"step": str(int(step))}))


def _stored(name: str, array: np.ndarray, precision: str) -> np.ndarray:
    largest = float(np.abs(array).max())
    if not math.isfinite(largest):
        raise RunError(f"{name} holds {largest}: the training has diverged.", mend="Choose a smaller lr.")
    if precision == "float16" and largest > FLOAT16_MAX:
        raise RunError(
            f"{name} holds {largest:g}, float16 ends at {FLOAT16_MAX:g}.", mend="Choose precision float32."
        )
    return array.astype(STORED[precision])


def write_resume(path: Path | str, arrays: dict[str, np.ndarray], meta: Mapping[str, object]) -> None:
    """Keep what training needs to go on, in place of what was kept before. `meta` is JSON."""
    folder = Path(path)
    _unfinished(folder)
    replace_file(folder / RESUME, seal(arrays, {"meta": canonical(dict(meta)).decode()}))


def read_resume(path: Path | str) -> tuple[dict[str, np.ndarray], dict[str, object]] | None:
    """Arrays and meta of the last `write_resume`, or None if there was none.

    Raises `RunError` when the file is damaged.
    """
    folder = Path(path)
    if not os.path.lexists(folder / RESUME):
        return None
    config = read_any(folder).config
    bytes_each = RESUME_BYTES + MOMENT_BYTES * sum(arrays_kept(config).values())
    with open_inside(folder, RESUME) as file:
        check_size(file, RESUME, MIB + bytes_each * config.n_parameters)
        arrays, meta = read_sealed(file, RESUME)
    if meta.keys() != {"meta"}:
        raise RunError(
            f"{RESUME} holds no meta data.", mend="Delete it and rewind to a step before the first."
        )
    return arrays, parse_json(meta["meta"].encode(), RESUME)


def rewind(path: Path | str, step: int) -> None:
    """Forget all after a step: log rows, snapshots. For a training that resumes there; -1 forgets all.

    Raises `RunError` when the run has finished or another process writes it.
    """
    folder = Path(path)
    with write_lock(folder):
        _unfinished(folder)
        with saying(SNAPSHOTS):
            for later in reversed([s for s in snapshot_steps(folder) if s > step]):
                (folder / snapshot_name(later)).unlink()
        if os.path.lexists(folder / LOG):
            _cut_log(folder, read_log(folder, until=step).size)


def _cut_log(folder: Path, size: int) -> None:
    with saying(LOG):
        os.truncate(folder / LOG, size)


def mark_finished(path: Path | str) -> None:
    """Say in run.json that nothing more will come. `pack` says so too."""
    folder = Path(path)
    with write_lock(folder):
        write_record(folder, replace(read_any(folder), finished=True))


def set_config(path: Path | str, config: RunConfig) -> None:
    """Record that a run on pairs goes on under another config of the same task and model.

    Raises `RunError` when it is another run, has finished, another process writes it, or tensors would change shape.
    """
    folder = Path(path)
    with write_lock(folder):
        record = read_record(folder)
        _unfinished(folder)
        _refuse_other_network(record.config, config)
        write_record(folder, replace(record, config=config))


def _refuse_other_network(before: RunConfig, after: RunConfig) -> None:
    for name, setting in SETTINGS.items():
        old, new = getattr(before, name), getattr(after, name)
        if not setting.may_differ and old != new:
            raise RunError(f"{name} is {old} in this run, got {new}.", mend="Start a new run for that.")


def set_title(path: Path | str, title: str) -> None:
    """Call the run something else. Raises `RunError` when another process writes it."""
    folder = Path(path)
    with write_lock(folder):
        write_record(folder, replace(read_any(folder), title=title))


def set_provenance(path: Path | str, provenance: Provenance) -> None:
    """Record where and with what a run is trained. Raises `RunError` when another process writes it."""
    folder = Path(path)
    with write_lock(folder):
        write_record(folder, replace(read_any(folder), provenance=provenance))


def finish(path: Path | str) -> None:
    """End a run where it stands: what its training would go on from becomes its last snapshot."""
    folder = Path(path)
    with write_lock(folder):
        if found := read_resume(folder):
            arrays, meta = found
            prefix = "weights."
            weights = {name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)}
            match meta:
                case {"step": int(step)} if step not in snapshot_steps(folder):
                    write_snapshot(folder, step, weights)
        pack(folder, keep_resume=True)


def reopen(path: Path | str, config: RunConfig) -> None:
    """Make of a finished run one that can be trained on, under a config with more steps.

    Killed at any moment it is the one or the other.
    Raises `RunError` when the run kept nothing to go on from, or the config does not carry on from it.
    """
    folder = Path(path)
    with write_lock(folder):
        run = open_run(folder)
        _refuse_other_network(run.config, config)
        if not os.path.lexists(folder / RESUME):
            raise RunError(
                "This run keeps no state of its optimiser, so it cannot be trained on. Fork it from a step instead."
            )
        if config.steps <= (last := int(max(run.logged["step"], default=0))):
            raise RunError(f"The run is at step {last:,} already.", mend="Choose more steps than that.")
        with saying(SNAPSHOTS):
            (folder / SNAPSHOTS).mkdir(exist_ok=True)
        for index, step in enumerate(run.steps.tolist()):
            replace_file(folder / snapshot_name(step), seal(read_stored(run, index), {"step": str(step)}))
        write_record(folder, replace(read_record(folder), config=config, finished=False, packed=None))
        with saying(folder.name):
            for file in folder.glob(f"{SNAPSHOTS}-*.safetensors"):
                file.unlink(missing_ok=True)


def pack(path: Path | str, keep_resume: bool = False) -> None:
    """Turn a run into few files and mark it finished; a packed run is only tidied up.

    New files are written beside the old ones; replacing run.json is the moment when the run is packed. With
    `keep_resume` what training on needs is left there (`reopen`), all of it: trained on it is to be the run that would have had
    more steps. Of Grokfast-MA that is a window of gradients, 90 MB with the network of the paper.
    Raises `RunError` when there is no snapshot, something is damaged, or it would take over 5 x 48 MB.
    """
    folder = Path(path)
    with write_lock(folder):
        run = open_any(folder)
        if not run.shards:
            _refuse_damage(folder, run)
            shards = _split(run)
            for number, indices in enumerate(shards):
                stored = [read_stored(run, int(index)) for index in indices]
                stacks = {name: np.stack([weights[name] for weights in stored]) for name in stored[0]}
                replace_file(folder / shard_name(number), encode({**stacks, "steps": run.steps[indices]}))
            sizes = tuple(len(indices) for indices in shards)
            packed = Packed(tuple(run.steps.tolist()), run.checksums, sizes, run.log_size, run.log_checksum)
            write_record(folder, replace(read_any(folder), finished=True, packed=packed))
        _tidy(folder, open_any(folder), keep_resume)


def _refuse_damage(folder: Path, run: AnyRun) -> None:
    """Drop a torn last line of the log. What lies beyond other damage is not thrown away in silence."""
    with saying(LOG), open(folder / LOG, "a+b") as file:
        size = mend_tail(file).size
    if size != run.log_size:
        raise RunError(
            f"{LOG} is damaged after {run.log_size:,} of {size:,} bytes. Rewind the run to before that."
        )
    if lost := sorted(set(snapshot_steps(folder)) - set(run.steps.tolist())):
        raise RunError(f"{snapshot_name(lost[0])} is damaged. Remove that file, then pack again.")


def _split(run: AnyRun) -> list[np.ndarray]:
    """The indices of the snapshots that share a file, so that no file is over 48 MB."""
    one = run.config.n_parameters * STORED[run.config.precision].itemsize + 8
    fit = (MAX_FILE - HEADER_ROOM) // one
    if not len(run.steps):
        raise RunError("This run has no snapshot yet, so there is nothing to pack. Train it first.")
    if len(run.steps) > MAX_SHARDS * fit:
        raise RunError(
            f"{len(run.steps)} snapshots of {one:,} bytes do not fit into {MAX_SHARDS} files of "
            f"{MAX_FILE:,}.",
            mend=f"Keep at most {MAX_SHARDS * fit}, or store them as float16.",
        )
    return np.array_split(np.arange(len(run.steps)), math.ceil(len(run.steps) / fit))


def _tidy(folder: Path, run: AnyRun, keep_resume: bool) -> None:
    """Remove from a packed run what was there for training, or left by a killed writer."""
    kept = {shard_name(number) for number in range(len(run.shards))}
    with saying(folder.name):
        if os.path.lexists(folder / SNAPSHOTS):
            shutil.rmtree(folder / SNAPSHOTS)
        resume = [] if keep_resume else [folder / RESUME]
        for file in [*resume, *folder.glob("*.tmp"), *folder.glob(f"{SNAPSHOTS}-*.safetensors")]:
            if file.name not in kept:
                file.unlink(missing_ok=True)


def write_timeline_cache(
    run: AnyRun | Path | str, arrays: dict[str, np.ndarray], meta: dict[str, str]
) -> None:
    """Keep derived arrays with the run, marked with its fingerprint; `meta` is what there is to note of them.

    Raises `RunError` when they take over 48 MB or the folder cannot be written.
    """
    run = run if isinstance(run, AnyRun) else open_run(run)
    data = seal(arrays, {**meta, "fingerprint": fingerprint(run)})
    if len(data) > MAX_FILE:
        raise RunError(f"{TIMELINE} would hold {len(data):,} bytes,", f"expected at most {MAX_FILE:,}.")
    replace_file(run.path / TIMELINE, data)


def write_deep(folder: Path, arrays: dict[str, np.ndarray], meta: dict[str, str]) -> None:
    """Keep what was measured when it was asked for. Raises `RunError` over 8 MiB, or when the folder cannot be written."""
    data = seal(arrays, meta)
    if len(data) > MAX_DEEP:
        raise RunError(f"{DEEP} would hold {len(data):,} bytes,", f"expected at most {MAX_DEEP:,}.")
    replace_file(folder / DEEP, data)
