"""A run on sequences, measured: against loops that share no code with it."""

import numpy as np
import pytest

from grokviz import worker
from grokviz.models.sequence import run as run_network
from grokviz.runs.folder import open_sequences, read_weights
from grokviz.sequence_config import recipe
from grokviz.study import sequences as study
from grokviz.tasks.sequences import held_out

SMALL = {
    "d_model": 8,
    "d_head": 4,
    "batch_size": 4,
    "n_test": 6,
    "steps": 12,
    "max_snapshots": 3,
    "precision": "float32",
}
CONFIGS = {
    "skip-trigrams": recipe("skip-trigrams", n_symbols=3, length=7, **SMALL),
    "digits": recipe("digits", n_digits=2, n_heads=2, d_mlp=8, **SMALL),
    "repeats": recipe("repeats", n_symbols=9, length=19, span=4, n_heads=2, **SMALL),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    home, found = tmp_path_factory.mktemp("sequences"), {}
    for task, config in CONFIGS.items():
        worker.start(home / task, config, "cpu")
        for _ in worker.run(home / task, "cpu"):
            pass
        found[task] = open_sequences(home / task)
    return found


def test_the_head_of_skip_trigrams_looks_at_the_special_token(runs):
    run = runs["skip-trigrams"]
    (score,) = study.scores(run)
    test = held_out(run.config.question, run.config.seed, 6)
    for i in range(len(run.steps)):
        pattern = run_network(run.config.model, read_weights(run, i), test.tokens).patterns[0]
        looked = []
        for n, tokens in enumerate(test.tokens.tolist()):
            (place,) = [j for j, token in enumerate(tokens) if token >= 12]
            looked.append(pattern[n, 0, 6, place])
        assert score.values[i, 0] == pytest.approx(np.mean(looked))


def test_the_heads_of_repeats_look_back_by_one_and_at_what_came_after(runs):
    run = runs["repeats"]
    before, after = study.scores(run)
    assert (before.layer, after.layer) == (0, 1)
    test = held_out(run.config.question, run.config.seed, 6)
    for i in range(len(run.steps)):
        patterns = run_network(run.config.model, read_weights(run, i), test.tokens).patterns
        for h in range(2):
            back, matched = [], []
            for n, tokens in enumerate(test.tokens.tolist()):
                back += [patterns[0, n, h, j, j - 1] for j in range(1, 19)]
                start = int(test.places[n, 0])
                word = tokens[start : start + 4]
                first = next(j for j in range(1, start) if tokens[j : j + 4] == word)
                matched += [patterns[1, n, h, start + k, first + k + 1] for k in range(3)]
            assert before.values[i, h] == pytest.approx(np.mean(back))
            assert after.values[i, h] == pytest.approx(np.mean(matched))
    assert before.best == before.values[-1].argmax()


def test_of_digits_no_such_account_is_known(runs):
    assert study.scores(runs["digits"]) == ()


@pytest.mark.parametrize("task", CONFIGS)
def test_what_is_said_to_a_sequence_is_what_the_network_says(runs, task):
    run = runs[task]
    batch = held_out(run.config.question, 1, 1)
    said = study.said_to(run, batch.tokens[0], batch.places[0])
    assert len(said.patterns) == len(said.chances) == len(run.steps)
    for i in range(len(run.steps)):
        found = run_network(run.config.model, read_weights(run, i), batch.tokens)
        np.testing.assert_allclose(said.patterns[i], found.patterns[:, 0], rtol=1e-5)
        for j, place in enumerate(batch.places[0]):
            powers = np.exp(found.logits[0, place].astype(float))
            np.testing.assert_allclose(said.chances[i, j], powers / powers.sum(), rtol=1e-6)


def test_every_part_has_its_cliff_or_none(runs):
    for task, run in runs.items():
        found = study.cliffs(run)
        assert set(found) == {"", *run.config.columns}, task
        assert not any(found.values())  # after twelve steps
