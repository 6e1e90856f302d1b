"""run.json: what a run is. Its config and provenance travel with the weights, under a checksum."""

import dataclasses
import itertools
import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grokviz import config, sequence_config
from grokviz.config import RunConfig
from grokviz.errors import ConfigError, OtherTaskError, RunError
from grokviz.runs.log import LOG, MAX_STEP
from grokviz.runs.storage import MEND, MIB, canonical, read_json, replace_file
from grokviz.sequence_config import SequenceConfig

RUN = "run.json"
FORMAT, VERSION = "grokviz-run", 1
WITH_DELTAS = 2  # the version of a run whose snapshots are kept as changes: GrokViz 0.1 could not read them

# Where and with what a run was trained, or where it is from: JSON that may be anybody's, so whoever reads a value
# looks at its type first. `worker` writes grokviz, torch, python, device, threads, cores, machine, constants (of the
# optimiser) and started; a fork has forked; importers add what they know.
Provenance = Mapping[str, object]
Config = RunConfig | SequenceConfig


@dataclass(frozen=True)
class Packed:
    """What a packed run holds, as its record says: the files have to agree."""

    steps: tuple[int, ...]  # of the snapshots, ascending
    checksums: tuple[int, ...]  # and of each
    shards: tuple[int, ...]  # snapshots in each file
    log_size: int  # bytes
    log_checksum: int
    deltas: bool = False  # a byte a weight: `runs.deltas`


@dataclass(frozen=True)
class AnyRecord:
    """The content of run.json, whatever the task."""

    config: Config
    title: str = ""
    sentence: str = ""
    provenance: Provenance = field(default_factory=dict)
    finished: bool = False
    packed: Packed | None = None
    more: Mapping[str, object] = field(default_factory=dict)  # what a younger GrokViz wrote besides: kept


@dataclass(frozen=True)
class Record(AnyRecord):
    """Of a run on pairs."""

    config: RunConfig


@dataclass(frozen=True)
class SequenceRecord(AnyRecord):
    """Of a run on sequences."""

    config: SequenceConfig


def read_record(folder: Path) -> Record:
    """What run.json of a run on pairs says. Raises `RunError` when there is none, or it is damaged or of a newer
    version; `OtherTaskError` when it is of a run on sequences."""
    record = read_any(folder)
    if not isinstance(record, Record):
        raise no_pairs(record.config)
    return record


def no_pairs(found: Config) -> OtherTaskError:
    """That a run is on sequences, where one on pairs is asked for."""
    task = found.task if isinstance(found, SequenceConfig) else "sequences"
    return OtherTaskError(
        f"This is a run of {task}, on sequences of tokens,",
        "and what was asked for knows runs on pairs of numbers.",
        "Look at it on the page “It happens elsewhere”, or with: python -m grokviz inspect.",
    )


def make_record(config: Config, title: str, sentence: str, provenance: Provenance) -> AnyRecord:
    """The record of a run that begins."""
    if isinstance(config, SequenceConfig):
        return SequenceRecord(config, title, sentence, provenance)
    return Record(config, title, sentence, provenance)


def read_any(folder: Path) -> AnyRecord:
    """What run.json says, of whatever task: a `Record` or a `SequenceRecord`. Raises `RunError` as `read_record`."""
    if not os.path.lexists(folder / RUN):
        raise RunError(
            f"{folder.name!r} holds no {RUN}, so it is no run.", mend="Choose the folder that holds it."
        )
    values = read_json(folder, RUN)
    _check_format(values)
    for key, kind in {"title": str, "sentence": str, "provenance": dict, "finished": bool}.items():
        if not isinstance(values.get(key), kind):
            raise RunError(f"{RUN}: {key} should be a {kind.__name__}.", mend=MEND)
    try:
        found = config_from_json(values.get("config"))
    except ConfigError as error:
        raise RunError(f"{RUN}: {str(error)[:300]}", mend=MEND) from error
    known = {f.name: values.pop(f.name, None) for f in dataclasses.fields(AnyRecord)}
    packed = _read_packed(known["packed"]) if known["packed"] is not None else None
    parts = {**known, "config": found, "packed": packed, "more": values}
    return SequenceRecord(**parts) if isinstance(found, SequenceConfig) else Record(**parts)


def config_from_json(values: object) -> Config:
    """The config in a record: one that names a task is of sequences. Raises `ConfigError` when it cannot be."""
    if isinstance(values, dict) and "task" in values:
        return sequence_config.from_json(values)
    return config.from_json(values)


def config_to_json(found: Config) -> dict[str, object]:
    """A config as plain JSON values, one key a field."""
    if isinstance(found, SequenceConfig):
        return sequence_config.to_json(found)
    return config.to_json(found)


def _check_format(values: dict[str, object]) -> None:
    """Takes format, version and checksum out of the values, and looks at them."""
    found_format, version = values.get("format"), values.get("version")
    if found_format != FORMAT:
        raise RunError(f"{RUN} has format {str(found_format)[:40]!r},", f"expected {FORMAT!r}.", mend=MEND)
    if type(version) is int and version > WITH_DELTAS:
        raise RunError(
            f"This run was written by a newer GrokViz (format {str(version)[:20]}, this one reads {WITH_DELTAS}).",
            mend="Update GrokViz.",
        )
    expected = values.pop("crc32", None)
    found = zlib.crc32(canonical(values))
    if version not in (VERSION, WITH_DELTAS) or found != expected:
        raise RunError(
            f"{RUN} is damaged: its checksum is {found},", f"expected {str(expected)[:20]}.", mend=MEND
        )
    del values["format"], values["version"]


def _read_packed(values: object) -> Packed:
    match values:
        case {"log": {"size": int(size), "checksum": int(crc)}}:
            pass
        case _:
            raise RunError(f"{RUN} is damaged: packed says nothing usable of {LOG}.", mend=MEND)
    match values:
        case {"steps": list(steps), "checksums": list(checksums), "shards": list(shards), **more} if all(
            type(n) is int and 0 <= n < 2**32 for n in [*steps, *checksums, *shards]
        ) and isinstance(deltas := more.get("deltas", False), bool):
            pass
        case _:
            raise RunError(f"{RUN} is damaged: packed says nothing usable of the snapshots.", mend=MEND)
    ascend = all(before < after for before, after in itertools.pairwise(steps))
    if not ascend or max(steps, default=0) > MAX_STEP:
        raise RunError(f"{RUN}: the steps of the snapshots should go up from 0 to {MAX_STEP:,}.", mend=MEND)
    if not (len(steps) == len(checksums) == sum(shards) and steps and all(shards)):
        raise RunError(
            f"{RUN} names {len(steps)} steps, {len(checksums)} checksums and {sum(shards)} stored snapshots, "
            "expected as many of each, and some.",
            mend=MEND,
        )
    return Packed(tuple(steps), tuple(checksums), tuple(shards), size, crc, deltas)


def write_record(folder: Path, record: AnyRecord) -> None:
    """Replace run.json. Raises `RunError` over 1 MiB."""
    version = WITH_DELTAS if record.packed and record.packed.deltas else VERSION
    values = {
        "format": FORMAT, "version": version, **record.more, "config": config_to_json(record.config), "title": record.title,
        "sentence": record.sentence, "provenance": dict(record.provenance), "finished": record.finished,
        "packed": record.packed and _packed_to_json(record.packed),
    }  # fmt: skip
    values["crc32"] = zlib.crc32(canonical(values))
    data = json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    if len(data) > MIB:
        raise RunError(
            f"{RUN} would hold {len(data):,} bytes,", f"expected at most {MIB:,}.", mend="Shorten its texts."
        )
    replace_file(folder / RUN, data)


def _packed_to_json(packed: Packed) -> dict[str, object]:
    return {
        "steps": list(packed.steps),
        "checksums": list(packed.checksums),
        "shards": list(packed.shards),
        "log": {"size": packed.log_size, "checksum": packed.log_checksum},
        **({"deltas": True} if packed.deltas else {}),
    }
