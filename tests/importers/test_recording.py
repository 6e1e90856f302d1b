"""A training loop that is not ours, recorded: killed, begun again, opened, and refused what makes no run."""

import signal
import subprocess
import sys

import numpy as np
import pytest

import grokviz
from devtools import ROOT
from grokviz.errors import RunError
from grokviz.models import forward
from grokviz.runs.folder import read_weights
from grokviz.tasks.pairs import build_task

LOOP = ROOT / "tests/importers/loop_of_its_own.py"
SEVEN = grokviz.RunConfig(p=7, d_model=8, n_heads=2, d_mlp=12)


@pytest.fixture
def weights(random_weights):
    return random_weights(7, n_heads=2, d_mlp=12)


@pytest.mark.slow
def test_a_loop_of_plain_pytorch_is_killed_begun_again_and_opened(tmp_path):
    def loop(*arguments):
        command = [sys.executable, str(LOOP), str(tmp_path / "mine"), *arguments]
        environment = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)

    assert loop("60", "killed").returncode == -signal.SIGKILL
    left = grokviz.open(tmp_path / "mine")
    assert left.steps.tolist() == [0, 10, 20]
    assert left.log["step"].tolist() == list(range(25))  # the step in hand is written when the next begins
    before = left.log["train_loss"].copy()
    done = loop("60")
    assert done.returncode == 0, done.stderr
    run = grokviz.open(tmp_path / "mine")
    assert run.run.finished
    assert run.steps.tolist() == [0, 10, 20, 30, 40, 50]
    np.testing.assert_array_equal(run.log["train_loss"][:25], before)
    np.testing.assert_allclose(run.timeline["train_loss"], run.log["train_loss"][run.steps], rtol=2e-3)
    assert run.log["train_loss"][-1] < run.log["train_loss"][0] - 0.3
    assert run.config.split == "stored"


def test_what_a_loop_does_not_log_is_measured_at_its_snapshots(tmp_path, weights):
    with grokviz.record(tmp_path / "run", SEVEN) as rec:
        rec.log(3, train_loss=1.5)
        rec.log(4)
        rec.snapshot(4, weights)
    log = grokviz.open(tmp_path / "run").log
    assert log["train_loss"][0] == 1.5
    assert np.isnan(log["test_loss"][0])
    task = build_task(SEVEN)
    wide = {name: w.astype(np.float32) for name, w in weights.items()}
    loss = forward.cross_entropy(forward.forward(wide).logits, task.answers)
    assert log["test_loss"][1] == pytest.approx(float(loss[task.is_test].mean()), rel=1e-6)
    squares = sum(float((w.astype(float) ** 2).sum()) for w in weights.values())
    assert log["sum_squared_weights"][1] == pytest.approx(squares, rel=1e-6)


def test_weights_may_come_under_the_names_of_transformer_lens(tmp_path, weights):
    with grokviz.record(tmp_path / "ours", SEVEN) as rec:
        rec.snapshot(0, weights)
    theirs = grokviz.open(tmp_path / "ours").weights(step=0)
    assert "blocks.0.attn.W_Q" in theirs
    with grokviz.record(tmp_path / "theirs", SEVEN) as rec:
        rec.snapshot(0, theirs)
    found = read_weights(grokviz.open(tmp_path / "theirs").run, 0)
    assert found.keys() == weights.keys()
    assert all(np.array_equal(found[name], w.astype(np.float16)) for name, w in weights.items())


def test_a_two_layer_network_is_recorded(tmp_path):
    config = grokviz.RunConfig(p=7, architecture="mlp", d_model=5, d_mlp=9)
    rng = np.random.default_rng(0)
    shapes = {"W_x": (7, 5), "W_y": (7, 5), "W": (10, 9), "W_U": (9, 7)}
    state = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    with grokviz.record(tmp_path / "run", config) as rec:
        rec.snapshot(0, state)
    opened = grokviz.open(tmp_path / "run")
    assert read_weights(opened.run, 0).keys() == state.keys()
    a, b = np.mgrid[:7, :7]
    hidden = np.maximum(np.concatenate([state["W_x"][a], state["W_y"][b]], axis=2) @ state["W"], 0)
    logits = (hidden @ state["W_U"]).astype(float)
    right = np.take_along_axis(logits, ((a + b) % 7)[..., None], axis=2)[..., 0]
    losses = np.log(np.exp(logits).sum(axis=2)) - right
    is_train = build_task(config).is_train
    assert opened.timeline["train_loss"][0] == pytest.approx(losses[is_train].mean(), rel=1e-4)


def test_a_step_that_is_there_takes_the_place_of_all_that_came_after(tmp_path, weights):
    rec = grokviz.record(tmp_path / "run", SEVEN)
    for step in range(5):
        rec.log(step, train_loss=step)
        rec.snapshot(step, weights)
    rec.log(2, train_loss=9.0)
    rec.snapshot(6, weights)
    rec.finish()
    run = grokviz.open(tmp_path / "run")
    assert run.log["step"].tolist() == [0, 1, 2, 6]
    assert run.log["train_loss"][2] == 9.0
    assert run.steps.tolist() == [0, 1, 6]


def test_an_error_in_the_loop_leaves_a_run_that_goes_on(tmp_path, weights):
    def loop():
        with grokviz.record(tmp_path / "run", SEVEN) as rec:
            rec.snapshot(0, weights)
            raise KeyError("a mistake")

    with pytest.raises(KeyError):
        loop()
    assert not grokviz.open(tmp_path / "run").run.finished
    rec = grokviz.record(tmp_path / "run", SEVEN)
    assert rec.step == 0
    rec.finish()
    assert grokviz.open(tmp_path / "run").run.finished


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda rec, w: rec.log(1, loss=2.0), "'loss' is no column of a log. Expected some of: train_loss"),
        (lambda rec, w: rec.snapshot(1, {"W_E": w["W_E"]}), "no W_pos|have no"),
        (lambda rec, w: rec.snapshot(1, w | {"W_U": w["W_U"][:, :5]}), "W_U is"),
        (lambda rec, w: rec.snapshot(1, w | {"W_U": w["W_U"] * np.inf}), "diverged"),
    ],
)
def test_what_is_no_run_is_refused_and_nothing_is_lost(tmp_path, weights, act, says):
    rec = grokviz.record(tmp_path / "run", SEVEN)
    rec.snapshot(0, weights)
    with pytest.raises(RunError, match=says), np.errstate(invalid="ignore"):
        act(rec, weights)
    rec.finish()
    assert grokviz.open(tmp_path / "run").steps.tolist() == [0]


@pytest.mark.parametrize("is_train", [np.ones((3, 3), bool), np.ones((7, 7)), [True]])
def test_pairs_that_are_no_table_are_refused(tmp_path, is_train):
    with pytest.raises(RunError, match="7 x 7 booleans, row a, column b"):
        grokviz.record(tmp_path / "run", SEVEN, is_train=is_train)
    assert not (tmp_path / "run").exists()


def test_another_config_does_not_go_on(tmp_path, weights):
    rec = grokviz.record(tmp_path / "run", SEVEN)
    rec.snapshot(0, weights)
    with pytest.raises(RunError, match="another config: d_mlp differ"):
        grokviz.record(tmp_path / "run", grokviz.RunConfig(p=7, d_model=8, n_heads=2, d_mlp=16))
    rec.finish()
    with pytest.raises(RunError, match="has finished"):
        grokviz.record(tmp_path / "run", SEVEN)
