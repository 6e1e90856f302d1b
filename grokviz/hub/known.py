"""Public runs that are known, for the list in the library. What one holds is read from the file when it is opened."""

from typing import NamedTuple

from grokviz.hub.refs import Ref, parse


class Known(NamedTuple):
    """An entry of the list. Without a commit in its reference, the newest is opened, and the card says so."""

    ref: Ref
    title: str
    sentence: str
    megabytes: int | None  # of the download, where it is known


KNOWN = (
    Known(
        parse("callummcdougall/grokking_full_run_data/full_run_data.pth"),
        "The paper's own run",
        "The run that the paper was written about: a + b mod 113 in 500 checkpoints, by the paper's code.",
        456,
    ),
    Known(
        parse("BurnyCoder/modular-multiplication-transformer/mod_mult_grokking.pth"),
        "Multiplication",
        "A network that learns a × b, trained with the TransformerLens demo.",
        None,
    ),
    Known(
        parse("BurnyCoder/grokking-modular-addition-runs"),
        "Addition, more runs",
        "Other runs of the TransformerLens demo. If there are several, you are asked which.",
        None,
    ),
)
