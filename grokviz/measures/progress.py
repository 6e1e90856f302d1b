"""Progress measures: what the network can do with its circuit alone, without it, and what it is made of.

Nanda et al. 2023, sections 4 and 5. Losses are in nats, means over pairs that have an answer, summed in
float64 whatever the dtype of the weights.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from grokviz.measures.circuit import (
    NEURON_FVE,
    check_key_freqs,
    logit_fve,
    logit_map,
    neuron_frequencies,
    trig_coefficients,
)
from grokviz.measures.fourier import component_norms, gini, keep_frequencies, sum_marginal
from grokviz.models.forward import Activations, Weights, cross_entropy, forward, widen
from grokviz.tasks.pairs import NO_ANSWER, Task


class Measures(NamedTuple):
    """Everything measured on one snapshot."""

    accuracy: float  # over all pairs
    train_accuracy: float
    test_accuracy: float
    train_loss: float
    test_loss: float
    all_loss: float
    restricted_loss_all: float
    restricted_loss_test: float
    excluded_loss_train: float
    excluded_loss_train_per_freq: tuple[float, ...]  # in the order of key_freqs
    gini_W_E: float
    gini_W_L: float
    sum_squared_weights: float
    sum_squared_weights_per_matrix: dict[str, float]
    key_freqs: tuple[int, ...]
    neurons_per_freq: dict[int, int]  # every frequency that has neurons, key or not
    frac_neurons_over_085: float
    logit_fve: float
    trig_coefficients: Float[np.ndarray, " half_p"]


class PairResults(NamedTuple):
    """The grid behind the means: what `measure` learns of every pair and every neuron on its way."""

    loss: Float[np.ndarray, "p p"]  # NaN where there is no answer
    is_right: Bool[np.ndarray, "p p"]
    neuron_freq: Int[np.ndarray, " d_mlp"]
    neuron_fve: Float[np.ndarray, " d_mlp"]


@np.errstate(over="ignore", invalid="ignore")  # a network that diverged is measured, not refused
def measure(weights: Weights, task: Task, key_freqs: Sequence[int]) -> Measures:
    """All measures of one snapshot, from one forward pass.

    Raises `ValueError` when the weights and the task differ in p, or a key frequency is none.
    """
    p = weights["W_U"].shape[1]
    if task.answers.shape != (p, p):
        raise ValueError(
            f"The weights answer mod {p}, the task has {len(task.answers)} x {len(task.answers)} pairs. "
            "Build the task from the config that the weights were trained with."
        )
    return measure_activations(weights, forward(weights), task, key_freqs)[0]


def measure_activations(
    weights: Weights, activations: Activations, task: Task, key_freqs: Sequence[int]
) -> tuple[Measures, PairResults]:
    """`measure` for a forward pass that exists already, with the results for every pair and neuron."""
    weights, logits = widen(weights), activations.logits
    p = len(logits)
    key_freqs = check_key_freqs(key_freqs, p)
    has_answer = task.answers != NO_ANSWER

    loss = cross_entropy(logits, task.answers)
    # argmax calls the first NaN the largest, so that a network that diverged would seem to answer 0.
    is_right = (logits.argmax(axis=2) == task.answers) & ~np.isnan(loss)
    sums = sum_marginal(logits)  # all that the measures of the circuit need of the logits, so taken once
    restricted = restricted_losses(logits, task.answers, key_freqs, sums)
    neuron_freq, neuron_fve = neuron_frequencies(activations.post)
    has_frequency = neuron_fve >= NEURON_FVE
    freqs, counts = np.unique(neuron_freq[has_frequency], return_counts=True)
    squares = sum_squares(weights)

    measures = Measures(
        accuracy=mean_over(is_right, has_answer),
        train_accuracy=mean_over(is_right, task.is_train),
        test_accuracy=mean_over(is_right, task.is_test),
        train_loss=mean_over(loss, task.is_train),
        test_loss=mean_over(loss, task.is_test),
        all_loss=mean_over(loss, has_answer),
        restricted_loss_all=mean_over(restricted, has_answer),
        restricted_loss_test=mean_over(restricted, task.is_test),
        excluded_loss_train=excluded_loss(logits, task, key_freqs, sums),
        excluded_loss_train_per_freq=tuple(excluded_loss(logits, task, (k,), sums) for k in key_freqs),
        gini_W_E=gini(component_norms(weights["W_E"][:p])),
        gini_W_L=gini(component_norms(logit_map(weights).T)),
        sum_squared_weights=math.fsum(squares.values()),
        sum_squared_weights_per_matrix=squares,
        key_freqs=key_freqs,
        neurons_per_freq=dict(zip(freqs.tolist(), counts.tolist(), strict=True)),
        frac_neurons_over_085=float(has_frequency.mean()),
        logit_fve=logit_fve(logits, key_freqs, sums),
        trig_coefficients=trig_coefficients(logits, sums),
    )
    return measures, PairResults(loss, is_right, neuron_freq, neuron_fve)


def restricted_losses(
    logits: Float[np.ndarray, "p p p"],
    answers: Int[np.ndarray, "p p"],
    key_freqs: Sequence[int],
    sums: Float[np.ndarray, "p p"] | None = None,
) -> Float[np.ndarray, "p p"]:
    """Loss of every pair when only the key waves of a + b are left: the circuit on its own.

    Logits P_K L + mean_{a,b}(L - P_K L), with P_K L = sum_{k in K} (C_k C_k' + S_k S_k') L. Restricted
    loss in section 5.1 of the paper. Without keys these are the mean logits.
    """
    # C_k and S_k depend on a + b alone, so they see no more of L than its mean over the pairs of each sum,
    # and projecting is a Fourier filter over the sums. The constant, frequency 0, is the mean over (a, b).
    restricted = keep_frequencies(sum_marginal(logits) if sums is None else sums, (0, *key_freqs))
    # Pairs with the same sum and the same answer share a loss: for addition p cases, not p^2.
    p = len(logits)
    cases, case_of_pair = np.unique(pair_sums(p) * (p + 1) + answers - NO_ANSWER, return_inverse=True)
    sums, shifted_answer = np.divmod(cases, p + 1)
    return cross_entropy(restricted[sums], shifted_answer + NO_ANSWER)[case_of_pair.reshape(p, p)]


def excluded_loss(
    logits: Float[np.ndarray, "p p p"],
    task: Task,
    key_freqs: Sequence[int],
    sums: Float[np.ndarray, "p p"] | None = None,
) -> float:
    """Loss on train of L - P_K L: what the network still knows once its circuit is taken away.

    No mean is put back and no bias corrected. Excluded loss in section 5.1 of the paper. Without keys it is
    the train loss.
    """
    circuit = keep_frequencies(sum_marginal(logits) if sums is None else sums, key_freqs)
    rest = logits[task.is_train] - circuit[pair_sums(len(logits))[task.is_train]]
    return float(cross_entropy(rest, task.answers[task.is_train]).mean(dtype=np.float64))


def pair_sums(p: int) -> Int[np.ndarray, "p p"]:
    """(a + b) mod p, row a, column b."""
    return np.add.outer(np.arange(p), np.arange(p)) % p


def mean_over(values: np.ndarray, mask: Bool[np.ndarray, "p p"]) -> float:
    """Mean over the pairs of the mask, in float64."""
    return float(values[mask].mean(dtype=np.float64))


def sum_squares(weights: Weights) -> dict[str, float]:
    """Sum of the squared parameters of every matrix, in float64."""
    return {name: float(np.square(w, dtype=np.float64).sum()) for name, w in weights.items()}


def measures_to_json(measures: Measures) -> dict:
    """The measures as plain JSON values; a number that is not finite becomes null."""
    values = measures._asdict()
    values["frac_neurons_fve_over_0.85"] = values.pop("frac_neurons_over_085")
    return {name: _to_json(value) for name, value in values.items()}


def _to_json(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _to_json(item) for key, item in value.items()}
    if isinstance(value, (tuple, np.ndarray)):
        return [_to_json(item) for item in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value
