"""The question a network is asked: every a ∘ b mod p with its answer, and which pairs it trains on.

Operations: Power et al. 2022, "Grokking" (arXiv 2201.02177), appendix A.1.
"""

import base64
import random
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from grokviz.config import RunConfig

NO_ANSWER = -1  # a / 0

# Separate random streams from one seed, so that one draw never shifts another.
STREAM_SPLIT, STREAM_LABELS, STREAM_WEIGHTS = 0, 1, 2


class Operation(NamedTuple):
    """How an operation is written, and its answer for arrays a, b of any one shape."""

    label: str
    answer: Callable[[np.ndarray, np.ndarray, int], np.ndarray]


def inverse_table(p: int) -> Int[np.ndarray, " p"]:
    """b -> 1/b mod p for prime p by Fermat's little theorem, b^(p-2); 0 -> 0 (it has no inverse)."""
    return np.array([pow(b, p - 2, p) for b in range(p)])


def divide(a: np.ndarray, b: np.ndarray, p: int) -> np.ndarray:
    """a / b mod p, `NO_ANSWER` where b is 0."""
    return np.where(b == 0, NO_ANSWER, a * inverse_table(p)[b] % p)


OPERATIONS: dict[str, Operation] = {
    "add": Operation("a + b", lambda a, b, p: (a + b) % p),
    "subtract": Operation("a − b", lambda a, b, p: (a - b) % p),
    "multiply": Operation("a × b", lambda a, b, p: a * b % p),
    "divide": Operation("a ÷ b", divide),
    "x^2+y^2": Operation("a² + b²", lambda a, b, p: (a**2 + b**2) % p),
    "x^2+xy+y^2": Operation("a² + ab + b²", lambda a, b, p: (a**2 + a * b + b**2) % p),
    "x^2+xy+y^2+x": Operation("a² + ab + b² + a", lambda a, b, p: (a**2 + a * b + b**2 + a) % p),
    "x^3+xy": Operation("a³ + ab", lambda a, b, p: (a**3 + a * b) % p),
    "x^3+xy^2+y": Operation("a³ + ab² + b", lambda a, b, p: (a**3 + a * b**2 + b) % p),
    "parity": Operation(
        "a ÷ b if b is odd, else a − b",
        lambda a, b, p: np.where(b % 2 == 1, divide(a, b, p), (a - b) % p),
    ),
}
RANDOM_LABEL = "a random answer for every pair"


def operation_label(operation: str) -> str:
    """How the operation is written on a page, in a and b."""
    return RANDOM_LABEL if operation == "random" else OPERATIONS[operation].label


def answers(config: RunConfig) -> Int[np.ndarray, "p p"]:
    """The answer to every ordered pair, row a, column b; `NO_ANSWER` where there is none (a / 0).

    Random labels are one fixed table drawn from the seed: nothing to find out, only to memorise
    (the control of Zhang et al. 2017, arXiv 1611.03530).
    """
    p = config.p
    if config.operation == "random":
        return np.random.default_rng([config.seed, STREAM_LABELS]).integers(p, size=(p, p))
    a, b = np.mgrid[:p, :p]
    return OPERATIONS[config.operation].answer(a, b, p)


class Task(NamedTuple):
    """The whole table of a run, row a, column b, and which side of the split each pair is on."""

    answers: Int[np.ndarray, "p p"]  # `NO_ANSWER` where there is none; such a pair is on neither side
    is_train: Bool[np.ndarray, "p p"]
    is_test: Bool[np.ndarray, "p p"]


def build_task(config: RunConfig) -> Task:
    """The answers and the split: int(frac_train * pairs) of the pairs that have an answer are trained on.

    split="paper" is the released code of Nanda et al.: `random.seed(seed)` and `random.shuffle` over
    the row-major list of pairs. Both splits keep at least one pair on either side. split="stored" is that
    of a run made elsewhere: its training pairs are in the config, one by one.
    """
    table = answers(config)
    has_answer = table != NO_ANSWER
    if config.split == "stored":
        stored = decode_pairs(config.train_pairs, config.p) & has_answer
        return Task(table, stored, has_answer & ~stored)
    pairs = np.flatnonzero(has_answer)
    n_train = min(max(int(config.frac_train * len(pairs)), 1), len(pairs) - 1)
    if config.split == "paper":
        order = pairs.tolist()
        random.Random(config.seed).shuffle(order)
    else:
        order = np.random.default_rng([config.seed, STREAM_SPLIT]).permutation(pairs)
    is_train = np.zeros(table.size, dtype=bool)
    is_train[np.asarray(order[:n_train])] = True
    is_train = is_train.reshape(table.shape)
    return Task(table, is_train, has_answer & ~is_train)


def encode_pairs(is_train: Bool[np.ndarray, "p p"]) -> str:
    """The training pairs as base64 of a bit a pair, row-major, the first pair the highest bit."""
    return base64.b64encode(np.packbits(is_train).tobytes()).decode()


def decode_pairs(text: str, p: int) -> Bool[np.ndarray, "p p"]:
    """The pairs back from `encode_pairs`; the config has checked the text."""
    bits = np.frombuffer(base64.b64decode(text), dtype=np.uint8)
    return np.unpackbits(bits, count=p * p).astype(bool).reshape(p, p)
