"""What every task has in common: only it knows what a token means."""

from typing import NamedTuple


class Vocabulary(NamedTuple):
    """What a network has to read and to write, in numbers."""

    d_vocab: int  # tokens that it may be shown
    d_vocab_out: int  # answers between which it chooses
    n_ctx: int  # tokens of a question; the answer is read at the last
