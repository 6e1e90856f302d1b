"""One table of cases for numbers and texts, here in Python; tests/view/js/wording.test.js reads it too."""

import json
from pathlib import Path

import numpy as np
import pytest

from grokviz import wording

TABLE = json.loads(Path(__file__).with_name("wording_cases.json").read_text("utf-8"))
ODD = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
CASES = [(name, case["args"], case["text"]) for name, cases in TABLE.items() for case in cases]


def number(value):
    """JSON has no NaN: it stands in the table as text."""
    return ODD.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize(("name", "args", "text"), CASES, ids=lambda value: str(value)[:30])
def test_python_says(name, args, text):
    assert getattr(wording, name)(*map(number, args)) == text


def test_numpy_numbers_read_as_their_own():
    assert wording.readable(np.float32(4.73)) == "4.73"  # pyright: ignore[reportArgumentType]
    assert wording.percent(np.float32(0.998)) == "99.8\u202f%"  # pyright: ignore[reportArgumentType]
    assert wording.listed(np.array([14, 35])) == "14 and 35"
