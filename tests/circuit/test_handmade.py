"""Networks made by hand, against sums in loops and against what they are made for."""

import itertools
import math

import numpy as np
import pytest

from grokviz.circuit import handmade
from grokviz.circuit.stages import read_stages
from grokviz.models.forward import forward
from grokviz.tasks.groups import cyclic, plainly


@pytest.mark.parametrize(
    ("p", "freqs", "amplitudes"), [(7, (1,), (3.0,)), (12, (1, 6), (2.0, 5.0)), (113, (7, 11, 14), (4, 8, 1))]
)
def test_the_sum_of_waves_in_a_loop(p, freqs, amplitudes):
    found = handmade.ideal(p, freqs, amplitudes)
    wave = [
        sum(A * math.cos(2 * math.pi * k * d / p) for k, A in zip(freqs, amplitudes, strict=True))
        for d in range(p)
    ]
    np.testing.assert_allclose(found.wave, wave, atol=1e-12)
    assert found.margin == pytest.approx(wave[0] - max(wave[1:]))
    assert wave[found.rival] == pytest.approx(max(wave[1:]))
    assert found.loss == pytest.approx(-math.log(math.exp(wave[0]) / sum(map(math.exp, wave))))
    assert found.is_right


def test_a_wave_that_comes_round_too_early_cannot_tell_answers_apart():
    """Modulo 12, cos(2 pi 2 d / 12) is 1 at d = 6 too."""
    found = handmade.ideal(12, (2,), (5.0,))
    assert found.rival == 6
    assert not found.is_right
    assert handmade.ideal(12, (2, 3), (5.0, 5.0)).is_right
    nothing = handmade.ideal(7, (), ())
    assert not nothing.is_right
    assert nothing.loss == pytest.approx(math.log(7))


def test_what_cannot_be_built_says_why():
    with pytest.raises(ValueError, match="from 1 to 6"):
        handmade.ideal(13, (7,), (1.0,))
    with pytest.raises(ValueError, match="2 frequencies and 1 amplitudes"):
        handmade.ideal(13, (1, 2), (1.0,))
    with pytest.raises(ValueError, match="There are 6 frequencies modulo 13, not 7"):
        handmade.best_set(13, 7)


@pytest.mark.parametrize("p", [7, 12, 29])
def test_the_network_adds_with_waves_of_these_amplitudes(p):
    freqs, amplitudes = (1, 2, 3), (20.0, 10.0, 15.0)
    activations = forward(handmade.network(p, freqs, amplitudes))
    a, b = np.mgrid[:p, :p]
    np.testing.assert_array_equal(activations.logits.argmax(2), (a + b) % p)
    stages = read_stages(activations, plainly(cyclic(p)), freqs)
    # the tenth harmonic of the ReLU is read too; modulo a small number it can fall on the same frequency
    np.testing.assert_allclose(stages.wave_size, amplitudes, rtol=0.08)
    assert stages.logit_share > 0.75


@pytest.mark.parametrize(("p", "size"), [(7, 1), (7, 3), (12, 2), (13, 3), (11, 4)])
def test_the_best_set_is_the_best_of_all(p, size):
    margins = {
        freqs: handmade.ideal(p, freqs, [1.0] * size).margin
        for freqs in itertools.combinations(range(1, p // 2 + 1), size)
    }
    found = handmade.best_set(p, size)
    assert found.margin == pytest.approx(max(margins.values()))
    assert margins[found.freqs] == pytest.approx(found.margin)
    assert min(margins.values()) - 1e-12 <= found.typical <= found.margin + 1e-12
    assert found.is_proven == (size <= 3)


def test_more_frequencies_part_the_answers_further():
    margins = [handmade.best_set(59, size).margin for size in range(1, 7)]
    assert margins == sorted(margins)
    assert margins[0] == pytest.approx(1 - math.cos(2 * math.pi / 59))


def test_the_fewest_that_reach_a_loss():
    losses = {s: handmade.ideal(13, handmade.best_set(13, s).freqs, [8.0] * s).loss for s in range(1, 7)}
    goal = 1e-4
    assert handmade.fewest(13, 8.0, goal, range(1, 7)) == min(s for s, loss in losses.items() if loss < goal)
    assert handmade.fewest(13, 0.1, goal, range(1, 7)) is None
