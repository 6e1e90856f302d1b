"""What is stored against the numbers that it came from, by hand and at its ends."""

import numpy as np
import pytest

from grokviz.measures.encoding import FLOAT64, INT16, LEVELS, LOG_OF_LARGEST, SCALED, UNIT_DISCS, pack_answers


def test_answers_pack_probability_and_verdict_by_hand():
    probability = np.array([[[0.0, 1.0], [0.5, np.nan]]])
    packed = pack_answers(probability, np.array([[[False, True], [True, False]]]))
    np.testing.assert_array_equal(packed, [[[0, 255], [128 + 64, 0]]])


def test_levels_span_the_whole_series_by_hand():
    stored = LEVELS.encode(np.array([[-1.0, 0.0], [4.1, np.nan]]))
    np.testing.assert_array_equal(stored.values, [[0, 50], [255, 0]])
    np.testing.assert_allclose(stored.numbers(), [[-1, 0], [4.1, -1]], atol=1e-6)
    for same in (np.full((2, 3), 7.0), np.full((2, 3), np.nan)):
        np.testing.assert_array_equal(LEVELS.encode(same).numbers(), np.nan_to_num(same))


def test_spectrum_covers_three_decades_by_hand():
    stored, scale, shift, top = LOG_OF_LARGEST.encode(np.array([[[10.0, 1.0], [0.01, 0.0]]]))
    np.testing.assert_array_equal(stored, [[[255, 170], [0, 0]]])
    assert 170 * scale + shift == pytest.approx(-1)
    assert top == 10


def test_the_spectrum_comes_back_within_half_a_step_and_nothing_stays_nothing():
    x = 10 ** np.random.default_rng(0).uniform(-2.9, 0.5, (2, 5, 5))
    x[0, 0] = 0
    x[1, 2, 3] = 10**0.5
    back = LOG_OF_LARGEST.encode(x).numbers()
    np.testing.assert_allclose(back[x > 4e-3], x[x > 4e-3], rtol=10 ** (0.5 * 3 / 255) - 1 + 1e-5)
    assert (back[0, 0] == 0).all()


@pytest.mark.parametrize("encoding", [SCALED, LOG_OF_LARGEST])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_one_snapshot_that_is_not_finite_spoils_no_other(encoding, bad):
    x = np.random.default_rng(0).uniform(0.1, 2, (3, 4, 4))
    clean = encoding.encode(x[:2])
    x[2] = bad
    stored = encoding.encode(x)
    np.testing.assert_array_equal(stored.values[:2], clean.values)
    assert np.isfinite(stored.numbers()).all()


def test_sixteen_bits_by_hand():
    stored = SCALED.encode(np.array([[0.0, 2.0, -1.0]]))
    np.testing.assert_array_equal(stored.values, [[0, 32767, -16384]])
    np.testing.assert_allclose(stored.numbers(), [[0, 2, -1]], atol=1.01 / 32767)
    assert not SCALED.encode(np.zeros((2, 3))).numbers().any()


def test_discs_have_a_scale_for_each_key():
    rings = np.array(
        [[[[3.0, 4.0]], [[0.0, 0.5]]], [[[0.0, 1.0]], [[np.nan, 0.0]]]]
    )  # 2 snapshots, 2 keys, p = 1
    back = UNIT_DISCS.encode(rings).numbers()
    np.testing.assert_allclose(back, [[[[0.6, 0.8]], [[0, 1]]], [[[0, 0.2]], [[0, 0]]]], atol=0.501 / 32767)


def test_what_is_exact_comes_back_as_it_was():
    x = np.array([[1 / 3, np.nan, np.inf]])
    np.testing.assert_array_equal(FLOAT64.encode(x).numbers(), x)
    assert INT16.encode(np.array([[7]])).numbers().dtype == np.int16
