"""Errors are values: three parts, one text, and they survive the way to another process."""

import json
import pickle

import pytest

from grokviz import errors
from grokviz.errors import ConfigError, GrokVizError, Question, RunError, Unanswered


def test_the_text_is_the_three_parts_one_after_the_other():
    error = ConfigError("p = 4.", "A prime was expected.", "Choose 5.")
    assert str(error) == "p = 4. A prime was expected. Choose 5."
    assert str(ConfigError("p = 4.", mend="Choose 5.")) == "p = 4. Choose 5."


@pytest.mark.parametrize(
    "error",
    [
        RunError("Found.", "Expected.", "Mend."),
        Unanswered(
            "It does not say.", (Question("seed", "Which seed?"), Question("split", "Which?", ("a", "b")))
        ),
    ],
)
def test_an_error_crosses_processes_whole(error):
    there = pickle.loads(pickle.dumps(error))
    assert type(there) is type(error)
    assert vars(there) == vars(error)


def test_a_question_is_a_value_and_an_error_of_runs():
    with pytest.raises(RunError) as caught:
        raise Unanswered("It does not say.", (Question("seed", "Which seed?"),))
    assert isinstance(caught.value, GrokVizError)
    assert caught.value.questions[0].setting == "seed"  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    "error",
    [
        errors.RunError("found", "expected", "mend"),
        errors.HubError("found"),
        errors.Unanswered("found", (Question("seed", "Which seed?"), Question("split", "How?", ("a", "b")))),
    ],
)
def test_an_error_crosses_from_one_process_to_another_as_a_value(error):
    said = json.loads(json.dumps(errors.to_json(error)))
    found = errors.from_json(said)
    assert type(found) is type(error)
    assert vars(found) == vars(error)
    assert str(found) == str(error)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"kind": "SystemExit", "found": "x"},
        {"kind": "Unanswered", "questions": [1, {"setting": 2}]},
        {"found": 3},
    ],
)
def test_what_is_no_error_becomes_one_without_a_kind_and_runs_nothing(said):
    assert isinstance(errors.from_json(said), errors.GrokVizError)
