"""How often and how surely the network is right: whole, with its circuit alone, and without it.

Nanda et al. 2023, section 5.1. Losses are in nats, means over pairs that have an answer, summed in float64
whatever the dtype of the weights.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from grokviz.measures.declaration import Article, Measure
from grokviz.measures.fourier import keep_frequencies, sum_marginal
from grokviz.measures.snapshot import Snapshot
from grokviz.models.forward import cross_entropy
from grokviz.tasks.pairs import NO_ANSWER, Task


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


def mean_over(values: Shaped[np.ndarray, "p p"], mask: Bool[np.ndarray, "p p"]) -> float:
    """Mean over the pairs of the mask, in float64."""
    return float(values[mask].mean(dtype=np.float64))


def has_answer(s: Snapshot) -> Bool[np.ndarray, "p p"]:
    """The pairs that have an answer."""
    return s.task.answers != NO_ANSWER


def restricted(s: Snapshot) -> Float[np.ndarray, "p p"]:
    """The restricted loss of every pair."""
    return restricted_losses(s.logits, s.task.answers, s.key_freqs, s.sums)


def excluded_each(s: Snapshot) -> Float[np.ndarray, " keys"]:
    """The excluded loss with one key frequency taken away at a time."""
    return np.array([excluded_loss(s.logits, s.task, (k,), s.sums) for k in s.key_freqs], np.float64)


RESTRICTED = Article(
    "Take everything away but the circuit. Does it work?",
    "Restricted loss",
    "Keep only the key waves of a + b in the answers and throw the rest away, memory included.",
    r"\mathrm{CE}\Big(P_K L + \operatorname{mean}_{a,b}(L - P_K L)\Big),\qquad "
    r"P_K L = \sum_{k\in K}\,(C_k C_k^{\top} + S_k S_k^{\top})\,L",
    "It starts to fall while the test loss is still high: the circuit works before the network uses it alone. "
    "If it ends below the test loss, what is left besides the circuit hurts on unseen pairs.",
    "Nanda et al. 2023, section 5.1. Here on the test pairs; the page Timeline gives all pairs too.",
    beside=("test_loss",),
)
EXCLUDED = Article(
    "Take the circuit away. What can the network still do?",
    "Excluded loss",
    "Remove only the key waves from the answers and ask about the training pairs.",
    r"\mathrm{CE}_{\mathrm{train}}\big(L - P_K L\big)",
    "Early on, nearly everything: it is reciting, and the excluded loss falls with the train loss. Once the "
    "circuit forms, it rises again. In a run that has grokked it ends above the cost of guessing.",
    "Nanda et al. 2023, section 5.1.",
    beside=("train_loss",),
)
RIGHT = {"unit": "share of pairs answered correctly", "percent": True, "group": "accuracy"}
LOSS = {"unit": "loss (nats)", "log": True, "group": "loss"}

MEASURES = (
    Measure(
        "accuracy",
        lambda s: mean_over(s.is_right, s.share(has_answer)),
        "Accuracy, all pairs",
        label="all",
        order=10,
        **RIGHT,
    ),
    Measure(
        "train_accuracy",
        lambda s: mean_over(s.is_right, s.task.is_train),
        "Train accuracy",
        label="train",
        order=11,
        **RIGHT,
    ),
    Measure(
        "test_accuracy",
        lambda s: mean_over(s.is_right, s.task.is_test),
        "Test accuracy",
        label="test",
        order=12,
        **RIGHT,
    ),
    Measure(
        "train_loss",
        lambda s: mean_over(s.pair_loss, s.task.is_train),
        "Train loss",
        label="train",
        order=20,
        **LOSS,
    ),
    Measure(
        "test_loss",
        lambda s: mean_over(s.pair_loss, s.task.is_test),
        "Test loss",
        label="test",
        order=21,
        **LOSS,
    ),
    Measure(
        "all_loss",
        lambda s: mean_over(s.pair_loss, s.share(has_answer)),
        "Loss, all pairs",
        label="all pairs",
        order=22,
        **LOSS,
    ),
    Measure(
        "restricted_loss_all",
        lambda s: mean_over(s.share(restricted), s.share(has_answer)),
        "Restricted loss, all pairs",
        label="restricted, all pairs",
        needs_keys=True,
        order=30,
        **LOSS,
    ),
    Measure(
        "restricted_loss_test",
        lambda s: mean_over(s.share(restricted), s.task.is_test),
        "Restricted loss, test pairs",
        label="restricted",
        needs_keys=True,
        article=RESTRICTED,
        order=31,
        **LOSS,
    ),
    Measure(
        "excluded_loss_train",
        lambda s: excluded_loss(s.logits, s.task, s.key_freqs, s.sums),
        "Excluded loss, train pairs",
        label="excluded",
        needs_keys=True,
        article=EXCLUDED,
        order=40,
        **LOSS,
    ),
    Measure(
        "excluded_loss_train_per_freq",
        excluded_each,
        "Excluded loss, train pairs, one key frequency at a time",
        axes=("key",),
        needs_keys=True,
        order=41,
        **LOSS,
    ),
)
