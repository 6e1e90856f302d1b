import math

import numpy as np
import pytest
import torch

from grokviz.engine.sequences import logits_at
from grokviz.errors import ConfigError
from grokviz.models.sequence import SequenceSpec, initial_weights, losses, run
from grokviz.sequence_config import TASKS, recipe
from grokviz.tasks.sequences import batch_at


def spec_of(**changed) -> SequenceSpec:
    sizes = {
        "d_vocab": 7,
        "d_vocab_out": 5,
        "n_ctx": 6,
        "n_layers": 2,
        "d_model": 8,
        "n_heads": 2,
        "d_head": 3,
        "d_mlp": 9,
    }
    return SequenceSpec(**(sizes | changed))  # pyright: ignore[reportArgumentType]


def dense_weights(spec: SequenceSpec) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {name: 0.5 * rng.standard_normal(shape) for name, shape in spec.shapes.items()}


def by_hand(spec: SequenceSpec, w: dict[str, np.ndarray], tokens: list[int]) -> list[np.ndarray]:
    """Logits position by position, head by head, key by key."""
    stream = [w["W_E"][t] + w["W_pos"][i] for i, t in enumerate(tokens)]
    for layer in range(spec.n_layers):
        p = {name.split(".")[2]: array for name, array in w.items() if name.startswith(f"blocks.{layer}.")}
        after = []
        for i, x in enumerate(stream):
            out = x * (2 if spec.network == "doubled" else 1)
            for h in range(spec.n_heads):
                powers = [
                    math.exp((x @ p["W_Q"][h]) @ (stream[j] @ p["W_K"][h]) / math.sqrt(spec.d_head))
                    for j in range(i + 1)
                ]
                for j, power in enumerate(powers):
                    out = out + power / sum(powers) * (stream[j] @ p["W_V"][h] @ p["W_O"][h])
            if spec.d_mlp:
                hidden = [max(0.0, float(out @ p["W_in"][:, m] + p["b_in"][m])) for m in range(spec.d_mlp)]
                out = out + sum(a * p["W_out"][m] for m, a in enumerate(hidden)) + p["b_out"]
            after.append(out)
        stream = after
    return [x @ w["W_U"] for x in stream]


@pytest.mark.parametrize("changed", [{}, {"d_mlp": 0, "network": "doubled"}, {"n_layers": 1}])
def test_the_forward_pass_is_that_of_a_loop(changed):
    spec = spec_of(**changed)
    weights, tokens = dense_weights(spec), [[3, 1, 4, 1, 5, 2], [0, 6, 6, 2, 1, 3]]
    found = run(spec, weights, np.array(tokens))
    assert found.patterns.shape == (spec.n_layers, 2, 2, 6, 6)
    np.testing.assert_allclose(found.patterns.sum(-1), 1)
    assert np.all(np.triu(found.patterns, 1) == 0)
    for logits, sequence in zip(found.logits, tokens, strict=True):
        np.testing.assert_allclose(logits, by_hand(spec, weights, sequence), rtol=1e-9)
    shorter = run(spec, weights, np.array(tokens)[:, :4])
    np.testing.assert_allclose(shorter.logits, found.logits[:, :4])


def test_the_toy_says_what_it_looks_at():
    spec = spec_of(network="toy")
    weights, tokens = dense_weights(spec), [3, 1, 4]
    powers = [math.exp(weights["QK"][t]) for t in tokens]
    expected = sum(power / sum(powers) * weights["OV"][t] for power, t in zip(powers, tokens, strict=True))
    np.testing.assert_allclose(run(spec, weights, np.array([tokens])).logits[0, -1], expected)
    assert spec_of(network="toy", d_vocab=22, d_vocab_out=10).n_parameters == 242


@pytest.mark.parametrize("task", [*TASKS, "toy"])
def test_numpy_and_torch_agree_to_1e_5(task):
    config = recipe("skip-trigrams", network="toy") if task == "toy" else recipe(task)
    weights = initial_weights(config.model, 1)
    batch = batch_at(config.question, 0, 0, 3)
    params = {name: torch.tensor(array) for name, array in weights.items()}
    there = logits_at(
        config.model, params, torch.from_numpy(batch.tokens), torch.tensor(batch.places.tolist())
    )
    here = np.take_along_axis(run(config.model, weights, batch.tokens).logits, batch.places[..., None], 1)
    assert np.abs(there.numpy() - here).max() < 1e-5


def test_losses_are_those_of_probabilities():
    logits = np.random.default_rng(0).normal(size=(4, 3, 5)).astype(np.float32)
    answers = np.array([[0, 1, 2], [3, 4, 0], [1, 1, 1], [2, 2, 4]])
    found = losses(logits, answers)
    for i, j in np.ndindex(4, 3):
        powers = [math.exp(x) for x in logits[i, j].tolist()]
        assert found[i, j] == pytest.approx(-math.log(powers[answers[i, j]] / sum(powers)))


@pytest.mark.parametrize("task", TASKS)
def test_weights_begin_as_in_the_notebook(task):
    config = recipe(task)
    spread = {
        name.rpartition(".")[2]: array.std() for name, array in initial_weights(config.model, 0).items()
    }
    narrow = 1 / math.sqrt(config.d_model)
    wide = 1 / math.sqrt(config.d_head) if task == "repeats" else narrow
    expected = {
        "W_E": narrow,
        "W_pos": narrow,
        "W_Q": wide,
        "W_O": narrow,
        "W_U": 1 / math.sqrt(config.model.d_vocab_out),
    }
    for name, value in expected.items():
        assert spread[name] == pytest.approx(value, rel=0.1), name
    assert [spread[name] for name in spread if name.startswith("b_")] == [0] * (2 if config.d_mlp else 0)


def test_a_network_that_is_not_known_is_refused():
    with pytest.raises(ConfigError, match="'elman' is not known. Choose one of: transformer, doubled, toy"):
        spec_of(network="elman")
