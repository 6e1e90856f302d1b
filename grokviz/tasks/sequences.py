"""Questions of other shapes: a sequence of tokens, with answers at several of its positions.

The three further phase changes of Nanda and Lieberum 2022, "A Mechanistic Interpretability Analysis of Grokking"
(alignmentforum.org/posts/N6WM6hs7RQMKDhYjB), as its released notebook sets them up: skip trigrams, the addition of
long numbers, repeated subsequences. Data are endless, or a fixed set.

Endless data need no memory: the batch before update s is drawn from a generator that the seed and s begin. So the
random state of a training is its step, and whoever goes on from a step sees the sequences that would have come.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

Drawn = Int[np.ndarray, "n answers"]
# Streams of the seed, beside those of `tasks/pairs.py`.
STREAM_BATCHES, STREAM_TRAIN_SET, STREAM_TEST_SET = 10, 11, 12
RANDOM_TOKENS = 10  # of skip trigrams: those that mean nothing
FIRST, LAST = 0, 1  # of skip trigrams: how a sequence begins and ends
PLUS, EQUALS = 10, 11  # of digits
BEGIN = 0  # of repeats


class Batch(NamedTuple):
    """Sequences, and what is asked of each: at which of its positions, the right answers, and of which part they are."""

    tokens: Int[np.ndarray, "n n_ctx"]
    places: Drawn  # the answer is read there; ascending
    answers: Drawn
    parts: Drawn  # index into the parts of the task


class Part(NamedTuple):
    """A share of the answers with a loss of its own, which is a column of the log."""

    column: str
    label: str


class SequenceTask(NamedTuple):
    """What is asked, with all that the rest of GrokViz asks of it."""

    name: str
    d_vocab: int
    d_vocab_out: int
    n_ctx: int
    n_answers: int  # in a sequence
    parts: tuple[Part, ...]
    guesses: int  # between how many answers it has to guess before it knows anything
    draw: Callable[[np.random.Generator, int], Batch]

    @property
    def plateau(self) -> float:
        """The loss of whoever guesses evenly between the possible answers: ln(guesses), in nats."""
        return math.log(self.guesses)


class Sizes(NamedTuple):
    """How large a question is; what a task does not know is 0."""

    n_symbols: int = 0  # skip trigrams: special tokens. Repeats: all tokens, the first included
    length: int = 0  # skip trigrams and repeats: tokens of a sequence
    n_digits: int = 0  # digits: of each number
    span: int = 0  # repeats: tokens that are repeated


# Skip trigrams


def skip_trigrams(sizes: Sizes) -> SequenceTask:
    """Somewhere among tokens that mean nothing stands one special token, and at the end it has to be named.

    0, length - 2 tokens of 2..11, 1; one of those in between is overwritten by 12 + m, and the answer is m.
    """
    special, length = sizes.n_symbols, sizes.length

    def draw(rng: np.random.Generator, n: int) -> Batch:
        tokens = np.empty((n, length), np.int64)
        tokens[:, 0], tokens[:, -1] = FIRST, LAST
        tokens[:, 1:-1] = rng.integers(2, 2 + RANDOM_TOKENS, (n, length - 2))
        which, where = rng.integers(0, special, n), rng.integers(1, length - 1, n)
        tokens[np.arange(n), where] = 2 + RANDOM_TOKENS + which
        return Batch(tokens, np.full((n, 1), length - 1), which[:, None], which[:, None])

    parts = tuple(Part(f"loss_{m}", f"token {m}") for m in range(special))
    return SequenceTask(
        "skip-trigrams", 2 + RANDOM_TOKENS + special, special, length, 1, parts, special, draw
    )


# Digits

DIGITS = ("units", "tens", "hundreds", "thousands", "ten-thousands", "hundred-thousands", "millions")


def digits(sizes: Sizes) -> SequenceTask:
    """The sum of two numbers of n digits, written digit by digit: most significant first, n + 1 of them.

    x, +, y, =, x + y: each digit of the answer is asked for at the token before it.
    """
    n_digits = sizes.n_digits
    n_answers, n_ctx = n_digits + 1, 3 * n_digits + 3

    def draw(rng: np.random.Generator, n: int) -> Batch:
        x, y = rng.integers(0, 10, (2, n, n_digits))
        return sums_of(x, y)

    names = [_place_name(n_digits - i) for i in range(n_answers)]
    parts = tuple(Part(f"loss_{i}", name) for i, name in enumerate(names))
    return SequenceTask("digits", 12, 10, n_ctx, n_answers, parts, 10, draw)


def _place_name(power: int) -> str:
    return DIGITS[power] if power < len(DIGITS) else f"10 to the {power}"


def sums_of(x: Int[np.ndarray, "n digits"], y: Int[np.ndarray, "n digits"]) -> Batch:
    """The sums x + y of numbers by their digits, most significant first, as sequences."""
    n, n_digits = x.shape
    answers, carry = np.empty((n, n_digits + 1), np.int64), np.zeros(n, np.int64)
    for i in reversed(range(n_digits)):
        carry, answers[:, i + 1] = np.divmod(x[:, i] + y[:, i] + carry, 10)
    answers[:, 0] = carry
    plus, equals = np.full((n, 1), PLUS), np.full((n, 1), EQUALS)
    tokens = np.concatenate([x, plus, y, equals, answers], axis=1).astype(np.int64)
    order = np.broadcast_to(np.arange(n_digits + 1), answers.shape)
    return Batch(tokens, order + 2 * n_digits + 1, answers, order)


# Repeats


def repeats(sizes: Sizes) -> SequenceTask:
    """Random tokens, among which one subsequence stands three times; asked for is what can be known.

    0 begins, all else is of 1..n_symbols - 1. The sequence falls into three equal intervals, and somewhere in each the
    same `span` tokens start. The first of them comes as a surprise; once it has come the second and the third time, the
    others follow from what stood there before.
    """
    n_symbols, length, span = sizes.n_symbols, sizes.length, sizes.span
    interval = (length - 1) // 3

    def draw(rng: np.random.Generator, n: int) -> Batch:
        tokens = rng.integers(1, n_symbols, (n, length))
        tokens[:, 0] = BEGIN
        begin = 1 + interval * np.arange(3)
        starts = begin + rng.integers(0, interval - span + 1, (n, 3))
        rows, along = np.arange(n)[:, None], np.arange(span)
        for copy in (1, 2):
            tokens[rows, starts[:, [copy]] + along] = tokens[rows, starts[:, [0]] + along]
        known = np.arange(span - 1)
        places = np.concatenate([starts[:, [1]] + known, starts[:, [2]] + known], axis=1)
        parts = np.broadcast_to(np.repeat([0, 1], span - 1), places.shape)
        return Batch(tokens, places, tokens[rows, places + 1], parts)

    parts = (Part("loss_second", "second time"), Part("loss_third", "third time"))
    return SequenceTask("repeats", n_symbols, n_symbols, length, 2 * span - 2, parts, n_symbols - 1, draw)


class Kind(NamedTuple):
    """A task before its sizes are known."""

    title: str
    question: str  # in a few words
    build: Callable[[Sizes], SequenceTask]
    knows: tuple[str, ...]  # which sizes


SEQUENCE_TASKS = {
    "skip-trigrams": Kind("Skip trigrams", "Which special token was there?", skip_trigrams, ("n_symbols", "length")),
    "digits": Kind("Addition, digit by digit", "What is the sum, digit by digit?", digits, ("n_digits",)),
    "repeats": Kind(
        "Repeated subsequences", "What comes next, if it stood there before?", repeats, ("n_symbols", "length", "span")
    ),
}  # fmt: skip


# Data


def batch_at(task: SequenceTask, seed: int, step: int, size: int) -> Batch:
    """The batch of endless data before update `step`: the same whoever asks for it, and whenever."""
    return task.draw(np.random.default_rng([seed, STREAM_BATCHES, step]), size)


def fixed_set(task: SequenceTask, seed: int, size: int) -> Batch:
    """The fixed set of a training with few data."""
    return task.draw(np.random.default_rng([seed, STREAM_TRAIN_SET]), size)


def held_out(task: SequenceTask, seed: int, size: int) -> Batch:
    """Sequences that no training sees, but by chance."""
    return task.draw(np.random.default_rng([seed, STREAM_TEST_SET]), size)


def rows_of(batch: Batch, begin: int, end: int) -> Batch:
    """Some of its sequences."""
    return Batch(*(array[begin:end] for array in batch))
