"""Groups and their blocks against whole numbers, np.fft and characters; places against the tables of the operations."""

import re

import numpy as np
import pytest

from grokviz.config import RunConfig
from grokviz.tasks.groups import cyclic, plainly
from grokviz.tasks.pairs import OPERATIONS, answers, places_of

SIZES = (1, 2, 5, 7, 12, 100, 113)


@pytest.mark.parametrize("n", SIZES)
def test_the_blocks_of_a_cyclic_group_are_a_whole_orthonormal_basis(n):
    group = cyclic(n)
    assert group.n == n
    assert group.is_cyclic
    assert group.is_commutative
    np.testing.assert_allclose(group.basis @ group.basis.T, np.eye(n), atol=1e-12)
    np.testing.assert_allclose(group.basis[0], n**-0.5, atol=1e-15)
    assert [block.size for block in group.blocks] == [
        1,
        *([2] * ((n - 1) // 2)),
        *([1] * (n > 1 and n % 2 == 0)),
    ]
    assert [block.name for block in group.blocks[1:3]] == ["k = 1", "k = 2"][: len(group.blocks) - 1]
    assert (group.block_of_row == [(row + 1) // 2 for row in range(n)]).all()
    assert (group.block_of_row[group.starts] == range(len(group.blocks))).all()


@pytest.mark.parametrize("n", SIZES)
def test_energy_by_block_is_that_of_the_fast_fourier_transform(n):
    x = np.random.default_rng(n).standard_normal(n)
    energy = np.add.reduceat((cyclic(n).basis @ x) ** 2, cyclic(n).starts)
    found = np.abs(np.fft.rfft(x)) ** 2 / n
    found[1 : (n + 1) // 2] *= 2  # of k and n - k
    np.testing.assert_allclose(energy, found, atol=1e-12)
    assert energy.sum() == pytest.approx(x @ x)  # Parseval


@pytest.mark.parametrize("n", SIZES)
def test_products_and_inverses_are_those_of_numbers(n):
    group = cyclic(n)
    assert all(group.product[g, h] == (g + h) % n for g in range(n) for h in range(n))
    assert group.identity == 0
    assert (group.inverse == [-g % n for g in range(n)]).all()


@pytest.mark.parametrize("n", SIZES)
def test_a_shift_stays_within_its_block_and_its_trace_is_the_character(n):
    group, shift = cyclic(n), 3 % n
    for k, block in enumerate(group.blocks):
        moved = block.rows[:, group.product[shift]] @ block.rows.T  # how a shift acts on the block
        np.testing.assert_allclose(moved @ moved.T, np.eye(block.size), atol=1e-12)
        assert np.trace(moved) == pytest.approx(block.size * np.cos(2 * np.pi * k * shift / n), abs=1e-12)


@pytest.mark.parametrize("operation", ["add", "subtract", "multiply", "divide"])
@pytest.mark.parametrize("p", [3, 5, 13, 113])
def test_answers_are_products_of_the_elements_in_these_places(operation, p):
    config = RunConfig(p=p, operation=operation)
    places, table = places_of(config), answers(config)
    assert places is not None
    for tokens in (places.a, places.b, places.c):
        assert sorted(tokens) == list(range(p - places.n, p))
    for g in range(places.n):
        for h in range(places.n):
            assert table[places.a[g], places.b[h]] == places.c[places.group.product[g, h]]
    if places.root is not None:
        assert (places.c == [places.root**i % p for i in range(p - 1)]).all()


@pytest.mark.parametrize("operation", ["add", "subtract"])
def test_numbers_modulo_a_composite_can_be_added(operation):
    config = RunConfig(p=12, operation=operation)
    places, table = places_of(config), answers(config)
    assert places is not None
    assert places.group.name == "C_12"
    assert all(table[places.a[g], places.b[h]] == (g + h) % 12 for g in range(12) for h in range(12))


def test_which_places_are_plain():
    plain = {
        (operation, p): OPERATIONS[operation].places(p).is_plain
        for p in (3, 5)
        for operation in ("add", "subtract", "multiply")
    }
    assert plain == {(o, p): o == "add" for o, p in plain}


WHY_NOT = {
    ("multiply", 12): "not prime.*2 × 6 = 0",
    ("multiply", 9): "not prime.*3 × 3 = 0",
    ("x^2+y^2", 7): "Of a² \\+ b² no circuit is known",
    ("x^3+xy^2+y", 7): "Of a³ \\+ ab² \\+ b no circuit is known",
    ("parity", 7): "Each half has a circuit of its own",
    ("random", 7): "drawn at random",
}


@pytest.mark.parametrize(("operation", "p"), WHY_NOT)
def test_where_no_group_is_known_it_says_why(operation, p):
    assert OPERATIONS[operation].places(p) is None
    assert re.search(WHY_NOT[operation, p], OPERATIONS[operation].why_no_group(p))
    assert OPERATIONS["add"].why_no_group(p) == ""


def test_arrays_are_moved_number_by_number():
    places = OPERATIONS["divide"].places(5)
    logits = np.random.default_rng(0).standard_normal((5, 5, 5))
    moved = places.cube(logits)
    for g, h, c in np.ndindex(4, 4, 4):
        assert moved[g, h, c] == logits[places.a[g], places.b[h], places.c[c]]
    assert (places.pairs(logits)[1, 2] == logits[places.a[1], places.b[2]]).all()
    plain = plainly(cyclic(5))
    assert plain.pairs(logits) is plain.cube(logits) is logits
    assert plainly(cyclic(4)).cube(logits).shape == (
        4,
        4,
        4,
    )  # a token that stands for no element is left out


def test_a_group_without_elements_is_refused():
    with pytest.raises(ValueError, match="A group has at least one"):
        cyclic(0)
