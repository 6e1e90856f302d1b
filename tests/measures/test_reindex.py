"""The order in which an operation is addition, against the operation itself."""

import numpy as np
import pytest

from grokviz.config import RunConfig
from grokviz.measures.reindex import logits_on_sums, on_sums, sum_order
from grokviz.tasks.numbers import primitive_root
from grokviz.tasks.pairs import answers


@pytest.mark.parametrize("operation", ["add", "subtract", "multiply", "divide"])
@pytest.mark.parametrize("p", [3, 5, 13, 113])
def test_answers_are_sums_in_this_order(operation, p):
    order = sum_order(operation, p)
    table = answers(RunConfig(p=p, operation=operation))
    assert order.is_sum
    for numbers in (order.a, order.b, order.c):
        assert sorted(numbers) == list(range(p - order.n, p))
    for i in range(order.n):
        for j in range(order.n):
            assert table[order.a[i], order.b[j]] == order.c[(i + j) % order.n]


@pytest.mark.parametrize(("operation", "p"), [("add", 12), ("subtract", 12)])
def test_a_composite_modulus_can_be_added(operation, p):
    order = sum_order(operation, p)
    table = answers(RunConfig(p=p, operation=operation))
    assert all(table[order.a[i], order.b[j]] == (i + j) % p for i in range(p) for j in range(p))


@pytest.mark.parametrize(
    ("operation", "p"),
    [("x^3+xy^2+y", 7), ("random", 7), ("x^2+y^2", 7), ("parity", 7), ("multiply", 12)],
)
def test_where_no_order_is_known_it_says_so_and_moves_nothing(operation, p):
    order = sum_order(operation, p)
    assert not order.is_sum
    assert order.is_plain
    np.testing.assert_array_equal(order.c, np.arange(p))


def test_which_orders_are_plain():
    plain = {
        (operation, p): sum_order(operation, p).is_plain
        for p in (3, 5)
        for operation in ("add", "subtract", "multiply")
    }
    assert plain == {(o, p): o == "add" for o, p in plain}


def test_primitive_roots_by_the_textbook():
    assert {p: primitive_root(p) for p in (3, 5, 7, 11, 13, 23, 41, 113)} == {
        3: 2, 5: 2, 7: 3, 11: 2, 13: 2, 23: 5, 41: 6, 113: 3,
    }  # fmt: skip
    with pytest.raises(ValueError, match="p = 12 is not prime"):
        primitive_root(12)


def test_grids_are_moved_number_by_number():
    order = sum_order("divide", 5)
    logits = np.random.default_rng(0).standard_normal((5, 5, 5))
    moved = logits_on_sums(logits, order)
    for i, j, k in np.ndindex(4, 4, 4):
        assert moved[i, j, k] == logits[order.a[i], order.b[j], order.c[k]]
    assert (on_sums(logits, order)[1, 2] == logits[order.a[1], order.b[2]]).all()
    plain = sum_order("add", 5)
    assert on_sums(logits, plain) is logits_on_sums(logits, plain) is logits
