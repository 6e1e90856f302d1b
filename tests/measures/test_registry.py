"""Every measure against dense p^2 x p^2 projections and torch's cross-entropy in float64."""

import dataclasses
import json
import math

import numpy as np
import pytest
import torch

from grokviz.config import RunConfig
from grokviz.measures import losses
from grokviz.measures.circuit import logit_fve, neuron_frequencies, trig_coefficients
from grokviz.measures.declaration import NO_KEYS, why_nothing
from grokviz.measures.losses import excluded_loss, restricted_losses
from grokviz.measures.neurons import counts_by_frequency
from grokviz.measures.registry import by_name, measure, measures, measures_to_json
from grokviz.models.forward import forward
from grokviz.tasks.pairs import Task, build_task, over_elements
from tests.circuit.oracles import has_place, places

CASES = [
    (3, "add", (1,)),
    (5, "add", (2,)),
    (7, "add", (3, 1)),
    (12, "add", (2, 6)),
    (12, "add", ()),
    (7, "subtract", (3,)),
    (7, "multiply", (2, 3)),
    (7, "divide", (1, 2)),
]


def torch_loss(logits, answers, mask):
    """Mean loss over the pairs of the mask."""
    return torch.nn.functional.cross_entropy(
        torch.tensor(logits.astype(np.float64))[torch.tensor(mask)], torch.tensor(answers)[torch.tensor(mask)]
    ).item()


def dense_projection(p, freqs):
    """P_K over the p^2 pairs, from outer products of its unit directions."""
    a, b = np.mgrid[:p, :p]
    P = np.zeros((p * p, p * p))
    for k in freqs:
        for f in (np.cos, np.sin):
            wave = f(2 * np.pi * k * (a + b) / p).ravel()
            if np.linalg.norm(wave) > 1e-6:
                P += np.outer(wave, wave) / (wave @ wave)
    return P


def dense_circuit(logits, freqs):
    p = len(logits)
    return (dense_projection(p, freqs) @ logits.reshape(p * p, p)).reshape(p, p, p)


def dense_gini(W):
    """Half the relative mean difference of the norms of the components, from the complex FFT."""
    p = len(W)
    power = np.fft.rfft(W, axis=0) / p**0.5
    norms = [np.linalg.norm(power[0])]
    for k in range(1, p // 2 + 1):
        if 2 * k == p:
            norms.append(np.linalg.norm(power[k]))
        else:
            norms += [2**0.5 * np.linalg.norm(power[k].real), 2**0.5 * np.linalg.norm(power[k].imag)]
    x = np.array(norms)
    assert len(x) == p
    return abs(x[:, None] - x).mean() / (2 * x.mean())


def as_sums(operation, p, x, sides):
    """x and grids of pairs with every number at the place where it adds, their sums, and the number of each place."""
    n, place, place_of = places(operation, p)
    moved, grids = np.zeros((n, n, *x.shape[2:])), [np.zeros((n, n), side.dtype) for side in sides]
    for a, b in np.argwhere(has_place(operation, p)):
        i, j = (t % n for t in place(int(a), int(b)))
        moved[i, j] = x[a, b]
        for grid, side in zip(grids, sides, strict=True):
            grid[i, j] = side[a, b]
    numbers = sorted((c for c in range(p) if place_of(c) is not None), key=lambda c: place_of(c) or 0)
    if x.shape[2] == p:
        moved = moved[:, :, numbers]
    return moved[:, :, : x.shape[2]], np.add.outer(np.arange(n), np.arange(n)) % n, grids, numbers


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("p", "operation", "keys"), CASES)
def test_every_measure_against_its_oracle(random_weights, task_of, p, operation, keys, dtype):
    weights, task = random_weights(p, dtype, seed=p, scale=0.9), task_of(p, operation)
    logits = forward({name: value.astype(np.float64) for name, value in weights.items()}).logits
    answers, is_train, is_test, *_ = task
    has_answer = answers >= 0
    right = logits.argmax(2) == answers
    W_L = weights["W_out"].astype(np.float64) @ weights["W_U"].astype(np.float64)
    cube, sums, sides, numbers = as_sums(operation, p, logits, (is_train, is_test))
    n, in_train, in_test = len(cube), *sides
    circuit = dense_circuit(cube, keys)
    restricted = circuit + (cube - circuit).mean((0, 1))
    squares = {name: (value.astype(np.float64) ** 2).sum() for name, value in weights.items()}
    close = lambda x: pytest.approx(x, rel=1e-4 if dtype == np.float32 else 1e-9)  # noqa: E731

    got = measure(weights, task, keys)
    assert got["accuracy"] == right[has_answer].mean()
    assert got["train_accuracy"] == right[is_train].mean()
    assert got["test_accuracy"] == right[is_test].mean()
    assert got["train_loss"] == close(torch_loss(logits, answers, is_train))
    assert got["test_loss"] == close(torch_loss(logits, answers, is_test))
    assert got["all_loss"] == close(torch_loss(logits, answers, has_answer))
    assert got["restricted_loss_all"] == close(torch_loss(restricted, sums, np.ones((n, n), bool)))
    assert got["restricted_loss_test"] == close(torch_loss(restricted, sums, in_test))
    assert got["excluded_loss_train"] == close(torch_loss(cube - circuit, sums, in_train))
    assert np.asarray(got["excluded_loss_train_per_freq"]).tolist() == [
        close(torch_loss(cube - dense_circuit(cube, (k,)), sums, in_train)) for k in keys
    ]
    assert got["gini_W_E"] == close(dense_gini(weights["W_E"][numbers].astype(np.float64)))
    assert got["gini_W_L"] == close(dense_gini(W_L.T[numbers]))
    assert got["sum_squared_weights"] == close(sum(squares.values()))
    by_matrix = dict(zip(sorted(weights), np.asarray(got["sum_squared_weights_per_matrix"]), strict=True))
    assert by_matrix == {name: close(value) for name, value in squares.items()}
    # Their oracles are those of the circuit.
    post = as_sums(operation, p, forward(weights).post[..., None], ())[0][..., 0]
    freq, fve = neuron_frequencies(post)
    assert counts_by_frequency(np.asarray(got["neurons_per_freq"])) == {
        k: count for k in range(1, p) if (count := ((freq == k) & (fve >= 0.85)).sum())
    }
    assert got["frac_neurons_over_085"] == (fve >= 0.85).mean()
    assert got["logit_fve"] == close(logit_fve(cube, keys))
    np.testing.assert_allclose(got["trig_coefficients"], trig_coefficients(cube), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("operation", "p"), [("random", 7), ("x^2+xy+y^2", 7), ("multiply", 12), ("parity", 7)]
)
def test_what_is_no_group_is_measured_without_a_circuit(random_weights, task_of, operation, p):
    weights, task = random_weights(p), task_of(p, operation)
    got = measure(weights, task, ())
    sums = task_of(7)  # what is not of every sum either is of other trainings, not of a circuit
    told = [m for m in measures() if not m.drawn_only and not m.applies(sums)]
    of_a_circuit = {m.name for m in told if m.applies(task)}
    assert {"restricted_loss_all", "excluded_loss_train", "gini_W_E", "logit_fve"} < of_a_circuit
    assert got.keys() == {m.name for m in told} - of_a_circuit
    assert {"test_loss", "sum_squared_weights"} < got.keys()
    for name in of_a_circuit:
        assert why_nothing(by_name(name), task, ()).startswith(task.no_group)
    assert len({why_nothing(by_name(name), task, ()) for name in of_a_circuit}) > 4  # each in its own words
    with pytest.raises(ValueError, match="Measure it without key frequencies"):
        measure(weights, task, (1,))


def test_the_equals_token_is_no_number(random_weights, task_of):
    weights = random_weights(7)
    before = measure(weights, task_of(7), ())["gini_W_E"]
    weights["W_E"][7] *= 100
    assert measure(weights, task_of(7), ())["gini_W_E"] == pytest.approx(before)


def test_pairs_without_answer_are_never_counted(random_weights, task_of):
    """a / 0 is out: 42 pairs of 49 count, and what the network says about the others changes nothing."""
    task = task_of(7, "divide")
    logits = forward(random_weights(7)).logits
    changed = logits.copy()
    changed[:, 0] += 100 * np.eye(7)
    # With no keys the circuit does not mix pairs.
    assert excluded_loss(changed, task, ()) == excluded_loss(logits, task, ())
    assert np.isnan(restricted_losses(logits, task.answers, (1,))).sum() == 7
    assert (over_elements(task, task.places).answers == (np.add.outer(range(6), range(6)) % 6)).all()
    hits = float(measure(random_weights(7), task, ())["accuracy"]) * 42
    assert hits == pytest.approx(round(hits))


def test_without_keys_nothing_is_excluded_and_only_the_mean_is_left(random_weights, task_of):
    weights, task = random_weights(7), task_of(7)
    logits, got = forward(weights).logits, measure(weights, task, ())
    mean = np.broadcast_to(logits.mean((0, 1)), logits.shape)
    assert got["excluded_loss_train"] == pytest.approx(got["train_loss"], rel=1e-12)
    assert got["restricted_loss_all"] == pytest.approx(torch_loss(mean, task.answers, task.answers >= 0))
    assert np.shape(got["excluded_loss_train_per_freq"]) == (0,)
    assert got["logit_fve"] == 0


def test_three_numbers_by_hand():
    """p = 3, logits L[a,b,c] = ln 4 where c = a + b, plus ln 2 for c = 0 whatever the pair.

    On its own the circuit (k = 1, all there is) gives every class the same chance again after centring, so
    restricted logits are L itself: weights (8, 1, 1) for the answer 0 and (2, 4, 1), (2, 1, 4) otherwise,
    losses ln(10/8), ln(7/4), ln(7/4). Excluded logits leave ln 2 at c = 0 and ln 4 / 3 everywhere: weights
    (2, 1, 1), losses ln 2, ln 4, ln 4.
    """
    a, b, c = np.mgrid[:3, :3, :3]
    logits = math.log(4) * ((a + b - c) % 3 == 0) + math.log(2) * (c == 0)
    answers = (a + b)[..., 0] % 3
    losses = np.array([math.log(10 / 8), math.log(7 / 4), math.log(7 / 4)])
    np.testing.assert_allclose(restricted_losses(logits, answers, (1,)), losses[answers], rtol=1e-12)
    is_train = np.zeros((3, 3), dtype=bool)
    is_train[0, :2] = True  # answers 0 and 1
    task = Task(answers, is_train, ~is_train)
    assert excluded_loss(logits, task, (1,)) == pytest.approx((math.log(2) + math.log(4)) / 2)


def test_five_numbers_by_hand():
    """p = 5, L = cos(w_1 (a+b-c)) + cos(w_2 (a+b-c)): right 2, wrong -1/2 each. Loss ln(1 + 4 e^-2.5).

    Excluding frequency 2 leaves right 1, and cos 72 deg = 0.309017, cos 144 deg = -0.809017 twice each.
    """
    a, b, c = np.mgrid[:5, :5, :5]
    logits = np.cos(2 * np.pi * (a + b - c) / 5) + np.cos(4 * np.pi * (a + b - c) / 5)
    task = build_task(RunConfig(p=5))
    whole = math.log(1 + 4 * math.exp(-2.5))
    np.testing.assert_allclose(restricted_losses(logits, task.answers, (1, 2)), whole, rtol=1e-12)
    rest = math.log(1 + 2 * math.exp(0.309016994 - 1) + 2 * math.exp(-0.809016994 - 1))
    assert excluded_loss(logits, task, (2,)) == pytest.approx(rest, rel=1e-8)
    assert excluded_loss(logits, task, (1, 2)) == pytest.approx(math.log(5))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_network_built_by_hand_is_all_circuit(clock_weights, task_of, dtype):
    """At p = 113 with four frequencies: perfect with its circuit, lost without, every neuron periodic."""
    keys = (9, 22, 31, 52)
    got = measure(clock_weights(113, keys, dtype, amplitude=60), task_of(113), keys)
    assert got["accuracy"] == got["test_accuracy"] == 1
    assert got["restricted_loss_all"] < 1e-3
    assert got["excluded_loss_train"] > 4
    assert all(loss > got["train_loss"] for loss in np.asarray(got["excluded_loss_train_per_freq"]))
    assert counts_by_frequency(np.asarray(got["neurons_per_freq"])) == dict.fromkeys(keys, 8)
    assert got["frac_neurons_over_085"] == 1
    assert got["logit_fve"] > 0.8
    assert set(1 + np.argsort(got["trig_coefficients"])[-4:]) == set(keys)
    assert got["gini_W_E"] == pytest.approx(1 - 8 / 113, abs=1e-5)  # 8 equal components of 113


def test_single_precision_keeps_tiny_losses(clock_weights, task_of):
    keys, task = (3, 7, 12), task_of(31)
    single, double = (
        measure(clock_weights(31, keys, t, 300.0), task, keys) for t in (np.float32, np.float64)
    )
    assert double["restricted_loss_all"] < 1e-9
    for name in ("all_loss", "restricted_loss_all", "restricted_loss_test", "train_loss"):
        assert single[name] == pytest.approx(double[name], rel=1e-2)


def test_json_has_the_published_names_and_survives_a_strict_parser(random_weights, task_of):
    got = measure(random_weights(5), task_of(5), (2,)) | {"test_loss": math.nan, "all_loss": math.inf}
    values = json.loads(json.dumps(measures_to_json(got, (2,), list(random_weights(5))), allow_nan=False))
    kept = [declared for declared in measures() if not (declared.drawn_only or declared.applies(task_of(5)))]
    told = {declared.json_name or declared.name for declared in kept}
    assert set(values) == told | {"key_freqs"}
    assert "frac_neurons_fve_over_0.85" in told
    assert values["test_loss"] is None
    assert values["all_loss"] is None
    assert values["train_loss"] == got["train_loss"]
    assert values["key_freqs"] == [2]
    assert values["excluded_loss_train_per_freq"] == [got["excluded_loss_train"]]
    assert values["trig_coefficients"] == np.asarray(got["trig_coefficients"]).tolist()
    assert values["sum_squared_weights_per_matrix"]["W_U"] > 0


def test_a_task_of_another_modulus_is_refused(random_weights, task_of):
    with pytest.raises(ValueError, match=r"answer mod 5, the task has 7 x 7 pairs\. Build the task"):
        measure(random_weights(5), task_of(7), ())


def test_a_frequency_that_is_none_is_refused(random_weights, task_of):
    with pytest.raises(ValueError, match="distinct whole numbers from 1 to 2"):
        measure(random_weights(5), task_of(5), (3,))


def test_a_network_that_diverged_is_measured(random_weights, task_of):
    weights = random_weights(5, np.float32)
    weights["W_out"] *= np.float32(1e38)
    weights["W_U"] *= np.float32(1e3)
    got = measure(weights, task_of(5), (1,))
    assert not math.isfinite(got["train_loss"])
    assert got["accuracy"] == 0
    assert measures_to_json(got, (1,), list(weights))["train_loss"] is None


def test_measuring_leaves_the_weights_alone(random_weights, task_of):
    weights = random_weights(5)
    copies = {name: value.copy() for name, value in weights.items()}
    measure(weights, task_of(5), (1,))
    for name, value in copies.items():
        np.testing.assert_array_equal(weights[name], value)


def replaced(monkeypatch, which, changes):
    """The measures, one of the losses changed."""
    changed = [dataclasses.replace(m, **changes) if m.name == which else m for m in losses.MEASURES]
    monkeypatch.setattr(losses, "MEASURES", tuple(changed))
    measures.cache_clear()


@pytest.fixture
def forgotten():
    yield
    measures.cache_clear()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "gini_W_E"}, "Two measures are called 'gini_W_E'"),
        ({"axes": ("word",)}, "the axis 'word', expected"),
    ],
)
def test_a_declaration_that_cannot_be_is_refused(monkeypatch, forgotten, changes, words):
    replaced(monkeypatch, "test_loss", changes)
    with pytest.raises(ValueError, match=words):
        measures()


def test_a_measure_that_does_not_apply_says_why_and_is_not_computed(
    monkeypatch, forgotten, random_weights, task_of
):
    reason = "Only where every pair has an answer."
    replaced(monkeypatch, "all_loss", {"applies": lambda task: reason})
    task = task_of(5)
    assert "all_loss" not in measure(random_weights(5), task, ())
    assert why_nothing(by_name("all_loss"), task, (1,)) == reason
    assert why_nothing(by_name("excluded_loss_train"), task, ()) == NO_KEYS
    assert why_nothing(by_name("excluded_loss_train"), task, (1,)) == ""


def test_what_is_told_has_words_and_what_is_drawn_a_unit():
    for declared in measures():
        assert declared.title, declared.name
        if declared.is_scalar:
            assert declared.unit, declared.name
            assert declared.label, declared.name
        for name in declared.article.beside if declared.article else ():
            assert by_name(name).unit == declared.unit
