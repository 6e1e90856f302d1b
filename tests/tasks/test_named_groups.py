import itertools

import numpy as np
import pytest

from grokviz.errors import ConfigError
from grokviz.tasks import named_groups, permutations
from grokviz.tasks.named_groups import made


@pytest.mark.parametrize("name", [*named_groups.OFFERED, "D_3", "Dic_2", "C_2xC_2", "C_113"])
def test_it_is_a_group(name):
    """Closed, associative, with one element that changes nothing, and one that undoes each."""
    product, n = made(name).product, named_groups.order_of(name)
    assert product.shape == (n, n)
    assert all(sorted(row) == list(range(n)) for row in (*product.tolist(), *product.T.tolist()))
    a, b, c = np.random.default_rng(0).integers(n, size=(3, 2_000))
    assert np.array_equal(product[product[a, b], c], product[a, product[b, c]])
    assert [list(row) for row in product.tolist()].count(list(range(n))) == 1
    assert np.array_equal(product, product.T) == named_groups.commutes(name)
    assert len(set(made(name).elements)) == n
    assert named_groups.canonical(name) == name


def test_dihedral_elements_turn_and_flip_a_polygon():
    """As permutations of its corners: r sends corner i to i + 1, s to -i; the first of two is the left one."""
    n = 7
    corners = [[(i + turn) % n for i in range(n)] for turn in range(n)]
    flipped = [[-corner % n for corner in row] for row in corners]
    rows = np.array(corners + flipped)
    assert np.array_equal(made("D_7").product, permutations.products(rows))


def test_dicyclic_elements_are_unit_quaternions():
    n = 6
    turns = [np.exp(1j * np.pi * k / n) for k in range(2 * n)]
    matrices = [np.diag([w, w.conjugate()]) for w in turns]
    x = np.array([[0, 1], [-1, 0]])
    matrices += [m @ x for m in matrices]
    product = made("Dic_6").product
    for g, h in itertools.product(range(4 * n), repeat=2):
        assert np.allclose(matrices[g] @ matrices[h], matrices[product[g, h]])


def test_shuffles_are_written_as_cycles_and_the_first_one_comes_first():
    elements, product = made("S_5").elements, made("S_5").product
    first, then = elements.index("(1 2)"), elements.index("(2 3)")
    assert elements[product[first, then]] == "(1 3 2)"  # 1 to 2 to 3, 3 to 2, 2 to 1
    assert elements[product[then, first]] == "(1 2 3)"


def test_the_order_of_the_120_is_that_of_the_released_networks():
    rows = permutations.symmetric(5).tolist()
    assert rows[:5] == [[0, 1, 4, 2, 3], [1, 2, 0, 3, 4], [2, 3, 1, 4, 0], [3, 4, 2, 0, 1], [4, 1, 0, 2, 3]]
    assert sorted(map(tuple, rows)) == list(itertools.permutations(range(5)))
    sympy = pytest.importorskip("sympy.combinatorics")
    assert rows == [g.array_form for g in sympy.SymmetricGroup(5).generate()]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("s5", "S_5"), ("S₅", "S_5"), ("Sym(4)", "S_4"), ("a_5", "A_5"), ("D 12", "D_12"), ("dih30", "D_30"), ("dic_{6}", "Dic_6"),
        ("Q6", "Dic_6"), ("z6 x z10", "C_6xC_10"), ("C₆ × C₁₀", "C_6xC_10"), ("c6*10", "C_6xC_10"), ("Z/113Z", "C_113"),
    ],
)  # fmt: skip
def test_names_are_read_however_they_are_spelt(text, name):
    assert named_groups.canonical(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "S_6",
        "S_2",
        "A_4",
        "D_2",
        "D_126",
        "Dic_63",
        "C_20xC_20",
        "C_252",
        "monster",
        "",
        "D",
        "D_" + "9" * 5_000,
    ],
)
def test_another_group_is_refused_with_a_list_of_what_there_is(text):
    with pytest.raises(
        ConfigError, match=r"S_3, S_4, S_5.*A_5.*D_n with n from 3 to 125.*Dic_n.*C_nxC_m"
    ) as error:
        named_groups.canonical(text)
    assert len(str(error.value)) < 400


def test_what_pages_say_of_a_group():
    assert named_groups.about("S_5") == "all 120 ways to shuffle 5 cards"
    assert named_groups.pretty("C_6xC_10") == "C₆ × C₁₀"
    assert named_groups.notation("Dic_6").endswith("a⁶")
    assert made("D_12").elements[:3] == ("e", "r", "r²")
    assert made("D_12").elements[12:15] == ("s", "rs", "r²s")
    assert made("C_6xC_10").elements[11] == "(1,1)"
