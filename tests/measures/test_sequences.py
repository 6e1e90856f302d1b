import numpy as np
import pytest

from grokviz.measures.sequences import (
    Cliff,
    attention_to,
    cliff,
    prefix_matching_scores,
    previous_token_scores,
)


def falls(steps, losses, plateau):
    """The rule once more, row by row."""
    begins = None
    for step, loss in zip(steps, losses, strict=True):
        if loss <= plateau / 5:
            return None if begins is None else (begins, step)
        if loss >= plateau * 4 / 5:
            begins = step
    return None


@pytest.mark.parametrize("seed", range(8))
def test_a_cliff_is_found_where_a_loop_finds_it(seed):
    rng = np.random.default_rng(seed)
    steps = np.cumsum(rng.integers(1, 9, 120)).astype(float)
    losses = 2.3 / (1 + np.exp((steps - rng.uniform(0, 500)) / 20)) + rng.uniform(0, 0.3, 120)
    assert cliff(steps, losses, 2.3) == falls(steps, losses, 2.3)


def test_a_cliff_of_which_all_is_known():
    found = cliff(np.array([0.0, 10, 20, 30, 40]), np.array([3.0, 2.0, 1.0, 0.4, 2.5]), 2.5)
    assert found == Cliff(10, 30)
    assert found.length == 20


@pytest.mark.parametrize("losses", [[2.0, 2.0, 2.0], [1.0, 0.5, 0.1], []])
def test_where_nothing_falls_from_a_plateau_there_is_no_cliff(losses):
    assert cliff(np.arange(float(len(losses))), np.array(losses, float), 2.3) is None


def attention(rng, n=3, heads=2, length=7):
    raw = np.tril(rng.random((n, heads, length, length)))
    return raw / raw.sum(-1, keepdims=True)


def test_scores_are_means_over_a_loop():
    rng = np.random.default_rng(0)
    patterns = attention(rng)
    places, sources = rng.integers(3, 7, (3, 4)), rng.integers(0, 3, (3, 4))
    before, matching, to = np.zeros((3, 2)), np.zeros(2), np.zeros(2)
    for n in range(3):
        for h in range(2):
            for i in range(1, 7):
                before[n, h] += patterns[n, h, i, i - 1] / 6
            for place, source in zip(places[n], sources[n], strict=True):
                matching[h] += patterns[n, h, place, source] / 12
            to[h] += patterns[n, h, 6, sources[n, 0]] / 3
    np.testing.assert_allclose(previous_token_scores(patterns), before)
    np.testing.assert_allclose(prefix_matching_scores(patterns, places, sources), matching)
    np.testing.assert_allclose(attention_to(patterns, 6, sources[:, 0]), to)


def test_a_head_that_does_nothing_else_scores_1():
    before = np.eye(5, k=-1)[None, None]
    assert previous_token_scores(before).tolist() == [[1.0]]
    assert prefix_matching_scores(before, np.array([[3, 4]]), np.array([[2, 3]])).tolist() == [1.0]
