"""Files of two projects about other networks, made here in their layouts: clock and pizza, and the group project."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from devtools.released import needs_released, released
from grokviz.config import RunConfig
from grokviz.errors import RunError, Unanswered
from grokviz.importers.convert import import_file
from grokviz.models.forward import forward
from grokviz.runs.folder import open_run, read_weights
from grokviz.runs.imported import why_not_trainable
from grokviz.study import measure_exactly
from grokviz.tasks.named_groups import made

UNKNOWN = {"split": "unknown"}


def adds(p, n_phases=8):
    """A network of one head at attention rate 0, shown a and b, that adds mod p by waves of two frequencies."""
    freqs = (1, 2)
    config = RunConfig(p=p, d_model=8, n_heads=1, d_mlp=2 * n_phases, read_at="b", attention_rate=0.0)
    w = {name: np.zeros(shape) for name, shape in config.shapes.items()}
    n, phase = np.arange(p), 2 * np.pi * np.arange(n_phases) / n_phases
    for i, k in enumerate(freqs):
        angle, neurons = 2 * np.pi * k * n / p, slice(i * n_phases, (i + 1) * n_phases)
        w["W_E"][:, 2 * i], w["W_E"][:, 2 * i + 1] = np.cos(angle), np.sin(angle)
        w["W_in"][2 * i, neurons], w["W_in"][2 * i + 1, neurons] = np.cos(phase), np.sin(phase)
        w["W_out"][neurons, 4 + 2 * i], w["W_out"][neurons, 5 + 2 * i] = (
            9 * np.cos(2 * phase),
            9 * np.sin(2 * phase),
        )
        w["W_U"][4 + 2 * i], w["W_U"][5 + 2 * i] = np.cos(angle), np.sin(angle)
    w["W_V"][0] = w["W_O"][0] = np.eye(8)
    return config, {name: array.astype(np.float32) for name, array in w.items()}


def paper_layout(w):
    """A state dict of the clock and pizza project: that of the paper's code, with two positions and a mask."""
    heads, d, e = w["W_Q"].shape
    t = torch.tensor
    state = {
        "embed.W_E": t(w["W_E"].T), "pos_embed.W_pos": t(w["W_pos"]), "unembed.W_U": t(w["W_U"]),
        "blocks.0.attn.W_O": t(w["W_O"].reshape(heads * e, d).T), "blocks.0.attn.mask": torch.tril(torch.ones(2, 2)),
        "blocks.0.mlp.W_in": t(w["W_in"].T), "blocks.0.mlp.b_in": t(w["b_in"]),
        "blocks.0.mlp.W_out": t(w["W_out"].T), "blocks.0.mlp.b_out": t(w["b_out"]),
    }  # fmt: skip
    return state | {f"blocks.0.attn.W_{n}": t(np.moveaxis(w[f"W_{n}"], 1, 2)) for n in "QKV"}


PIZZA = {"C": 13, "attention_dir": "casual", "act_fn": "ReLU", "n_layers": 1, "epoch": 700, "lr": 0.001,
         "weight_decay": 2.0, "frac": 0.8, "eqn_sign": 0, "attn_coeff": 0}  # fmt: skip


@pytest.fixture
def pizza(tmp_path):
    config, weights = adds(13)
    torch.save(paper_layout(weights), tmp_path / "model_abc.pt")
    return tmp_path, config, weights


def test_a_checkpoint_of_the_clock_and_pizza_project_with_its_config_beside_it(pizza):
    folder, config, weights = pizza
    (folder / "config_abc.json").write_text(json.dumps(PIZZA))
    said = import_file(folder / "model_abc.pt", folder / "run", UNKNOWN | {"operation": "add"})
    run = open_run(folder / "run")
    assert (run.config.read_at, run.config.attention_rate, run.config.p) == ("b", 0.0, 13)
    assert (run.config.weight_decay, run.config.frac_train, run.steps.tolist()) == (2.0, 0.8, [700])
    assert any("config_abc.json, which lies beside it" in note for note in said["notes"])
    assert any("step 700" in note for note in said["notes"])
    found = read_weights(run, 0)
    assert found["attention_rate"] == 0
    expected = forward(weights | config.model.constants).logits
    np.testing.assert_allclose(forward(found).logits, expected, rtol=1e-6, atol=1e-6)
    assert "shown a and b alone" in why_not_trainable(dataclasses.replace(run.config, split="paper"), {})
    assert measure_exactly(run, 0)["gradient_symmetricity"] is not None


def test_where_nobody_says_the_attention_rate_it_is_asked_for(pizza):
    folder, *_ = pizza
    with pytest.raises(Unanswered) as error:
        import_file(folder / "model_abc.pt", folder / "run", UNKNOWN)
    assert [question.setting for question in error.value.questions] == ["attention_rate"]
    import_file(
        folder / "model_abc.pt", folder / "run", UNKNOWN | {"operation": "add", "attention_rate": 0.25}
    )
    assert open_run(folder / "run").config.attention_rate == 0.25


@pytest.mark.parametrize("rate", [2, -0.5, "much"])
def test_a_rate_that_is_none_is_refused(pizza, rate):
    folder, *_ = pizza
    (folder / "config_abc.json").write_text(json.dumps(PIZZA | {"attn_coeff": rate}))
    with pytest.raises(RunError, match="attention rate of .*, expected 0 to 1"):
        import_file(folder / "model_abc.pt", folder / "run", UNKNOWN)


@pytest.mark.parametrize("text", ["[1]", "{", '{"a": 1, "a": 2}', ""])
def test_something_else_of_that_name_is_no_config(pizza, text):
    folder, *_ = pizza
    (folder / "config_abc.json").write_text(text)
    with pytest.raises(Unanswered, match="attention rate"):
        import_file(folder / "model_abc.pt", folder / "run", UNKNOWN)


def composes(group):
    """The weights of a two-layer network that knows a table by heart: a neuron for every pair."""
    product, n = made(group).product, len(made(group).product)
    W_x, W_y = np.eye(n), np.eye(n)
    a, b = np.mgrid[:n, :n].reshape(2, -1)
    W = np.zeros((2 * n, n * n))
    W[a, np.arange(n * n)] = W[n + b, np.arange(n * n)] = 1
    W[:n] -= 0.5  # so that a neuron wakes only where both are its own
    W[n:] -= 0.5
    W_U = np.zeros((n * n, n))
    W_U[np.arange(n * n), product[a, b]] = 20
    weights = {"W_x": W_x, "W_y": W_y, "W": W, "W_U": W_U}
    return {name: torch.tensor(w, dtype=torch.float32) for name, w in weights.items()}


def test_a_two_layer_network_of_the_group_project(tmp_path):
    """Its group is known by its answers, in the order of its elements here."""
    state = composes("S_3")
    torch.save(state, tmp_path / "model.pt")
    (tmp_path / "cfg.json").write_text(
        json.dumps({"num_epochs": 250_000, "lr": 1e-3, "weight_decay": 1, "seed": 2})
    )
    import_file(tmp_path / "model.pt", tmp_path / "run", UNKNOWN)
    run = open_run(tmp_path / "run")
    assert (run.config.architecture, run.config.operation, run.config.group) == ("mlp", "compose", "S_3")
    assert (run.config.d_model, run.config.d_mlp, run.steps.tolist()) == (6, 36, [250_000])
    found = read_weights(run, 0)
    assert found.keys() == state.keys()
    assert all(np.array_equal(found[name], w.numpy()) for name, w in state.items())
    told = measure_exactly(run, 0)
    assert told["accuracy"] == 1
    assert told["sum_squared_weights_per_matrix"].keys() == state.keys()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"W": torch.zeros(5, 4)}, r"W is \[5, 4\], expected \[12, 4\]"),
        ({"W_y": torch.zeros(6)}, "one of its matrices is none"),
        ({"W_U": torch.full((36, 6), torch.nan)}, "not finite"),
        ({"b": torch.ones(3)}, "'b' is no parameter .* Expected W_x, W_y, W, W_U"),
    ],
)
def test_a_two_layer_network_that_cannot_be_is_refused(tmp_path, changes, says):
    torch.save(composes("S_3") | changes, tmp_path / "model.pt")
    with pytest.raises(RunError, match=says):
        import_file(tmp_path / "model.pt", tmp_path / "run", UNKNOWN)


@needs_released
@pytest.mark.parametrize(
    ("name", "p", "expected"),
    [
        ("pizza_model_p99zdpze5l", 59, {"accuracy": 1, "gradient_symmetricity": pytest.approx(0.9937, abs=0.01),
                                        "distance_irrelevance": pytest.approx(0.1717, abs=1e-3)}),
        ("s5_mlp_seed2", 120, {"accuracy": 1, "all_loss": pytest.approx(2.38382e-6, rel=1e-5),
                               "sum_squared_weights": pytest.approx(5014.4, abs=0.05)}),
        ("s5_transformer_seed1", 120, {"accuracy": 1}),
    ],
)  # fmt: skip
def test_released_files_open_with_their_published_figures(tmp_path, name, p, expected):
    """Zhong et al. 2023, model A; Chughtai et al. 2023, S5_MLP_seed2 and S5_T_seed1."""
    import_file(released(f"{name}.pt"), tmp_path / "run", UNKNOWN)
    run = open_run(tmp_path / "run")
    assert run.config.p == p
    found = measure_exactly(run, 0)
    assert {measure: found[measure] for measure in expected} == expected
