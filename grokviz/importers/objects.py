"""What a pickle describes, as what stands for it here: plain containers and numbers, arrays, tensors, and shells of the
rest. Each is made by a function of ours under the name that the file calls; nothing of the file is ever called.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from grokviz.importers.arrays import Array, Storage, Tensor


class Name(NamedTuple):
    """A class or function that a file names. It is never looked up."""

    module: str
    name: str


class Shell(dict):
    """What is left of an object of an unknown kind: its items, if it was a dictionary, its elements, if it was a list,
    its attributes, and what its maker was called with. It has no behaviour of its own."""

    __slots__ = ("arguments", "attributes", "elements", "kind")

    def __init__(self, kind: object = None, arguments: tuple = ()) -> None:
        super().__init__()
        self.kind, self.arguments = kind, arguments
        self.attributes: dict[str, object] = {}
        self.elements: list = []


class DType:
    """A numpy dtype in the making: its code, such as f8, and its byte order."""

    def __init__(self, code: str) -> None:
        self.code, self.order = code, "<"

    def of_plain_numbers(self) -> np.dtype | None:
        kinds = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}
        return (
            np.dtype(self.code).newbyteorder(">" if self.order == ">" else "<")
            if self.code in kinds
            else None
        )


def pairs_of(items: list) -> dict:
    return put({}, items)


def put(into: object, items: list) -> dict:
    if not isinstance(into, dict):
        return {}
    for key, value in zip(items[::2], items[1::2], strict=True):
        # Only what compares at once is a key: a tuple of tuples of tuples would take for ever.
        into[key if key is None or type(key) in (str, int, float, bool, bytes) else object()] = value
    return into


def array_of_state(state: object) -> np.ndarray | None:
    match state:
        case (_, tuple(shape), DType() as dtype, is_fortran, bytes() | bytearray() | str() as raw):
            return _from_buffer(raw, dtype, shape, "F" if is_fortran else "C")
    return None


def _from_buffer(raw: object, dtype: object, shape: object, order: object = "C") -> np.ndarray | None:
    if isinstance(raw, str):  # of Python 2
        raw = raw.encode("latin-1")
    kind = dtype.of_plain_numbers() if isinstance(dtype, DType) else None
    if kind is None or not isinstance(raw, bytes | bytearray) or not isinstance(shape, tuple):
        return None
    if not all(type(n) is int and n >= 0 for n in shape) or len(shape) > 8:
        return None
    return np.frombuffer(raw, kind).reshape(shape, order="F" if order == "F" else "C")


def made(what: object, arguments: tuple) -> object:
    """What a call would make, if that is known here; else a shell that remembers what was to be called."""
    if isinstance(what, Name):
        module = what.module.replace("numpy._core", "numpy.core").replace("__builtin__", "builtins")
        make = MAKERS.get((module, what.name))
        if make is not None and (found := make(*arguments)) is not None:
            return found
    return Shell(what, arguments)


def _scalar(dtype: object = None, raw: object = None, *_: object) -> object:
    found = _from_buffer(raw, dtype, ())
    return None if found is None else found.item()


def _dtype(code: object = None, *_: object) -> DType | None:
    return DType(code) if isinstance(code, str) and len(code) < 8 else None


def _encoded(text: object = None, encoding: object = None, *_: object) -> bytes | None:
    return text.encode("latin-1") if isinstance(text, str) and encoding == "latin1" else None


def _ordered(items: object = (), *_: object) -> dict:
    pairs = (
        [pair for pair in items if isinstance(pair, tuple | list) and len(pair) == 2]
        if isinstance(items, list)
        else []
    )
    return pairs_of([part for pair in pairs for part in pair])


def _listed(items: object = (), *_: object) -> list:
    return list(items) if isinstance(items, list | tuple) else []


def _tensor(
    storage: object = None, offset: object = 0, shape: object = (), strides: object = (), *more: object
) -> Tensor | None:
    if not isinstance(storage, Storage) or not isinstance(shape, tuple) or not isinstance(strides, tuple):
        return None
    if not all(type(n) is int for n in (offset, *shape, *strides)):
        return None
    # _rebuild_tensor_v3 names the kind of number last but one: (requires_grad, hooks, dtype, metadata).
    dtype = more[2].name if len(more) > 2 and isinstance(more[2], Name) else storage.dtype
    return Tensor(storage, dtype, shape, strides, int(offset))  # pyright: ignore[reportArgumentType]


def _first(inner: object = None, *_: object) -> object:
    return inner


def _again(what: object = None, kind: object = None, arguments: object = (), *_: object) -> object:
    return made(what, arguments) if isinstance(arguments, tuple) else None


MAKERS: dict[tuple[str, str], Callable[..., object]] = {
    ("collections", "OrderedDict"): _ordered,
    ("collections", "defaultdict"): lambda *_: {},
    ("builtins", "dict"): _ordered,
    ("builtins", "list"): _listed,
    ("builtins", "set"): _listed,
    ("builtins", "frozenset"): _listed,
    ("builtins", "tuple"): lambda *of: tuple(_listed(*of)),
    ("torch", "Size"): lambda *of: tuple(_listed(*of)),
    ("_codecs", "encode"): _encoded,
    ("numpy", "dtype"): _dtype,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy.core.multiarray", "_reconstruct"): lambda *_: Array(),
    ("numpy.core.numeric", "_frombuffer"): lambda *of: _wrapped(_from_buffer(*of)),
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_tensor_v3"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _first,
    ("torch._utils", "_rebuild_parameter_with_state"): _first,
    ("torch._tensor", "_rebuild_from_type"): _again,
    ("torch._tensor", "_rebuild_from_type_v2"): _again,
}


def _wrapped(value: np.ndarray | None) -> Array:
    array = Array()
    array.value = value
    return array
