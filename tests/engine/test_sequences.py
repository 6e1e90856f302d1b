import dataclasses
import math
from typing import cast

import numpy as np
import pytest
import torch

from grokviz.engine.batch import State
from grokviz.engine.sequences import PartsRow, batch_before, train
from grokviz.engine.train import Snapshot
from grokviz.errors import TrainingError
from grokviz.models.sequence import initial_weights, run
from grokviz.sequence_config import SequenceConfig, recipe
from grokviz.tasks.sequences import batch_at, fixed_set, held_out

SMALL = {
    "skip-trigrams": {"n_symbols": 3, "length": 7, "d_model": 8, "d_head": 4},
    "digits": {"n_digits": 2, "d_model": 8, "n_heads": 2, "d_head": 4, "d_mlp": 16},
    "repeats": {"n_symbols": 9, "length": 19, "span": 4, "d_model": 8, "n_heads": 2, "d_head": 4},
}


def small(task: str, **changed) -> SequenceConfig:
    sizes = SMALL[task] | {"batch_size": 8, "n_test": 16, "steps": 12, "max_snapshots": 4, "lr": 0.01}
    return recipe(task, **(sizes | changed))


def events(config, resume=None, wanted=lambda: False):
    return list(train(config, "cpu", resume, wanted))


def rows(config, **more) -> list[PartsRow]:
    return [event for event in events(config, **more) if isinstance(event, PartsRow)]


class Plain(torch.nn.Module):
    """The networks written once more, in einsums over all positions and TransformerLens' own layout."""

    def __init__(self, config: SequenceConfig) -> None:
        super().__init__()
        self.spec = config.model
        weights = initial_weights(self.spec, config.seed)
        self.w = torch.nn.ParameterDict({n.replace(".", "/"): torch.tensor(a) for n, a in weights.items()})

    def forward(self, tokens):
        x = self.w["W_E"][tokens] + self.w["W_pos"]
        for i in range(self.spec.n_layers):
            w = {n.split("/")[2]: p for n, p in self.w.items() if n.startswith(f"blocks/{i}")}
            q, k, v = (torch.einsum("bid,hde->bhie", x, w[f"W_{c}"]) for c in "QKV")
            scores = torch.einsum("bhie,bhje->bhij", q, k) / math.sqrt(self.spec.d_head)
            mask = torch.triu(torch.ones(scores.shape[-2:]), 1) * -1e10
            z = torch.einsum("bhij,bhje->bhie", torch.softmax(scores + mask, -1), v)
            attended = x + torch.einsum("bhie,hed->bid", z, w["W_O"])
            x = x + attended if self.spec.network == "doubled" else attended
            if "W_in" in w:
                x = x + torch.relu(x @ w["W_in"] + w["b_in"]) @ w["W_out"] + w["b_out"]
        return x @ self.w["W_U"]


@pytest.mark.parametrize("task", SMALL)
def test_training_is_that_of_torch_itself(task):
    config = small(task, steps=9, log_every=1)
    plain = Plain(config)
    optimizer = torch.optim.AdamW(
        plain.parameters(), config.lr, betas=(0.9, config.beta2), weight_decay=config.weight_decay
    )
    rate = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(step / 10, 1))
    expected = []
    for step in range(10):
        batch = batch_at(config.question, config.seed, step, config.batch_size)
        logits = plain(torch.tensor(batch.tokens)).double()
        at = logits[torch.arange(8)[:, None], torch.tensor(batch.places.tolist())]
        loss = -at.log_softmax(-1).gather(-1, torch.tensor(batch.answers.tolist())[..., None]).mean()
        expected.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rate.step()
    np.testing.assert_allclose([row.train_loss for row in rows(config)], expected, rtol=2e-5)


@pytest.mark.parametrize("task", SMALL)
def test_a_row_says_what_the_held_out_sequences_are_answered(task):
    config = small(task, steps=0 + 3)
    told = [event for event in events(config) if not isinstance(event, State)]
    row = cast(PartsRow, told[-2])
    weights = cast(Snapshot, told[-1]).weights
    test = held_out(config.question, config.seed, 16)
    logits = run(config.model, weights, test.tokens).logits.astype(float)
    by_part, right = {}, []
    for i, (places, answers, parts) in enumerate(zip(test.places, test.answers, test.parts, strict=True)):
        for place, answer, part in zip(places, answers, parts, strict=True):
            powers = np.exp(logits[i, place])
            by_part.setdefault(int(part), []).append(-math.log(powers[answer] / powers.sum()))
            right.append(int(powers.argmax()) == answer)
    assert row.test_loss == pytest.approx(np.mean([x for part in by_part.values() for x in part]), rel=1e-5)
    assert row.test_accuracy == pytest.approx(np.mean(right))
    for part, values in by_part.items():
        assert row.parts[part] == pytest.approx(np.mean(values), rel=1e-5)
    norm = sum((array.astype(float) ** 2).sum() for array in weights.values())
    assert row.sum_squared_weights == pytest.approx(norm)


@pytest.mark.parametrize("task", SMALL)
@pytest.mark.parametrize("n_train", [0, 20])
def test_whoever_goes_on_from_a_state_logs_the_same_losses(task, n_train):
    config = small(task, n_train=n_train)
    whole = rows(config)
    state = next(e for e in events(config, wanted=lambda: True) if isinstance(e, State) and e.step > 4)
    assert rows(config, resume=state) == [row for row in whole if row.step > state.step]


def test_the_toy_learns_with_both_of_its_parts():
    config = small("skip-trigrams", network="toy", steps=150, lr=0.05, batch_size=64)
    first, *_, last = rows(config)
    assert first.test_loss == pytest.approx(math.log(3), abs=0.2)
    assert last.test_loss < 0.2
    assert last.test_accuracy == 1
    (snapshot,) = [e for e in events(config) if isinstance(e, Snapshot) and e.step == 150]
    assert snapshot.weights["QK"][12:].min() > snapshot.weights["QK"][:12].max()  # looks at what matters


def test_a_fixed_set_is_gone_through_in_rounds():
    config = small("digits", n_train=20)
    fixed = fixed_set(config.question, config.seed, 20)
    batches = [batch_before(config, step, fixed).tokens for step in range(4)]
    assert [len(batch) for batch in batches] == [8, 8, 4, 8]
    np.testing.assert_array_equal(np.concatenate(batches[:3]), fixed.tokens)
    np.testing.assert_array_equal(batches[3], batches[0])


def test_snapshots_are_kept_where_the_loss_falls_and_at_the_end():
    config = small("skip-trigrams", steps=200, max_snapshots=12)
    steps = [event.step for event in events(config) if isinstance(event, Snapshot)]
    assert steps[0] == 0
    assert steps[-1] == 200
    assert len(steps) <= 12
    assert steps == sorted(set(steps))


def test_a_training_that_diverges_says_so():
    config = dataclasses.replace(small("skip-trigrams", steps=300), lr=1.0, weight_decay=100.0)
    with pytest.raises(TrainingError, match="smaller learning rate"):
        events(config)


def test_a_group_of_answers_that_is_never_asked_for_has_no_loss():
    config = small("skip-trigrams", n_test=1, n_symbols=3)
    (first, *_) = rows(config)
    assert sum(math.isnan(value) for value in first.parts) == 2
