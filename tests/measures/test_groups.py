"""Measures over blocks: the fast way of clocks against that of any group, other groups against their characters, a
multiplication against the same network that adds, and the published figures of the released network of S_5."""

import dataclasses

import numpy as np
import pytest
import torch

from devtools.released import needs_released, released
from grokviz.config import RunConfig
from grokviz.measures.circuit import (
    check_keys,
    key_frequencies,
    logit_fve,
    neuron_frequencies,
    trig_coefficients,
    trig_similarities,
)
from grokviz.measures.fourier import (
    component_norms,
    frequency_energy,
    keep_frequencies,
    logit_spectrum_2d,
    pair_energy,
    pair_marginals,
    product_marginal,
)
from grokviz.measures.losses import excluded_loss, restricted_losses
from grokviz.measures.pictures import block_points, ring_points
from grokviz.measures.registry import measures, values_of
from grokviz.measures.snapshot import Snapshot
from grokviz.models.forward import cross_entropy
from grokviz.tasks.groups import cyclic, plainly
from grokviz.tasks.named_groups import group_named
from grokviz.tasks.pairs import OPERATIONS, Task, build_task, over_elements

RELEASED = released("s5_mlp_seed2.pt")
OTHERS = ("S_3", "D_4", "D_5", "Dic_3", "C_2xC_4")


def as_any(n):
    """The numbers modulo n as a group of which nothing is known but its table and blocks."""
    return dataclasses.replace(cyclic(n), is_cyclic=False)


@pytest.mark.parametrize("n", [5, 7, 12, 100, 113])
def test_what_is_fast_for_clocks_is_what_any_group_gives(n):
    rng = np.random.default_rng(n)
    x, W = rng.standard_normal((n, n, 4)), rng.standard_normal((n, 3))
    clock, group = cyclic(n), as_any(n)
    assert group.is_commutative
    np.testing.assert_allclose(product_marginal(x, clock), product_marginal(x, group), rtol=1e-10, atol=1e-10)
    for a, b in zip(pair_marginals(x, clock), pair_marginals(x, group), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10)
    for a, b in zip(pair_energy(x, clock), pair_energy(x, group), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(component_norms(W, clock), component_norms(W, group), rtol=1e-10, atol=1e-10)
    cube = rng.standard_normal((n, n, n))
    np.testing.assert_allclose(
        trig_coefficients(cube), trig_coefficients(cube, None, group), rtol=1e-10, atol=1e-10
    )


@pytest.mark.parametrize("n", [5, 7, 12, 31])
def test_where_the_order_matters_all_products_are_asked_and_give_the_same(n):
    """A clock said not to commute: the energy of each neuron by the whole two-dimensional transform."""
    slow = as_any(n)
    slow.__dict__["is_commutative"] = False
    x = np.random.default_rng(n).standard_normal((n, n, 4))
    for fast, whole in zip(pair_energy(x), pair_energy(x, slow), strict=True):
        np.testing.assert_allclose(fast, whole, rtol=1e-10)


@pytest.mark.parametrize("name", OTHERS)
def test_means_over_products_by_loops(name):
    group = group_named(name)
    x = np.random.default_rng(0).standard_normal((group.n, group.n, 2))
    by_loop = np.zeros((2, group.n, 2))
    for a, b in np.ndindex(group.n, group.n):
        by_loop[0, group.product[a, b]] += x[a, b] / group.n
        by_loop[1, group.product[group.inverse[a], b]] += x[a, b] / group.n
    np.testing.assert_allclose(product_marginal(x, group), by_loop[0], atol=1e-12)
    np.testing.assert_allclose(pair_marginals(x, group).quotient, by_loop[1], atol=1e-12)


def characters(group):
    """chi(g) of every block but the constant, by the trace of what a shift by g does to its functions."""
    for block in group.blocks[1:]:
        yield np.array([np.trace(block.rows[:, group.product[:, g]] @ block.rows.T) for g in range(group.n)])


@pytest.mark.parametrize("name", OTHERS)
def test_coefficients_are_those_of_characters(name):
    group = group_named(name)
    n = group.n
    logits = np.random.default_rng(n).standard_normal((n, n, n))
    found, alike = trig_coefficients(logits, None, group), trig_similarities(logits, None, group)
    for k, chi in enumerate(characters(group)):
        wave = np.array(
            [[chi[group.product[group.product[a, b], group.inverse]] for b in range(n)] for a in range(n)]
        )
        assert found[k] == pytest.approx((logits * wave).sum() / np.linalg.norm(wave), rel=1e-9)
        assert alike[k] == pytest.approx(found[k] / np.linalg.norm(logits), rel=1e-9)
        assert key_frequencies(wave, None, group) == (k + 1,)
        assert logit_fve(wave, (k + 1,), None, group) == pytest.approx(1)


@pytest.mark.parametrize("name", OTHERS)
def test_a_neuron_is_explained_by_least_squares_on_products_of_functions(name):
    group = group_named(name)
    n = group.n
    x = np.random.default_rng(n).standard_normal((n, n, 5))
    centred = (x - x.mean(axis=(0, 1))).reshape(n * n, -1)
    shares = []
    for block in group.blocks[1:]:
        rows = [np.ones(n), *block.rows]
        columns = np.array([np.outer(f, g).ravel() for f in rows for g in rows]).T
        fit = columns @ np.linalg.lstsq(columns, centred, rcond=None)[0]
        shares.append((fit**2).sum(axis=0) / (centred**2).sum(axis=0))
    best, fve = neuron_frequencies(x, group)
    np.testing.assert_array_equal(best, 1 + np.argmax(shares, axis=0))
    np.testing.assert_allclose(fve, np.max(shares, axis=0), rtol=1e-9)


@pytest.mark.parametrize("name", OTHERS)
def test_the_energy_of_all_blocks_is_that_of_what_varies(name):
    group = group_named(name)
    W = np.random.default_rng(0).standard_normal((group.n, 3))
    centred = W - W.mean(axis=0)
    np.testing.assert_allclose(frequency_energy(W, group).sum(axis=0), (centred**2).sum(axis=0))
    logits = np.random.default_rng(1).standard_normal((group.n, group.n, 4))
    assert (logit_spectrum_2d(logits, group) ** 2).sum() == pytest.approx((logits**2).sum())
    assert np.linalg.matrix_rank(block_points(W @ np.eye(3, 40), group.blocks[1].rows)) >= 1


@pytest.mark.parametrize("name", OTHERS)
def test_a_network_of_characters_is_all_circuit(name):
    """Logits 30 d chi(a b / c) of every block: its largest value is at c = a b alone. And a favourite, beside them."""
    group = group_named(name)
    n, keys = group.n, tuple(range(1, len(group.blocks)))
    delta = 30 * n * (group.product[..., None] == np.arange(n))
    logits = delta + np.random.default_rng(0).standard_normal(n)
    half = np.random.default_rng(1).random((n, n)) < 0.5
    task = Task(group.product, half, ~half, plainly(group), "")
    assert restricted_losses(logits, group.product, keys, None, group).max() < 1e-12
    assert excluded_loss(logits, task, keys, None, group) > 0.9 * np.log(n)
    assert excluded_loss(logits, task, (), None, group) < 1e-12
    np.testing.assert_allclose(logit_fve(logits, keys, None, group), 1, atol=1e-2)


def test_blocks_that_cannot_be_key_are_refused_by_name():
    with pytest.raises(ValueError, match=r"distinct numbers of the blocks of S_3: 1 is "):
        check_keys((3,), group_named("S_3"))
    with pytest.raises(ValueError, match="from 1 to 2 modulo 4"):
        check_keys((3,), cyclic(4))


# A network that multiplies is one that adds, with other names for its numbers


def renamed(weights, places):
    """The same network with its numbers in the order of the group, and without those that stand for no element."""
    W_E, W_U = weights["W_E"], weights["W_U"]
    return weights | {"W_E": W_E[[*places.a, len(W_E) - 1]], "W_U": W_U[:, places.c]}


OF_ALL_PAIRS = {
    "accuracy", "train_accuracy", "test_accuracy", "train_loss", "test_loss", "all_loss", "answers",
    "sum_squared_weights", "sum_squared_weights_per_matrix", "attention_scores", "neuron_tables", "right_logits",
    "gradient_symmetricity",
}  # fmt: skip


@pytest.mark.parametrize("p", [5, 7, 13, 31, 59])
@pytest.mark.parametrize("structured", [False, True])
def test_a_multiplication_measures_as_the_same_network_that_adds(
    clock_weights, random_weights, p, structured
):
    places, task = OPERATIONS["multiply"].places(p), build_task(RunConfig(p=p, operation="multiply"))
    assert places is not None
    n = p - 1
    keys = (1, n // 2)
    if structured:  # a clock over the exponents, and some noise
        noise = np.random.default_rng(p)
        adds = {name: w + 0.01 * noise.standard_normal(w.shape) for name, w in clock_weights(n, keys).items()}
        W_E = noise.standard_normal((p + 1, adds["W_E"].shape[1]))
        W_E[[*places.a, p]] = adds["W_E"]
        W_U = noise.standard_normal((len(adds["W_U"]), p))
        W_U[:, places.c] = adds["W_U"]
        weights = adds | {"W_E": W_E, "W_U": W_U}
    else:
        weights = random_weights(p, seed=p)
    task_added = Task(*over_elements(task, places)[:3], OPERATIONS["add"].places(n), "")
    neurons = np.array([1, 3])
    mine = values_of(Snapshot(weights, task, keys, neurons))
    added = values_of(Snapshot(renamed(weights, places), task_added, keys, neurons))
    assert mine.keys() == added.keys() == {m.name for m in measures() if not m.applies(task)}
    for name in mine.keys() - OF_ALL_PAIRS:
        np.testing.assert_allclose(mine[name], added[name], rtol=1e-9, atol=1e-9, err_msg=name)
    if structured:
        assert key_frequencies(Snapshot(weights, task).cube) == keys[: 1 if n // 2 == 1 else 2]


@pytest.mark.parametrize("operation", ["subtract", "divide"])
def test_what_is_taken_away_measures_as_the_same_network_that_adds(random_weights, operation):
    """b backwards: two tables of embeddings would be needed to rename it, so it is the logits that are compared."""
    p, keys = 11, (1, 3)
    places, task = OPERATIONS[operation].places(p), build_task(RunConfig(p=p, operation=operation))
    mine = Snapshot(random_weights(p), task, keys)
    cube = mine.logits[np.ix_(places.a, places.b, places.c)]
    sums = np.add.outer(np.arange(places.n), np.arange(places.n)) % places.n
    train = mine.task.is_train[np.ix_(places.a, places.b)]
    found = values_of(mine)
    added = Task(sums, train, ~train)
    assert found["excluded_loss_train"] == pytest.approx(excluded_loss(cube, added, keys), rel=1e-12)
    assert found["restricted_loss_all"] == pytest.approx(
        restricted_losses(cube, sums, keys).mean(), rel=1e-12
    )
    np.testing.assert_allclose(found["trig_coefficients"], trig_coefficients(cube), rtol=1e-9)


def test_a_ring_of_a_clock_is_its_block():
    W_E = np.random.default_rng(0).standard_normal((12, 9))
    np.testing.assert_array_equal(ring_points(W_E, 5), block_points(W_E, cyclic(12).blocks[5].rows))


# The released network


@needs_released
def test_the_released_network_of_s5_gives_its_published_figures():
    """Chughtai et al. 2023, seed 2 of the two-layer network: logit similarities, explained share, restricted loss
    without a mean put back, on all pairs, and excluded loss, on train. Six digits."""
    state = torch.load(RELEASED, map_location="cpu")
    weights = {name: w.double().numpy() for name, w in state.items()}
    group = group_named("S_5")
    left, right = weights["W_x"] @ weights["W"][:256], weights["W_y"] @ weights["W"][256:]
    post = np.maximum(left[:, None] + right[None], 0)
    logits = post @ weights["W_U"]
    sums = product_marginal(logits, group)

    alike = trig_similarities(logits - logits.mean(axis=2, keepdims=True), None, group)
    named = dict(zip([block.name for block in group.blocks[1:]], alike, strict=True))
    assert named["(1,1,1,1,1)"] == pytest.approx(0.509043, abs=5e-7)
    assert named["(4,1)"] == pytest.approx(0.767434, abs=5e-7)
    assert (alike**2).sum() == pytest.approx(0.848082, abs=5e-7)

    keys = key_frequencies(logits, sums, group)
    assert {group.blocks[k].name for k in keys} == {"(1,1,1,1,1)", "(4,1)"}
    circuit = keep_frequencies(sums, keys, group)[group.product]
    assert cross_entropy(circuit, group.product).mean() == pytest.approx(7.08478e-7, rel=1e-6)
    for name, loss in (("(1,1,1,1,1)", 4.09551), ("(4,1)", 1.04741e-4)):
        k = next(k for k in keys if group.blocks[k].name == name)
        alone = keep_frequencies(sums, (k,), group)[group.product]
        assert cross_entropy(alone, group.product).mean() == pytest.approx(loss, rel=1e-5)

    torch.manual_seed(2)
    is_train = np.zeros(group.n**2, bool)
    is_train[torch.randperm(group.n**2).numpy()[: int(0.4 * group.n**2)]] = True
    is_train = is_train.reshape(group.n, group.n)
    task = Task(group.product, is_train, ~is_train, plainly(group), "")
    assert excluded_loss(logits, task, keys, sums, group) == pytest.approx(7.594, abs=5e-4)
    assert restricted_losses(logits, group.product, keys, sums, group).mean() < 2.38382e-6
    assert neuron_frequencies(post, group)[1].max() > 0.9
