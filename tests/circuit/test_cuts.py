"""Cuts as text: there and back, and every wrong text with a reason."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokviz.circuit.cuts import MAX_TEXT, Choice, Cuts, format_cuts, parse_cuts
from grokviz.config import RunConfig
from grokviz.errors import CutsError

CONFIG = RunConfig(p=13, d_model=16, n_heads=4, d_mlp=32)
numbers = lambda low, high: st.lists(st.integers(low, high), unique=True, max_size=5).map(tuple)  # noqa: E731
choices = st.none() | st.tuples(st.sampled_from(["drop", "keep"]), numbers(1, 6).filter(lambda freqs: freqs))
some_cuts = st.fixed_dictionaries(
    {
        "noise": st.just(()) | st.tuples(st.integers(1, 500), st.integers(0, 999)),
        "embedding": choices,
        "linear": st.booleans(),
        "heads": numbers(0, 1),
        "means": numbers(2, 3),
        "skips": st.sampled_from([(), ("attention",), ("mlp",), ("attention", "mlp")]),
        "polynomial": st.booleans(),
        "neurons": choices,
        "directions": choices,
        "clusters": numbers(1, 6),
        "silence": numbers(0, 31),
        "spectrum": choices,
        "logits": choices,
        "waves": numbers(1, 6),
    }
)


@given(some_cuts)
def test_a_text_gives_the_cuts_back_and_needs_no_escape_in_an_address(parts):
    choices = ("embedding", "neurons", "directions", "spectrum", "logits")
    cuts = Cuts(**parts | {name: Choice(*parts[name]) for name in choices if parts[name]})
    text = format_cuts(cuts)
    assert parse_cuts(text, CONFIG, 6) == cuts
    assert re.fullmatch(r"[a-z0-9.-]*", text)
    assert (text == "") == (cuts == Cuts())


def test_the_text_by_hand():
    cuts = Cuts(neurons=Choice("drop", (3, 5)), heads=(0,), polynomial=True, noise=(10, 3))
    assert format_cuts(cuts) == "noise-10-3.heads-0.polynomial.neurons-drop-3-5"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense", "Unknown cut 'nonsense'"),
        ("heads-0.heads-1", "comes twice"),
        ("heads", "Write whole numbers"),
        ("heads-4", "heads names 4, and this network has 0 to 3"),
        ("heads--1", "Write whole numbers"),
        ("heads-1-1", "with one of them twice"),
        ("heads-٣", "Write whole numbers"),
        ("heads-1.means-1", "both in heads and in means"),
        ("silence-32", "0 to 31"),
        ("silence-999999", "Write whole numbers"),
        ("clusters-0", "1 to 6"),
        ("waves-7", "1 to 6"),
        ("neurons-7", "Write drop or keep"),
        ("neurons", "Write drop or keep"),
        ("neurons-keep", "Write whole numbers"),
        ("neurons-keep-7", "neurons names 7, and this network has 1 to 6"),
        ("polynomial-1", "stands alone"),
        ("skips", "Write attention or mlp"),
        ("skips-mlp-mlp", "Write attention or mlp"),
        ("skips-none", "Write attention or mlp"),
        ("noise-10", "its level in per cent, then a seed"),
        ("noise-501-0", "1 to 500"),
        ("noise-10-1000", "0 to 999"),
        (".", "Unknown cut ''"),
        ("x" * (MAX_TEXT + 1), "too many"),
    ],
)
def test_a_wrong_text_says_why(text, says):
    with pytest.raises(CutsError, match=re.escape(says)) as caught:
        parse_cuts(text, CONFIG, 6)
    assert len(str(caught.value)) < 200


def test_frequencies_are_those_of_the_order_of_sums():
    """A product modulo 13 has waves over 12 numbers."""
    assert parse_cuts("waves-6", CONFIG, 6).waves == (6,)
    with pytest.raises(CutsError, match="1 to 5"):
        parse_cuts("waves-6", CONFIG, 5)
