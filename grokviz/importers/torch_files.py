"""Torch files that a stranger wrote: a zip with a pickle and the bytes of its tensors, or, before 2020, one after the
other. Read without torch, and without running anything in them, whatever they name.

Source of both layouts: torch/serialization.py; of the zip, torch/csrc/serialize/inline_container.cc.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from grokviz.errors import RunError
from grokviz.importers.arrays import SIZES, Storage
from grokviz.importers.objects import Name, Shell
from grokviz.importers.pickles import PickleError, read_pickle

MAX_PICKLE = 64 * 2**20  # bytes of the part of the file that is no tensor: losses are lists of numbers there
MAX_ENTRIES = 1_000_000
MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001  # of the files from before 2020
CHUNK = 2**20
STORAGES = {
    "DoubleStorage": "float64", "FloatStorage": "float32", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
    "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8",
    "ByteStorage": "uint8", "BoolStorage": "bool",
}  # fmt: skip


def read_torch(path: Path) -> object:
    """The content of a torch file, or of a plain pickle. Its tensors are read when they are asked for.

    Raises `RunError` for anything that is no whole file of the kind.
    """
    try:
        with open(path, "rb") as file:
            is_zip = file.read(4) == b"PK\x03\x04"
            file.seek(0)
            return _zipped(path, file) if is_zip else _legacy(path, file)
    except (PickleError, struct.error) as error:
        raise RunError(
            f"{path.name} is no torch file that can be read ({error}). Download it again."
        ) from None
    except OSError as error:
        raise RunError(f"{path.name} cannot be read: {error.strerror or error}.") from None


def _zipped(path: Path, file: BinaryIO) -> object:
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile:
        raise RunError(
            f"{path.name} is cut short: the end of the file is missing. Download it again."
        ) from None
    except (ValueError, NotImplementedError, struct.error, MemoryError):
        raise RunError(
            f"{path.name} is damaged: its list of contents cannot be read. Download it again."
        ) from None
    entries = {entry.filename: entry for entry in archive.infolist()}
    _refuse_other_archives(path, list(entries.values()))
    main = min((name for name in entries if name.rpartition("/")[2] == "data.pkl"), key=len)
    base = main.removesuffix("data.pkl")
    has_sums = any(entry.CRC for entry in entries.values())  # torch can be told to leave them out
    with open(path, "rb") as again:
        data = _whole(path, again, entries[main], has_sums)
        order = entries.get(base + "byteorder")
        is_big = order is not None and _whole(path, again, order, has_sums).strip() == b"big"
    checked: set[str] = set()

    def storage(what: object) -> object:
        match what:
            case ("storage", Name() as kind, str(key), _, int(length)) if length >= 0:
                dtype = STORAGES.get(kind.name, kind.name)
                read = _reader(path, entries.get(f"{base}data/{key}"), has_sums, checked)
                return Storage(dtype, length * SIZES.get(dtype, 1), read, is_big)
        return Shell(what)

    return read_pickle(io.BytesIO(data), storage)


def _refuse_other_archives(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    names = [entry.filename for entry in entries]
    if not any(name.rpartition("/")[2] == "data.pkl" for name in names):
        arrays = sum(name.endswith(".npy") for name in names)
        kind = (
            "an archive of numpy arrays (.npz)"
            if arrays
            else "an archive without a data.pkl, so it is no torch file"
        )
        raise RunError(f"{path.name} is {kind}. Save its weights with torch.save or as .safetensors.")
    if any(entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1 for entry in entries):
        raise RunError(f"{path.name} is a compressed archive, which no torch file is. Unpack it first.")
    if len(entries) > MAX_ENTRIES:
        raise RunError(f"{path.name} holds {len(entries):,} parts, expected at most {MAX_ENTRIES:,}.")
    size = sum(entry.file_size for entry in entries if entry.filename.endswith("data.pkl"))
    if size > MAX_PICKLE:
        raise RunError(
            f"{path.name} holds {size:,} bytes besides its tensors, expected at most {MAX_PICKLE:,}."
        )


def _begin(path: Path, file: BinaryIO, entry: zipfile.ZipInfo) -> int:
    """Where the bytes of an entry begin. Raises `RunError` when they are not all there."""
    file.seek(entry.header_offset)
    header = file.read(30)
    if len(header) != 30 or header[:4] != b"PK\x03\x04":
        raise RunError(f"{path.name} is damaged: a part of it is not where its list says. Download it again.")
    begin = entry.header_offset + 30 + sum(struct.unpack("<HH", header[26:30]))
    if begin + entry.file_size > file.seek(0, io.SEEK_END):
        raise RunError(f"{path.name} is cut short: a part of it is missing. Download it again.")
    return begin


def _check(path: Path, file: BinaryIO, entry: zipfile.ZipInfo, begin: int) -> None:
    """Raises `RunError` unless the bytes have the checksum that the archive itself names."""
    file.seek(begin)
    left, crc = entry.file_size, 0
    while left and (data := file.read(min(CHUNK, left))):
        crc, left = zlib.crc32(data, crc), left - len(data)
    if crc != entry.CRC:
        raise RunError(
            f"{path.name} is damaged: the checksum of a part of it ({entry.filename[-60:]}) is {crc}, the archive says "
            f"{entry.CRC}. Download it again."
        )


def _whole(path: Path, file: BinaryIO, entry: zipfile.ZipInfo, has_sums: bool) -> bytes:
    begin = _begin(path, file, entry)
    if has_sums:
        _check(path, file, entry, begin)
    file.seek(begin)
    return file.read(entry.file_size)


def _reader(
    path: Path, entry: zipfile.ZipInfo | None, has_sums: bool, checked: set[str]
) -> Callable[[int, int], bytes]:
    """Reads bytes of a storage out of the archive, after its checksum, which is looked at once."""

    def read(start: int, stop: int) -> bytes:
        if entry is None or stop > entry.file_size:
            raise RunError(f"{path.name} names more numbers than it holds. Download it again.")
        with open(path, "rb") as file:
            begin = _begin(path, file, entry)
            if has_sums and entry.filename not in checked:
                _check(path, file, entry, begin)
                checked.add(entry.filename)
            file.seek(begin + start)
            return file.read(stop - start)

    return read


class Bounded:
    """A file that never reads further than it is long: asked for more, others make room for it first."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self.file, self.left = file, limit

    def read(self, n: int) -> bytes:
        data = self.file.read(min(n, self.left)) if n >= 0 else b""
        self.left -= len(data)
        return data

    def readline(self) -> bytes:
        data = self.file.readline(min(2**16, self.left))
        self.left -= len(data)
        return data


def _legacy(path: Path, file: BinaryIO) -> object:
    """A number to know it by, the protocol, the machine, the content, the names of the storages, and their bytes."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    bounded = Bounded(file, min(size, MAX_PICKLE))
    first = read_pickle(bounded)  # pyright: ignore[reportArgumentType]
    if first != MAGIC if type(first) is int else True:
        return first  # a plain pickle
    if (protocol := read_pickle(bounded)) != PROTOCOL:  # pyright: ignore[reportArgumentType]
        raise PickleError(f"its protocol is {str(protocol)[:20] if type(protocol) is int else 'not known'}")
    machine = read_pickle(bounded)  # pyright: ignore[reportArgumentType]
    is_big = isinstance(machine, dict) and machine.get("little_endian") is False
    kinds: dict[str, str] = {}
    places: dict[str, tuple[int, int]] = {}  # key -> where its bytes begin, and how many they are

    def storage(what: object) -> object:
        match what:
            case ("storage", Name() as kind, str(key), _, int(length), view) if length >= 0:
                dtype = kinds.setdefault(key, STORAGES.get(kind.name, kind.name))
                offset = view[1] if isinstance(view, tuple) and len(view) == 3 and type(view[1]) is int else 0
                each = SIZES.get(dtype, 1)
                return Storage(dtype, length * each, _legacy_reader(path, key, offset * each, places), is_big)
            case ("module", module, *_):
                return module
        return Shell(what)

    content = read_pickle(bounded, storage)  # pyright: ignore[reportArgumentType]
    keys = read_pickle(bounded)  # pyright: ignore[reportArgumentType]
    for key in keys if isinstance(keys, list) else []:
        if not isinstance(key, str) or key not in kinds or kinds[key] not in SIZES:
            raise PickleError("it names a storage that nothing uses")
        (length,) = struct.unpack(">q" if is_big else "<q", file.read(8))
        n_bytes = length * SIZES[kinds[key]]
        if not 0 <= n_bytes <= size - file.tell():
            raise RunError(f"{path.name} is cut short: numbers are missing. Download it again.")
        places[key] = file.tell(), n_bytes
        file.seek(n_bytes, io.SEEK_CUR)
    return content


def _legacy_reader(
    path: Path, key: str, offset: int, places: dict[str, tuple[int, int]]
) -> Callable[[int, int], bytes]:
    def read(start: int, stop: int) -> bytes:
        begin, length = places.get(key, (0, 0))
        if not 0 <= offset + start <= offset + stop <= length:
            raise RunError(f"{path.name} names more numbers than it holds. Download it again.")
        with open(path, "rb") as file:
            file.seek(begin + offset + start)
            return file.read(stop - start)

    return read
