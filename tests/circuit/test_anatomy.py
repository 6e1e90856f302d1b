"""What is kept of a snapshot for the stages of any pair, against the stages of every pair."""

import numpy as np
import pytest

from grokviz.circuit.anatomy import dissect, written_sums
from grokviz.circuit.stages import follow, ideal_waves, read_stages, waves_of
from grokviz.models.forward import forward
from grokviz.tasks.groups import cyclic, plainly
from grokviz.tasks.pairs import OPERATIONS

KINDS = [("add", 7), ("add", 12), ("subtract", 7), ("multiply", 11), ("random", 7)]


@pytest.fixture(params=KINDS, ids=lambda kind: f"{kind[0]}-{kind[1]}")
def network(request, random_weights):
    operation, p = request.param
    order, activations = (
        OPERATIONS[operation].places(p) or plainly(cyclic(p)),
        forward(random_weights(p, seed=p)),
    )
    return order, activations, read_stages(activations, order, (3, 1))


def test_a_pair_is_what_it_was_among_all_pairs(network):
    order, activations, stages = network
    anatomy = dissect(stages)
    for i in range(order.n):
        for j in range(order.n):
            mine = written_sums(activations.post[order.a[i], order.b[j]], anatomy)
            np.testing.assert_allclose(mine, stages.turned[:, i, j], atol=1e-5)


def test_the_mean_of_a_sum_is_that_of_its_pairs(network):
    order, _, stages = network
    n = order.n
    for c in range(n):
        pairs = [stages.turned[:, i, (c - i) % n] for i in range(n)]
        np.testing.assert_allclose(dissect(stages).sums[:, c], np.mean(pairs, axis=0), atol=1e-9)


def test_five_numbers_are_the_linear_attention_of_a_head(network):
    order, _, stages = network
    n, anatomy = order.n, dissect(stages)
    for h, k in enumerate(anatomy.head_freq):
        mean, ca, sa, cb, sb = anatomy.head_wave[h]
        for i in range(n):
            for j in range(n):
                a, b = 2 * np.pi * k * i / n, 2 * np.pi * k * j / n
                fitted = mean + ca * np.cos(a) + cb * np.cos(b)
                fitted += 0 if 2 * k == n else sa * np.sin(a) + sb * np.sin(b)
                assert fitted == pytest.approx(follow(stages, i, j).heads[h].linear[0], abs=1e-6)


def test_no_frequency_leaves_nothing_to_draw(random_weights):
    anatomy = dissect(read_stages(forward(random_weights(7)), plainly(cyclic(7)), ()))
    assert anatomy.sums.shape == anatomy.rings.shape == (0, 7, 2)


def test_waves_and_their_ideal_are_those_of_the_stages(network):
    order, _, stages = network
    for i, j in ((0, 1), (2, 2)):
        pair = follow(stages, i, j)
        np.testing.assert_allclose(waves_of(pair.logits[None], order.group, (3, 1))[0], pair.waves, atol=1e-6)
        ideal = ideal_waves(order.group, (3, 1), pair.places[2])
        assert ideal.max(axis=1) == pytest.approx(1)
        np.testing.assert_allclose(ideal * stages.wave_size[:, None], pair.ideal_waves, atol=1e-9)
