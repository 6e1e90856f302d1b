"""A run as one zip: to take it home, and to take in one that anybody may have made.

A stranger's zip is never unpacked by its names. All its members are looked at first; then those named
exactly as the files of a packed run are copied, counting real bytes, into a hidden folder. There the run is
opened and every snapshot read. Only then does the folder get its name, in one step.
"""

import io
import os
import re
import shutil
import stat
import struct
import tempfile
import unicodedata
import uuid
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from grokviz.errors import RunError
from grokviz.runs.catalog import check_id
from grokviz.runs.folder import (
    DEEP,
    MAX_DEEP,
    MAX_FILE,
    TIMELINE,
    AnyRun,
    iter_weights,
    open_any,
    read_deep,
    read_stored,
    shard_name,
    snapshot_name,
)
from grokviz.runs.leaflets import README, REPRODUCE, one_line, readme, reproduce
from grokviz.runs.log import LOG, MAX_LOG
from grokviz.runs.record import RUN, Config, read_any, write_record
from grokviz.runs.storage import MIB, open_inside, saying, sync_folder
from grokviz.runs.tensors import seal
from grokviz.runs.write import MAX_SHARDS, pack

EXTRA = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}\.(csv|json|md|py|txt)")
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same run gives the same bytes
CHUNK = 2**18

# What is copied from a zip, and how many bytes of it at most.
LIMITS = {RUN: MIB, LOG: MAX_LOG, DEEP: MAX_DEEP} | {shard_name(n): MAX_FILE for n in range(MAX_SHARDS)}
LIMIT = sum(LIMITS.values())
# What may lie beside them unread. The timeline is derived from the rest, and measured again; what takes minutes to
# measure travels along, and is believed as far as it fits the snapshots (`study.deep`).
HARMLESS = re.compile(rf"{re.escape(TIMELINE)}|\.DS_Store|.*\.(csv|md|py|txt)", re.IGNORECASE)
OF_A_MAC = "__MACOSX/"  # its Finder adds this folder, of files that mean nothing here
ARCHIVES = re.compile(r".*\.(zip|tar|tgz|gz|bz2|xz|zst|7z|rar)", re.IGNORECASE)
MAX_MEMBERS = 64
MAX_DIRECTORY = 2**16  # bytes of the list of members
MAX_NAME = 200
MAX_RATIO = 200  # unpacked to packed; a log of JSON comes to some 10
END = struct.Struct("<4s4H2LH")  # the last bytes of a zip without a comment
LOCATOR = 20  # bytes before them, where a zip64 has them
IMPORTING = ".import-"  # a folder of such a name was left by an import that was killed
MAX_TITLE, MAX_SENTENCE = 200, 1000
MEND = "Upload the zip as GrokViz made it."


# Out


def export_zip(run: AnyRun, destination: BinaryIO | Path, extra: Mapping[str, str] = {}) -> None:
    """Write the run as a zip: the files of a packed run, what was measured when it was asked for, `README.txt`,
    `reproduce.py`, and `extra` texts.

    A run that is not packed is packed in a temporary copy, as it was when it was opened. The same run gives
    the same bytes. A few hundred kB of memory; weights are stored, texts deflated.
    Raises `RunError` when there is no snapshot yet, a file is damaged or missing, or a name in `extra` is
    not plain; a file at `destination` is then left as it was.
    """
    own = {README, REPRODUCE, RUN}
    if wrong := sorted(name for name in extra if name in own or not EXTRA.fullmatch(name)):
        raise RunError(
            f"{wrong[0][:60]!r} is no name for a text in the zip.", mend="Choose one such as losses.csv."
        )
    if isinstance(destination, Path):
        with _new_file(destination) as file:
            return export_zip(run, file, extra)
    with _packed(run) as packed, ZipFile(destination, "w") as archive:
        for name in (RUN, LOG, *(shard_name(n) for n in range(len(packed.shards)))):
            with open_inside(packed.path, name) as file:
                _add(archive, name, file)
        if has_deep := read_deep(run) is not None:
            with open_inside(run.path, DEEP) as file:
                _add(archive, DEEP, file)
        texts = {**extra, REPRODUCE: reproduce(packed), README: readme(packed, [*extra], has_deep)}
        for name, text in texts.items():
            _add(archive, name, io.BytesIO(text.encode()))


def _add(archive: ZipFile, name: str, source: BinaryIO) -> None:
    info = ZipInfo(name, EPOCH)
    info.create_system, info.external_attr = 3, 0o644 << 16  # alike on every system
    info.compress_type = ZIP_STORED if name.endswith(".safetensors") else ZIP_DEFLATED
    with archive.open(info, "w") as member:
        shutil.copyfileobj(source, member, CHUNK)


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that gets its name when it is whole, or leaves nothing."""
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")
    with saying(path.name):
        try:
            with open(temporary, "xb") as file:
                yield file
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def _packed(run: AnyRun) -> Iterator[AnyRun]:
    """The run when it is packed, else a packed copy of it."""
    record = read_any(run.path)
    if record.packed is not None:
        yield open_any(run.path)
        return
    with tempfile.TemporaryDirectory(prefix="grokviz-") as folder:
        copy = Path(folder) / "run"
        with saying("The copy of the run"):
            (copy / snapshot_name(0)).parent.mkdir(parents=True)
            copy_log(run, copy)
            for index, step in enumerate(run.steps.tolist()):
                snapshot = seal(read_stored(run, index), {"step": str(step)})
                (copy / snapshot_name(step)).write_bytes(snapshot)
        write_record(copy, record)
        pack(copy)
        yield open_any(copy)


def copy_log(run: AnyRun, copy: Path) -> None:
    """The rows that were there when the run was opened."""
    data = b""
    if run.log_size:
        with open_inside(run.path, LOG) as file:
            data = file.read(run.log_size)
    if zlib.crc32(data) != run.log_checksum:
        raise RunError("The run went back to an earlier step while it was copied.", mend="Try again.")
    (copy / LOG).write_bytes(data)


# In


def import_zip(
    source: BinaryIO,
    root: Path,
    run_id: str,
    limit_bytes: int = LIMIT,
    check: Callable[[Config], None] = lambda config: None,
) -> AnyRun:
    """Take the run in a zip, whatever its task, into the folder of runs `root`, by the name `run_id`.

    At most `limit_bytes` are read, and written. `check` may refuse a config by raising: a host's caps hold
    for uploads too. Raises `RunError` for whatever is not a sound packed run; nothing is then left behind.
    """
    check_id(run_id)
    target = Path(root) / run_id
    if os.path.lexists(target):
        raise RunError(f"There is a run {run_id!r} already.", mend="Choose another name, or delete that run.")
    _check_end(source, limit_bytes)
    temporary = target.with_name(f"{IMPORTING}{uuid.uuid4().hex}")
    try:
        with _sound(), ZipFile(source) as archive:
            members = _choose(archive.infolist(), limit_bytes)
            with saying(run_id):
                temporary.mkdir(parents=True)
            _copy(archive, members, temporary, limit_bytes)
        _check_run(temporary, set(members), check)
        with saying(run_id):
            os.rename(temporary, target)
            sync_folder(target.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return open_any(target)


def _check_end(source: BinaryIO, limit: int) -> None:
    """Refuses what is no plain zip, or one whose list of members is long, before that is read into memory."""
    size = source.seek(0, os.SEEK_END)
    if size > limit:
        raise RunError(
            f"The file holds {size:,} bytes,", f"expected at most {limit:,}.", mend="Keep fewer snapshots."
        )
    source.seek(max(0, size - END.size - LOCATOR))
    tail = source.read(END.size + LOCATOR)
    if not tail[-END.size :].startswith(b"PK\5\6") or tail[-2:] != b"\0\0" or tail.startswith(b"PK\6\7"):
        raise RunError(
            "The file does not end as a plain zip does: it is no zip, or was cut short on its way.", mend=MEND
        )
    directory = END.unpack(tail[-END.size :])[5]
    if directory > MAX_DIRECTORY:
        raise RunError(
            f"The list of what is in the zip takes {directory:,} bytes, expected at most {MAX_DIRECTORY:,}.",
            mend=MEND,
        )


@contextmanager
def _sound() -> Iterator[None]:
    """Turns what `zipfile` raises of a damaged or forged zip into a `RunError`."""
    try:
        yield
    except RunError:
        raise
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError) as error:
        # NotImplementedError is a RuntimeError, UnicodeDecodeError a ValueError
        raise RunError(f"The zip is damaged: {one_line(str(error))[:200]}.", mend=MEND) from error


def _choose(infos: list[ZipInfo], limit: int) -> dict[str, ZipInfo]:
    """The members to copy, by the names that they will have. Raises `RunError` when any member is odd."""
    if len(infos) > MAX_MEMBERS:
        raise RunError(
            f"The zip holds {len(infos):,} members,", f"expected at most {MAX_MEMBERS}.", mend=MEND
        )
    seen = set()
    for info in infos:
        _check_name(info)
        _check_kind(info)
        name = unicodedata.normalize("NFKC", info.filename).casefold().rstrip("/")
        if name in seen:
            raise RunError(f"The zip holds {info.filename[:60]!r} twice.", mend=MEND)
        seen.add(name)
    files = [info for info in infos if not info.is_dir() and not info.filename.startswith(OF_A_MAC)]
    parts = {info.filename: info.filename.rpartition("/") for info in files}
    if not any(name == RUN for _, _, name in parts.values()):
        raise RunError(f"The zip holds no {RUN}, so there is no run in it.", mend=MEND)
    folders = {folder for folder, _, _ in parts.values()}
    if len(folders) > 1 or "/" in max(folders):
        raise RunError(
            f"The zip holds files in {len(folders)} folders or deep inside one, expected those of a packed "
            f"run side by side, at the top or in one folder.",
            mend=MEND,
        )
    chosen = {}
    for info in files:
        name = parts[info.filename][2]
        if name in LIMITS:
            chosen[name] = info
        elif not HARMLESS.fullmatch(name):
            raise RunError(
                f"The zip holds {name[:60]!r}, which is no part of a packed run.",
                mend=f"Take it out, or {_lower(MEND)}",
            )
    total = 0
    for name, info in chosen.items():
        total += info.file_size
        _check_size(name, info, info.file_size, total, limit)
    return chosen


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _check_name(info: ZipInfo) -> None:
    name = info.orig_filename
    if len(name) > MAX_NAME:
        raise RunError(
            f"A name in the zip has {len(name):,} characters,", f"expected at most {MAX_NAME}.", mend=MEND
        )
    if not name.isprintable():
        raise RunError(f"The name {name[:60]!a} in the zip holds a control character.", mend=MEND)
    if name != info.filename:
        raise RunError(f"The zip gives {name[:60]!r} a second name, {info.filename[:60]!a}.", mend=MEND)
    parts = name.removesuffix("/").split("/")
    if "\\" in name or ":" in name or {"", ".", ".."} & {*parts}:
        raise RunError(
            f"The name {name[:60]!r} in the zip leads out of its folder,", "expected plain names.", mend=MEND
        )


def _check_kind(info: ZipInfo) -> None:
    name = info.filename[:60]
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise RunError(f"{name!r} in the zip is a link or a device,", "expected plain files.", mend=MEND)
    if info.flag_bits & 0x2041:  # encrypted, strongly encrypted, hidden directory
        raise RunError(f"{name!r} in the zip is encrypted.", mend="Make the zip again without a password.")
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):  # others are unpacked without a limit
        raise RunError(
            f"{name!r} in the zip is compressed by method {info.compress_type}, expected stored or deflated.",
            mend=MEND,
        )
    if ARCHIVES.fullmatch(info.filename):
        raise RunError(
            f"The zip holds another archive, {name!r}. If that is the run, unpack this one and upload that."
        )


def _check_size(name: str, info: ZipInfo, size: int, total: int, limit: int) -> None:
    """Of what a member says it holds, and again of what it really held so far."""
    if size > LIMITS[name]:
        raise RunError(
            f"{name} in the zip holds {size:,} bytes,", f"expected at most {LIMITS[name]:,}.", mend=MEND
        )
    if total > limit:
        raise RunError(
            f"The run in the zip takes {total:,} bytes,",
            f"expected at most {limit:,}.",
            mend="Keep fewer snapshots.",
        )
    if size > MAX_RATIO * max(info.compress_size, CHUNK // MAX_RATIO):
        raise RunError(
            f"{name} in the zip unpacks to {size:,} bytes from {info.compress_size:,}, as no run does.",
            mend=MEND,
        )


def _copy(archive: ZipFile, members: dict[str, ZipInfo], folder: Path, limit: int) -> None:
    total = 0
    for name, info in members.items():
        size = 0
        with archive.open(info) as member, saying(name), open(folder / name, "xb") as file:
            while chunk := member.read(CHUNK):
                size, total = size + len(chunk), total + len(chunk)
                _check_size(name, info, size, total, limit)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())


def _check_run(folder: Path, names: set[str], check: Callable[[Config], None]) -> None:
    """Opens the run, which checks its record, log and headers, and reads every snapshot."""
    record = read_any(folder)
    check(record.config)
    if record.packed is None or not record.finished:
        raise RunError("The run in the zip is not packed, as one that is being trained.", mend=MEND)
    run = open_any(folder)
    for what, text, most in (("title", run.title, MAX_TITLE), ("sentence", run.sentence, MAX_SENTENCE)):
        # A zero-width joiner is no control character but part of many emoji.
        if len(text) > most or not text.replace("\u200d", "").isprintable():
            raise RunError(
                f"The {what} of the run has {len(text):,} characters or a control character, expected at "
                f"most {most:,} and none.",
                mend=MEND,
            )
    if DEEP in names and read_deep(run) is None:  # of no use
        (folder / DEEP).unlink()
    if more := names - {RUN, LOG, DEEP, *(shard_name(n) for n in range(len(run.shards)))}:
        raise RunError(f"The zip holds {min(more)}, of which its {RUN} says nothing.", mend=MEND)
    for _ in iter_weights(run):
        pass
