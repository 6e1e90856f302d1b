"""Tensors that a foreign file describes, read from it only when they are asked for, within its bounds.

Every size in a description comes from a stranger: nothing is allocated or read before it fits the file.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from grokviz.errors import RunError

MAX_NUMBERS = 2**23  # of one tensor: the largest matrix of any network that opens here is 8192 by 1024
MAX_SPAN = 2**25  # numbers between the first and the last of a tensor that lies spread out
MAX_AXES = 8

NUMPY = {
    "float64": "<f8", "float32": "<f4", "float16": "<f2", "int64": "<i8", "int32": "<i4", "int16": "<i2", "int8": "i1",
    "uint8": "u1", "uint16": "<u2", "uint32": "<u4", "uint64": "<u8", "bool": "?",
}  # fmt: skip
# Bits of exponent and fraction, the bias, whether codes of NaN and infinity are as in IEEE 754, or NaN is -0 alone.
FLOAT8 = {
    "float8_e5m2": (5, 2, 15, "ieee"), "float8_e4m3fn": (4, 3, 7, "finite"),
    "float8_e5m2fnuz": (5, 2, 16, "unsigned zero"), "float8_e4m3fnuz": (4, 3, 8, "unsigned zero"),
}  # fmt: skip
SIZES = (
    {name: np.dtype(code).itemsize for name, code in NUMPY.items()}
    | {"bfloat16": 2}
    | dict.fromkeys(FLOAT8, 1)
)


@dataclass(frozen=True)
class Storage:
    """A run of numbers in a file: `read(start, stop)` gives its bytes from one place in it to another."""

    dtype: str  # one of SIZES, or what else the file calls it
    size: int  # bytes
    read: Callable[[int, int], bytes]
    is_big_endian: bool = False


@dataclass(frozen=True)
class Tensor:
    """A tensor in a file, not read yet."""

    storage: Storage
    dtype: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]  # in numbers
    offset: int = 0

    @property
    def ndim(self) -> int:
        return len(self.shape)


class Array:
    """An array that numpy pickled; `value` once its bytes have come, and if they are plain numbers."""

    value: np.ndarray | None = None


def read_numbers(value: object, name: str) -> np.ndarray:
    """The numbers of a tensor or an array.

    Raises `RunError` when it is neither, is larger than anything here, or its file does not hold it.
    """
    if isinstance(value, Array):
        value = value.value
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf" and value.size <= MAX_NUMBERS:
        return value
    if not isinstance(value, Tensor):
        raise RunError(f"{name[:60]} is no plain tensor of numbers.")
    return _read(value, name[:60])


def _read(tensor: Tensor, name: str) -> np.ndarray:
    if tensor.dtype not in SIZES:
        raise RunError(f"{name} is of {tensor.dtype[:40]}, expected plain real numbers.")
    shape, strides = tensor.shape, tensor.strides
    if len(shape) != len(strides) or len(shape) > MAX_AXES or min((*shape, *strides, tensor.offset, 0)) < 0:
        raise RunError(f"{name} is described in a way that cannot be.")
    if (numbers := math.prod(shape)) > MAX_NUMBERS:
        raise RunError(f"{name} holds {numbers:,} numbers, more than any network here.")
    span = 1 + sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True)) if numbers else 0
    start, stop = (n * SIZES[tensor.dtype] for n in (tensor.offset, tensor.offset + span))
    if stop > tensor.storage.size or span > MAX_SPAN:
        raise RunError(f"{name} reaches beyond what the file holds of it. Download it again.")
    data = tensor.storage.read(start, stop)
    flat = decode(data, tensor.dtype, tensor.storage.is_big_endian)
    if len(flat) != span:
        raise RunError(f"{name} is cut short. Download the file again.")
    steps = tuple(stride * flat.itemsize for stride in strides)
    return np.lib.stride_tricks.as_strided(flat, shape, steps, writeable=False).copy()


def decode(data: bytes, dtype: str, is_big_endian: bool = False) -> np.ndarray:
    """Bytes as numbers; those that numpy has no name for become float32, exactly."""
    if dtype in NUMPY:
        code = np.dtype(NUMPY[dtype])
        return np.frombuffer(data, code.newbyteorder(">") if is_big_endian else code)
    if dtype == "bfloat16":  # the upper half of a float32
        halves = np.frombuffer(data, ">u2" if is_big_endian else "<u2")
        return (halves.astype(np.uint32) << 16).view(np.float32)
    return float8_values(dtype)[np.frombuffer(data, np.uint8)]


def float8_values(dtype: str) -> np.ndarray:
    """The 256 values of a kind of eight-bit floats. Source: "FP8 Formats for Deep Learning", arXiv 2209.05433; those
    with an unsigned zero, arXiv 2206.02915."""
    exponent_bits, fraction_bits, bias, special = FLOAT8[dtype]
    codes = np.arange(256)
    fraction = (codes & (2**fraction_bits - 1)) / 2**fraction_bits
    exponent = (codes >> fraction_bits) & (2**exponent_bits - 1)
    magnitude = np.where(
        exponent == 0, fraction * 2.0 ** (1 - bias), (1 + fraction) * 2.0 ** (exponent - bias)
    )
    if special == "ieee":
        top = exponent == 2**exponent_bits - 1
        magnitude = np.where(top, np.where(fraction == 0, np.inf, np.nan), magnitude)
    values = np.where(codes & 128, -magnitude, magnitude)
    if special == "finite":
        values[[127, 255]] = np.nan
    if special == "unsigned zero":
        values[128] = np.nan
    return values.astype(np.float32)
