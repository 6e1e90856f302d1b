"""Every format becomes a run folder whose measures are those of the file's own weights."""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from devtools import ROOT
from grokviz import cli, study
from grokviz.errors import Unanswered
from grokviz.importers.convert import import_file
from grokviz.runs import folder
from grokviz.tasks.pairs import build_task
from tests.importers.conftest import lens_state, paper_state, weights_of


def brute_force(state: dict[str, torch.Tensor], p: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits [p p, p] of all pairs and activations [p p, d_mlp] of the neurons at "=", in float64, by the plain
    definition of the network, position by position."""
    w = {name: value.double() for name, value in state.items()}
    a, b = torch.meshgrid(torch.arange(p), torch.arange(p), indexing="ij")
    tokens = torch.stack([a.flatten(), b.flatten(), torch.full((p * p,), p)], dim=1)
    W_O, W_U = w["blocks.0.attn.W_O"], w["unembed.W_U"]
    lens = W_O.ndim == 3
    x = (w["embed.W_E"] if lens else w["embed.W_E"].T)[tokens] + w["pos_embed.W_pos"]
    path = "bqd,hde->bhqe" if lens else "bqd,hed->bhqe"
    q, k, v = (torch.einsum(path, x, w[f"blocks.0.attn.W_{n}"]) for n in "QKV")
    if lens:
        q, k, v = (t + w[f"blocks.0.attn.b_{n}"][:, None] for n, t in zip("QKV", (q, k, v), strict=True))
    scores = torch.einsum("bhqe,bhke->bhqk", q, k) / math.sqrt(q.shape[-1])
    future = torch.ones(3, 3).triu(1).bool()
    z = torch.einsum("bhqk,bhke->bqhe", scores.masked_fill(future, -torch.inf).softmax(-1), v)
    if lens:
        x = x + torch.einsum("bqhe,hed->bqd", z, W_O) + w["blocks.0.attn.b_O"]
    else:
        x = x + z.flatten(2) @ W_O.T
    W_in, W_out = w["blocks.0.mlp.W_in"], w["blocks.0.mlp.W_out"]
    W_in, W_out = (W_in, W_out) if lens else (W_in.T, W_out.T)
    post = (x @ W_in + w["blocks.0.mlp.b_in"]).relu()
    x = x + post @ W_out + w["blocks.0.mlp.b_out"]
    logits = x[:, -1] @ W_U + (w["unembed.b_U"] if lens else 0)
    return logits[:, :p], post[:, -1]


def losses_of(logits: torch.Tensor, task, key_freqs: list[int]) -> dict[str, float]:
    """Restricted and excluded losses by dense projections, and the plain ones, in float64."""
    p = logits.shape[1]
    answers = torch.tensor(task.answers.reshape(-1))

    def mean(values, mask):
        loss = -torch.log_softmax(values, -1)[torch.arange(p * p), answers]
        return float(loss[torch.tensor(mask.reshape(-1))].mean())

    both = task.is_train | task.is_test
    sums = torch.add(*torch.meshgrid(torch.arange(p), torch.arange(p), indexing="ij")).flatten().double()
    circuit = torch.zeros_like(logits)
    for wave in (f(2 * math.pi * k / p * sums) for k in key_freqs for f in (torch.cos, torch.sin)):
        circuit += torch.outer(wave / wave.norm(), wave / wave.norm() @ logits)
    return {
        "restricted_loss_all": mean(circuit + (logits - circuit).mean(0), both),
        "excluded_loss_train": mean(logits - circuit, task.is_train),
        "train_loss": mean(logits, task.is_train),
        "test_loss": mean(logits, task.is_test),
        "all_loss": mean(logits, both),
    }


def fractions(logits: torch.Tensor, post: torch.Tensor, key_freqs: list[int]) -> dict[str, float]:
    """Logit FVE and the share of neurons over 0.85 by dense waves over every pair, in float64."""
    p = logits.shape[1]
    a, b = (t.flatten().double() for t in torch.meshgrid(torch.arange(p), torch.arange(p), indexing="ij"))
    c = torch.arange(p).double()
    explained = 0.0
    for k in key_freqs:
        wave = torch.cos(2 * math.pi * k / p * (a[:, None] + b[:, None] - c))
        explained += float((wave * logits).sum() ** 2 / (wave**2).sum())
    centred = logits - logits.mean(1, keepdim=True)
    best = []
    for neuron in post.T:
        rest, shares = neuron - neuron.mean(), [0.0]
        for k in range(1, p // 2 + 1):
            waves = [[torch.ones_like(x), torch.cos(2 * math.pi * k / p * x), torch.sin(2 * math.pi * k / p * x)]
                     for x in (a, b)]  # fmt: skip
            products = [(f * g) / (f * g).norm() for f in waves[0] for g in waves[1]][1:]
            if rest.norm() > 0:
                shares.append(float(sum((wave @ rest) ** 2 for wave in products) / rest.norm() ** 2))
        best.append(max(shares))
    return {
        "logit_fve": explained / float((centred**2).sum()),
        "frac_neurons_fve_over_0.85": sum(share >= 0.85 for share in best) / len(best),
    }


def gini(values: list[float]) -> float:
    """By its definition: the mean difference of two of the values, over twice their mean."""
    differences = sum(abs(x - y) for x in values for y in values)
    return differences / (2 * len(values) * sum(values))


def waves_of(W: torch.Tensor) -> list[float]:
    """The norm of every Fourier component of the rows, one wave at a time."""
    p = len(W)
    x = torch.arange(p).double()
    waves = [torch.ones(p).double()]
    waves += [f(2 * math.pi * k / p * x) for k in range(1, p // 2 + 1) for f in (torch.cos, torch.sin)]
    return [float((wave / wave.norm() @ W).norm()) for wave in waves]


def check(path: Path, state: dict[str, torch.Tensor]) -> folder.Run:
    """The last snapshot of the run measures as the plain network does, to 1e-6."""
    run = folder.open_run(path)
    assert run.config.precision == "float32"
    assert run.finished
    assert len(list(path.iterdir())) <= 8
    measured = study.measure_exactly(run, len(run.steps) - 1)
    p, keys, task = run.config.p, measured["key_freqs"], build_task(run.config)
    logits, post = brute_force(state, p)
    expected = losses_of(logits, task, keys) | fractions(logits, post, keys)
    w = {name: tensor.double() for name, tensor in state.items()}
    lens = w["blocks.0.attn.W_O"].ndim == 3
    W_E, W_out = w["embed.W_E"], w["blocks.0.mlp.W_out"]
    W_L = (W_out if lens else W_out.T) @ w["unembed.W_U"][:, :p]
    expected["gini_W_E"] = gini(waves_of((W_E if lens else W_E.T)[:p]))
    expected["gini_W_L"] = gini(waves_of(W_L.T))
    trained = [tensor for name, tensor in w.items() if "mask" not in name and "IGNORE" not in name]
    equals = w["unembed.W_U"][:, p:]  # a column that no answer uses is dropped
    expected["sum_squared_weights"] = float(sum((t**2).sum() for t in trained) - (equals**2).sum())
    for name, value in expected.items():
        assert measured[name] == pytest.approx(value, rel=1e-6), name
    for k, value in zip(keys, measured["excluded_loss_train_per_freq"], strict=True):
        alone = losses_of(logits, task, [k])["excluded_loss_train"]
        assert value == pytest.approx(alone, rel=1e-6), k
    assert study.cache.read(run, study.build_task(run.config)) is not None
    return run


def test_the_demo_without_its_library(tmp_path, real, demo_file):
    path = demo_file()
    assert "transformer_lens" not in sys.modules
    said = import_file(path, tmp_path / "run")
    assert "transformer_lens" not in sys.modules
    state = lens_state(weights_of(real))
    run = check(tmp_path / "run", state)
    assert run.steps.tolist() == real.steps.tolist()
    assert run.config.operation == "add"
    assert run.config.split == "stored"
    task, original = build_task(run.config), build_task(real.config)
    np.testing.assert_array_equal(task.is_train, original.is_train)
    np.testing.assert_array_equal(task.is_test, original.is_test)
    assert said["layout"] == "TransformerLens"
    assert "training pairs in the file" in said["known"]["split"]
    assert "100.0 % of the final model's answers are those of a + b" in said["known"]["operation"]
    for index in (0, 5, -1):
        stored, mine = folder.read_weights(run, range(len(run.steps))[index]), weights_of(real, index)
        assert all(np.array_equal(stored[name], mine[name]) for name in mine)


def test_the_logged_losses_are_kept_and_the_rest_is_measured(tmp_path, real, demo_file):
    import_file(demo_file(), tmp_path / "run")
    run = folder.open_run(tmp_path / "run")
    mine, theirs = run.log.set_index("step"), real.log.set_index("step")
    step = int(real.steps[7])
    assert mine.loc[step, "test_loss"] == pytest.approx(theirs.loc[step, "test_loss"])
    assert mine.loc[step, "test_accuracy"] == pytest.approx(theirs.loc[step, "test_accuracy"], abs=0.03)
    assert math.isnan(mine.loc[step + 1, "test_accuracy"])
    assert study.phases_of(run).grokked


@pytest.mark.slow
def test_the_whole_run_of_the_papers_code(tmp_path, shuffled, full_run_file):
    said = import_file(full_run_file(), tmp_path / "run")
    run = check(tmp_path / "run", paper_state(weights_of(shuffled)))
    assert (run.config.split, run.config.seed, run.config.frac_train) == ("paper", 23, 0.8)
    assert "seed 23 gives the logged losses" in said["known"]["split"]
    np.testing.assert_array_equal(build_task(run.config).is_train, build_task(shuffled.config).is_train)
    assert any(note.startswith("Check at step") for note in said["notes"])
    assert any('for "="' in note for note in said["notes"])
    assert any("nothing of lr, weight_decay" in note for note in said["notes"])


@pytest.mark.slow
def test_a_single_checkpoint_brings_its_settings(tmp_path, shuffled):
    state = paper_state(weights_of(shuffled))
    log = shuffled.log
    content = {
        "model": state,
        "train_losses": log["train_loss"].tolist(),
        "test_losses": log["test_loss"].tolist(),
        "epoch": 800,
        "config": {
            "lr": 0.01,
            "weight_decay": 2.0,
            "seed": 23,
            "frac_train": 0.8,
            "fn_name": "add",
            "num_layers": 1,
        },
        "optimizer": {"state": {}, "param_groups": [{"lr": 5.0, "betas": (0.9, 0.98), "eps": 1e-8}]},
    }
    torch.save(content, tmp_path / "final.pth")
    options = {"frac_train": 0.8, "split": "paper", "seed": 23}
    import_file(tmp_path / "final.pth", tmp_path / "run", options)
    run = check(tmp_path / "run", state)
    assert (run.config.lr, run.config.weight_decay, run.config.beta2) == (0.01, 2.0, 0.98)
    assert run.steps.tolist() == [800]
    assert len(run.log) == 801


@pytest.mark.parametrize("layout", [paper_state, lens_state])
@pytest.mark.parametrize("suffix", ["pth", "safetensors", "old.pth"])
def test_a_bare_state_dict(tmp_path, real, layout, suffix):
    state = layout(weights_of(real))
    path = tmp_path / f"weights.{suffix}"
    if suffix == "safetensors":
        save_file({name: t for name, t in state.items() if "mask" not in name and "IGNORE" not in name}, path)
    else:
        torch.save(state, path, _use_new_zipfile_serialization=suffix == "pth")
    with pytest.raises(Unanswered, match="does not say which pairs were trained on") as asked:
        import_file(path, tmp_path / "run")
    assert [question.setting for question in asked.value.questions] == ["frac_train", "split", "seed"]
    assert not list(tmp_path.glob("*run*"))  # nothing is left behind
    import_file(path, tmp_path / "run", {"frac_train": 0.8, "split": "seeded", "seed": 0})
    check(tmp_path / "run", state)


def test_sizes_that_coincide_do_not_confuse_the_layouts(tmp_path):
    """d_model = d_vocab = d_mlp and d_head = heads: only the number of axes of W_O is left to tell."""
    rng = np.random.default_rng(0)
    p, d, heads = 15, 16, 4
    shapes = {"W_E": (p + 1, d), "W_pos": (3, d), "W_Q": (heads, d, 4), "W_K": (heads, d, 4), "W_V": (heads, d, 4),
              "W_O": (heads, 4, d), "W_in": (d, 16), "b_in": (16,), "W_out": (16, d), "b_out": (d,),
              "W_U": (d, p)}  # fmt: skip
    weights = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    given = {"operation": "subtract", "frac_train": 0.5, "split": "seeded"}
    for layout in (paper_state, lens_state):
        path = tmp_path / f"{layout.__name__}.pth"
        torch.save(layout(weights), path)
        import_file(path, tmp_path / layout.__name__, given)
        run = check(tmp_path / layout.__name__, layout(weights))
        stored = folder.read_weights(run, 0)
        assert all(np.array_equal(stored[name], weights[name]) for name in weights)


@pytest.mark.slow
def test_it_is_thinned_where_little_happens(tmp_path, shuffled, full_run_file):
    import_file(full_run_file(), tmp_path / "run", snapshots=8)
    run = folder.open_run(tmp_path / "run")
    assert 5 <= len(run.steps) <= 8
    assert (run.steps[0], run.steps[-1]) == (shuffled.steps[0], shuffled.steps[-1])
    assert len(run.log) > 75
    assert str(run.provenance["kept"]).endswith(f"of {len(shuffled.steps)} checkpoints")


@pytest.mark.slow
def test_the_command_line(tmp_path, demo_file, capsys):
    assert cli.main(["import", str(demo_file()), "--out", str(tmp_path / "run")]) == 0
    out = capsys.readouterr().out
    assert "answers are those of a + b" in out
    assert "training pairs in the file" in out
    assert cli.main(["measure", str(tmp_path / "run"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] == 1
    assert cli.main(["import", str(tmp_path / "demo.pth"), "--out", str(tmp_path / "run")]) == 2
    assert "is there already" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("name", ["weights.safetensors", "weights.pth", "old.pth"])
def test_importing_a_file_needs_no_torch(tmp_path, real, name):
    state = {n: t for n, t in lens_state(weights_of(real)).items() if "mask" not in n and "IGNORE" not in n}
    if name == "weights.safetensors":
        save_file(state, tmp_path / name)
    else:
        torch.save(state, tmp_path / name, _use_new_zipfile_serialization=name != "old.pth")
    code = (
        "import sys; from pathlib import Path; from grokviz.importers.convert import import_file\n"
        "here = Path(sys.argv[1])\n"
        "import_file(here / sys.argv[2], here / 'run', {'frac_train': 0.8, 'split': 'seeded'})\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path), name], cwd=ROOT).returncode == 0
