"""Forks with fewer pairs: what they are trained on, and what their log says of it from where they begin."""

import dataclasses

import numpy as np
import pytest

from grokviz import cli, study, worker
from grokviz.config import RunConfig
from grokviz.errors import RunError
from grokviz.runs import fork, write
from grokviz.runs.folder import Run, open_run, read_weights
from grokviz.runs.log import LOG_COLUMNS
from grokviz.tasks.pairs import build_task, encode_pairs

TINY = RunConfig(p=5, d_model=8, n_heads=2, d_mlp=16, frac_train=0.6, steps=40, max_snapshots=6)


def trained(path) -> Run:
    for _ in worker.run(path, "cpu"):
        pass
    return open_run(path)


@pytest.fixture
def parent(tmp_path) -> Run:
    worker.start(tmp_path / "parent", TINY, "cpu")
    return trained(tmp_path / "parent")


def forked(parent: Run, path, **settings) -> Run:
    step = int(parent.steps[-1])
    config = fork.config_of_fork(parent, step, fork.asked_for(parent, step, 20, **settings))
    fork.write_fork(path, parent, fork.forked_at(parent, step), config, {}, "a fork")
    return trained(path)


def test_a_fork_with_fewer_pairs_tells_removed_ones_from_those_never_seen(parent, tmp_path):
    made = forked(parent, tmp_path / "fork", frac_train=0.2)
    assert (made.config.frac_train, made.config.frac_before) == (0.2, 0.6)
    assert list(made.logged) == [*LOG_COLUMNS, "removed_accuracy"]
    is_past = made.logged["step"] <= 40
    assert np.isnan(made.logged["removed_accuracy"][is_past]).all()
    for name in LOG_COLUMNS:
        np.testing.assert_array_equal(made.logged[name][is_past], parent.logged[name])
    timeline, task = study.load(made).timeline, build_task(made.config)
    assert (task.is_test == build_task(TINY).is_test).all()  # never seen, before and now
    logged = dict(zip(made.logged["step"], made.logged["removed_accuracy"], strict=True))
    assert timeline["removed_accuracy"][-1] == logged[int(timeline.steps[-1])]
    np.testing.assert_array_equal(
        read_weights(made, len(parent.steps) - 1)["W_E"], read_weights(parent, -1 + len(parent.steps))["W_E"]
    )


def test_with_the_same_pairs_nothing_is_removed_and_of_a_fork_of_a_fork_all_that_ever_was(parent, tmp_path):
    assert list(forked(parent, tmp_path / "same").logged) == list(LOG_COLUMNS)
    first = forked(parent, tmp_path / "first", frac_train=0.4)
    second = forked(first, tmp_path / "second", frac_train=0.2)
    assert second.config.frac_before == 0.6
    assert np.isfinite(second.logged["removed_accuracy"][-1])
    more = forked(second, tmp_path / "more", frac_train=0.8)
    assert more.config.frac_before == 0.0


def test_pairs_that_have_no_order_stay(parent, tmp_path):
    mask = encode_pairs(build_task(TINY).is_train)
    stored = dataclasses.replace(parent, config=dataclasses.replace(TINY, split="stored", train_pairs=mask))
    wanted = dataclasses.replace(stored.config, steps=99, frac_train=0.2)
    with pytest.raises(RunError, match=r"have no order.*Leave the share"):
        fork.config_of_fork(stored, 40, wanted)


def test_a_log_that_was_begun_without_the_column_of_a_fork_is_refused_not_mixed(parent, tmp_path):
    config = dataclasses.replace(TINY, frac_train=0.2, frac_before=0.6)
    write.create_run(tmp_path / "odd", config, {})
    write.append_log(tmp_path / "odd", [dict.fromkeys(LOG_COLUMNS, 0.5) | {"step": 0}])
    with pytest.raises(RunError, match="removed_accuracy"):
        write.append_log(
            tmp_path / "odd", [dict.fromkeys((*LOG_COLUMNS, "removed_accuracy"), 0.5) | {"step": 1}]
        )


def test_the_command_forks_trains_and_measures(parent, tmp_path, capsys):
    out = tmp_path / "made"
    flags = ["--frac-train", "0.2", "--weight-decay", "0", "--steps", "20", "--device", "cpu"]
    assert cli.main(["fork", str(parent.path), *flags, "--out", str(out)]) == 0
    made = open_run(out)
    assert (made.last_step, made.finished, made.title) == (60, True, "parent, forked at 40")
    assert (made.config.at(39).weight_decay, made.config.at(40).weight_decay) == (1.0, 0.0)
    assert "holds" in capsys.readouterr().err
    assert cli.main(["fork", str(parent.path), "--step", "soon", "--out", str(tmp_path / "no")]) == 2
    assert "--step 'soon' should be a step" in capsys.readouterr().err
