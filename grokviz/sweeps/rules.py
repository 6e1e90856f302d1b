"""What happened to a run: it understood at once, grokked, memorised, or did neither. Two rules, declared once.

The four names, and the first rule, are those of Liu et al. 2022, "Towards Understanding Grokking: An Effective Theory
of Representation Learning" (arXiv 2205.10343, appendix A, and its released code). The second is the one by which
GrokViz calls a plateau a plateau (docs/recipes.md).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from grokviz.measures.phases import ACCURATE
from grokviz.sweeps.outcomes import PUBLISHED_ACCURACY, Outcome

DELAY = 1_000  # steps, of the published rule
RATIO, GAP = (
    4.0,
    0.5,
)  # of ours: times as many steps, and test accuracy below `ACCURATE` when it had memorised
NEVER = float("inf")


class Fate(NamedTuple):
    """What can happen to a run. The order is that of generalisation: at once, late, not, nothing at all."""

    name: str
    letter: str
    words: str  # of a network


FATES = (
    Fate("comprehension", "C", "understands as it learns: no plateau to see"),
    Fate("grokking", "G", "memorises first, and understands much later"),
    Fate("memorisation", "M", "memorises, and has not understood when its steps are over"),
    Fate("confusion", "X", "does not even memorise"),
)
COMPREHENSION, GROKKING, MEMORISATION, CONFUSION = FATES


class Rule(NamedTuple):
    """A rule. `times` are the first steps at which train and test accuracy reach its threshold, None for never."""

    name: str
    title: str
    words: str
    times: Callable[[Outcome], tuple[int | None, int | None]]
    judge: Callable[[Outcome], Fate]


def published(train: int | None, test: int | None) -> Fate:
    """The rule of Liu et al. on the first steps with 90 % of the training and of the test data right.

    Comprehension: both, and less than 1,000 steps between; grokking: both, and more; memorisation: the training data
    only; confusion: neither.
    """
    if train is None:
        return CONFUSION
    if test is None:
        return MEMORISATION
    return COMPREHENSION if test - train < DELAY else GROKKING


def by_ratio(train: int | None, test: int | None, test_accuracy: float | None) -> Fate:
    """Grokking where 99 % of the test pairs take at least four times the steps of 99 % of the training pairs, and the
    test accuracy was at least 50 points below when it had memorised."""
    if train is None:
        return CONFUSION
    if test is None:
        return MEMORISATION
    is_late = test >= RATIO * train and test_accuracy is not None and ACCURATE - test_accuracy >= GAP
    return GROKKING if is_late else COMPREHENSION


RULES = {
    rule.name: rule
    for rule in (
        Rule(
            "ratio",
            "Four times as late",
            f"99 % of the pairs right counts. It is grokking when the unseen pairs take at least {RATIO:g} times the steps of the "
            f"training pairs, and were {100 * GAP:.0f} points below when those were known.",
            lambda o: (o.memorised, o.grokked),
            lambda o: by_ratio(o.memorised, o.grokked, o.test_when_memorised),
        ),
        Rule(
            "published",
            f"{DELAY:,} steps later",
            f"{100 * PUBLISHED_ACCURACY:.0f} % of the pairs right counts. It is grokking when the unseen pairs come at least {DELAY:,} "
            "steps after the training pairs (Liu et al. 2022, whose runs had 100,000 steps).",
            lambda o: (o.train_90, o.test_90),
            lambda o: published(o.train_90, o.test_90),
        ),
    )
}


def middle(outcomes: Sequence[Outcome], rule: Rule) -> Outcome:
    """Of several seeds the one in the middle: from those that understood at once to those that learnt nothing, and
    among these by step. Of an even number it is the later one."""
    return ordered(outcomes, rule)[len(outcomes) // 2]


def ordered(outcomes: Iterable[Outcome], rule: Rule) -> list[Outcome]:
    """From those that understood at once to those that learnt nothing, and among these by step."""

    def key(outcome: Outcome) -> tuple[int, float, int]:
        train, test = rule.times(outcome)
        late = test if test is not None else train if train is not None else NEVER
        return FATES.index(rule.judge(outcome)), late, outcome.run

    return sorted(outcomes, key=key)
