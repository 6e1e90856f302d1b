"""What a training is promised: the arithmetic of its steps times what trainings have taken on this machine."""

import os

import pytest

from grokviz.forecast import speed
from grokviz.forecast.presets import preset
from grokviz.jobs import machine
from tests.rates import RATE, measured

QUICK = preset("quick")


@pytest.fixture
def runs(tmp_path):
    return measured(tmp_path)


def test_nothing_is_promised_before_the_machine_is_measured(tmp_path):
    assert machine.seconds(tmp_path, QUICK, 1_000) is None
    assert machine.seconds_from_start(tmp_path, QUICK, 1_000) is None
    machine.learn(tmp_path, QUICK, 1_000, 10.0, 3.0)
    assert machine.experience(tmp_path) == machine.Experience()


def test_the_next_training_is_promised_what_the_last_has_taken(runs):
    ideal = speed.seconds(QUICK, RATE, 1_000)
    machine.learn(runs, QUICK, 1_000, 3 * ideal, 6.0)
    assert machine.seconds(runs, QUICK, 1_000) == pytest.approx(3 * ideal)
    assert machine.seconds_from_start(runs, QUICK, 2_000) == pytest.approx(
        3 * speed.seconds(QUICK, RATE, 2_000) + 6
    )
    # a later one on a quieter machine counts for half, as a ratio
    machine.learn(runs, QUICK, 10_000, speed.seconds(QUICK, RATE, 10_000) * 0.75)
    assert machine.experience(runs).slowness == pytest.approx(1.5)
    assert machine.experience(runs).startup == pytest.approx(6)


def test_a_training_that_is_too_short_teaches_nothing(runs):
    machine.learn(runs, QUICK, 10, 0.5, 3.0)
    machine.learn(runs, QUICK, 0, 50.0, 3.0)
    assert machine.experience(runs) == machine.Experience()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"slowness": -1.0, "startup": 1.0}',
        '{"slowness": 1.0, "startup": NaN}',
        '{"slowness": "2"}',
    ],
)
def test_what_is_no_experience_is_none(runs, text):
    (runs / ".jobs" / f"experience-{os.cpu_count()}-cores.json").write_text(text)
    assert machine.experience(runs) == machine.Experience()
