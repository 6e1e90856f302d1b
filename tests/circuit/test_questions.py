"""Questions against torch, loops and cases by hand."""

import numpy as np
import pytest
import torch

from grokviz.circuit.questions import ask, from_the_worst, learned_last, least_sure, margins, speakers


@pytest.mark.parametrize("p", [3, 7, 12])
def test_the_answer_is_the_softmax(p):
    for row in 3 * np.random.default_rng(p).standard_normal((5, p)):
        for right in (0, 2):
            found = ask(row, right)
            expected = torch.tensor(row).softmax(0).numpy()
            np.testing.assert_allclose(found.probability, expected)
            assert list(expected[found.ranked]) == sorted(expected, reverse=True)
            others = {c: value for c, value in enumerate(row) if c != right}
            assert found.rival == max(others, key=others.__getitem__)
            assert found.margin == pytest.approx(row[right] - max(others.values()))


@pytest.mark.parametrize("n", [3, 7, 8, 12])
def test_frequencies_speak_for_the_margin_and_for_nothing_else(n):
    logits = np.random.default_rng(n).standard_normal(n)
    spoken = speakers(logits, 1, 2)
    assert len(spoken) == n // 2
    assert spoken.sum() == pytest.approx(logits[1] - logits[2])
    for k, value in enumerate(spoken, start=1):
        t = np.arange(n)
        X = np.stack([np.cos(2 * np.pi * k * t / n), np.sin(2 * np.pi * k * t / n)], 1)
        wave = X @ np.linalg.lstsq(X, logits, rcond=None)[0]
        assert value == pytest.approx(wave[1] - wave[2])


def test_margins_in_a_loop():
    rng = np.random.default_rng(0)
    logits, answers = rng.standard_normal((5, 5, 5)), rng.integers(-1, 5, (5, 5))
    assert (answers == -1).any()
    found = margins(logits, answers)
    for a, b in np.ndindex(5, 5):
        right = answers[a, b]
        if right < 0:
            assert np.isnan(found[a, b])
        else:
            others = [value for c, value in enumerate(logits[a, b]) if c != right]
            assert found[a, b] == pytest.approx(logits[a, b, right] - max(others))


def test_pairs_from_the_worst_and_the_least_sure():
    margin = np.array([[3.0, -2.0], [np.nan, 0.5]])
    assert from_the_worst(margin) == [(0, 1), (1, 1), (0, 0)]
    assert least_sure(margin) == (1, 1)
    assert least_sure(np.full((2, 2), np.nan)) is None


def test_the_pair_that_is_learned_last():
    history = {  # pair -> right or wrong at five snapshots
        (0, 0): [0, 1, 1, 1, 1],
        (0, 1): [0, 1, 0, 1, 1],  # for good since snapshot 3
        (1, 0): [1, 1, 1, 1, 0],  # not right at the end
        (1, 1): [1, 1, 1, 1, 1],  # by luck from the beginning
    }
    is_right = np.zeros((5, 2, 2), dtype=bool)
    for (a, b), values in history.items():
        is_right[:, a, b] = values
    assert learned_last(is_right) == (0, 1, 3)
    assert learned_last(np.zeros((3, 2, 2), dtype=bool)) is None
    assert learned_last(np.ones((3, 2, 2), dtype=bool)) is None
