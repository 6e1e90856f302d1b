import numpy as np
import pytest

from grokviz.tasks import subgroup_words as words
from grokviz.tasks.named_groups import group_named
from grokviz.tasks.subgroups import subgroups


def leaving(group, card):
    rows = words.rows_of(group)
    return frozenset(np.flatnonzero(rows[:, card] == card).tolist())


def test_subgroups_in_words():
    group = group_named("S_5")
    known = subgroups(group.product)
    assert words.named(group, leaving(group, 2)) == "the 24 shuffles that leave card 3 in place"
    assert words.named(group, next(h for h in known if len(h) == 60)) == "the 60 even shuffles"
    assert words.named(group, known[0]) == "the one that changes nothing"
    assert words.named(group, known[-1]) == "all of them"
    twenty = words.named(group, next(h for h in known if len(h) == 20))
    assert twenty.startswith("a subgroup of 20 shuffles, (")
    dihedral = group_named("D_12")
    assert "a subgroup of 12 elements, r and r² among them" in [
        words.named(dihedral, h) for h in subgroups(dihedral.product)
    ]


def test_a_double_coset_of_those_that_leave_a_card_says_where_a_card_goes():
    """From the rows alone: first a, then b takes card 1 to place 3 exactly in the small one."""
    group = group_named("S_5")
    rows = words.rows_of(group)
    number = words.double_cosets(group, leaving(group, 0), leaving(group, 2))
    assert np.array_equal(number == 0, rows[:, 0] == 2)
    assert words.double_coset_words(group, leaving(group, 0), leaving(group, 2)) == [
        "card 1 ends at place 3",
        "it ends elsewhere",
    ]


@pytest.mark.parametrize("name", ["S_4", "A_5", "D_6", "C_6xC_10"])
def test_double_cosets_by_their_definition(name):
    group = group_named(name)
    known = subgroups(group.product)
    left, right = known[len(known) // 2], known[len(known) // 3]
    number = words.double_cosets(group, left, right)
    for g in range(0, group.n, 7):
        same = {int(group.product[group.product[h, g], k]) for h in left for k in right}
        assert same == set(np.flatnonzero(number == number[g]).tolist())
    assert np.array_equal(np.sort(np.bincount(number)), np.bincount(number))
    assert len(words.double_coset_words(group, left, right)) == number.max() + 1
