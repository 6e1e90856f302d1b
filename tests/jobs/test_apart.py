"""A computation apart: what it answers, how far it is, and every way in which it is ended."""

import os
import time

import numpy as np
import pytest

from grokviz.errors import ConfigError, RunError
from grokviz.importers.apart import GIB, Limits
from grokviz.jobs.apart import Answer, Apart

ENOUGH = Limits(20, 3 * GIB, 60)


def add(a, b, on_progress):
    for n in range(3):
        on_progress(n + 1, 3)
    print("what it prints goes nowhere")
    return a + b


def refuse(on_progress):
    raise ConfigError("No.", "Yes.", "Say yes.")


def spin(on_progress):
    while True:
        pass


def grow(on_progress):
    return bytearray(4 * GIB)


def end(on_progress):
    os.abort()


def rest(on_progress):
    time.sleep(60)


def answer_of(function, *arguments, limits=ENOUGH):
    with Apart(function, arguments, limits) as running:
        until = time.monotonic() + 40
        while (answer := running.answer(0.05)) is None:
            assert time.monotonic() < until
    return answer, running


@pytest.fixture(autouse=True)
def found_there(monkeypatch):
    """The process finds these tests as this one does."""
    monkeypatch.setenv("PYTHONPATH", os.getcwd())
    for function in (add, refuse, spin, grow, end, rest):
        monkeypatch.setattr(function, "__module__", "tests.jobs.test_apart")


@pytest.mark.slow
def test_what_it_answers_and_how_far_it_is():
    answer, running = answer_of(add, np.arange(3), np.arange(3))
    np.testing.assert_array_equal(np.asarray(answer.value), [0, 2, 4])
    assert answer.error is None
    assert 0 < answer.seconds < 20
    assert running.progress == (3, 3)
    answer, _ = answer_of(refuse)
    assert isinstance(answer.error, ConfigError)
    assert str(answer.error) == "No. Yes. Say yes."


@pytest.mark.slow
@pytest.mark.parametrize(("function", "limits", "says"), [
    (spin, Limits(1, 3 * GIB, 60), "more time than one visitor may have"),
    (grow, ENOUGH, "more memory than one visitor may have"),
    (end, ENOUGH, "ended its process"),
    (rest, Limits(20, 3 * GIB, 1), "longer than 1 seconds"),
])  # fmt: skip
def test_what_ends_it(function, limits, says):
    answer, _ = answer_of(function, limits=limits)
    assert isinstance(answer.error, RunError)
    assert says in answer.error.found
    assert "machine of your own" in answer.error.mend


@pytest.mark.slow
def test_who_goes_away_ends_it():
    with Apart(rest, (), ENOUGH) as running:
        assert running.answer(0.1) is None
        child = running._child
    assert child.returncode is not None


def test_an_answer_is_a_value_or_an_error():
    assert Answer(1, None, 0.5) != Answer(None, RunError("No."), 0.5)
