"""Random controls: on a network made by hand, whose frequencies are known, and by counting."""

import math
from dataclasses import replace

import numpy as np
import pytest

from grokviz.circuit import controls, handmade, interventions
from grokviz.circuit.cuts import CHOICES, Choice, Cuts, check_cuts
from grokviz.config import RunConfig
from grokviz.models.forward import forward
from grokviz.tasks.groups import cyclic, plainly
from grokviz.tasks.pairs import build_task

P, KEYS = 23, (3, 5, 8)
CONFIG = RunConfig(p=P, d_model=12, n_heads=1, d_mlp=36)
MANY = RunConfig(p=P, d_model=12, n_heads=4, d_mlp=36)


@pytest.fixture(scope="module")
def network():
    weights = handmade.network(P, KEYS, (20.0, 20.0, 20.0))
    whole, order, task = forward(weights), plainly(cyclic(P)), build_task(CONFIG)
    owners = interventions.neuron_owners(whole, order)

    def outcome(cuts):
        return interventions.outcome(interventions.run(weights, cuts, order, whole, owners).logits, task)

    return outcome, owners


def drawn(cuts, config=CONFIG, owners=None):
    return controls.control(cuts, controls.parts_of(cuts, config, P // 2, owners))


@pytest.mark.parametrize(
    "place", sorted({*CHOICES} - {"directions"})
)  # of waves that are not there it has none
def test_its_key_frequencies_matter_and_as_many_others_do_not(network, place):
    outcome, _ = network
    whole, cuts = outcome(Cuts()), replace(Cuts(), **{place: Choice("drop", KEYS)})
    assert whole.accuracy == 1
    assert outcome(cuts).accuracy < 0.4
    assert outcome(cuts).all_loss > math.log(P) - 0.1
    found = drawn(cuts).draws
    assert len(found) == len(set(found)) == 10
    for draw in found:
        choice = getattr(draw, place)
        assert choice.mode == "drop"
        assert len(set(choice.freqs)) == 3
        assert not set(choice.freqs) & set(KEYS)
        assert outcome(draw).accuracy == 1
        assert outcome(draw).all_loss < 2 * whole.all_loss + 1e-6
        check_cuts(draw, CONFIG, P)


def test_kept_alone_its_keys_do_and_others_do_not(network):
    outcome, _ = network
    assert outcome(Cuts(logits=Choice("keep", KEYS))).accuracy == 1
    for draw in drawn(Cuts(logits=Choice("keep", KEYS))).draws:
        assert draw.logits.mode == "keep"
        assert outcome(draw).accuracy < 0.2


def test_neurons_of_a_frequency_are_as_many_neurons(network):
    outcome, owners = network
    mine = set(np.flatnonzero(owners == KEYS[0]).tolist())
    assert len(mine) == 12
    cuts = Cuts(clusters=(KEYS[0],), silence=(min(set(range(36)) - mine),))
    found = drawn(cuts, owners=owners).draws
    assert len(set(found)) == 10
    for draw in found:
        assert draw.clusters == ()
        assert len(set(draw.silence)) == 13
        assert not set(draw.silence) & (mine | set(cuts.silence))
        assert outcome(draw).all_loss > outcome(Cuts()).all_loss


def test_all_else_of_a_cut_stays(network):
    cuts = Cuts(noise=(20, 3), polynomial=True, skips=("mlp",), waves=(1, 2), logits=Choice("drop", (4,)))
    for draw in drawn(cuts).draws:
        assert (draw.noise, draw.polynomial, draw.skips) == ((20, 3), True, ("mlp",))
        assert not set(draw.waves) & {1, 2}
        assert len(draw.waves) == 2
        assert draw.logits.freqs != (4,)


def test_heads_that_are_silenced_and_heads_that_write_their_mean_are_different_heads():
    config = RunConfig(p=P, d_model=12, n_heads=6, d_mlp=36)
    found = drawn(Cuts(heads=(0,), means=(1, 2)), config).draws
    assert len(found) == 3  # one of three is silenced, the other two write their mean
    for draw in found:
        assert sorted((*draw.heads, *draw.means)) == [3, 4, 5]


def test_where_there_are_few_sets_all_of_them_are_drawn():
    assert {draw.heads for draw in drawn(Cuts(heads=(2,)), MANY).draws} == {(0,), (1,), (3,)}
    assert {draw.heads for draw in drawn(Cuts(heads=(0, 3)), MANY).draws} == {(1, 2)}


@pytest.mark.parametrize(
    ("cuts", "config", "says"),
    [
        (Cuts(heads=(0,)), CONFIG, "The cut takes 1 of the 1 heads, and as many others do not exist."),
        (Cuts(heads=(0, 1, 2)), MANY, "The cut takes 3 of the 4 heads, and as many others do not exist."),
        (Cuts(heads=(0, 1), means=(2,)), MANY, "The cut takes 3 of the 4 heads"),
        (Cuts(silence=tuple(range(19))), CONFIG, "The cut takes 19 of the 36 neurons"),
        (Cuts(logits=Choice("drop", (1, 2, 3, 4, 5, 6))), CONFIG, "The cut takes 6 of the 11 frequencies"),
        (Cuts(noise=(10, 0), linear=True), CONFIG, "Nothing that can be counted is cut"),
        (Cuts(), CONFIG, "Nothing that can be counted is cut"),
    ],
)
def test_where_as_many_others_do_not_exist_it_says_so(cuts, config, says):
    found = drawn(cuts, config)
    assert found.draws == ()
    assert found.why_none.startswith(says)


def test_draws_are_the_same_every_time_and_shared_between_cuts():
    first, again = (drawn(Cuts(neurons=Choice("drop", (3,)))).draws for _ in range(2))
    assert first == again
    other = drawn(Cuts(neurons=Choice("drop", (5,)))).draws
    assert len(set(first) & set(other)) >= 8  # a draw serves every cut that does not name what is in it
    assert all(len(set(d.neurons.freqs)) == 1 for d in first)


def test_every_other_is_drawn_about_as_often():
    counts = np.zeros(P // 2 + 1)
    cuts = Cuts(logits=Choice("drop", (1, 2, 3)))
    n = 50
    for draw in controls.control(cuts, controls.parts_of(cuts, CONFIG, P // 2, None), draws=n).draws:
        counts[list(draw.logits.freqs)] += 1
    assert counts[:4].sum() == 0
    expected = n * 3 / 8
    assert np.abs(counts[4:] - expected).max() < 4 * math.sqrt(expected)
