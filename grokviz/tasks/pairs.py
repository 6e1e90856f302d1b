"""The question a network is asked: every a ∘ b mod p with its answer, and which pairs it trains on.

`OPERATIONS` is the one list of operations, each with all that the rest of GrokViz asks of one.
Source: Power et al. 2022, "Grokking" (arXiv 2201.02177), appendix A.1.
"""

import base64
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Int

from grokviz.errors import ConfigError
from grokviz.tasks import named_groups
from grokviz.tasks.groups import Places, plainly, powers_of, sums
from grokviz.tasks.numbers import inverse_table, is_prime, primitive_root
from grokviz.tasks.task import Vocabulary
from grokviz.tasks.taught import wrongly_taught

NO_ANSWER = -1  # a / 0
NO_GROUP = "Of these questions no circuit is known."

# Separate random streams from one seed, so that one draw never shifts another.
STREAM_SPLIT, STREAM_LABELS, STREAM_WEIGHTS = 0, 1, 2
SPLITS = ("seeded", "paper", "stored", "unknown")
DRAWN = SPLITS[:2]  # from the seed, so that the first pairs of an order are trained on

Formula = Callable[[np.ndarray, np.ndarray, int], np.ndarray]


class Addition(NamedTuple):
    """How an operation is addition once its numbers stand in another order."""

    of_logarithms: bool = False  # to the base of a primitive root, modulo p - 1: for a prime p, and without 0
    sign_b: int = 1  # -1: b is taken away, not added


@dataclass(frozen=True)
class Operation:
    """One operation and its properties."""

    name: str  # in configs, links and on the command line
    label: str  # as pages write it, in a and b
    answer: Formula | None  # for arrays a, b of one shape, and p; None: the answers are drawn from the seed
    sign: str = ""  # that stands between a and b, where it is written so
    needs_prime: bool = False  # it divides by more than 0
    can_generalise: bool = True  # there is something to find out
    never_groks: str = ""  # why networks only memorise it, with the source
    addition: Addition | None = None  # the order in which it is addition, where one is known
    no_group: str = ""  # why no circuit is known of it, in a sentence, where it says more than that none is
    other_names: tuple[str, ...] = ()  # in other people's code

    @property
    def is_plain_addition(self) -> bool:
        """Whether it adds the numbers as they are, like the network of the paper."""
        return self.addition == Addition()

    def places(self, p: int) -> Places | None:
        """The group whose product it is, modulo p, and which number stands for which element; None: none is known."""
        way = self.addition
        if way is None or (way.of_logarithms and not is_prime(p)):
            return None
        return powers_of(primitive_root(p), p, way.sign_b) if way.of_logarithms else sums(p, way.sign_b)

    def why_no_group(self, p: int) -> str:
        """Why no group is known of it, in a sentence; "" where one is."""
        if self.places(p) is not None:
            return ""
        if self.addition:
            d = next(d for d in range(2, p) if p % d == 0)
            return (
                f"Modulo {p}, which is not prime, {self.label} is no group: {d} × {p // d} = 0, and {d} cannot be divided by. "
                "The circuit of waves that is known of prime moduli does not carry over."
            )
        return self.no_group or (
            f"Of {self.label} no circuit is known: it is the product of no known group, so there are no waves to look for."
        )

    def task(self, p: int) -> str:
        """The question that a run is asked: a + b mod 113."""
        return f"{self.label} mod {p}"

    def written(self, number: int | str) -> str:
        """One of the p things that are asked about, as people write it."""
        return str(number)

    def question(self, a: int | str, b: int | str) -> str:
        """One question as it is written: 14 + 100."""
        if self.sign:
            return f"{a} {self.sign} {b}"
        return f"{self.label if self.answer else 'the answer drawn'} for a = {a}, b = {b}"

    def table(self, p: int, seed: int) -> Int[np.ndarray, "p p"]:
        """The answer to every ordered pair, row a, column b; `NO_ANSWER` where there is none (a / 0).

        Only answers that are drawn depend on the seed, and they are one fixed table for each.
        """
        if self.answer is None:
            return np.random.default_rng([seed, STREAM_LABELS]).integers(p, size=(p, p))
        a, b = np.mgrid[:p, :p]
        return self.answer(a, b, p)


def divide(a: np.ndarray, b: np.ndarray, p: int) -> np.ndarray:
    """a / b mod p, `NO_ANSWER` where b is 0."""
    return np.where(b == 0, NO_ANSWER, a * inverse_table(p)[b] % p)


def divide_or_subtract(a: np.ndarray, b: np.ndarray, p: int) -> np.ndarray:
    """a / b mod p where b is odd, else a - b mod p."""
    return np.where(b % 2 == 1, divide(a, b, p), (a - b) % p)


TWO_HALVES = (
    "It divides by odd numbers and subtracts even ones. Each half has a circuit of its own; of both together none is "
    "known, for they are the product of no group."
)
NO_RULE = "The answers were drawn at random. There is no rule in them, so there is no circuit to look for."
_ALL = (
    Operation(
        "add", "a + b", lambda a, b, p: (a + b) % p, "+", addition=Addition(), other_names=("add", "addition", "plus", "a+b", "x+y", "+")
    ),
    Operation(
        "subtract", "a − b", lambda a, b, p: (a - b) % p, "−",
        addition=Addition(sign_b=-1), other_names=("subtract", "subtraction", "sub", "minus", "a-b", "x-y", "-"),
    ),
    Operation(
        "multiply", "a × b", lambda a, b, p: a * b % p, "×", addition=Addition(of_logarithms=True),
        other_names=("multiply", "multiplication", "mul", "mult", "times", "a*b", "x*y", "*"),
    ),
    Operation(
        "divide", "a ÷ b", divide, "÷", needs_prime=True, addition=Addition(of_logarithms=True, sign_b=-1),
        other_names=("divide", "division", "div", "a/b", "x/y", "/"),
    ),
    Operation("x^2+y^2", "a² + b²", lambda a, b, p: (a**2 + b**2) % p),
    Operation(
        "x^2+xy+y^2", "a² + ab + b²", lambda a, b, p: (a**2 + a * b + b**2) % p, other_names=("x2xyy2",)
    ),
    Operation("x^2+xy+y^2+x", "a² + ab + b² + a", lambda a, b, p: (a**2 + a * b + b**2 + a) % p),
    Operation("x^3+xy", "a³ + ab", lambda a, b, p: (a**3 + a * b) % p),
    Operation(
        "x^3+xy^2+y", "a³ + ab² + b", lambda a, b, p: (a**3 + a * b**2 + b) % p,
        never_groks="at a³ + ab² + b no network was seen to grok (Power et al. 2022)",
    ),
    Operation("parity", "a ÷ b if b is odd, else a − b", divide_or_subtract, needs_prime=True, no_group=TWO_HALVES),
    # Nothing to find out, only to memorise: the control of Zhang et al. 2017 (arXiv 1611.03530).
    Operation(
        "random", "a random answer for every pair", None, can_generalise=False,
        never_groks="there is nothing to understand in random answers (Zhang et al. 2017)",
        no_group=NO_RULE,
    ),
)  # fmt: skip
OPERATIONS = {operation.name: operation for operation in _ALL}


COMPOSE = "compose"  # the operation of a group: a and b, one after the other


@dataclass(frozen=True)
class Composition(Operation):
    """The elements of a group, one after the other. Numbers stand for its elements, in its own order."""

    group: str = ""

    def places(self, p: int) -> Places:
        return plainly(named_groups.group_named(self.group))

    def task(self, p: int) -> str:
        return f"{self.label} in {named_groups.pretty(self.group)}"

    def written(self, number: int | str) -> str:
        return number if isinstance(number, str) else self.elements[number]

    @property
    def elements(self) -> tuple[str, ...]:
        return named_groups.made(self.group).elements

    def question(self, a: int | str, b: int | str) -> str:
        return f"{self.written(a)}{' ' if self.sign else ''}{self.sign or ', then'} {self.written(b)}"

    def table(self, p: int, seed: int) -> Int[np.ndarray, "p p"]:
        return named_groups.made(self.group).product


@lru_cache(maxsize=64)
def composition(group: str) -> Composition:
    """The operation of a group. Raises `ConfigError` for a name that is none."""
    commutes = named_groups.commutes(group)
    return Composition(
        COMPOSE, "a + b" if commutes else "a, then b", None, "+" if commutes else "", group=group
    )


def operation_label(operation: str) -> str:
    """How the operation of this name is written on a page, in a and b."""
    return "a, then b, in a group" if operation == COMPOSE else OPERATIONS[operation].label


def places_of(spec: "PairSpec") -> Places | None:
    """The group that a question is the product of, with the token of every element; None where none is known."""
    return operation_of(spec).places(spec.p)


@runtime_checkable
class PairSpec(Protocol):
    """The settings that say which question is asked. A `RunConfig` has them."""

    @property
    def p(self) -> int: ...
    @property
    def operation(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def frac_train(self) -> float: ...
    @property
    def frac_before(self) -> float: ...
    @property
    def wrong_labels(self) -> float: ...
    @property
    def split(self) -> str: ...
    @property
    def train_pairs(self) -> str: ...
    @property
    def seed(self) -> int: ...


def vocabulary(p: int) -> Vocabulary:
    """The numbers 0..p-1 and, as token p, "="; a question is [a, b, =], and the answer is one of p numbers."""
    return Vocabulary(d_vocab=p + 1, d_vocab_out=p, n_ctx=3)


def operation_of(spec: PairSpec) -> Operation:
    """What is asked of a and b, with its properties."""
    return composition(spec.group) if spec.operation == COMPOSE else OPERATIONS[spec.operation]


def task_of(spec: PairSpec) -> str:
    """The question that a run is asked, as pages write it: a + b mod 113; a, then b in S₅."""
    return operation_of(spec).task(spec.p)


def names_of(spec: PairSpec) -> tuple[str, ...]:
    """How the p things that it is asked about are written, where they are no numbers; () where they are."""
    operation = operation_of(spec)
    return operation.elements if isinstance(operation, Composition) else ()


def answers(spec: PairSpec) -> Int[np.ndarray, "p p"]:
    """The answer to every ordered pair, row a, column b; `NO_ANSWER` where there is none (a / 0)."""
    return operation_of(spec).table(spec.p, spec.seed)


class Task(NamedTuple):
    """The whole table of a run, row a, column b, and which side of the split each pair is on."""

    answers: Int[np.ndarray, "p p"]  # `NO_ANSWER` where there is none; such a pair is on neither side
    is_train: Bool[np.ndarray, "p p"]
    is_test: Bool[np.ndarray, "p p"]  # never trained on
    places: Places | None = None  # the group whose product the answers are, where one is known
    no_group: str = NO_GROUP  # why none is, in a sentence
    is_removed: Bool[np.ndarray, "p p"] | None = None  # trained on before a fork with fewer pairs; None: none
    taught: Int[np.ndarray, "p p"] | None = None  # the label of each pair, where some are not its answer

    @property
    def labels(self) -> Int[np.ndarray, "p p"]:
        """What the training pairs are trained on: their answers, unless some labels are wrong."""
        return self.answers if self.taught is None else self.taught

    @property
    def is_wrong(self) -> Bool[np.ndarray, "p p"]:
        """The training pairs with a wrong label."""
        return self.is_train & (self.labels != self.answers)


REMOVED, CORRECTED = "removed_accuracy", "corrected"


def further_columns(spec: PairSpec) -> tuple[str, ...]:
    """What the log of a run says besides losses and accuracies of both sides: the accuracy on pairs that are trained on no
    more, and the share of the wrongly labelled pairs that are answered right."""
    return ((REMOVED,) if spec.frac_before else ()) + ((CORRECTED,) if spec.wrong_labels else ())


def build_task(spec: PairSpec) -> Task:
    """The answers and the split: int(frac_train * pairs) of the pairs that have an answer are trained on.

    split="paper" is the released code of Nanda et al.: `random.seed(seed)` and `random.shuffle` over
    the row-major list of pairs. Both splits keep at least one pair on either side, and a smaller share is the beginning
    of a larger one: with `frac_before` what lies between the two is on neither side. split="stored" is that
    of a run made elsewhere: its training pairs are in the spec, one by one. split="unknown" is that of one which
    does not say: every pair is on both sides, so that a mean over either is one over all pairs.
    """
    table, group = answers(spec), (places_of(spec), operation_of(spec).why_no_group(spec.p))
    has_answer = table != NO_ANSWER
    if spec.split == "unknown":
        return Task(table, has_answer, has_answer, *group)
    if spec.split == "stored":
        is_train = once = decode_pairs(spec.train_pairs, spec.p) & has_answer
    else:
        order = _order(spec, np.flatnonzero(has_answer))
        is_train, once = (_first(share, order, table.shape) for share in (spec.frac_train, spec.frac_before))
        once |= is_train
    is_removed = once & ~is_train if spec.frac_before else None
    taught = wrongly_taught(table, once, spec.wrong_labels, spec.seed)
    return Task(table, is_train, has_answer & ~once, *group, is_removed, taught)


def _order(spec: PairSpec, pairs: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """The pairs in the order in which they are taken to be trained on."""
    if spec.split == "paper":
        order = pairs.tolist()
        random.Random(spec.seed).shuffle(order)
        return np.asarray(order)
    return np.random.default_rng([spec.seed, STREAM_SPLIT]).permutation(pairs)


def _first(share: float, order: Int[np.ndarray, " n"], shape: tuple[int, int]) -> Bool[np.ndarray, "p p"]:
    """This share of the pairs, at least one and never all; of none, none."""
    n = min(max(int(share * len(order)), 1), len(order) - 1) if share else 0
    mask = np.zeros(shape, dtype=bool)
    mask.flat[order[:n]] = True
    return mask


def over_elements(task: Task, places: Places) -> Task:
    """The same task with elements of the group in place of numbers; pairs and answers that are none are left out."""
    if places.is_plain and len(task.answers) == places.n:
        return task
    element = np.full(len(task.answers) + 1, NO_ANSWER)  # one more: where NO_ANSWER looks it up
    element[places.c] = np.arange(places.n)
    is_train, is_test = places.pairs(task.is_train), places.pairs(task.is_test)
    is_removed = None if task.is_removed is None else places.pairs(task.is_removed)
    taught = None if task.taught is None else element[places.pairs(task.taught)]
    group = plainly(places.group), ""
    return Task(element[places.pairs(task.answers)], is_train, is_test, *group, is_removed, taught)


def encode_pairs(is_train: Bool[np.ndarray, "p p"]) -> str:
    """The training pairs as base64 of a bit a pair, row-major, the first pair the highest bit."""
    return base64.b64encode(np.packbits(is_train).tobytes()).decode()


def decode_pairs(text: str, p: int) -> Bool[np.ndarray, "p p"]:
    """The pairs back from `encode_pairs`; the config has checked the text."""
    bits = np.frombuffer(base64.b64decode(text), dtype=np.uint8)
    return np.unpackbits(bits, count=p * p).astype(bool).reshape(p, p)


def check_train_pairs(split: str, text: str, p: int) -> None:
    """Raises `ConfigError` unless the text names some pairs, and not all: of the split stored, and of no other."""
    if split != "stored":
        if text:
            raise ConfigError(
                f"train_pairs is for the split stored, and the split is {split}.", mend="Leave it empty."
            )
        return
    try:
        bits = base64.b64decode(text, validate=True)
    except ValueError:
        bits = b""
    n_train = int.from_bytes(bits, "big").bit_count()
    if len(bits) != math.ceil(p * p / 8) or not 0 < n_train < p * p:
        raise ConfigError(
            f"train_pairs holds {len(bits):,} bytes that name {n_train:,} pairs, expected base64 of "
            f"{math.ceil(p * p / 8):,} bytes, a bit for each of {p * p:,} pairs, some set and some not.",
            mend="Import the run again.",
        )
