"""Both accounts on networks of which the truth is known, and on the released one."""

import numpy as np
import pytest

from devtools.released import needs_released, released
from grokviz.circuit import accounts, cosets
from grokviz.models.forward import cross_entropy
from grokviz.tasks.named_groups import group_named

RELEASED = released("s5_mlp_seed2.pt")


def test_the_part_of_the_product_is_what_a_function_of_the_product_is():
    """A function of a b in one block is all of it; one in another block, of a alone, or not constant, is none."""
    group = group_named("S_4")
    weights = np.random.default_rng(0).normal(size=(9, 2))
    block = 1
    f = group.blocks[block].rows.T @ weights
    x = f[group.product]
    np.testing.assert_allclose(accounts.product_part(x, group, [block]), x, atol=1e-12)
    assert np.abs(accounts.product_part(x, group, [0, 2, 3, 4])).max() < 1e-12
    of_a = np.repeat(f[:, None], 24, axis=1)
    assert np.abs(accounts.product_part(of_a, group, [block])).max() < 1e-12


def test_only_blocks_takes_a_function_apart():
    group = group_named("D_5")
    values = np.random.default_rng(0).normal(size=(10, 3))
    parts = [accounts.only_blocks(values, group, [b]) for b in range(len(group.blocks))]
    np.testing.assert_allclose(sum(parts), values)


@needs_released
def test_both_accounts_hold_of_the_released_network():
    """The restricted loss, 7.08478e-7, is the published figure: the hidden layer without its mean, on all pairs."""
    import torch

    weights = {k: v.double().numpy() for k, v in torch.load(RELEASED, map_location="cpu").items()}
    group = group_named("S_5")
    left, right = weights["W_x"] @ weights["W"][:256], weights["W_y"] @ weights["W"][256:]
    pre = left[:, None] + right[None]
    post = np.maximum(pre, 0)
    keys = [i for i, block in enumerate(group.blocks) if block.name in ("(4,1)", "(1,1,1,1,1)")]
    core = accounts.product_part(post, group, keys)
    assert cross_entropy(core @ weights["W_U"], group.product).mean() == pytest.approx(7.08478e-7, rel=1e-5)

    parts, known = cosets.sides(pre), cosets.all_cosets(group)
    found = accounts.trials(accounts.Hidden(pre, post), parts, cosets.fit(parts, known), known, group, keys)
    for trial in found:
        losses = cross_entropy(trial.post @ weights["W_U"], group.product)
        said = {trial.representations, trial.cosets} - {accounts.SILENT}
        assert said == ({accounts.RIGHT} if losses.mean() < 0.1 else {accounts.WRONG}), trial.question
