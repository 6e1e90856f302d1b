"""Which pairs have a wrong label, and which are trained on no more: counted, and drawn again by hand."""

import numpy as np
import pytest

from grokviz.config import RunConfig, from_json, to_json
from grokviz.errors import ConfigError
from grokviz.tasks.pairs import build_task, further_columns, over_elements


@pytest.mark.parametrize("operation", ["add", "multiply", "divide", "parity", "random"])
def test_so_many_training_pairs_have_a_label_that_is_not_their_answer(operation):
    config = RunConfig(p=13, operation=operation, frac_train=0.5, wrong_labels=0.1)
    task, clean = build_task(config), build_task(RunConfig(p=13, operation=operation, frac_train=0.5))
    wrong = [(a, b) for a in range(13) for b in range(13) if task.labels[a, b] != task.answers[a, b]]
    assert len(wrong) == round(0.1 * int(task.is_train.sum())) == int(task.is_wrong.sum())
    assert all(task.is_train[a, b] and 0 <= task.labels[a, b] < 13 for a, b in wrong)
    np.testing.assert_array_equal(task.is_train, clean.is_train)
    np.testing.assert_array_equal(task.answers, clean.answers)
    assert clean.taught is None


def test_wrong_labels_hang_on_the_seed_and_every_wrong_answer_comes_up():
    tasks = [build_task(RunConfig(p=11, wrong_labels=0.5, frac_train=0.9, seed=seed)) for seed in range(3)]
    again = build_task(RunConfig(p=11, wrong_labels=0.5, frac_train=0.9, seed=0))
    np.testing.assert_array_equal(tasks[0].labels, again.labels)
    assert (tasks[0].labels != tasks[1].labels).any()
    away = np.concatenate([((t.labels - t.answers) % 11)[t.is_wrong] for t in tasks])
    assert set(away.tolist()) == set(range(1, 11))


@pytest.mark.parametrize("split", ["seeded", "paper"])
def test_a_fork_with_fewer_pairs_keeps_the_first_of_the_same_order(split):
    before = build_task(RunConfig(p=13, frac_train=0.6, split=split, wrong_labels=0.2))
    after = build_task(RunConfig(p=13, frac_train=0.1, frac_before=0.6, split=split, wrong_labels=0.2))
    assert after.is_removed is not None
    assert int(after.is_train.sum()) == int(0.1 * 169)
    assert int(after.is_train.sum() + after.is_removed.sum()) == int(0.6 * 169)
    np.testing.assert_array_equal(after.is_train | after.is_removed, before.is_train)
    np.testing.assert_array_equal(after.is_test, before.is_test)
    np.testing.assert_array_equal(after.labels[after.is_train], before.labels[after.is_train])
    alone = build_task(RunConfig(p=13, frac_train=0.1, split=split))
    np.testing.assert_array_equal(after.is_train, alone.is_train)


def test_elements_of_a_group_have_their_pairs_and_labels():
    task = build_task(
        RunConfig(p=13, operation="multiply", frac_train=0.1, frac_before=0.7, wrong_labels=0.5)
    )
    assert task.places
    assert task.is_removed is not None
    elements, places = over_elements(task, task.places), task.places
    assert elements.is_removed is not None
    for i, a in enumerate(places.a):
        for j, b in enumerate(places.b):
            assert elements.is_removed[i, j] == task.is_removed[a, b]
            label = elements.labels[i, j]
            assert task.labels[a, b] == (0 if label < 0 else places.c[label])


def test_what_the_log_says_besides():
    assert further_columns(RunConfig()) == ()
    assert further_columns(RunConfig(frac_before=0.5)) == ("removed_accuracy",)
    assert further_columns(RunConfig(frac_before=0.5, wrong_labels=0.1)) == ("removed_accuracy", "corrected")


def test_records_of_runs_without_either_are_as_before():
    assert not {"frac_before", "wrong_labels"} & to_json(RunConfig()).keys()
    config = RunConfig(frac_before=0.5, wrong_labels=0.1)
    assert from_json(to_json(config)) == config


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"frac_before": 0.3}, "names no pairs"), ({"frac_before": 0.2}, "names no pairs"),
        ({"frac_before": 0.5, "split": "stored", "train_pairs": "f4A=", "p": 3}, "Make it 0"),
        ({"wrong_labels": 0.1, "split": "unknown"}, "Make wrong_labels 0"),
        ({"wrong_labels": 0.95}, "from 0 to 0.9"), ({"wrong_labels": -0.1}, "out of range"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(settings, says):
    with pytest.raises(ConfigError, match=says):
        RunConfig(**settings)
