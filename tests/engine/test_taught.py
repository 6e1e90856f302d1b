"""Training with wrong labels and with pairs that are trained on no more: the rows, from the weights by the numpy forward pass."""

import dataclasses

import numpy as np
import pytest
import torch

from grokviz.config import RunConfig
from grokviz.engine.schedule import LogRow
from grokviz.engine.train import Snapshot, train, train_many
from grokviz.models.forward import completed, forward, widen
from grokviz.tasks.pairs import build_task

SMALL = RunConfig(p=7, d_model=16, n_heads=2, d_mlp=32, frac_train=0.3, steps=40, max_snapshots=5, lr=5e-3)


def by_hand(config: RunConfig, weights: dict[str, np.ndarray]) -> dict[str, float]:
    """The figures of a row, pair by pair, from the forward pass in numpy."""
    task = build_task(config)
    pairs = [(a, b) for a in range(config.p) for b in range(config.p)]
    logits = torch.tensor(forward(completed(widen(weights))).logits).flatten(0, 1)
    log_p = logits.double().log_softmax(-1)
    said = log_p.argmax(-1).tolist()

    def mean(values: list[float]) -> float:
        return sum(values) / len(values) if values else float("nan")

    def over(side, table, what) -> float:
        return mean([what(i, int(table[x])) for i, x in enumerate(pairs) if side[x]])

    def right(i: int, label: int) -> float:
        return float(said[i] == label)

    def loss(i: int, label: int) -> float:
        return -log_p[i, label].item()

    removed = np.zeros_like(task.is_test) if task.is_removed is None else task.is_removed
    return {
        "train_loss": over(task.is_train, task.labels, loss),
        "test_loss": over(task.is_test, task.answers, loss),
        "train_accuracy": over(task.is_train, task.labels, right),
        "test_accuracy": over(task.is_test, task.answers, right),
        "removed_accuracy": over(removed, task.answers, right),
        "corrected": over(task.is_wrong, task.answers, right),
    }


@pytest.mark.parametrize("architecture", ["transformer", "mlp"])
@pytest.mark.parametrize("operation", ["add", "divide"])
@pytest.mark.parametrize(
    "further", [{"wrong_labels": 0.3}, {"frac_before": 0.7}, {"wrong_labels": 0.3, "frac_before": 0.7}]
)
def test_rows_are_those_of_the_forward_pass(operation, architecture, further):
    config = dataclasses.replace(SMALL, operation=operation, architecture=architecture, **further)
    events = list(train(config, "cpu"))
    rows = {event.step: event for event in events if isinstance(event, LogRow)}
    for event in events:
        if isinstance(event, Snapshot):
            row = rows[event.step]._asdict()
            for name, expected in by_hand(config, event.weights).items():
                logged = np.nan if row[name] is None else row[name]
                np.testing.assert_allclose(logged, expected, rtol=1e-5, atol=1e-6, err_msg=name)
            assert (row["corrected"] is None) == ("wrong_labels" not in further)
            assert (row["removed_accuracy"] is None) == ("frac_before" not in further)


@pytest.mark.slow
def test_together_each_is_what_it_is_alone():
    configs = [SMALL] + [
        dataclasses.replace(SMALL, seed=5, **further)
        for further in ({"wrong_labels": 0.3}, {"frac_before": 0.7}, {"frac_train": 0.6})
    ]
    events = list(train_many(configs, "cpu"))
    together = [[e for i, e in events if i == n and isinstance(e, LogRow)] for n in range(len(configs))]
    for config, rows in zip(configs, together, strict=True):
        alone = [e for e in train(config, "cpu") if isinstance(e, LogRow)]
        for one, other in zip(rows, alone, strict=True):
            assert [x is None for x in one] == [x is None for x in other]
            np.testing.assert_allclose(
                [x for x in one if x is not None], [x for x in other if x is not None], rtol=2e-3, atol=2e-3
            )
