import dataclasses
import json

import numpy as np
import pytest

from grokviz.config import RunConfig
from grokviz.engine.schedule import LogRow, Schedule, is_logged

CONFIG = RunConfig(steps=40_000, max_snapshots=60, log_every=20)


def snapshots(losses, config=CONFIG) -> np.ndarray:
    """Steps at which a snapshot is taken, for losses(step) -> (train, test, squared weights)."""
    schedule, taken = Schedule(), []
    for step in range(config.steps + 1):
        if is_logged(step, config):
            train, test, norm = losses(step)
            due, schedule = schedule.after(LogRow(step, train, test, 1.0, 0.0, norm), config)
            if due:
                taken.append(step)
    return np.array(taken)


def grokking(step):
    """A run in the shape of the paper's: memorised by 300, test loss falls by nine decades near 10,000."""
    fall = 1 / (1 + np.exp((step - 10_000) / 400))
    return 4.7 * np.exp(-step / 40) + 1e-7, 25 * 10 ** (-9 * (1 - fall)), 1000 + 2500 * fall


@pytest.fixture(scope="module")
def taken():
    return snapshots(grokking)


def test_first_and_last_step_are_kept_and_the_budget_holds(taken):
    assert taken[0] == 0
    assert taken[-1] == CONFIG.steps
    assert 40 <= len(taken) <= 60
    assert (np.diff(taken) > 0).all()


def test_dense_early_and_where_loss_moves_sparse_on_plateaus(taken):
    def per_thousand(start, end):
        return ((taken >= start) & (taken < end)).sum() / (end - start) * 1000

    assert per_thousand(0, 500) > 10
    assert per_thousand(9_000, 11_500) > 3 * per_thousand(4_000, 8_500)
    assert per_thousand(20_000, 40_000) < 1


def test_noise_cannot_exceed_the_budget():
    rng = np.random.default_rng(0)
    config = dataclasses.replace(CONFIG, steps=10_000)
    taken = snapshots(lambda step: (10 ** rng.uniform(-6, 1), 10 ** rng.uniform(-6, 1), 1000), config)
    assert len(taken) <= 60
    assert taken[-1] == config.steps


@pytest.mark.parametrize("budget", [2, 3, 150])
def test_any_budget_holds(budget):
    config = dataclasses.replace(CONFIG, steps=2_000, max_snapshots=budget)
    taken = snapshots(grokking, config)
    assert 2 <= len(taken) <= budget
    assert {0, 2_000} <= set(taken.tolist())


def test_json_round_trip():
    _, schedule = Schedule().after(LogRow(0, 4.7, 4.7, 0.0, 0.0, 2000.0), CONFIG)
    assert Schedule.from_json(json.loads(json.dumps(schedule.to_json()))) == schedule


@pytest.mark.parametrize(("stop", "expected"), [("steps", False), ("cleanup", True)])
def test_finishes_early_only_by_the_stop_rule_and_once_the_loss_has_settled(stop, expected):
    config = dataclasses.replace(CONFIG, stop=stop)
    schedule = Schedule(taken=1, last=(0.0, 0.0, 0.0, 0.0), best_step=8_000, best_loss=2e-6)

    def finished(step, accuracy):
        return schedule.has_finished(LogRow(step, 1e-7, 2e-6, 1.0, accuracy, 900.0), config)

    assert finished(10_200, 1.0) is expected
    assert not finished(10_180, 1.0)
    assert not finished(10_200, 0.99)
    assert finished(40_000, 0.0)


def test_remembers_when_the_test_loss_last_halved():
    schedule = Schedule()
    for step, loss in [(0, 4.0), (10, 2.1), (20, 1.9), (30, 1.0), (40, 1.1)]:
        _, schedule = schedule.after(LogRow(step, 1.0, loss, 0.0, 0.0, 1000.0), CONFIG)
    assert schedule.best == (20, 1.9)


def test_every_early_step_is_logged_then_every_log_every():
    logged = [step for step in range(2001) if is_logged(step, CONFIG)]
    assert logged[:50] == list(range(50))
    assert [s for s in logged if s >= 500] == list(range(500, 2001, 20))
    assert max(np.diff(logged)) <= 20
    assert is_logged(7, RunConfig(steps=7))
