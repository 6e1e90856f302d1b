"""Errors are values: three parts, one text, and they survive the way to another process."""

import pickle

import pytest

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
