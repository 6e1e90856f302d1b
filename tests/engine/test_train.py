"""Training alone and together, against a plain loop and against itself."""

import dataclasses
import gc
import itertools
import math

import numpy as np
import pytest
import torch

from grokviz.config import RunConfig
from grokviz.engine import batch
from grokviz.engine import train as engine
from grokviz.engine.batch import State
from grokviz.engine.optimizers import OPTIMIZERS
from grokviz.engine.schedule import LogRow
from grokviz.engine.train import Snapshot, choose_device, train, train_many
from grokviz.errors import TrainingError
from grokviz.models import transformer
from grokviz.tasks.pairs import build_task

SMALL = RunConfig(p=7, d_model=16, n_heads=2, d_mlp=32, frac_train=0.6, steps=120, max_snapshots=12)


def scalars(row: LogRow) -> tuple[float, ...]:
    """Of every run: not the step, and not the further columns."""
    return row.train_loss, row.test_loss, row.train_accuracy, row.test_accuracy, row.sum_squared_weights


def rows_and_snapshots(events):
    events = list(events)
    return [e for e in events if isinstance(e, LogRow)], [e for e in events if isinstance(e, Snapshot)]


@pytest.mark.slow
def test_follows_a_plain_training_loop():
    """The textbook loop: readable model, torch.optim.AdamW, the learning rate set by hand."""
    task = build_task(SMALL)

    def side(mask):
        a, b = (torch.tensor(x) for x in np.nonzero(mask))
        return transformer.tokens_of(a, b, 7), torch.tensor(task.answers[mask])

    (train_x, train_y), (test_x, test_y) = side(task.is_train), side(task.is_test)
    net = transformer.Transformer(transformer.initial_weights(SMALL.model, SMALL.seed))
    adam = torch.optim.AdamW(net.parameters(), lr=1e-3, betas=(0.9, 0.98), eps=1e-8, weight_decay=1.0)
    expected = []
    for step in range(121):
        adam.zero_grad()
        logits = net(train_x)
        loss = transformer.cross_entropy(logits, train_y)
        test_logits = net(test_x)
        expected.append(
            (
                loss.item(),
                transformer.cross_entropy(test_logits, test_y).item(),
                (logits.argmax(-1) == train_y).double().mean().item(),
                (test_logits.argmax(-1) == test_y).double().mean().item(),
                sum(w.square().sum().item() for w in net.parameters()),
            )
        )
        loss.backward()
        adam.param_groups[0]["lr"] = 1e-3 * min(step / 10, 1)
        adam.step()

    rows, snapshots = rows_and_snapshots(train(SMALL, "cpu"))
    assert [row.step for row in rows] == [s for s in range(121) if s < 50 or s % min(10, s // 25) == 0]
    for row in rows:
        np.testing.assert_allclose(
            scalars(row), expected[row.step], rtol=2e-4, atol=1e-6, err_msg=str(row.step)
        )
    # All weights at once: AdamW amplifies rounding where a gradient is nearly 0, as for some of the biases.
    expected_weights = np.concatenate([w.detach().numpy().ravel() for _, w in net.named_parameters()])
    weights = np.concatenate([snapshots[-1].weights[name].ravel() for name, _ in net.named_parameters()])
    assert np.linalg.norm(weights - expected_weights) < 0.01 * np.linalg.norm(expected_weights)


CHANGES = ((30, "weight_decay", 0.0), (55, "lr", 5e-3), (55, "weight_decay", 3.0), (77, "lr", 1e-4))
CHANGED = dataclasses.replace(SMALL, changes=CHANGES)


@pytest.mark.slow
def test_changed_settings_follow_a_plain_loop():
    """torch.optim.AdamW, whose settings are set by hand at those steps."""
    task = build_task(SMALL)
    a, b = (torch.tensor(x) for x in np.nonzero(task.is_train))
    tokens, answers = transformer.tokens_of(a, b, 7), torch.tensor(task.answers[task.is_train])
    net = transformer.Transformer(transformer.initial_weights(SMALL.model, SMALL.seed))
    adam = torch.optim.AdamW(net.parameters(), betas=(0.9, 0.98), weight_decay=1.0)
    expected, lr = [], 1e-3
    for step in range(121):
        adam.zero_grad()
        loss = transformer.cross_entropy(net(tokens), answers)
        expected.append((loss.item(), sum(w.square().sum().item() for w in net.parameters())))
        loss.backward()
        lr = {55: 5e-3, 77: 1e-4}.get(step, lr)
        group = adam.param_groups[0]
        group["weight_decay"] = {30: 0.0, 55: 3.0}.get(step, group["weight_decay"])
        group["lr"] = lr * min(step / 10, 1)
        adam.step()
    rows, _ = rows_and_snapshots(train(CHANGED, "cpu"))
    for row in rows:
        found = row.train_loss, row.sum_squared_weights
        np.testing.assert_allclose(found, expected[row.step], rtol=5e-4, atol=1e-6, err_msg=str(row.step))
    plain, _ = rows_and_snapshots(train(SMALL, "cpu"))
    assert abs(rows[-1].sum_squared_weights / plain[-1].sum_squared_weights - 1) > 0.05  # they matter


def stopped_and_changed():
    """The same by stopping at each of the steps, taking another config, and going on."""
    config, state, rows = SMALL, None, []
    for step in (*sorted({step for step, _, _ in CHANGES}), None):
        for event in train(config, "cpu", state, lambda at=step: at is not None and rows[-1].step >= at):
            if isinstance(event, LogRow):
                rows.append(event)
            elif step is not None and rows[-1].step >= step:
                state = event.state if isinstance(event, Snapshot) else event
                assert state.step == rows[-1].step
                break
        if step is not None:
            config = dataclasses.replace(config, **{n: v for s, n, v in CHANGES if s == step})
    return rows, event


@pytest.mark.slow
def test_a_change_is_a_stop_another_setting_and_going_on():
    logged = {row.step for row in rows_and_snapshots(train(SMALL, "cpu"))[0]}
    assert logged >= {step for step, _, _ in CHANGES} - {55, 77}
    config = dataclasses.replace(SMALL, log_every=1)
    ours, snapshots = rows_and_snapshots(train(dataclasses.replace(CHANGED, log_every=1), "cpu"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(globals(), "SMALL", config)
        theirs, last = stopped_and_changed()
    assert ours == theirs
    assert isinstance(last, Snapshot)
    for name, w in snapshots[-1].weights.items():
        assert np.array_equal(w, last.weights[name])


@pytest.mark.slow
def test_runs_that_change_at_other_steps_are_trained_together(monkeypatch):
    monkeypatch.setattr(engine, "_runs_at_once", lambda config, where: 3)
    configs = [
        CHANGED,
        dataclasses.replace(SMALL, seed=1),
        dataclasses.replace(SMALL, seed=2, steps=70, changes=((13, "lr", 5e-3), (69, "weight_decay", 0.0))),
    ]
    for lag in (0, 3):
        together = by_run(train_many(configs, "cpu", lag=lag))
        for index, config in enumerate(configs):
            rows, snapshots = rows_and_snapshots(train(config, "cpu"))
            found, taken = rows_and_snapshots(together[index])
            assert [row.step for row in found] == [row.step for row in rows]
            for row, other in zip(rows, found, strict=True):
                np.testing.assert_allclose(scalars(other), scalars(row), rtol=1e-3, atol=1e-6)
            assert taken[-1].step == snapshots[-1].step


@pytest.mark.slow
def test_a_state_is_given_where_it_is_wanted_and_nowhere_else():
    asked, last = [], None

    def wanted():
        asked.append(last)
        return len(asked) % 7 == 0

    found = []
    for event in train(SMALL, "cpu", wanted=wanted):
        if isinstance(event, LogRow):
            last = event.step
        else:
            state = event if isinstance(event, State) else event.state
            assert state.step == last
            found.append((last, isinstance(event, State)))
    plain = {s.step for s in rows_and_snapshots(train(SMALL, "cpu"))[1]}
    assert {step for step, is_state in found if is_state} == set(asked[6::7]) - plain
    assert {step for step, is_state in found if not is_state} == plain


@pytest.mark.slow
def test_1000_steps_follow_the_readable_model():
    """In float64, far past memorisation. Rounding grows along the way, tenfold in some 200 steps: none other does."""
    config = RunConfig(p=13, d_model=16, n_heads=2, d_mlp=32, frac_train=0.8, lr=2e-3)
    task = build_task(config)
    a, b = (torch.tensor(x) for x in np.nonzero(task.is_train))
    tokens, answers = transformer.tokens_of(a, b, 13), torch.tensor(task.answers[task.is_train])
    net = transformer.Transformer(transformer.initial_weights(config.model, config.seed)).double()
    adam = torch.optim.AdamW(net.parameters(), betas=(0.9, 0.98), weight_decay=1.0)
    start = batch.first_state(config)
    fast = batch.make_batch([config], [start], torch.device("cpu"), torch.float64)
    for step in range(1_001):
        adam.zero_grad()
        loss = transformer.cross_entropy(net(tokens), answers)
        loss.backward()
        batch.gradient(fast)
        if step % 100 == 0:
            assert batch.row(fast)[0, 0].item() == pytest.approx(loss.item(), rel=1e-7)
        adam.param_groups[0]["lr"] = config.lr * min(step / 10, 1)
        adam.step()
        batch.update(fast)
    assert loss < 1e-4
    for name, w in net.named_parameters():
        assert (fast.params[name][0] - w).norm() < 1e-7 * w.norm()


def test_update_0_moves_nothing():
    rows, _ = rows_and_snapshots(itertools.islice(train(SMALL, "cpu"), 4))
    assert rows[0].train_loss == rows[1].train_loss
    assert rows[1].train_loss != rows[2].train_loss


def test_snapshots_are_copies_with_the_right_shapes():
    _, snapshots = rows_and_snapshots(train(SMALL, "cpu"))
    assert snapshots[0].step == 0
    assert snapshots[-1].step == 120
    assert {n: w.shape for n, w in snapshots[0].weights.items()} == SMALL.shapes
    for name, w in transformer.initial_weights(SMALL.model, SMALL.seed).items():
        assert np.array_equal(snapshots[0].weights[name], w)
    assert not np.array_equal(snapshots[0].weights["W_E"], snapshots[-1].weights["W_E"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("which", "optimizer"),
    [(0, "adamw"), (3, "adamw"), (-2, "adamw"), (-1, "adamw"), *((3, o) for o in OPTIMIZERS)],
)
def test_resuming_from_any_snapshot_gives_the_same_run(which, optimizer):
    config = dataclasses.replace(SMALL, optimizer=optimizer)
    rows, snapshots = rows_and_snapshots(train(config, "cpu"))
    state = snapshots[which].state
    rows_after, snapshots_after = rows_and_snapshots(train(config, "cpu", resume=state))
    if which == -1:  # it was over
        assert (rows_after, snapshots_after) == ([], [])
        return
    assert rows_after == [row for row in rows if row.step > state.step]
    assert [s.step for s in snapshots_after] == [s.step for s in snapshots if s.step > state.step]
    for name, w in snapshots[-1].weights.items():
        assert np.array_equal(snapshots_after[-1].weights[name], w)


MANY = [
    SMALL,
    dataclasses.replace(SMALL, seed=1, frac_train=0.4, lr=3e-3),
    dataclasses.replace(SMALL, seed=2, steps=60, weight_decay=0.0, log_every=7),
    dataclasses.replace(SMALL, seed=3, operation="subtract", beta2=0.9, warmup_steps=5),
    dataclasses.replace(SMALL, seed=4, optimizer="muon"),
    dataclasses.replace(SMALL, seed=5, loss="stablemax"),
    dataclasses.replace(SMALL, seed=6, d_mlp=16),
]


def by_run(events):
    found = {}
    for index, event in events:
        found.setdefault(index, []).append(event)
    return found


@pytest.fixture(scope="module")
def one_by_one():
    return [rows_and_snapshots(train(config, "cpu")) for config in MANY]


@pytest.mark.slow
@pytest.mark.parametrize("lag", [0, 1, 3])
def test_many_runs_together_are_the_runs_one_by_one(monkeypatch, lag, one_by_one):
    """Other seeds, fractions, settings, lengths; three of them need a batch of their own."""
    monkeypatch.setattr(engine, "_runs_at_once", lambda config, where: 3)
    together = by_run(train_many(MANY, "cpu", lag=lag))
    assert sorted(together) == list(range(len(MANY)))
    for index, (rows, snapshots) in enumerate(one_by_one):
        rows_together, snapshots_together = rows_and_snapshots(together[index])
        assert [row.step for row in rows_together] == [row.step for row in rows]
        for row, other in zip(rows, rows_together, strict=True):
            np.testing.assert_allclose(scalars(other), scalars(row), rtol=1e-3, atol=1e-6)
        assert [s.step for s in snapshots_together] == [s.step for s in snapshots]
        for ours, theirs in zip(
            snapshots[-1].weights.values(), snapshots_together[-1].weights.values(), strict=True
        ):
            assert np.linalg.norm(ours - theirs) <= 1e-3 * np.linalg.norm(ours)


@pytest.mark.slow
def test_rows_that_come_late_are_the_same_rows():
    config = dataclasses.replace(SMALL, stop="cleanup", steps=60)
    prompt, late = (list(train_many([config], "cpu", lag=lag)) for lag in (0, 4))
    assert len(prompt) == len(late)
    for (_, x), (_, y) in zip(prompt, late, strict=True):
        if isinstance(x, LogRow):
            assert x == y
        else:
            assert isinstance(x, Snapshot)
            assert isinstance(y, Snapshot)
            assert x.state.schedule == y.state.schedule
            for parts in ("weights", "moments"):
                a, b = getattr(x.state, parts), getattr(y.state, parts)
                assert all(np.array_equal(u, v) for u, v in zip(leaves(a), leaves(b), strict=True))


def leaves(tree):
    return [
        leaf for value in tree.values() for leaf in (leaves(value) if isinstance(value, dict) else [value])
    ]


@pytest.mark.slow
def test_runs_that_resume_at_different_steps_go_on_together(monkeypatch):
    monkeypatch.setattr(engine, "_runs_at_once", lambda config, where: 2)
    alone = [rows_and_snapshots(train(config, "cpu")) for config in MANY[:2]]
    states = [alone[0][1][2].state, None]
    together = by_run(train_many(MANY[:2], "cpu", states))
    rows = rows_and_snapshots(together[0])[0]
    assert [row.step for row in rows] == [row.step for row in alone[0][0] if row.step > states[0].step]
    np.testing.assert_allclose(scalars(rows[-1]), scalars(alone[0][0][-1]), rtol=1e-3)
    np.testing.assert_allclose(
        scalars(rows_and_snapshots(together[1])[0][-1]), scalars(alone[1][0][-1]), rtol=1e-3
    )


@pytest.mark.slow
def test_one_that_diverges_ends_alone(monkeypatch):
    monkeypatch.setattr(engine, "_runs_at_once", lambda config, where: 2)
    wild = dataclasses.replace(SMALL, lr=1.0, weight_decay=100.0, steps=2_000)
    together = by_run(train_many([wild, SMALL], "cpu"))
    assert isinstance(together[0][-1], TrainingError)
    assert [row.step for row in rows_and_snapshots(together[1])[0]][-1] == SMALL.steps


def test_divergence_is_an_error_that_says_what_to_do():
    with pytest.raises(TrainingError, match="smaller learning rate"):
        list(
            train(
                RunConfig(p=5, d_model=8, n_heads=1, d_mlp=8, lr=1.0, weight_decay=100.0, steps=2_000), "cpu"
            )
        )


def test_unknown_and_absent_devices_are_refused():
    with pytest.raises(TrainingError, match="auto, cpu, cuda"):
        choose_device("tpu")
    if not torch.cuda.is_available():
        with pytest.raises(TrainingError, match="no GPU"):
            choose_device("cuda")
    assert choose_device("cpu").type == "cpu"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_gpu_follows_the_cpu():
    on_cpu, on_gpu = (rows_and_snapshots(train(SMALL, device))[0] for device in ("cpu", "cuda"))
    for x, y in zip(on_cpu, on_gpu, strict=True):
        np.testing.assert_allclose(scalars(x), scalars(y), rtol=1e-3, atol=1e-5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_what_is_recorded_for_a_gpu_keeps_the_memory_it_works_in():
    where = torch.device("cuda")
    do = batch.operations(batch.make_batch([SMALL], [batch.first_state(SMALL)], where))
    gc.collect()
    taken = torch.full((2**24,), math.nan, device=where)  # what was free is written over
    do.gradient()
    assert torch.isfinite(do.row()[:, :5]).all()  # the further columns are of other tasks
    assert taken.isnan().all()


@pytest.mark.parametrize(("cores", "expected"), [(1, 1), (2, 1), (8, 7)])
def test_a_core_is_left_to_the_pages(cores, expected, monkeypatch):
    chosen = []
    monkeypatch.setattr(torch, "get_num_threads", lambda: cores)
    monkeypatch.setattr(torch, "set_num_threads", chosen.append)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    engine.leave_a_core()
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    engine.leave_a_core()  # somebody knows better
    assert chosen == [expected]


@pytest.mark.slow
def test_stop_rule_cleanup_ends_after_grokking():
    config = RunConfig(
        p=13, d_model=32, n_heads=2, d_mlp=64, frac_train=0.8, lr=1e-2, weight_decay=2.0,
        steps=6_000, seed=0, max_snapshots=40, stop="cleanup",
    )  # fmt: skip
    rows, snapshots = rows_and_snapshots(train(config, "cpu"))
    assert rows[-1].test_accuracy == 1.0
    assert rows[-1].step < 6_000
    assert snapshots[-1].step == rows[-1].step
    best = min(row.test_loss for row in rows)
    assert rows[-1].test_loss < 100 * best
