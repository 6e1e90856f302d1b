"""run.json: what a run is. Its config and provenance travel with the weights, under a checksum."""

import json
import os
import zlib
from pathlib import Path

from grokviz.config import from_json, to_json
from grokviz.errors import ConfigError, RunError
from grokviz.runs.storage import MEND, MIB, canonical, read_json, replace_file

RUN = "run.json"
FORMAT, VERSION = "grokviz-run", 1


def read_record(folder: Path) -> dict:
    """The content of run.json, with its config as a `RunConfig`. Raises `RunError` when it is damaged."""
    if not os.path.lexists(folder / RUN):
        raise RunError(f"{folder.name!r} holds no {RUN}, so it is no run. Choose the folder that holds it.")
    record = read_json(folder, RUN)
    if record.get("format") != FORMAT:
        raise RunError(f"{RUN} has format {str(record.get('format'))[:40]!r}, expected {FORMAT!r}. {MEND}")
    version = record.get("version")
    if type(version) is int and version > VERSION:
        raise RunError(
            f"This run was written by a newer GrokViz (format {str(version)[:20]}, this one "
            f"reads {VERSION}). Update GrokViz."
        )
    expected = record.pop("crc32", None)
    found = zlib.crc32(canonical(record))
    if version != VERSION or found != expected:
        raise RunError(f"{RUN} is damaged: its checksum is {found}, expected {str(expected)[:20]}. {MEND}")
    types = {"title": str, "sentence": str, "provenance": dict, "finished": bool}
    for key, kind in types.items():
        if not isinstance(record.get(key), kind):
            raise RunError(f"{RUN}: {key} should be a {kind.__name__}. {MEND}")
    try:
        config = from_json(record.get("config"))
    except ConfigError as error:
        raise RunError(f"{RUN}: {str(error)[:300]} {MEND}") from error
    return {**record, "config": config, "packed": record.get("packed")}


def write_record(folder: Path, record: dict) -> None:
    """Replace run.json by what `read_record` returned, changed. Raises `RunError` over 1 MiB."""
    record = {"format": FORMAT, "version": VERSION, **record, "config": to_json(record["config"])}
    record["crc32"] = zlib.crc32(canonical(record))
    data = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    if len(data) > MIB:
        raise RunError(f"{RUN} would hold {len(data):,} bytes, expected at most {MIB:,}. Shorten its texts.")
    replace_file(folder / RUN, data)
