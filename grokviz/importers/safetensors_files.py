"""safetensors files of others: more kinds of numbers than a run of GrokViz holds, and headers that are nobody's promise.

8 bytes little-endian length of the header, the header in JSON, the data. Source: the README of huggingface/safetensors.
"""

import math
from pathlib import Path

from grokviz.errors import RunError
from grokviz.importers.arrays import SIZES, Storage, Tensor
from grokviz.runs.storage import MIB, parse_json

MAX_HEADER = MIB  # bytes; a tensor takes about a hundred
DTYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32",
    "I16": "int16", "I8": "int8", "U8": "uint8", "U16": "uint16", "U32": "uint32", "U64": "uint64", "BOOL": "bool",
    "F8_E5M2": "float8_e5m2", "F8_E4M3": "float8_e4m3fn", "F8_E5M2FNUZ": "float8_e5m2fnuz",
    "F8_E4M3FNUZ": "float8_e4m3fnuz",
}  # fmt: skip


def is_safetensors(start: bytes) -> bool:
    """Whether a file that begins so is one: the length of a header, and its brace. No torch file has one there."""
    return start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 2**40


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of the file, read when they are asked for, and its meta data. Raises `RunError`."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        data = file.read(min(length, MAX_HEADER + 1))
        size = file.seek(0, 2)
    if length > MAX_HEADER:
        raise RunError(
            f"{path.name} claims a header of {length:,} bytes, expected at most {MAX_HEADER:,}: a tensor takes about a "
            "hundred. Save it again with the safetensors library."
        )
    if len(data) < length:
        raise RunError(f"{path.name} is cut short: its header is not whole. Download it again.")
    entries = parse_json(data, f"The header of {path.name}")
    meta = entries.pop("__metadata__", {})
    tensors = {key: _tensor(path, key, entry, 8 + length, size) for key, entry in entries.items()}
    texts = meta.items() if isinstance(meta, dict) else ()
    return tensors, {key: text for key, text in texts if isinstance(text, str)}


def _tensor(path: Path, key: str, entry: object, begin: int, size: int) -> Tensor:
    match entry:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [start, stop]} if all(
            type(n) is int and 0 <= n < 2**48 for n in (*shape, start, stop)
        ):
            kind = DTYPES.get(dtype, dtype)
            n_bytes = math.prod(shape) * SIZES.get(kind, 0)
            if begin + stop > size:
                raise RunError(f"{path.name} is cut short: {key[:60]} is not whole. Download it again.")
            if kind not in SIZES or stop - start == n_bytes:
                return _described(path, kind, tuple(shape), begin + start, stop - start)
    raise RunError(
        f"{path.name} is damaged: its header says nothing usable of {key[:60]}. Download it again."
    )


def _described(path: Path, dtype: str, shape: tuple[int, ...], begin: int, n_bytes: int) -> Tensor:
    def read(start: int, stop: int) -> bytes:
        with open(path, "rb") as file:
            file.seek(begin + start)
            return file.read(stop - start)

    strides = tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
    return Tensor(Storage(dtype, n_bytes, read), dtype, shape, strides)
