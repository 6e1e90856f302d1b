"""The five stages against loops and least squares over what the plain torch model holds."""

import dataclasses

import numpy as np
import pytest

from grokviz.circuit.stages import follow, read_stages
from grokviz.measures.pictures import ring_points
from grokviz.models.forward import forward
from grokviz.tasks.groups import cyclic, plainly
from grokviz.tasks.pairs import OPERATIONS
from tests.circuit.oracles import component, has_place, places, product_columns, torch_activations

KINDS = [("add", 7), ("add", 12), ("subtract", 7), ("multiply", 11), ("divide", 7), ("random", 7)]
FREQS = (3, 1)


class Network:
    """A random network, its stages, and what the torch model holds: everything in its own order of pairs."""

    def __init__(self, operation, p, weights):
        self.operation, self.p, self.weights = operation, p, weights
        self.order = OPERATIONS[operation].places(p) or plainly(cyclic(p))
        self.n, self.place, self.place_of = places(operation, p)
        self.stages = read_stages(forward(weights), self.order, FREQS)
        model, act = torch_activations(weights, p)
        self.post = act.post[:, -1].reshape(p, p, -1).detach().numpy()
        self.pattern = act.pattern[:, :, -1].reshape(p, p, -1, 3).detach().numpy()
        self.logits = act.logits[:, -1].reshape(p, p, p).detach().numpy()
        self.W_L = (model.W_out @ model.W_U).detach().numpy()
        self.answers = [c for c in range(p) if self.place_of(c) is not None]
        self.pairs = [(a, b) for a in range(p) for b in range(p) if self.place(a, b) is not None]

    def at(self, a, b):
        """Where the stages keep a pair."""
        at = self.place(a, b)
        assert at is not None
        x, y = at
        return x % self.n, y % self.n

    def wave(self, k, t):
        """cos and sin of frequency k, of length 1 over the places."""
        angle = 2 * np.pi * k * t / self.n
        whole = 2 * np.pi * k * np.arange(self.n) / self.n
        size = [np.linalg.norm(f(whole)) for f in (np.cos, np.sin)]
        return np.array(
            [f(angle) / s if s > 1e-9 else 0 for f, s in zip((np.cos, np.sin), size, strict=True)]
        )

    def along_answers(self, row, k):
        return sum(row[c] * self.wave(k, self.place_of(c)) for c in self.answers)


@pytest.fixture(params=KINDS, ids=lambda kind: f"{kind[0]}-{kind[1]}", scope="module")
def network(request, random_weights):
    operation, p = request.param
    return Network(operation, p, random_weights(p, seed=p))


def best_frequency(network, neuron):
    x = network.post[..., neuron : neuron + 1]
    grid = has_place(network.operation, network.p)
    left = []
    for k in range(1, network.n // 2 + 1):
        fit = component(x, network.operation, network.p, product_columns(k, constant=True))
        left.append(np.square(x - fit)[grid].sum())
    variance = np.square(x[grid] - x[grid].mean()).sum()
    if variance < 1e-20:  # never awake, or always alike
        return 0, 0.0, 0.0
    return int(np.argmin(left)) + 1, 1 - min(left) / variance, variance


def test_the_ring_and_the_share_of_the_embedding(network):
    s = network.stages
    numbers = list(dict.fromkeys(a for a, _ in network.pairs))
    x = np.array([network.place(a, 1)[0] for a in numbers])
    W_E = network.weights["W_E"][numbers]
    centred = W_E - W_E.mean(axis=0)
    for index, k in enumerate(FREQS):
        waves = np.stack([np.cos(2 * np.pi * k * x / network.n), np.sin(2 * np.pi * k * x / network.n)], 1)
        fitted = waves @ np.linalg.lstsq(waves, centred, rcond=None)[0]
        assert s.embedding_share[index] == pytest.approx(np.square(fitted).sum() / np.square(centred).sum())
        sorted_points = ring_points(W_E[np.argsort(x)], k)
        np.testing.assert_allclose(s.rings[index], sorted_points)
        circle = waves[np.argsort(x)].ravel()
        (size,), _, _, _ = np.linalg.lstsq(circle[:, None], sorted_points.ravel(), rcond=None)
        assert s.radius[index] == pytest.approx(size)
        left = np.square(sorted_points.ravel() - size * circle).sum() / np.square(sorted_points).sum()
        assert s.ring_share[index] == pytest.approx(1 - left)


def test_attention_of_a_pair(network):
    s = network.stages
    for a, b in network.pairs:
        heads = follow(s, *network.at(a, b)).heads
        np.testing.assert_allclose([h.pattern for h in heads], network.pattern[a, b], atol=1e-12)
        np.testing.assert_allclose(sum(heads[0].linear), 1, atol=1e-9)
    for head in range(2):
        columns = [
            lambda w, x, y: 1.0,
            *[f for k in [int(s.head_freq[head])] for f in one_number_columns(k)],
        ]
        fitted = component(network.pattern[:, :, head], network.operation, network.p, columns)
        for a, b in network.pairs:
            np.testing.assert_allclose(s.linear[(head, *network.at(a, b))], fitted[a, b], atol=1e-9)
        grid = has_place(network.operation, network.p)
        to_a = network.pattern[:, :, head, 0][grid]
        left = np.square(to_a - fitted[..., 0][grid]).sum() / np.square(to_a - to_a.mean()).sum()
        assert s.head_share[head] == pytest.approx(1 - left)


def one_number_columns(k):
    return (
        lambda w, x, y: np.cos(w(k, x)),
        lambda w, x, y: np.sin(w(k, x)),
        lambda w, x, y: np.cos(w(k, y)),
        lambda w, x, y: np.sin(w(k, y)),
    )


def test_what_the_neurons_multiply(network):
    s, p = network.stages, network.p
    best = [best_frequency(network, neuron) for neuron in range(network.post.shape[2])]
    variances = [variance for _, _, variance in best]
    assert s.neuron_share == pytest.approx(sum(share * v for _, share, v in best) / sum(variances))
    for index, k in enumerate(FREQS):
        mine = [neuron for neuron, (freq, _, _) in enumerate(best) if freq == k]
        assert s.neurons[index] == len(mine)
        assert s.pure_neurons[index] == sum(best[neuron][1] >= 0.85 for neuron in mine)
        turned = np.zeros((p, p, 2))
        for a, b in network.pairs:
            for neuron in mine:
                turned[a, b] += network.post[a, b, neuron] * network.along_answers(network.W_L[neuron], k)
        grid = has_place(network.operation, p)
        turned[grid] -= turned[grid].mean(axis=0)
        both = [
            component(
                turned,
                network.operation,
                p,
                [lambda w, x, y, f=f, g=g, k=k: np.round(f(w(k, x)) * g(w(k, y)), 12)],
            )
            for f in (np.cos, np.sin)
            for g in (np.cos, np.sin)
        ]
        sums = np.array([[np.cos(t), np.sin(t)] for t in sum_angles(network, k)])
        rows = np.array([turned[pair] for pair in network.pairs])
        overlap, unit = (rows * sums).sum(), np.square(sums).sum()
        size = overlap / unit
        assert s.turned_size[index] == pytest.approx(size)
        left = np.square(rows - size * sums).sum()
        if mine:
            assert s.turned_share[index] == pytest.approx(1 - left / np.square(rows).sum())
        for (a, b), ideal in zip(network.pairs, size * sums, strict=True):
            product = follow(s, *network.at(a, b)).products[index]
            np.testing.assert_allclose(product.actual, turned[a, b], atol=1e-9)
            np.testing.assert_allclose(product.ideal, ideal, atol=1e-9)
            cos_cos, cos_sin, sin_cos, sin_sin = (part[a, b] for part in both)
            expected = [[cos_cos[0], sin_sin[0]], [sin_cos[1], cos_sin[1]]]
            np.testing.assert_allclose(product.parts, expected, atol=1e-9)
            np.testing.assert_allclose(product.fitted, np.sum(expected, axis=1), atol=1e-9)


def sum_angles(network, k):
    return [2 * np.pi * k * sum(network.place(a, b)) / network.n for a, b in network.pairs]


def test_the_waves_over_the_answers(network):
    s = network.stages
    answers = network.answers
    rows = {pair: network.logits[pair][answers] for pair in network.pairs}
    rows = {pair: row - row.mean() for pair, row in rows.items()}
    total = sum(np.square(row).sum() for row in rows.values())
    explained = 0.0
    for index, k in enumerate(FREQS):
        ideal = {
            (a, b): np.cos(
                [
                    2 * np.pi * k * (sum(network.place(a, b)) - network.place_of(c)) / network.n
                    for c in answers
                ]
            )
            for a, b in network.pairs
        }
        overlap = sum(ideal[pair] @ rows[pair] for pair in network.pairs)
        size = overlap / sum(np.square(wave).sum() for wave in ideal.values())
        assert s.wave_size[index] == pytest.approx(size)
        of_frequency, at_frequency = size * overlap, 0.0
        explained += of_frequency
        for a, b in network.pairs:
            row = dict(zip(answers, rows[a, b], strict=True))
            cos, sin = network.along_answers(row, k)
            at_frequency += cos**2 + sin**2
            pair = follow(s, *network.at(a, b))
            for c, at_ideal in zip(answers, size * ideal[a, b], strict=True):
                t = network.place_of(c)
                assert pair.waves[index, t] == pytest.approx(np.dot([cos, sin], network.wave(k, t)), abs=1e-9)
                assert pair.ideal_waves[index, t] == pytest.approx(at_ideal, abs=1e-9)
                assert pair.logits[t] == pytest.approx(row[c], abs=1e-9)
        assert s.wave_share[index] == pytest.approx(of_frequency / at_frequency)
    assert s.logit_share == pytest.approx(explained / total)
    np.testing.assert_allclose(pair.ideal + pair.rest, pair.logits, atol=1e-12)
    np.testing.assert_allclose(pair.ideal, pair.ideal_waves.sum(axis=0))


def test_places_of_a_pair_are_those_of_its_answer(network):
    for a, b in network.pairs:
        i, j, answer = follow(network.stages, *network.at(a, b)).places
        assert (network.order.a[i], network.order.b[j]) == (a, b)
        assert answer == sum(network.place(a, b)) % network.n


def test_a_network_that_adds_is_explained_and_an_untrained_one_is_not(clock_weights, random_weights):
    order = plainly(cyclic(13))
    clock = read_stages(forward(clock_weights(13, (2, 5))), order, (2, 5))
    assert min(clock.ring_share) > 0.99
    assert min(clock.embedding_share) == pytest.approx(0.5)
    assert min(clock.turned_share) > 0.8
    assert min(clock.wave_share) > 0.8
    assert clock.logit_share > 0.8
    pair = follow(clock, 7, 11)
    assert pair.logits.argmax() == pair.ideal.argmax() == 5
    noise = read_stages(forward(random_weights(13)), order, (2, 5))
    assert noise.logit_share < 0.05
    assert max(noise.ring_share) < 0.6


def test_no_frequency_and_no_network_leave_nothing_to_see(random_weights):
    weights = random_weights(7)
    order = plainly(cyclic(7))
    stages = read_stages(forward(weights), order, ())
    pair = follow(stages, 1, 2)
    assert pair.waves.shape == pair.ideal_waves.shape == (0, 7)
    np.testing.assert_allclose(pair.rest, pair.logits)
    silent = read_stages(forward({name: 0 * w for name, w in weights.items()}), order, (1,))
    assert silent.logit_share == silent.neuron_share == 0
    assert not silent.turned_share.any()
    with pytest.raises(ValueError, match="from 1 to 3"):
        read_stages(forward(weights), order, (4,))


def test_a_network_that_diverged_is_read_all_the_same(random_weights):
    weights = random_weights(7)
    weights["W_E"][0, 0] = np.nan
    stages = read_stages(forward(weights), plainly(cyclic(7)), (1,))
    assert np.isnan(follow(stages, 0, 1).logits).any()


def test_logits_that_were_let_go_must_be_given(random_weights):
    stages = read_stages(forward(random_weights(7)), plainly(cyclic(7)), (1,))
    whole, light = follow(stages, 2, 3), dataclasses.replace(stages, logits=None)
    assert (follow(light, 2, 3, whole.logits).rest == whole.rest).all()
    with pytest.raises(ValueError, match="Give those of the pair"):
        follow(light, 2, 3)
