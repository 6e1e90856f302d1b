"""How often and how surely the network is right: whole, with its circuit alone, and without it.

Nanda et al. 2023, section 5.1. Losses are in nats, means over pairs that have an answer, summed in float64
whatever the dtype of the weights. Where some training pairs have wrong labels, train and excluded loss are of the labels that
are trained on, all other figures of the true answers.

Restricted and excluded loss look at the pairs and answers that stand for elements of the group, as if the network had
never heard of others. Of a product modulo a prime that leaves out 0: a pair with 0, and 0 as an answer. So the losses of
a network that multiplies are those of the same network with its numbers renamed to their exponents, which adds.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from grokviz.measures.declaration import Article, Measure, of_a_group
from grokviz.measures.fourier import keep_frequencies, product_marginal
from grokviz.measures.snapshot import Snapshot
from grokviz.models.forward import cross_entropy
from grokviz.tasks.groups import Group, cyclic
from grokviz.tasks.pairs import CORRECTED, NO_ANSWER, REMOVED, Task


def restricted_losses(
    logits: Float[np.ndarray, "n n n"],
    answers: Int[np.ndarray, "n n"],
    key_freqs: Sequence[int],
    sums: Float[np.ndarray, "n n"] | None = None,
    group: Group | None = None,
) -> Float[np.ndarray, "n n"]:
    """Loss of every pair when only the key waves of a + b are left: the circuit on its own.

    Logits P_K L + mean_{a,b}(L - P_K L), with P_K L = sum_{k in K} (C_k C_k' + S_k S_k') L. Restricted
    loss in section 5.1 of the paper. Without keys these are the mean logits. In any group P_K L is the part
    of the mean over each product a b that lies in the key blocks.
    """
    group = group or cyclic(len(logits))
    # C_k and S_k depend on a + b alone, so they see no more of L than its mean over the pairs of each sum,
    # and projecting is a Fourier filter over the sums. The constant, frequency 0, is the mean over (a, b).
    sums = product_marginal(logits, group) if sums is None else sums
    restricted = keep_frequencies(sums, (0, *key_freqs), group)
    # Pairs with the same sum and the same answer share a loss: n cases, not n^2.
    n = len(logits)
    cases, case_of_pair = np.unique(group.product * (n + 1) + answers - NO_ANSWER, return_inverse=True)
    products, shifted_answer = np.divmod(cases, n + 1)
    return cross_entropy(restricted[products], shifted_answer + NO_ANSWER)[case_of_pair.reshape(n, n)]


def excluded_loss(
    logits: Float[np.ndarray, "n n n"],
    task: Task,
    key_freqs: Sequence[int],
    sums: Float[np.ndarray, "n n"] | None = None,
    group: Group | None = None,
) -> float:
    """Loss on train of L - P_K L: what the network still knows once its circuit is taken away.

    No mean is put back and no bias corrected. Excluded loss in section 5.1 of the paper. Without keys it is
    the train loss. `task` is one over the elements of the group; where it has wrong labels, those are what is trained on.
    """
    group = group or cyclic(len(logits))
    sums = product_marginal(logits, group) if sums is None else sums
    circuit = keep_frequencies(sums, key_freqs, group)
    side = task.is_train & (task.labels != NO_ANSWER)  # a wrong label may be none of the elements
    rest = logits[side] - circuit[group.product[side]]
    return _mean(cross_entropy(rest, task.labels[side]))


def mean_over(values: Shaped[np.ndarray, "p p"], mask: Bool[np.ndarray, "p p"]) -> float:
    """Mean over the pairs of the mask, in float64; NaN where there is none."""
    return _mean(values[mask])


def _mean(values: Shaped[np.ndarray, " pairs"]) -> float:
    return float(values.mean(dtype=np.float64)) if len(values) else float("nan")


def has_answer(s: Snapshot) -> Bool[np.ndarray, "p p"]:
    """The pairs that have an answer."""
    return s.task.answers != NO_ANSWER


def restricted(s: Snapshot) -> Float[np.ndarray, "p p"]:
    """The restricted loss of every pair of elements."""
    return restricted_losses(s.cube, s.elements.answers, s.key_freqs, s.sums, s.group)


def excluded_each(s: Snapshot) -> Float[np.ndarray, " keys"]:
    """The excluded loss with one key frequency taken away at a time."""
    return np.array([excluded(s, (k,)) for k in s.key_freqs], np.float64)


def excluded(s: Snapshot, key_freqs: Sequence[int]) -> float:
    """The excluded loss of a snapshot without these blocks."""
    return excluded_loss(s.cube, s.elements, key_freqs, s.sums, s.group)


RESTRICTED = Article(
    "Take everything away but the circuit. Does it work?",
    "Restricted loss",
    "Keep only the key waves of a + b in the answers and throw the rest away, memory included.",
    r"\begin{gathered} \mathrm{CE}\Big(P_K L + \operatorname{mean}_{a,b}(L - P_K L)\Big), \\ "
    r"P_K L = \sum_{k\in K}\,(C_k C_k^{\top} + S_k S_k^{\top})\,L \end{gathered}",
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
KEEP = of_a_group("There is nothing to keep while all else is thrown away.")
TAKE_AWAY = of_a_group("There is nothing to take away.")
RIGHT = {"unit": "share of pairs answered correctly", "percent": True, "group": "accuracy"}
LOSS = {"unit": "loss (nats)", "log": True, "group": "loss"}

NONE_REMOVED = "This run goes on with all the pairs that it began with."
NONE_WRONG = "Every pair that this run is trained on has its right answer."


def _mask(pairs: Bool[np.ndarray, "p p"] | None) -> Bool[np.ndarray, "p p"]:
    assert pairs is not None, "of a run that has none it is not measured"
    return pairs


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
        lambda s: mean_over(s.is_as_taught, s.task.is_train),
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
        REMOVED,
        lambda s: mean_over(s.is_right, _mask(s.task.is_removed)),
        "Accuracy on pairs trained on before",
        label="removed",
        applies=lambda task: "" if task.is_removed is not None else NONE_REMOVED,
        order=13,
        **RIGHT,
    ),
    Measure(
        CORRECTED,
        lambda s: mean_over(s.is_right, s.task.is_wrong),
        "Wrong labels answered right",
        label="corrected",
        applies=lambda task: "" if task.taught is not None else NONE_WRONG,
        order=14,
        **RIGHT,
    ),
    Measure(
        "train_loss",
        lambda s: mean_over(s.label_loss, s.task.is_train),
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
        lambda s: mean_over(s.share(restricted), s.elements.answers != NO_ANSWER),
        "Restricted loss, all pairs",
        label="restricted, all pairs",
        needs_keys=True,
        applies=KEEP,
        order=30,
        **LOSS,
    ),
    Measure(
        "restricted_loss_test",
        lambda s: mean_over(s.share(restricted), s.elements.is_test),
        "Restricted loss, test pairs",
        label="restricted",
        needs_keys=True,
        applies=KEEP,
        article=RESTRICTED,
        order=31,
        **LOSS,
    ),
    Measure(
        "excluded_loss_train",
        lambda s: excluded(s, s.key_freqs),
        "Excluded loss, train pairs",
        label="excluded",
        needs_keys=True,
        applies=TAKE_AWAY,
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
        applies=TAKE_AWAY,
        order=41,
        **LOSS,
    ),
)
