"""The finite groups that a network can be asked about, by name: S_5, A_5, D_12, Dic_6, C_6xC_10, C_113.

Each family gives its elements as people write them, and what every two of them, one after the other, make.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from grokviz.errors import ConfigError
from grokviz.tasks import irreps, permutations
from grokviz.tasks.groups import Block, Group, cyclic
from grokviz.tasks.irreps import Irrep
from grokviz.tasks.numbers import LARGEST_MODULUS, SMALLEST_MODULUS
from grokviz.wording import superscript

UNIT = "e"  # the element that changes nothing


class Made(NamedTuple):
    """A group as its family makes it."""

    elements: tuple[str, ...]
    product: Int[np.ndarray, "n n"]  # row first, then column
    irreps: list[Irrep]


class Family(NamedTuple):
    """Groups of one kind, told apart by one or two whole numbers."""

    title: str  # with {n} and {m}
    about: str  # what its elements do, for someone who knows no groups
    pattern: str  # of a name, in lower case without spaces and underscores
    name: str  # as it is stored
    order: Callable[..., int]
    make: Callable[..., Made]
    within: tuple[tuple[int, int], ...]  # of each number
    examples: tuple[tuple[int, ...], ...]  # that the form offers
    commutes: bool = False


def _cyclic(n: int) -> Made:
    a, b = np.mgrid[:n, :n]
    return Made(tuple(map(str, range(n))), (a + b) % n, irreps.cyclic(n))


def _product_of_cyclic(n: int, m: int) -> Made:
    x, y = np.divmod(np.arange(n * m), m)
    product = (x[:, None] + x) % n * m + (y[:, None] + y) % m
    names = tuple(f"({i},{j})" for i, j in zip(x, y, strict=True))
    return Made(names, product, irreps.product_of_cyclic(n, m))


def _turned(turns: int, half: int, letters: tuple[str, str]) -> Made:
    """r^j, and behind them r^j s: s r is r^-1 s, and s² is r^half."""
    g = np.arange(2 * turns)
    flip, turn = np.divmod(g, turns)
    both = flip[:, None] & flip
    power = (turn[:, None] + np.where(flip[:, None] == 1, -turn, turn) + half * both) % turns
    r, s = letters
    names = tuple(
        _power(r, j) + s * f if j or f else UNIT for f, j in zip(flip.tolist(), turn.tolist(), strict=True)
    )
    return Made(names, power + turns * (flip[:, None] ^ flip), [])


def _power(letter: str, n: int) -> str:
    return "" if n == 0 else letter if n == 1 else letter + superscript(n)


def _dihedral(n: int) -> Made:
    return _turned(n, 0, ("r", "s"))._replace(irreps=irreps.dihedral(n))


def _dicyclic(n: int) -> Made:
    return _turned(2 * n, n, ("a", "x"))._replace(irreps=irreps.dicyclic(n))


def _symmetric(n: int) -> Made:
    rows = permutations.symmetric(n)
    names = tuple(permutations.cycles(row) for row in rows.tolist())
    return Made(names, permutations.products(rows), irreps.of_permutations(n))


def _alternating(n: int) -> Made:
    rows = permutations.alternating(n)
    names = tuple(permutations.cycles(row) for row in rows.tolist())
    return Made(names, permutations.products(rows), irreps.of_even_permutations_of_five())


MOST = LARGEST_MODULUS
FAMILIES = (
    Family(
        "all {order} ways to shuffle {n} cards", "(1 2 3) moves the card at place 1 to place 2, that at 2 to 3, and that at 3 to 1",
        r"(?:s|sym)(\d+)", "S_{n}", lambda n: [1, 1, 2, 6, 24, 120][n], _symmetric, ((3, 5),), ((3,), (4,), (5,)),
    ),
    Family(
        "the {order} even shuffles of {n} cards", "an even shuffle is one made of an even number of exchanges",
        r"(?:a|alt)(\d+)", "A_{n}", lambda n: 60, _alternating, ((5, 5),), ((5,),),
    ),
    Family(
        "the turns and flips of a regular {n}-gon", "r is a turn by one corner, s a flip",
        r"(?:d|dih)(\d+)", "D_{n}", lambda n: 2 * n, _dihedral, ((3, MOST // 2),), ((12,), (30,)),
    ),
    Family(
        "the dicyclic group of order {order}", "a has order {twice}, and x twice over is a half of that round: a{half}",
        r"(?:dic|q)(\d+)", "Dic_{n}", lambda n: 4 * n, _dicyclic, ((2, MOST // 4),), ((6,), (15,)),
    ),
    Family(
        "two clocks side by side, of {n} and of {m} hours", "each clock adds by itself",
        r"(?:c|z)(\d+)[x*](?:c|z)?(\d+)", "C_{n}xC_{m}", lambda n, m: n * m, _product_of_cyclic,
        ((2, MOST // 2), (2, MOST // 2)), ((6, 10), (8, 8)), commutes=True,
    ),
    Family(
        "a clock of {n} hours", "addition modulo {n}", r"(?:c|z)(\d+)", "C_{n}", lambda n: n, _cyclic,
        ((SMALLEST_MODULUS, MOST),), (), commutes=True,
    ),
)  # fmt: skip
OFFERED = tuple(
    f.name.format(**dict(zip("nm", numbers, strict=False))) for f in FAMILIES for numbers in f.examples
)


def _found(text: str) -> tuple[Family, tuple[int, ...]]:
    """The family and the numbers of a name, however it is spelt. Raises `ConfigError` for what is none."""
    plain = unicodedata.normalize("NFKC", text[:60]).lower().replace("×", "x").replace("ℤ", "z")
    plain = re.sub(r"z/(\d+)z", r"c\1", re.sub(r"[\s_{}()$\\]", "", plain))
    for family in FAMILIES:
        if match := re.fullmatch(family.pattern, plain):
            numbers = tuple(int(digits[:6]) for digits in match.groups())
            fits = all(low <= n <= high for n, (low, high) in zip(numbers, family.within, strict=True))
            if fits and family.order(*numbers) <= MOST:
                return family, numbers
            raise ConfigError(f"There is no group {text[:40]!r} here.", _what_there_is())
    raise ConfigError(f"The group {text[:40]!r} is not known.", _what_there_is())


def _what_there_is() -> str:
    return (
        f"There are S_3, S_4, S_5 (shuffles), A_5 (even ones), D_n with n from 3 to {MOST // 2} (turns and flips), "
        f"Dic_n with n from 2 to {MOST // 4}, and C_n and C_nxC_m of {SMALLEST_MODULUS} to {MOST} elements."
    )


def canonical(text: str) -> str:
    """The name as it is stored: s5, S_5 and S₅ are S_5. Raises `ConfigError` for what is none, or too large."""
    family, numbers = _found(text)
    return family.name.format(**_named(numbers))


def _named(numbers: tuple[int, ...]) -> dict[str, int]:
    return dict(zip("nm", numbers, strict=False))


def order_of(name: str) -> int:
    """How many elements it has."""
    family, numbers = _found(name)
    return family.order(*numbers)


def commutes(name: str) -> bool:
    """Whether the order of two elements never matters."""
    return _found(name)[0].commutes


def about(name: str) -> str:
    """What it is, for someone who knows no groups: all 120 ways to shuffle 5 cards."""
    family, numbers = _found(name)
    return family.title.format(order=family.order(*numbers), **_named(numbers))


def notation(name: str) -> str:
    """How its elements are written."""
    family, numbers = _found(name)
    n = numbers[0]
    return family.about.format(twice=2 * n, half=superscript(n), **_named(numbers))


def pretty(name: str) -> str:
    """As a page writes it: S₅, C₆ × C₁₀."""
    lowered = name.translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")).replace("_", "")
    return lowered.replace("x", " × ")


@lru_cache(maxsize=16)
def made(name: str) -> Made:
    """Elements, products and irreducible representations; read-only. Raises `ConfigError` for another name."""
    family, numbers = _found(name)
    found = family.make(*numbers)
    for array in (found.product, *(irrep.rows for irrep in found.irreps)):
        array.flags.writeable = False
    return found


@lru_cache(maxsize=16)
def group_named(name: str) -> Group:
    """The group with its blocks. Raises `ConfigError` for a name that is none."""
    family, numbers = _found(name)
    if family.make is _cyclic:
        return cyclic(*numbers)
    found = made(name)
    blocks = tuple(Block(irrep.name, irrep.rows, irrep.dimension) for irrep in found.irreps)
    return Group(canonical(name), found.product, found.elements, blocks)
