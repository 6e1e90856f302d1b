"""Cosets in neurons: made-up ones, and the released network of which the paper's claim was checked."""

from collections import Counter

import numpy as np
import pytest

from devtools.released import needs_released, released
from grokviz.circuit import cosets
from grokviz.tasks.named_groups import group_named

RELEASED = released("s5_mlp_seed2.pt")


def made_up(group, subgroup, conjugated_by):
    """A neuron whose part of a is constant on H g, and whose part of b on g K, K = x^-1 H x, by definition alone."""
    product, inverse, n = group.product, group.inverse, group.n
    rng = np.random.default_rng(1)
    left, right = np.zeros(n), np.zeros(n)
    other = {int(product[product[inverse[conjugated_by], h], conjugated_by]) for h in subgroup}
    for g in range(n):
        left[[product[h, g] for h in subgroup]] = rng.normal()
        right[[product[g, k] for k in other]] = rng.normal()
    return left, right, frozenset(other)


def test_a_made_up_neuron_is_constant_on_the_right_cosets_left_and_on_the_left_ones_right():
    group = group_named("S_4")
    known = cosets.all_cosets(group)
    number = next(i for i, c in enumerate(known) if c.order == 6)
    left, right, other = made_up(group, known[number].subgroup, 5)
    pre = (left[:, None] + right[None] + 0.3)[..., None]
    found = cosets.sides(pre)
    np.testing.assert_allclose(found.left[:, 0], left - left.mean())
    np.testing.assert_allclose(found.additive, 1)
    fit = cosets.fit(found, known)
    assert fit.left[0] == number
    assert known[fit.right[0]].subgroup == other
    assert fit.within_left[0] < 1e-12
    assert cosets.within(found.left, known[number].left)[0] > 0.1  # the other side is not it
    assert cosets.counts(fit, found.live, known) == {6: 1}


def test_averaging_over_its_own_cosets_changes_nothing_and_over_others_does():
    group = group_named("S_4")
    known = cosets.all_cosets(group)
    number = next(i for i, c in enumerate(known) if c.order == 6)
    left, right, _ = made_up(group, known[number].subgroup, 5)
    rest = np.outer(np.cos(np.arange(24)), np.sin(np.arange(24)))
    rest -= rest.mean(axis=0) + rest.mean(axis=1)[:, None] - rest.mean()  # neither a part of a nor of b
    pre = (left[:, None] + right[None] + rest)[..., None]
    found = cosets.sides(pre)
    fit = cosets.fit(found, known)
    own = cosets.averaged(pre, found, [known[fit.left[0]].right], [known[fit.right[0]].left])
    np.testing.assert_allclose(own, pre, atol=1e-12)
    swapped = cosets.averaged(pre, found, [known[fit.left[0]].left], [known[fit.right[0]].right])
    assert np.abs(swapped - pre).max() > 0.1
    assert cosets.sides(pre).additive[0] < 1


def test_noise_is_constant_on_no_cosets_and_a_dead_neuron_on_all():
    group = group_named("S_4")
    known = cosets.all_cosets(group)
    pre = np.random.default_rng(0).normal(size=(24, 24, 3))
    pre[..., 2] = 0.7
    found = cosets.sides(pre)
    assert found.live.tolist() == [True, True, False]
    fit = cosets.fit(found, known)
    assert cosets.counts(fit, found.live, known) == {1: 2}


def test_elements_are_put_in_the_order_of_their_cosets():
    coset, values = np.array([1, 0, 1, 2, 0, 2]), np.array([5.0, 1, 5, 3, 1, 3])
    assert cosets.ordered(coset, values).tolist() == [0, 2, 3, 5, 1, 4]


@needs_released
def test_every_live_neuron_of_the_released_network_is_constant_on_cosets():
    """S5_MLP_seed2 of Chughtai et al.: 126 live neurons, S_4 108, order 12 11, A_5 7; mirrored on the other side."""
    import torch

    weights = {k: v.double().numpy() for k, v in torch.load(RELEASED, map_location="cpu").items()}
    left, right = weights["W_x"] @ weights["W"][:256], weights["W_y"] @ weights["W"][256:]
    group = group_named("S_5")
    pre = left[:, None] + right[None]
    assert np.array_equal((np.maximum(pre, 0) @ weights["W_U"]).argmax(axis=2), group.product)
    found = cosets.sides(pre)
    assert found.live.sum() == 126
    known = cosets.all_cosets(group)
    assert len(known) == 156
    fit = cosets.fit(found, known)
    assert cosets.counts(fit, found.live, known) == {60: 7, 24: 108, 12: 11}
    mirrored = Counter(known[h].order for h in fit.right[found.live])
    assert mirrored == {60: 7, 24: 108, 12: 11}
    big = [c for c in known if 12 <= c.order < 120]
    live = found.left[:, found.live]
    wrong_side = np.median(np.min([cosets.within(live, c.left) for c in big], axis=0))
    assert wrong_side == pytest.approx(0.17, abs=0.01)
