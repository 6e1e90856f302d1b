"""Permutations of a few things as rows of places: their order, their products, and how people write them.

A row p moves what stands at place x to place p[x]. The product of p and q is p first, then q: x goes to q[p[x]].
That is the order of the two in sympy, and in the code that was released with Chughtai et al. 2023 (arXiv 2302.03025).
"""

import itertools

import numpy as np
from jaxtyping import Int

# The 120 permutations of five things in the order of the networks that Chughtai et al. released: that of
# `SymmetricGroup(5)._elements` in sympy 1.11, which later versions give by `generate()`.
ORDER_OF_S_5 = (
    "01423 12034 23140 34201 41023 02314 13420 24031 30142 42310 03241 14302 20413 31024 43201 04312 10423 "
    "21034 32140 40312 01234 12340 23401 34012 41230 02143 13204 24310 30421 42103 03412 14023 20134 31240 "
    "43012 04123 10234 21340 32401 40123 01243 12304 23410 34021 41203 02134 13240 24301 30412 42130 03421 "
    "14032 20143 31204 43021 04132 10243 21304 32410 40132 01324 12430 23041 34102 41320 02413 13024 24130 "
    "30241 42013 03142 14203 20314 31420 43102 04213 10324 21430 32041 40213 01432 12043 23104 34210 41032 "
    "02341 13402 24013 30124 42301 03214 14320 20431 31042 43210 04321 10432 21043 32104 40321 01342 12403 "
    "23014 34120 41302 02431 13042 24103 30214 42031 03124 14230 20341 31402 43120 04231 10342 21403 32014 40231"
)


def symmetric(k: int) -> Int[np.ndarray, "n k"]:
    """Every permutation of k things; of five in the order of the released networks, else as in a dictionary."""
    if k == 5:
        return np.array([[int(digit) for digit in word] for word in ORDER_OF_S_5.split()])
    return np.array(list(itertools.permutations(range(k))))


def alternating(k: int) -> Int[np.ndarray, "n k"]:
    """The even permutations of k things, as in a dictionary."""
    return np.array([row for row in itertools.permutations(range(k)) if sign(row) > 0])


def sign(row) -> int:
    """1 for an even permutation, -1 for an odd one: by the pairs that it turns round."""
    turned = sum(x > y for x, y in itertools.combinations(row, 2))
    return -1 if turned % 2 else 1


def products(rows: Int[np.ndarray, "n k"]) -> Int[np.ndarray, "n n"]:
    """Which permutation p first, then q is; row p, column q. Raises `KeyError` where it is none of `rows`."""
    place = {tuple(row): i for i, row in enumerate(rows.tolist())}
    return np.array([[place[tuple(q[p].tolist())] for q in rows] for p in rows])


def cycles(row) -> str:
    """As people write it, the things counted from 1: (1 2 3)(4 5); e where nothing moves."""
    text, seen = "", set()
    for start in range(len(row)):
        found = []
        x = start
        while x not in seen:
            seen.add(x)
            found.append(x)
            x = int(row[x])
        if len(found) > 1:
            text += "(" + " ".join(str(1 + x) for x in found) + ")"
    return text or "e"


def cycle_type(row) -> tuple[int, ...]:
    """The lengths of its cycles, the longest first, those of 1 included: (3, 2)."""
    lengths, seen = [], set()
    for start in range(len(row)):
        x, length = start, 0
        while x not in seen:
            seen.add(x)
            length += 1
            x = int(row[x])
        lengths += [length] if length else []
    return tuple(sorted(lengths, reverse=True))
