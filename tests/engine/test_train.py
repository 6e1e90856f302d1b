import itertools

import numpy as np
import pytest
import torch

from grokviz.config import RunConfig
from grokviz.engine import model
from grokviz.engine.schedule import LogRow
from grokviz.engine.train import Snapshot, TrainingError, choose_device, train
from grokviz.tasks import build_task

SMALL = RunConfig(p=7, d_model=16, n_heads=2, d_mlp=32, frac_train=0.6, steps=120, max_snapshots=12)


def rows_and_snapshots(events):
    events = list(events)
    return [e for e in events if isinstance(e, LogRow)], [e for e in events if isinstance(e, Snapshot)]


def test_follows_a_plain_training_loop():
    """The textbook loop: readable model, torch.optim.AdamW, the learning rate set by hand."""
    task = build_task(SMALL)

    def side(mask):
        a, b = (torch.tensor(x) for x in np.nonzero(mask))
        return model.tokens_of(a, b, 7), torch.tensor(task.answers[mask])

    (train_x, train_y), (test_x, test_y) = side(task.is_train), side(task.is_test)
    net = model.Transformer(SMALL)
    adam = torch.optim.AdamW(net.parameters(), lr=1e-3, betas=(0.9, 0.98), eps=1e-8, weight_decay=1.0)
    expected = []
    for step in range(121):
        adam.zero_grad()
        logits = net(train_x)
        loss = model.cross_entropy(logits, train_y)
        test_logits = net(test_x)
        expected.append(
            (
                loss.item(),
                model.cross_entropy(test_logits, test_y).item(),
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
        np.testing.assert_allclose(row[1:], expected[row.step], rtol=2e-4, atol=1e-6, err_msg=str(row.step))
    # All weights at once: AdamW amplifies rounding where a gradient is nearly 0, as for some of the biases.
    expected_weights = np.concatenate([w.detach().numpy().ravel() for _, w in net.named_parameters()])
    weights = np.concatenate([snapshots[-1].weights[name].ravel() for name, _ in net.named_parameters()])
    assert np.linalg.norm(weights - expected_weights) < 0.01 * np.linalg.norm(expected_weights)


def test_update_0_moves_nothing():
    rows, _ = rows_and_snapshots(itertools.islice(train(SMALL, "cpu"), 4))
    assert rows[0].train_loss == rows[1].train_loss
    assert rows[1].train_loss != rows[2].train_loss


def test_snapshots_are_copies_with_the_right_shapes():
    _, snapshots = rows_and_snapshots(train(SMALL, "cpu"))
    assert snapshots[0].step == 0
    assert snapshots[-1].step == 120
    assert {n: w.shape for n, w in snapshots[0].weights.items()} == SMALL.shapes
    for name, w in model.initial_weights(SMALL).items():
        assert np.array_equal(snapshots[0].weights[name], w)
    assert not np.array_equal(snapshots[0].weights["W_E"], snapshots[-1].weights["W_E"])


@pytest.mark.parametrize("which", [0, 3, -2])
def test_resuming_from_any_snapshot_gives_the_same_run(which):
    rows, snapshots = rows_and_snapshots(train(SMALL, "cpu"))
    state = snapshots[which].state
    rows_after, snapshots_after = rows_and_snapshots(train(SMALL, "cpu", resume=state))
    assert rows_after == [row for row in rows if row.step > state.step]
    assert [s.step for s in snapshots_after] == [s.step for s in snapshots if s.step > state.step]
    for name, w in snapshots[-1].weights.items():
        assert np.array_equal(snapshots_after[-1].weights[name], w)


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
        np.testing.assert_allclose(x[1:], y[1:], rtol=1e-3, atol=1e-5)


def test_stop_rule_cleanup_ends_after_grokking():
    config = RunConfig(
        p=29, d_model=48, n_heads=2, d_mlp=128, frac_train=0.7, lr=4e-3, weight_decay=2.0,
        steps=6_000, seed=1, max_snapshots=40, stop="cleanup",
    )  # fmt: skip
    rows, snapshots = rows_and_snapshots(train(config, "cpu"))
    assert rows[-1].test_accuracy == 1.0
    assert rows[-1].step < 6_000
    assert snapshots[-1].step == rows[-1].step
    best = min(row.test_loss for row in rows)
    assert rows[-1].test_loss < 100 * best
