import numpy as np
import pytest

from grokviz.tasks import subgroups
from grokviz.tasks.named_groups import made

CYCLIC = 12


@pytest.mark.parametrize(
    ("name", "many"), [("S_3", 6), ("S_4", 30), ("A_5", 59), ("S_5", 156), ("D_12", 34), ("C_12", 6)]
)
def test_as_many_subgroups_as_in_the_book(name, many):
    """OEIS A005432 for the symmetric groups; of D_n there are τ(n) + σ(n)."""
    found = subgroups.subgroups(made(name).product)
    assert len(found) == len(set(found)) == many
    assert len(found[0]) == 1
    assert len(found[-1]) == len(made(name).product)


def test_every_one_is_closed_and_its_cosets_are_of_one_size():
    product = made("S_4").product
    for group in subgroups.subgroups(product):
        members = sorted(group)
        assert set(product[np.ix_(members, members)].ravel().tolist()) == group
        for cosets in (subgroups.right_cosets(product, group), subgroups.left_cosets(product, group)):
            assert np.bincount(cosets).tolist() == [len(group)] * (24 // len(group))


def test_a_right_coset_is_first_the_subgroup_then_an_element():
    product = made("S_3").product
    group = next(g for g in subgroups.subgroups(product) if len(g) == 2)
    right, left = subgroups.right_cosets(product, group), subgroups.left_cosets(product, group)
    for g in range(6):
        assert {int(product[h, g]) for h in group} == set(np.flatnonzero(right == right[g]).tolist())
        assert {int(product[g, h]) for h in group} == set(np.flatnonzero(left == left[g]).tolist())
    assert not np.array_equal(right, left)  # it is not normal


def test_cosets_on_the_two_sides_change_places_when_elements_are_undone():
    product = made("D_12").product
    inverse = (product == int(np.flatnonzero((product == np.arange(24)).all(axis=1))[0])).argmax(axis=1)
    for group in subgroups.subgroups(product):
        right, left = subgroups.right_cosets(product, group), subgroups.left_cosets(product, group)[inverse]
        assert all(len(set(left[right == number].tolist())) == 1 for number in set(right.tolist()))


def test_a_conjugate_is_the_same_kind_elsewhere():
    product, elements = made("S_4").product, made("S_4").elements
    group = subgroups.generated(product, (elements.index("(1 2)"),))
    other = subgroups.conjugate(product, group, elements.index("(2 3)"))
    assert {elements[g] for g in other} == {"e", "(1 3)"}
    assert subgroups.kind(product, group) == subgroups.kind(product, other) == (1, 2)
