"""Every cut against an oracle: the weights edited by hand in the plain torch model, or loops and least squares."""

import numpy as np
import pytest
import torch

from grokviz.circuit import interventions
from grokviz.circuit.cuts import Choice, Cuts
from grokviz.circuit.experiments import ablate_each_frequency, experiments, perform
from grokviz.config import RunConfig
from grokviz.measures.circuit import neuron_frequencies
from grokviz.models.forward import forward
from grokviz.tasks.groups import cyclic, plainly
from grokviz.tasks.pairs import OPERATIONS, build_task
from tests.circuit.oracles import (
    component,
    finish,
    has_place,
    places,
    product_columns,
    sum_columns,
    torch_activations,
    torch_logits,
)

KINDS = [("add", 7), ("add", 12), ("subtract", 7), ("multiply", 7), ("divide", 11), ("x^2+y^2", 7)]


@pytest.fixture(params=KINDS, ids=lambda kind: f"{kind[0]}-{kind[1]}")
def network(request, random_weights):
    operation, p = request.param
    places = OPERATIONS[operation].places(p) or plainly(cyclic(p))
    return operation, p, places, random_weights(p, seed=p)


def cut(weights, order, **cuts):
    """With a forward pass that exists and without: both must agree."""
    alone = interventions.run(weights, Cuts(**cuts), order)
    given = interventions.run(weights, Cuts(**cuts), order, forward(weights))
    np.testing.assert_allclose(alone.logits, given.logits, atol=1e-9)
    np.testing.assert_allclose(alone.post, given.post, atol=1e-9)
    return given.logits


def test_nothing_cut_is_the_network(network):
    _, p, order, weights = network
    np.testing.assert_allclose(cut(weights, order), torch_logits(weights, p), atol=1e-10)


def test_silent_heads_and_neurons_are_zeroed_weights(network):
    _, p, order, weights = network
    edited = {name: w.copy() for name, w in weights.items()}
    edited["W_O"][1] = 0
    edited["W_out"][[2, 5]] = 0
    np.testing.assert_allclose(
        cut(weights, order, heads=(1,), silence=(2, 5)), torch_logits(edited, p), atol=1e-10
    )


def test_noise_is_added_to_the_weights(network):
    _, p, order, weights = network
    rng = np.random.default_rng(7)
    edited = {}
    for name, w in weights.items():
        size = sum(float(x) ** 2 for x in w.ravel()) / w.size
        edited[name] = w + 0.3 * size**0.5 * rng.standard_normal(w.shape)
    np.testing.assert_allclose(cut(weights, order, noise=(30, 7)), torch_logits(edited, p), atol=1e-10)


@pytest.mark.parametrize("mode", ["drop", "keep"])
def test_waves_of_the_embedding_are_edited_weights(network, mode):
    operation, p, order, weights = network
    n, place, _ = places(operation, p)
    numbers = [a for a in range(p) if place(a, 1) is not None]
    x = np.array([place(a, 1)[0] for a in numbers])
    X = np.array([[np.cos(2 * np.pi * 2 * t / n), np.sin(2 * np.pi * 2 * t / n)] for t in x])
    rows = weights["W_E"][numbers]
    wave = X @ np.linalg.lstsq(X, rows, rcond=None)[0]
    edited = weights | {"W_E": weights["W_E"].copy()}
    edited["W_E"][numbers] = rows - wave if mode == "drop" else wave + rows.mean(axis=0)
    np.testing.assert_allclose(
        cut(weights, order, embedding=Choice(mode, (2,))), torch_logits(edited, p), atol=1e-10
    )


@pytest.mark.parametrize("skips", [("attention",), ("mlp",), ("attention", "mlp")])
def test_skip_connections(network, skips):
    _, p, order, weights = network
    model, act = torch_activations(weights, p)
    resid_mid = act.resid_mid[:, -1]
    if "attention" in skips:
        resid_mid = resid_mid - act.resid_pre[:, -1]
    post = torch.relu(resid_mid @ model.W_in + model.b_in)
    expected = finish(model, resid_mid, post, p, skip="mlp" not in skips)
    np.testing.assert_allclose(cut(weights, order, skips=skips), expected, atol=1e-10)


def test_mean_ablated_heads_write_their_mean(network):
    _, p, order, weights = network
    model, act = torch_activations(weights, p)
    written = torch.einsum("bhe,hed->bhd", act.z[:, -1], model.W_O)
    resid_mid = act.resid_mid[:, -1] + (written.mean(dim=0) - written)[:, 0]
    expected = finish(model, resid_mid, torch.relu(resid_mid @ model.W_in + model.b_in), p)
    np.testing.assert_allclose(cut(weights, order, means=(0,)), expected, atol=1e-10)


def test_linear_attention_is_least_squares_on_one_frequency(network):
    operation, p, order, weights = network
    n, _, _ = places(operation, p)
    model, act = torch_activations(weights, p)
    grid = has_place(operation, p)
    pattern = act.pattern[:, :, -1].reshape(p, p, -1, 3).detach().numpy()
    for head in range(pattern.shape[2]):
        to_a = pattern[:, :, head, 0]
        fits = []
        for k in range(1, n // 2 + 1):
            columns = [lambda w, x, y: 1.0] + [
                f
                for k in (k,)
                for f in (
                    lambda w, x, y, k=k: np.cos(w(k, x)), lambda w, x, y, k=k: np.sin(w(k, x)),
                    lambda w, x, y, k=k: np.cos(w(k, y)), lambda w, x, y, k=k: np.sin(w(k, y)),
                )
            ]  # fmt: skip
            error = np.square(to_a - component(to_a[..., None], operation, p, columns)[..., 0])[grid].sum()
            fits.append((error, k, columns))
        _, k, columns = min(fits, key=lambda fit: fit[:2])
        fitted = component(pattern[:, :, head], operation, p, columns)
        pattern[:, :, head] = np.where(grid[..., None], fitted, pattern[:, :, head])
        assert interventions.attention_frequency(to_a[np.ix_(order.a, order.b)]) == k
    np.testing.assert_allclose(pattern.sum(axis=3), 1, atol=1e-12)
    v = torch.einsum("bkd,hde->bhke", act.resid_pre, model.W_V)
    z = torch.einsum("bhk,bhke->bhe", torch.tensor(pattern.reshape(p * p, -1, 3)), v)
    resid_mid = act.resid_pre[:, -1] + torch.einsum("bhe,hed->bd", z, model.W_O)
    expected = finish(model, resid_mid, torch.relu(resid_mid @ model.W_in + model.b_in), p)
    np.testing.assert_allclose(cut(weights, order, linear=True), expected, atol=1e-9)


@pytest.mark.parametrize("mode", ["drop", "keep"])
def test_waves_of_the_sum_in_neurons_and_logits(network, mode):
    operation, p, order, weights = network
    model, act = torch_activations(weights, p)
    grid = has_place(operation, p)[..., None]
    columns = sum_columns((1, 3))

    def chosen(x):
        part = component(x, operation, p, columns, constant=mode == "keep")
        return np.where(grid, part if mode == "keep" else x - part, x)

    post = act.post[:, -1].reshape(p, p, -1).detach().numpy()
    cut_post = torch.tensor(chosen(post)).reshape(p * p, -1)
    expected = finish(model, act.resid_mid[:, -1], cut_post, p)
    np.testing.assert_allclose(cut(weights, order, neurons=Choice(mode, (1, 3))), expected, atol=1e-9)
    logits = torch_logits(weights, p)
    np.testing.assert_allclose(cut(weights, order, logits=Choice(mode, (1, 3))), chosen(logits), atol=1e-9)


def test_products_of_waves_in_the_logits(network):
    operation, p, order, weights = network
    logits, grid = torch_logits(weights, p), has_place(operation, p)[..., None]
    part = sum(component(logits, operation, p, product_columns(k)) for k in (1, 2))
    np.testing.assert_allclose(
        cut(weights, order, spectrum=Choice("drop", (1, 2))), np.where(grid, logits - part, logits), atol=1e-9
    )
    columns = [lambda w, x, y: 1.0, *product_columns(1), *product_columns(2)]
    kept = component(logits, operation, p, columns)
    np.testing.assert_allclose(
        cut(weights, order, spectrum=Choice("keep", (1, 2))), np.where(grid, kept, logits), atol=1e-9
    )


def test_each_frequency_in_turn_is_the_loss_without_it(network):
    operation, p, order, weights = network
    task = build_task(RunConfig(p=p, operation=operation))
    logits = torch_logits(weights, p)
    pairs = [(a, b) for a in range(p) for b in range(p) if task.answers[a, b] >= 0]
    for k, got in enumerate(ablate_each_frequency(forward(weights).logits, task, order), start=1):
        cut_logits = logits - component(logits, operation, p, product_columns(k))
        losses = [
            np.log(np.exp(cut_logits[a, b] - cut_logits[a, b, task.answers[a, b]]).sum()) for a, b in pairs
        ]
        assert got == pytest.approx(np.mean(losses), rel=1e-9)
    assert k == order.n // 2


def test_fitted_waves_alone_are_least_squares_over_pairs_and_answers(network):
    operation, p, order, weights = network
    n, place, place_of = places(operation, p)
    logits = torch_logits(weights, p)
    cells = [
        (a, b, c)
        for a in range(p)
        for b in range(p)
        for c in range(p)
        if place(a, b) is not None and place_of(c) is not None
    ]
    X = [
        [np.cos(2 * np.pi * k * (sum(place(a, b) or ()) - (place_of(c) or 0)) / n) for k in (1, 2)]
        for a, b, c in cells
    ]
    y = np.array([logits[cell] for cell in cells])
    fitted = np.array(X) @ np.linalg.lstsq(np.array(X), y, rcond=None)[0]
    for cell, value in zip(cells, fitted, strict=True):
        logits[cell] = value
    np.testing.assert_allclose(cut(weights, order, waves=(1, 2)), logits, atol=1e-9)


@pytest.mark.parametrize("mode", ["drop", "keep"])
def test_directions_of_the_readout_are_a_projection_of_the_neurons(network, mode):
    operation, p, order, weights = network
    n, _, place_of = places(operation, p)
    model, act = torch_activations(weights, p)
    answers = [c for c in range(p) if place_of(c) is not None]
    W_L = weights["W_out"] @ weights["W_U"]
    waves = np.array(
        [
            [f(2 * np.pi * k * (place_of(c) or 0) / n) for k in (1, 2) for f in (np.cos, np.sin)]
            for c in answers
        ]
    )
    directions = W_L[:, answers] @ waves
    projector = directions @ np.linalg.pinv(directions)
    if mode == "drop":
        projector = np.eye(len(projector)) - projector
    post = act.post[:, -1] @ torch.tensor(projector)
    np.testing.assert_allclose(
        cut(weights, order, directions=Choice(mode, (1, 2))),
        finish(model, act.resid_mid[:, -1], post, p),
        atol=1e-9,
    )


def test_polynomials_replace_the_neurons_of_a_frequency_and_no_others(clock_weights, random_weights):
    """A network half clock and half noise, so that some neurons belong to a frequency and others to none."""
    p, order = 11, plainly(cyclic(11))
    weights = clock_weights(p, (2, 3))
    rng = np.random.default_rng(0)
    weights["W_in"][:, 10:] = rng.standard_normal(weights["W_in"][:, 10:].shape)
    model, act = torch_activations(weights, p)
    post = act.post[:, -1].reshape(p, p, -1).detach().numpy()
    fitted, owned = post.copy(), []
    for neuron in range(post.shape[2]):
        x = post[..., neuron : neuron + 1]
        fits = [component(x, "add", p, product_columns(k, constant=True)) for k in range(1, p // 2 + 1)]
        errors = [np.square(x - fit).sum() for fit in fits]
        if 1 - min(errors) / np.square(x - x.mean()).sum() >= 0.85:
            fitted[..., neuron] = fits[int(np.argmin(errors))][..., 0]
            owned.append((neuron, int(np.argmin(errors)) + 1))
    assert 3 < len(owned) < post.shape[2] - 1
    expected = finish(model, act.resid_mid[:, -1], torch.tensor(fitted).reshape(p * p, -1), p)
    np.testing.assert_allclose(cut(weights, order, polynomial=True), expected, atol=1e-9)

    edited = weights | {"W_out": weights["W_out"].copy()}
    edited["W_out"][[neuron for neuron, k in owned if k == 3]] = 0
    np.testing.assert_allclose(cut(weights, order, clusters=(3,)), torch_logits(edited, p), atol=1e-9)


def test_owners_known_beforehand_change_nothing_but_the_time(clock_weights):
    weights, order = clock_weights(11, (2, 3)), plainly(cyclic(11))
    whole = forward(weights)
    owners = interventions.neuron_owners(whole, order)
    assert {2, 3} <= set(owners.tolist())
    cuts = Cuts(polynomial=True, clusters=(3,))
    found = interventions.run(weights, cuts, order, whole, owners)
    np.testing.assert_array_equal(found.logits, interventions.run(weights, cuts, order).logits)
    assert not found.post[..., owners == 3].any()
    assert found.post[..., owners == 2].any()


def test_polynomials_at_half_of_an_even_modulus(random_weights):
    """cos(pi a) has no sine beside it: four products instead of nine."""
    post = forward(random_weights(12)).post
    owners = np.full(post.shape[2], 6)
    alternating = [lambda w, x, y: 1.0, lambda w, x, y: (-1.0) ** x, lambda w, x, y: (-1.0) ** y, lambda w, x, y: (-1.0) ** (x + y)]  # fmt: skip
    np.testing.assert_allclose(
        interventions.polynomials(post, owners, cyclic(12)),
        component(post, "add", 12, alternating),
        atol=1e-12,
    )


def test_cuts_that_follow_each_other(network):
    """Weights, then heads, then neurons, then logits: the same as the last cut of an edited network."""
    _, _, order, weights = network
    edited = interventions.edit_weights(weights, Cuts(noise=(20, 3)), order)
    edited = edited | {"W_O": edited["W_O"].copy(), "W_out": edited["W_out"].copy()}
    edited["W_O"][0], edited["W_out"][4] = 0, 0
    np.testing.assert_allclose(
        cut(weights, order, noise=(20, 3), heads=(0,), silence=(4,), logits=Choice("drop", (2,))),
        cut(edited, order, logits=Choice("drop", (2,))),
        atol=1e-9,
    )


def test_the_outcome_is_the_mean_over_each_side(network):
    operation, p, _, weights = network
    task = build_task(RunConfig(p=p, operation=operation))
    found = interventions.outcome(forward(weights).logits, task)
    logits = torch.tensor(torch_logits(weights, p))
    for side, loss, accuracy in (
        (task.is_train, found.train_loss, found.train_accuracy),
        (task.is_test, found.test_loss, found.test_accuracy),
        (task.is_train | task.is_test, found.all_loss, found.accuracy),
    ):
        picked, answer = logits[torch.tensor(side)], torch.tensor(task.answers[side]).long()
        assert loss == pytest.approx(float(torch.nn.functional.cross_entropy(picked, answer)), rel=1e-10)
        assert accuracy == pytest.approx(float((picked.argmax(1) == answer).double().mean()))
    probability = logits.softmax(2).numpy()
    for a, b in np.ndindex(p, p):
        right = probability[a, b, task.answers[a, b]] if task.answers[a, b] >= 0 else 0
        assert found.probability[a, b] == pytest.approx(right)


def test_experiments_on_a_network_that_adds_say_that_its_waves_are_all_there_is(clock_weights, task_of):
    weights, order, task = clock_weights(13, (2, 5)), plainly(cyclic(13)), task_of(13)
    found = perform(weights, task, order, (2, 5), forward(weights))
    loss = {e.question: result.all_loss for e, result in found}
    assert loss["Only waves of a + b of the key frequencies in the logits"] < 2 * loss["Nothing is cut"]
    assert loss["Neurons in the null space of these directions"] == pytest.approx(np.log(13), rel=0.05)
    assert loss["Frequency 2 removed at the neurons"] > 10 * loss["Nothing is cut"]
    assert len(found) == 9 + 2


def test_without_key_frequencies_only_the_experiments_that_need_none_are_left():
    names = [e.question for e in experiments(())]
    assert names == [
        "Nothing is cut",
        "Neurons replaced by polynomials of degree 2",
        "Attention replaced by its linear form",
        "No way around the MLP",
    ]
    assert [e.question for e in experiments((), has_attention=False)] == names[:2]


def test_a_network_that_diverged_is_cut_all_the_same(random_weights, task_of):
    weights = random_weights(7)
    weights["W_U"][0, 0] = np.nan
    result = interventions.run(
        weights, Cuts(polynomial=True, logits=Choice("drop", (1,))), plainly(cyclic(7))
    )
    found = interventions.outcome(result.logits, task_of(7))
    assert np.isnan(found.all_loss)
    assert not found.is_right.any()


def test_owners_are_those_of_the_whole_network(clock_weights):
    weights = clock_weights(11, (2, 3))
    freq, fve = neuron_frequencies(forward(weights).post)
    assert set(freq[fve >= 0.85]) == {2, 3}


def test_cuts_of_a_two_layer_network_are_cuts_of_its_parts():
    """Its embedding in both tables, its neurons, and noise in what was trained alone; heads it has none."""
    config = RunConfig(p=7, d_model=6, d_mlp=9, architecture="mlp")
    rng = np.random.default_rng(0)
    weights = {name: rng.normal(size=shape) for name, shape in config.shapes.items()}
    order = plainly(cyclic(7))
    whole = forward(weights)

    kept = interventions.run(weights, Cuts(embedding=Choice("keep", (2,))), order, whole)
    angle = 2 * np.pi * 2 * np.arange(7) / 7
    rows = np.stack([np.full(7, 7**-0.5), np.cos(angle) * (2 / 7) ** 0.5, np.sin(angle) * (2 / 7) ** 0.5])
    filtered = {name: rows.T @ (rows @ weights[name]) for name in ("W_x", "W_y")}
    np.testing.assert_allclose(kept.logits, forward(weights | filtered).logits, atol=1e-10)

    silent = interventions.run(whole.weights, Cuts(silence=(3,)), order, whole)
    without = weights | {"W_U": np.where(np.arange(9)[:, None] == 3, 0, weights["W_U"])}
    np.testing.assert_allclose(silent.logits, forward(without).logits, atol=1e-10)

    noisy = interventions.run(whole.weights, Cuts(noise=(10, 1)), order)
    assert set(np.abs(noisy.weights["W_in"]).ravel()) == {0, 1}
    assert not np.allclose(noisy.weights["W_x"], weights["W_x"])
