"""Which neurons are drawn."""

import numpy as np

from grokviz.measures.neurons import choose_neurons, counts_by_frequency


def test_neurons_are_the_best_of_each_key_and_then_the_best_of_the_rest():
    freq = np.array([5, 2, 5, 3, 2, 0, 1, 5])
    fve = np.array([0.7, 0.9, 0.95, 0.8, 0.99, 0.0, 0.2, 0.94])
    assert choose_neurons(freq, fve, (5, 2, 4)).tolist() == [2, 4, 7, 1, 3, 0]
    assert choose_neurons(freq, fve, ()).tolist() == [4, 2, 7, 1, 3, 0]
    assert choose_neurons(freq[:4], fve[:4], (3,)).tolist() == [3, 2, 1, 0]
    many = np.arange(1, 9)
    assert choose_neurons(many, np.full(8, 0.9), tuple(range(1, 9))).tolist() == [0, 1, 2, 3, 4, 5]


def test_frequencies_without_neurons_are_not_told():
    assert counts_by_frequency(np.array([0, 3, 0, 1])) == {2: 3, 4: 1}
