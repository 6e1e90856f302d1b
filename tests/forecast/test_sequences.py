import pytest

from grokviz.forecast.sequences import TOY, seconds, step_ms
from grokviz.sequence_config import RECIPES, recipe


@pytest.mark.parametrize("task", RECIPES)
def test_a_recipe_takes_what_was_measured(task):
    assert seconds(recipe(task, steps=1000)) == pytest.approx(step_ms()[task])


def test_every_recipe_and_the_toy_were_timed():
    assert step_ms().keys() == {*RECIPES, TOY}
    assert all(ms > 0 for ms in step_ms().values())


def test_half_the_steps_take_half_as_long_and_fewer_sequences_less():
    whole = seconds(recipe("digits", steps=400))
    assert seconds(recipe("digits", steps=200)) == pytest.approx(whole / 2)
    assert (
        seconds(recipe("digits", steps=400, batch_size=8))
        < whole
        < seconds(recipe("digits", steps=400, n_digits=9))
    )
    assert seconds(recipe("digits", steps=400, n_train=16)) < whole
    assert seconds(recipe("skip-trigrams", network="toy")) < seconds(recipe("skip-trigrams"))
