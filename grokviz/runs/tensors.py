"""Tensors in safetensors files. A header is checked against the real file before anything is allocated.

The files are read with plain reads, not mapped: a mapped file that shrinks while it is read kills the
process, and one snapshot out of a stack is a few reads of known length.
Format: 8 bytes little-endian length of the header, the header in JSON, the data.
"""

import json
import math
import zlib
from typing import BinaryIO, NamedTuple

import numpy as np

from grokviz.errors import RunError
from grokviz.runs.storage import MEND, MIB, canonical, file_size, parse_json

DTYPES = {  # in the order of the safetensors library, which puts those further down first in a file
    "BOOL": np.dtype("?"),
    "U8": np.dtype("u1"),
    "I8": np.dtype("i1"),
    "I16": np.dtype("<i2"),
    "F16": np.dtype("<f2"),
    "I32": np.dtype("<i4"),
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
    "I64": np.dtype("<i8"),
}
ALIGNMENT = 8  # bytes; the header is filled up with spaces, so that the data can be mapped
MAX_DIMENSIONS = 8


class Tensor(NamedTuple):
    """Where a tensor lies: `start` counts bytes from the beginning of the file."""

    dtype: np.dtype
    shape: tuple[int, ...]
    start: int


class Header(NamedTuple):
    tensors: dict[str, Tensor]
    meta: dict[str, str]


def checksum(arrays: dict[str, np.ndarray], meta: dict[str, str]) -> int:
    """CRC-32 of the meta data and of every tensor's name, dtype, shape and bytes."""
    crc = zlib.crc32(canonical(meta))
    for name in sorted(arrays):
        array = np.asarray(arrays[name], order="C")
        crc = zlib.crc32(canonical([name, array.dtype.name, list(array.shape)]), crc)
        crc = zlib.crc32(array.tobytes(), crc)
    return crc


def encode(arrays: dict[str, np.ndarray], meta: dict[str, str] | None = None) -> bytes:
    """The safetensors file of these arrays. Raises `ValueError` of a dtype that is none of `DTYPES`."""
    names = {dtype: name for name, dtype in DTYPES.items()}
    order = list(names)
    entries: dict[str, dict] = {"__metadata__": meta} if meta else {}
    parts, begin = [], 0
    for key in sorted(arrays, key=lambda key: (-order.index(arrays[key].dtype), key)):
        array = np.asarray(arrays[key], order="C")
        offsets = [begin, begin := begin + array.nbytes]
        entries[key] = {"dtype": names[array.dtype], "shape": list(array.shape), "data_offsets": offsets}
        parts.append(array.tobytes())
    header = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()
    header += b" " * (-len(header) % ALIGNMENT)
    return b"".join([len(header).to_bytes(8, "little"), header, *parts])


def seal(arrays: dict[str, np.ndarray], meta: dict[str, str]) -> bytes:
    """The safetensors file of these arrays, with their checksum in its meta data."""
    return encode(arrays, {**meta, "crc32": str(checksum(arrays, meta))})


def read_header(file: BinaryIO, name: str) -> Header:
    """Names, dtypes, shapes and places of all tensors: they fill the file exactly.

    Raises `RunError` when the header is over 1 MiB, is damaged, or does not match the size of the file.
    """
    size = file_size(file)
    file.seek(0)
    length = int.from_bytes(file.read(8), "little")
    if not 2 <= length <= min(MIB, size - 8):
        raise RunError(
            f"{name} of {size:,} bytes claims a header of {length:,},", "expected at most 1 MiB.", mend=MEND
        )
    entries = parse_json(file.read(length), f"The header of {name}")
    meta = entries.pop("__metadata__", {})
    if not isinstance(meta, dict) or not all(isinstance(text, str) for text in meta.values()):
        raise RunError(f"The header of {name} holds damaged meta data.", mend=MEND)
    tensors, end = {}, 8 + length
    for key, (dtype, shape, begin, stop) in sorted(
        ((key, _entry(entry, key, name)) for key, entry in entries.items()), key=lambda item: item[1][2:]
    ):
        if begin + 8 + length != end or stop - begin != math.prod(shape) * dtype.itemsize:
            raise RunError(f"The header of {name} puts {key[:40]!r} in the wrong place.", mend=MEND)
        tensors[key] = Tensor(dtype, shape, end)
        end += stop - begin
    if end != size:
        raise RunError(f"{name} holds {size:,} bytes, its header says {end:,}.", mend=MEND)
    return Header(tensors, meta)


def _entry(entry: object, key: str, name: str) -> tuple[np.dtype, tuple[int, ...], int, int]:
    match entry:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [begin, stop]} if (
            dtype in DTYPES
            and len(shape) <= MAX_DIMENSIONS
            and all(type(n) is int and 0 <= n < 2**63 for n in [*shape, begin, stop])
        ):
            return DTYPES[dtype], tuple(shape), begin, stop
    raise RunError(f"The header of {name} says nothing usable of {key[:40]!r}.", mend=MEND)


def read_array(file: BinaryIO, tensor: Tensor, row: int | None = None) -> np.ndarray:
    """The tensor, or one row of it without reading the others. Raises `RunError` when the file ends first."""
    shape = tensor.shape if row is None else tensor.shape[1:]
    size = math.prod(shape) * tensor.dtype.itemsize
    file.seek(tensor.start + (row or 0) * size)
    data = bytearray(size)
    if file.readinto(data) != size:  # pyright: ignore[reportAttributeAccessIssue]
        raise RunError("A file of the run became shorter while it was read.", mend=MEND)
    return np.frombuffer(data, tensor.dtype).reshape(shape)


def read_sealed(file: BinaryIO, name: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Arrays and meta data of a file written by `seal`. Raises `RunError` when the checksum differs."""
    tensors, meta = read_header(file, name)
    arrays = {key: read_array(file, tensor) for key, tensor in tensors.items()}
    found = meta.pop("crc32", None)
    if found != (expected := str(checksum(arrays, meta))):
        raise RunError(
            f"{name} is damaged: its checksum is {expected},", f"expected {str(found)[:20]}.", mend=MEND
        )
    return arrays, meta
