"""What a visitor writes, as a sequence for a network: letters, two numbers, or any text. What does not fit is said."""

import numpy as np

from grokviz.errors import BadInputError
from grokviz.sequence_config import SequenceConfig
from grokviz.tasks.sequences import BEGIN, FIRST, LAST, RANDOM_TOKENS, sums_of
from grokviz.view.elsewhere import Question

LETTERS = "abcdefghijklmnopqrstuvwxyz"[:RANDOM_TOKENS]
TRIGRAM = "habdgcjfeiaHcbdaigfejhbcadfgiebjchdafgie"  # forty letters, one of them a capital
SUM = ("58697", "41846")
TEXT = "kW3:p/Zq8&uTx5Rm =?= kW3:p/Zq8&uTx5Rm # one more time: kW3:p/Zq8&uTx5Rm"


def trigram(config: SequenceConfig, text: str) -> Question:
    """Letters a to j that mean nothing, and one capital that has to be named. A shorter text is filled up from the left.

    Raises `BadInputError` for other characters, more or less than one capital, or a text that is too long.
    """
    room, capitals = config.length - 2, LETTERS.upper()[: config.n_symbols]
    found = [letter for letter in text if letter in capitals]
    if len(found) != 1 or len(text) > room or not set(text) <= {*LETTERS, *capitals}:
        raise BadInputError(
            f"“{text[:60]}” cannot be asked.",
            f"Expected up to {room} letters: {LETTERS[0]} to {LETTERS[-1]}, and among them one capital of {capitals[0]} to {capitals[-1]}.",
        )
    filler = (LETTERS * room)[: room - len(text)]
    middle = [
        2 + (LETTERS.index(c) if c in LETTERS else RANDOM_TOKENS + capitals.index(c)) for c in filler + text
    ]
    tokens, answer = np.array([FIRST, *middle, LAST]), capitals.index(found[0])
    last = config.length - 1
    return Question(tokens, np.array([last]), np.array([answer]), looks_from=last)


def digits(config: SequenceConfig, x: str, y: str) -> Question:
    """Two numbers to be added. Raises `BadInputError` when one is no number of at most so many digits."""
    n = config.n_digits
    for number in (x, y):
        if not (number.isascii() and number.isdigit() and len(number) <= n):
            raise BadInputError(
                f"“{number[:20]}” cannot be asked.", f"Expected a number of at most {n} digits."
            )
    rows = [np.array([[int(digit) for digit in number.zfill(n)]]) for number in (x, y)]
    batch = sums_of(*rows)
    return Question(batch.tokens[0], batch.places[0], batch.answers[0], shown_at=1)


def text(config: SequenceConfig, written: str) -> Question:
    """A text, of which every character is to be foretold that follows one which has come before, as it did then.

    Raises `BadInputError` when it is too long, too short or holds other characters than those of ASCII.
    """
    codes, most = [ord(c) for c in written], config.length - 1
    if not 2 <= len(codes) <= most or not all(1 <= code < config.n_symbols for code in codes):
        raise BadInputError(
            f"“{written[:40]}” cannot be asked.",
            f"Expected 2 to {most} letters, digits and signs without accents.",
        )
    tokens = np.array([BEGIN, *codes])
    places = [i for i in range(2, len(tokens) - 1) if _has_stood_there(tokens, i)]
    return Question(tokens, np.array(places, int), tokens[np.array(places, int) + 1], shown_at=1)


def _has_stood_there(tokens: np.ndarray, i: int) -> bool:
    """Whether tokens i and i + 1 stood beside each other before: what an induction head can know."""
    pairs = list(zip(tokens[:i].tolist(), tokens[1 : i + 1].tolist(), strict=True))
    return (int(tokens[i]), int(tokens[i + 1])) in pairs
