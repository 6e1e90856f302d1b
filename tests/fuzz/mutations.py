"""Damage as it happens and as it is made on purpose: to bytes, and to values in JSON. The same seed, the same damage."""

import random
from collections.abc import Callable

SPECIAL = (
    b"\x00",
    b"\xff",
    b"\x80",
    b"\x7f",
    b"\xff\xff\xff\xff",
    b"\x00\x00\x00\x80",
    b"\xff" * 8,
    b"\n",
    b"{",
    b"(",
    b"]",
)
VALUES: tuple[object, ...] = (
    None, True, -1, 0, 1, 2**31, 2**53, 2**63, -(2**63), 10**25, 1.5, -0.0, 1e308, "", "x", "1", "\u202e\x00", [], {}, [[]],
    [0], {"a": 1}, [None], "F32", "BF16", [2**40], [0, 0], [-1, 5],
)  # fmt: skip


def flipped(data: bytes, rng: random.Random) -> bytes:
    """One to eight bytes replaced."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def cut(data: bytes, rng: random.Random) -> bytes:
    """The end missing, or a piece out of the middle."""
    begin, end = sorted(rng.sample(range(len(data) + 1), 2))
    return data[:begin] if rng.random() < 0.5 else data[:begin] + data[end:]


def doubled(data: bytes, rng: random.Random) -> bytes:
    """A piece repeated, here or elsewhere."""
    begin = rng.randrange(len(data))
    piece = data[begin : begin + rng.choice((1, 4, 40, 400))]
    at = rng.randrange(len(data))
    return data[:at] + piece * rng.choice((1, 2, 50)) + data[at:]


def planted(data: bytes, rng: random.Random) -> bytes:
    """Something of special meaning put in, or over what is there."""
    at, piece = rng.randrange(len(data)), rng.choice(SPECIAL)
    return data[:at] + piece + data[at + len(piece) * rng.choice((0, 1)) :]


WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (flipped, cut, doubled, planted)


def mutated(data: bytes, rng: random.Random, most: int = 3) -> bytes:
    """The data, damaged in one to `most` ways."""
    for _ in range(rng.randint(1, most)):
        data = rng.choice(WAYS)(data, rng) if data else rng.choice(SPECIAL)
    return data


def mutated_value(value: object, rng: random.Random) -> object:
    """A value of JSON in which one place holds something else, is missing, or is there under another name."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        key = rng.choice(list(value))
        changed = dict(value)
        way = rng.random()
        if way < 0.1:
            del changed[key]
        elif way < 0.2:
            changed[key + rng.choice("x \n")] = changed.pop(key)
        else:
            changed[key] = mutated_value(value[key], rng)
        return changed
    if isinstance(value, list) and value and rng.random() < 0.85:
        at = rng.randrange(len(value))
        way = rng.random()
        new = [] if way < 0.1 else [value[at], value[at]] if way < 0.2 else [mutated_value(value[at], rng)]
        return [*value[:at], *new, *value[at + 1 :]]
    return rng.choice(VALUES)
