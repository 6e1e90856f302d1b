"""Irreducible representations against what is in the books: character tables, and what makes a representation one."""

from collections import Counter

import numpy as np
import pytest

from grokviz.tasks import irreps
from grokviz.tasks.named_groups import group_named, made
from grokviz.tasks.permutations import alternating, cycle_type, products, sign, symmetric

NAMES = (
    "S_3",
    "S_4",
    "S_5",
    "A_5",
    "D_3",
    "D_12",
    "D_7",
    "Dic_2",
    "Dic_5",
    "Dic_6",
    "C_6xC_10",
    "C_2xC_2",
    "C_9",
    "C_12",
)

# Columns: identity, (2), (2,2), (3), (3,2), (4), (5). James and Liebeck, Representations and Characters of Groups.
CLASSES_OF_S_5 = ((1,) * 5, (2, 1, 1, 1), (2, 2, 1), (3, 1, 1), (3, 2), (4, 1), (5,))
SIZES_OF_S_5 = (1, 10, 15, 20, 20, 30, 24)
CHARACTERS_OF_S_5 = {
    (5,): (1, 1, 1, 1, 1, 1, 1),
    (4, 1): (4, 2, 0, 1, -1, 0, -1),
    (3, 2): (5, 1, 1, -1, 1, -1, 0),
    (3, 1, 1): (6, 0, -2, 0, 0, 0, 1),
    (2, 2, 1): (5, -1, 1, -1, -1, 1, 0),
    (2, 1, 1, 1): (4, -2, 0, 1, 1, 0, -1),
    (1, 1, 1, 1, 1): (1, -1, 1, 1, -1, -1, 1),
}


def unit_and_inverses(product):
    n = len(product)
    unit = next(g for g in range(n) if all(product[g, h] == h for h in range(n)))
    return unit, np.array([next(h for h in range(n) if product[g, h] == unit) for g in range(n)])


@pytest.mark.parametrize("name", NAMES)
def test_blocks_are_an_orthonormal_basis_of_the_functions_on_the_group(name):
    rows = np.concatenate([irrep.rows for irrep in made(name).irreps])
    assert np.abs(rows @ rows.T - np.eye(len(made(name).elements))).max() < 1e-12
    assert len({irrep.name for irrep in made(name).irreps}) == len(made(name).irreps)


@pytest.mark.parametrize("name", NAMES)
def test_a_block_is_the_projection_of_a_character(name):
    """P[g, h] depends on g h^-1 alone, and is the same for g and its conjugates."""
    product = made(name).product
    n = len(product)
    unit, inverse = unit_and_inverses(product)
    for irrep in made(name).irreps:
        projection = irrep.rows.T @ irrep.rows
        chi = projection[:, unit]
        assert np.abs(projection - chi[product[:, inverse]]).max() < 1e-12
        assert len(irrep.rows) in (irrep.dimension**2, 2 * irrep.dimension**2)
        for g in range(0, n, 5):
            assert np.abs(chi[product[product[inverse[g]], g]] - chi).max() < 1e-12


@pytest.mark.parametrize("k", [3, 4, 5])
def test_youngs_matrices_multiply_as_their_permutations_do(k):
    elements = symmetric(k)
    product = products(elements)
    for shape in irreps.partitions(k):
        rho = irreps.orthogonal_form(shape, elements)
        both = np.einsum("aij,bjk->abik", rho, rho)
        assert np.abs(both - rho[product]).max() < 1e-12
        assert np.abs(rho @ rho.transpose(0, 2, 1) - np.eye(rho.shape[1])).max() < 1e-12


def test_characters_of_five_things_are_those_in_the_book():
    elements = symmetric(5)
    types = [cycle_type(row) for row in elements.tolist()]
    assert tuple(Counter(types)[c] for c in CLASSES_OF_S_5) == SIZES_OF_S_5
    assert list(irreps.partitions(5)) == list(CHARACTERS_OF_S_5)
    for shape, values in CHARACTERS_OF_S_5.items():
        chi = np.trace(irreps.orthogonal_form(shape, elements), axis1=1, axis2=2)
        expected = [values[CLASSES_OF_S_5.index(t)] for t in types]
        np.testing.assert_allclose(chi, expected, atol=1e-12)
        assert (chi**2).sum() == pytest.approx(120)


@pytest.mark.parametrize(
    ("name", "dimensions"),
    [
        ("S_3", [1, 1, 2]), ("S_4", [1, 1, 2, 3, 3]), ("A_5", [1, 3, 3, 4, 5]), ("D_12", [1] * 4 + [2] * 5),
        ("D_7", [1, 1, 2, 2, 2]), ("Dic_6", [1] * 4 + [2] * 5), ("Dic_5", [1] * 3 + [2] * 4),
    ],
)  # fmt: skip
def test_dimensions_are_those_in_the_book(name, dimensions):
    """An odd dicyclic group has a complex pair of dimension 1, which is one block here."""
    assert sorted(irrep.dimension for irrep in made(name).irreps) == dimensions


def test_the_two_of_dimension_three_have_the_golden_ratio():
    elements = alternating(5)
    golden = (1 + np.sqrt(5)) / 2
    for irrep in made("A_5").irreps[1:3]:
        unit = [tuple(row) for row in elements.tolist()].index((0, 1, 2, 3, 4))
        chi = (irrep.rows.T @ irrep.rows)[:, unit] * 60 / 3
        of_five = {
            round(float(c), 9)
            for c, row in zip(chi, elements.tolist(), strict=True)
            if cycle_type(row) == (5,)
        }
        assert of_five == {round(golden, 9), round(1 - golden, 9)}


def test_waves_of_two_clocks_are_those_of_numpy():
    """Each block holds the two-dimensional Fourier components (j, k) and (-j, -k), and nothing else."""
    x = np.random.default_rng(3).normal(size=(6, 10))
    energy = np.abs(np.fft.fft2(x)) ** 2 / 60
    for irrep in made("C_6xC_10").irreps:
        j, k = eval(irrep.name)
        places = {(j, k), (-j % 6, -k % 10)}
        assert ((irrep.rows @ x.ravel()) ** 2).sum() == pytest.approx(sum(energy[place] for place in places))


def test_what_is_no_character_is_refused():
    with pytest.raises(ValueError, match="no irreducible character"):
        irreps.rows_of_character(np.arange(6.0), made("S_3").product, 2)


def test_a_sign_turns_with_every_exchange():
    assert [sign(row) for row in ([0, 1, 2], [1, 0, 2], [1, 2, 0])] == [1, -1, 1]


@pytest.mark.parametrize("name", NAMES)
def test_a_group_by_name_has_these_blocks(name):
    group = group_named(name)
    assert group_named(name) is group
    assert np.array_equal(group.product, made(name).product)
    assert np.abs(group.basis @ group.basis.T - np.eye(group.n)).max() < 1e-12
    assert np.ptp(group.blocks[0].rows) < 1e-12  # the constant first
    assert group.is_cyclic == name.startswith("C_") * ("x" not in name)
