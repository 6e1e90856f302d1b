"""Irreducible representations as blocks of functions: for each, orthonormal rows that span its matrix elements.

The matrix elements of all irreducible representations of a finite group, taken together, are a basis of the
functions on it (Peter and Weyl): what sine and cosine are to the numbers on a clock. A complex representation and
its conjugate are one block here, so that all rows are real. A rotation by an angle has but two independent matrix
elements, so each wave of a commutative group is two rows, and not four.

Rows are scaled to length 1. The projection on a block is P = R' R, and P[g, h] = d/n χ(g h^-1), where χ is the
character, or the sum of both of a complex pair, and d the dimension of one of them.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from grokviz.tasks.permutations import alternating, cycle_type, products, symmetric

Partition = tuple[int, ...]
Tableau = tuple[tuple[int, ...], ...]


class Irrep(NamedTuple):
    """One representation, or a complex pair, as real functions on the group."""

    name: str
    rows: Float[np.ndarray, "size n"]
    dimension: int  # d: there are d² rows, and 2d² of a complex pair


def cyclic(n: int) -> list[Irrep]:
    """Waves of the numbers modulo n: a constant, then cosine and sine of k = 1..n//2, of n/2 a cosine only."""
    return [_wave(f"k = {k}", 2 * np.pi * (k * np.arange(n) % n) / n) for k in range(n // 2 + 1)]


def product_of_cyclic(n: int, m: int) -> list[Irrep]:
    """Waves cos and sin of 2π(j x/n + k y/m), of (j, k) and (-j, -k) one; element x m + y."""
    x, y = np.divmod(np.arange(n * m), m)
    pairs = sorted({min((j, k), (-j % n, -k % m)) for j in range(n) for k in range(m)})
    return [_wave(f"({j},{k})", 2 * np.pi * (j * x * m + k * y * n) / (n * m)) for j, k in pairs]


def _wave(name: str, angle: Float[np.ndarray, " n"]) -> Irrep:
    """Cosine and sine of an angle, without a sine that is 0 everywhere."""
    rows = np.stack([np.cos(angle), np.sin(angle)])
    sizes = np.linalg.norm(rows, axis=1)
    rows = rows[sizes > 1e-6] / sizes[sizes > 1e-6, None]
    return Irrep(name, rows, 1)


def dihedral(n: int) -> list[Irrep]:
    """Of the n turns r^j, and behind them the n reflections r^j s: named by what they tell apart: sign a flip, alt an odd turn."""
    turns = np.arange(n)
    ones = [("trivial", np.ones(n), 1.0), ("sign", np.ones(n), -1.0)]
    if n % 2 == 0:
        ones += [("alt", (-1.0) ** turns, 1.0), ("alt sign", (-1.0) ** turns, -1.0)]
    of_one = [Irrep(name, np.r_[half, s * half][None] / np.sqrt(2 * n), 1) for name, half, s in ones]
    return of_one + [_halves(f"k = {k}", 2 * np.pi * k * turns / n, 2) for k in range(1, (n + 1) // 2)]


def dicyclic(n: int) -> list[Irrep]:
    """Of the 2n powers a^j, and behind them the 2n a^j x: x² is a^n, and x a = a^-1 x."""
    powers = np.arange(2 * n)
    flat, steps = np.ones(2 * n), (-1.0) ** powers
    ones = [("trivial", flat, 1.0), ("sign", flat, -1.0)]
    found = [Irrep(name, np.r_[half, s * half][None] / np.sqrt(4 * n), 1) for name, half, s in ones]
    if n % 2 == 0:
        ones = [("alt", steps, 1.0), ("alt sign", steps, -1.0)]
        found += [Irrep(name, np.r_[half, s * half][None] / np.sqrt(4 * n), 1) for name, half, s in ones]
    else:  # a becomes -1, x becomes i or -i: a complex pair
        found.append(Irrep("alt", np.kron(np.eye(2), steps) / np.sqrt(2 * n), 1))
    return found + [_halves(f"k = {k}", np.pi * k * powers / n, 2) for k in range(1, n)]


def _halves(name: str, angle: Float[np.ndarray, " half"], dimension: int) -> Irrep:
    """Cosine and sine on the first half of the elements, and on the second: the four matrix elements."""
    waves = np.stack([np.cos(angle), np.sin(angle)]) * np.sqrt(2 / len(angle))
    return Irrep(name, np.kron(np.eye(2), waves), dimension)


def of_permutations(k: int) -> list[Irrep]:
    """The irreducible representations of the permutations of k things, named by their partitions: (4,1)."""
    elements = symmetric(k)
    return [_rows(named(shape), orthogonal_form(shape, elements)) for shape in partitions(k)]


def _rows(name: str, matrices: Float[np.ndarray, "n d d"]) -> Irrep:
    """Matrix elements ρ_ij times sqrt(d/n)."""
    n, d, _ = matrices.shape
    return Irrep(name, matrices.reshape(n, d * d).T * np.sqrt(d / n), d)


def of_even_permutations_of_five() -> list[Irrep]:
    """Of the 60 even permutations: those of all 120 of dimensions 1, 4 and 5, which stay irreducible, and the two
    of dimension 3, into which (3,1,1) falls apart, from their characters: the golden ratio, on turns of five."""
    elements = alternating(5)
    whole = [_rows(named(shape), orthogonal_form(shape, elements)) for shape in ((5,), (4, 1), (3, 2))]
    golden = (1 + np.sqrt(5)) / 2
    by_type = {(1,) * 5: 3.0, (2, 2, 1): -1.0, (3, 1, 1): 0.0}
    five = _conjugates_of(elements, (1, 2, 3, 4, 0))
    parts = []
    for name, value in (("(3,1,1)+", golden), ("(3,1,1)−", 1 - golden)):
        chi = np.array([
            by_type.get(cycle_type(row), value if tuple(row) in five else 1 - value)
            for row in elements.tolist()
        ])  # fmt: skip
        parts.append(Irrep(name, rows_of_character(chi, products(elements), 3), 3))
    return [whole[0], *parts, *whole[1:]]


def _conjugates_of(elements: Int[np.ndarray, "n k"], row: Sequence[int]) -> set[tuple[int, ...]]:
    """All g^-1 row g for the elements g."""
    found = np.empty_like(elements)
    for i, g in enumerate(elements):
        found[i, g] = g[np.asarray(row)]
    return set(map(tuple, found.tolist()))


def rows_of_character(
    chi: Float[np.ndarray, " n"], product: Int[np.ndarray, "n n"], dimension: int
) -> Float[np.ndarray, "size n"]:
    """Orthonormal rows that span the functions of a real character: the image of d/n χ(g h^-1).

    Raises `ValueError` when that is no projection, so that χ is no irreducible character of this group.
    """
    n = len(product)
    projection = dimension / n * chi[product[:, inverses(product)]]
    if not np.allclose(projection @ projection, projection, atol=1e-9):
        raise ValueError("This is no irreducible character: its projection, twice, is another.")
    values, vectors = np.linalg.eigh((projection + projection.T) / 2)
    return vectors[:, values > 0.5].T


def inverses(product: Int[np.ndarray, "n n"]) -> Int[np.ndarray, " n"]:
    """The element that undoes each."""
    unit = int(np.flatnonzero((product == np.arange(len(product))).all(axis=1))[0])
    return (product == unit).argmax(axis=1)


def partitions(k: int, largest: int | None = None) -> Iterator[Partition]:
    """Every way to write k as a sum, the largest part first: (4,), (3, 1), (2, 2), ..."""
    if k == 0:
        yield ()
    for first in range(min(k, largest or k), 0, -1):
        for rest in partitions(k - first, first):
            yield (first, *rest)


def named(shape: Partition) -> str:
    """A partition as it is written: (4,1)."""
    return "(" + ",".join(map(str, shape)) + ")"


def standard_tableaux(shape: Partition) -> list[Tableau]:
    """The numbers 1..k in rows of these lengths, growing along every row and down every column."""
    k = sum(shape)
    if k == 0:
        return [()]
    found = []
    for row, length in enumerate(shape):
        if row + 1 == len(shape) or shape[row + 1] < length:  # the largest number stands at a corner
            smaller = tuple(n - (i == row) for i, n in enumerate(shape))
            for rest in standard_tableaux(tuple(n for n in smaller if n)):
                rows = list(rest) + [()] * (len(shape) - len(rest))
                rows[row] = (*rows[row], k)
                found.append(tuple(rows))
    return sorted(found)


def orthogonal_form(shape: Partition, elements: Int[np.ndarray, "n k"]) -> Float[np.ndarray, "n d d"]:
    """Young's orthogonal form: real orthogonal matrices with ρ(p first, then q) = ρ(p) ρ(q).

    On the standard tableaux, the exchange of i and i + 1 has 1/d on its diagonal, where d is the content (column
    less row) of i + 1 less that of i, and sqrt(1 - 1/d²) between two tableaux that it turns into each other.
    Every permutation is a word in such exchanges. Source: A. Young 1932; Chughtai et al. 2023 use the same.
    """
    steps = _exchanges(shape)
    unit = np.eye(len(steps[0])) if steps else np.eye(1)
    matrices = []
    for row in elements.tolist():
        found, row = unit, list(row)
        for at in _sorting(row):
            found = found @ steps[at]
        matrices.append(found)
    return np.array(matrices)


def _sorting(row: list[int]) -> Iterator[int]:
    """The exchanges of values i and i + 1 that put a row in order: as a product, first to last, they undo it.

    What is sorted is where each value stands, so that exchanges come one after the other in the order of products.
    """
    places = sorted(range(len(row)), key=row.__getitem__)
    word = []
    for _ in row:
        for i in range(len(row) - 1):
            if places[i] > places[i + 1]:
                places[i], places[i + 1] = places[i + 1], places[i]
                word.append(i)
    return iter(word[::-1])


def _exchanges(shape: Partition) -> list[Float[np.ndarray, "d d"]]:
    """The matrix of the exchange of i and i + 1, for every i."""
    tableaux = standard_tableaux(shape)
    place = {tableau: index for index, tableau in enumerate(tableaux)}
    found = []
    for i in range(1, sum(shape)):
        matrix = np.zeros((len(tableaux), len(tableaux)))
        for tableau, index in place.items():
            at = {n: column - r for r, row in enumerate(tableau) for column, n in enumerate(row)}
            distance = at[i + 1] - at[i]
            matrix[index, index] = 1 / distance
            swapped = tuple(tuple({i: i + 1, i + 1: i}.get(n, n) for n in row) for row in tableau)
            if swapped in place:
                matrix[place[swapped], index] = np.sqrt(1 - 1 / distance**2)
        found.append(matrix)
    return found
