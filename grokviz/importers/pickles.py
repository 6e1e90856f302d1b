"""Pickles that a stranger wrote, read without running anything in them.

A pickle is a program for a small machine with a stack, which may name any function of any module and call it. This is
that machine without the call: a name stays a name, plain containers and numbers are built here, numpy's and torch's
own descriptions of arrays become `Array` and `Tensor`, and everything else becomes a `Shell` that holds what it was
given. Every instruction is a byte or more and none repeats another, so the work is bounded by the size of the file.
"""

import pickletools
import warnings
from collections.abc import Callable
from typing import BinaryIO

from grokviz.importers.arrays import Array
from grokviz.importers.objects import DType, Name, Shell, array_of_state, made, pairs_of, put

MAX_INSTRUCTIONS = 4_000_000  # half a million numbers take one and a half million
MAX_DEPTH = 1_000  # containers begun and not ended
MAX_COPIED = 2**28  # characters and elements that makers may be given: each may copy what it is given


class PickleError(ValueError):
    """No pickle, or one that asks for more than any run would."""


Persistent = Callable[[object], object]


def read_pickle(file: BinaryIO, persistent: Persistent = lambda what: Shell()) -> object:
    """The content of the pickle at the place where the file is; the file is left behind its end.

    `persistent` gives what stands for something outside of the pickle. Raises `PickleError`.
    """
    machine = Machine(persistent)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of texts of Python 2 with an odd backslash
            return _run(machine, file)
    except PickleError:
        raise
    except (
        ValueError,
        IndexError,
        KeyError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise PickleError(f"it cannot be followed: {type(error).__name__}") from None


def _run(machine: "Machine", file: BinaryIO) -> object:
    for count, (operation, argument, _) in enumerate(pickletools.genops(file)):
        if count > MAX_INSTRUCTIONS:
            raise PickleError(f"it has over {MAX_INSTRUCTIONS:,} parts")
        name = operation.name
        if name in LITERALS:
            machine.stack.append(argument)
        elif name == "STOP":
            return machine.stack[-1]
        elif (act := ACTIONS.get(name)) is not None:
            act(machine, argument)
        else:
            raise PickleError(f"it asks for {name}")
    raise PickleError("it has no end")


class Machine:
    """The stack, the stacks below it, and what is remembered by number."""

    def __init__(self, persistent: Persistent) -> None:
        self.stack: list = []
        self.below: list[list] = []
        self.memo: dict[int, object] = {}
        self.persistent = persistent
        self.copied = 0

    def spend(self, given: tuple) -> None:
        """Count what a maker is given: one long text may be remembered and given a million times."""
        self.copied += sum(len(part) for part in given if isinstance(part, str | bytes | list | tuple | dict))
        if self.copied > MAX_COPIED:
            raise PickleError("it copies what it holds again and again")

    def mark(self) -> None:
        if len(self.below) >= MAX_DEPTH:
            raise PickleError(f"it nests over {MAX_DEPTH:,} deep")
        self.below.append(self.stack)
        self.stack = []

    def since_mark(self) -> list:
        items, self.stack = self.stack, self.below.pop()
        return items

    def pop(self, n: int) -> list:
        if len(self.stack) < n:
            raise IndexError
        items = self.stack[-n:]
        del self.stack[-n:]
        return items


LITERALS = frozenset(
    [
        "INT",
        "BININT",
        "BININT1",
        "BININT2",
        "LONG",
        "LONG1",
        "LONG4",
        "STRING",
        "BINSTRING",
        "SHORT_BINSTRING",
        "BINBYTES",
        "SHORT_BINBYTES",
        "BINBYTES8",
        "BYTEARRAY8",
        "UNICODE",
        "SHORT_BINUNICODE",
        "BINUNICODE",
        "BINUNICODE8",
        "FLOAT",
        "BINFLOAT",
    ]
)


def _pushing(make: Callable[[Machine, object], object]) -> Callable[[Machine, object], None]:
    """The action that makes something and puts it on the stack."""

    def act(machine: Machine, argument: object) -> None:
        made_of_it = make(machine, argument)  # first: it may end a container and so bring another stack up
        machine.stack.append(made_of_it)

    return act


def _extend(into: object, items: list) -> None:
    if isinstance(into, Shell):
        into.elements.extend(items)
    elif isinstance(into, list):
        into.extend(items)


def _remember(machine: Machine, number: object) -> None:
    machine.memo[int(number)] = machine.stack[-1]  # pyright: ignore[reportArgumentType]


def _build(machine: Machine, _: object) -> None:
    """Give an object its state. What is known takes what it knows; a shell takes all as attributes."""
    (state,) = machine.pop(1)
    machine.spend(state if isinstance(state, tuple) else (state,))
    target = machine.stack[-1]
    if isinstance(target, Array):
        target.value = array_of_state(state)
    elif isinstance(target, DType):
        target.order = state[1] if isinstance(state, tuple) and state[1] in ("<", ">", "|", "=") else "<"
    elif isinstance(target, Shell):
        for part in state if isinstance(state, tuple) else (state,):  # (attributes, slots)
            if isinstance(part, dict):
                target.attributes.update((k, v) for k, v in part.items() if isinstance(k, str))


def _reduce(machine: Machine, _: object) -> None:
    what, arguments = machine.pop(2)
    machine.stack.append(_made(machine, what, arguments))


def _instance(machine: Machine, argument: object) -> Shell:
    items = machine.since_mark()
    kind = _named(argument) if argument is not None else items.pop(0)
    return Shell(kind, tuple(items))


def _new(machine: Machine, n: int) -> object:
    what, arguments, *_ = machine.pop(n)
    return _made(machine, what, arguments)


def _made(machine: Machine, what: object, arguments: object) -> object:
    if not isinstance(arguments, tuple):
        return Shell(what)
    machine.spend(arguments)
    return made(what, arguments)


def _named(argument: object) -> Name:
    module, _, name = str(argument).partition(" ")
    return Name(module[:200], name[:200])


def _stack_named(machine: Machine) -> Name:
    module, name = machine.pop(2)
    return Name(module[:200], name[:200])


ACTIONS: dict[str, Callable[[Machine, object], object]] = {
    "PROTO": lambda m, _: None,
    "FRAME": lambda m, _: None,
    "NONE": lambda m, _: m.stack.append(None),
    "NEWTRUE": lambda m, _: m.stack.append(True),
    "NEWFALSE": lambda m, _: m.stack.append(False),
    "MARK": lambda m, _: m.mark(),
    "POP": lambda m, _: m.stack.pop() if m.stack else m.since_mark(),
    "POP_MARK": lambda m, _: m.since_mark(),
    "DUP": lambda m, _: m.stack.append(m.stack[-1]),
    "PUT": _remember,
    "BINPUT": _remember,
    "LONG_BINPUT": _remember,
    "MEMOIZE": lambda m, _: _remember(m, len(m.memo)),
    "GET": _pushing(lambda m, number: m.memo[number]),  # pyright: ignore[reportArgumentType]
    "BINGET": _pushing(lambda m, number: m.memo[number]),  # pyright: ignore[reportArgumentType]
    "LONG_BINGET": _pushing(lambda m, number: m.memo[number]),  # pyright: ignore[reportArgumentType]
    "EMPTY_LIST": _pushing(lambda m, _: []),
    "EMPTY_SET": _pushing(lambda m, _: []),
    "EMPTY_DICT": _pushing(lambda m, _: {}),
    "EMPTY_TUPLE": _pushing(lambda m, _: ()),
    "LIST": _pushing(lambda m, _: m.since_mark()),
    "TUPLE": _pushing(lambda m, _: tuple(m.since_mark())),
    "FROZENSET": _pushing(lambda m, _: m.since_mark()),
    "DICT": _pushing(lambda m, _: pairs_of(m.since_mark())),
    "TUPLE1": _pushing(lambda m, _: tuple(m.pop(1))),
    "TUPLE2": _pushing(lambda m, _: tuple(m.pop(2))),
    "TUPLE3": _pushing(lambda m, _: tuple(m.pop(3))),
    "APPEND": lambda m, _: _extend(m.stack[-2], m.pop(1)),
    "APPENDS": lambda m, _: _onto(m, _extend),
    "ADDITEMS": lambda m, _: _onto(m, _extend),
    "SETITEM": lambda m, _: put(m.stack[-3], m.pop(2)),
    "SETITEMS": lambda m, _: _onto(m, put),
    "GLOBAL": _pushing(lambda m, argument: _named(argument)),
    "STACK_GLOBAL": _pushing(lambda m, _: _stack_named(m)),
    "REDUCE": _reduce,
    "BUILD": _build,
    "INST": _pushing(_instance),
    "OBJ": _pushing(_instance),
    "NEWOBJ": _pushing(lambda m, _: _new(m, 2)),
    "NEWOBJ_EX": _pushing(lambda m, _: _new(m, 3)),
    "PERSID": _pushing(lambda m, argument: m.persistent(argument)),
    "BINPERSID": _pushing(lambda m, _: m.persistent(m.stack.pop())),
    "EXT1": _pushing(lambda m, _: Shell()),
    "EXT2": _pushing(lambda m, _: Shell()),
    "EXT4": _pushing(lambda m, _: Shell()),
}


def _onto(machine: Machine, add: Callable[[object, list], object]) -> None:
    items = machine.since_mark()
    add(machine.stack[-1], items)
