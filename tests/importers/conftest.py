"""Files in the exact layouts of other people's code, made from real runs, and without their code."""

import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch

from grokviz.config import RunConfig
from grokviz.runs import folder, storage
from grokviz.tasks.pairs import build_task

TL_CONFIG = "transformer_lens.HookedTransformerConfig"


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch):
    """Waiting for the disk guards against power cuts, which no test here makes."""
    monkeypatch.setattr(storage.os, "fsync", lambda descriptor: None)


@pytest.fixture(scope="session")
def real(trained):
    """A run that grokked: its folder."""
    return folder.open_run(trained / "tiny-groks")


@pytest.fixture(scope="session")
def shuffled(tmp_path_factory):
    """A run with the paper's split and seed 23, recited and then grokked."""
    from grokviz import cli

    out = tmp_path_factory.mktemp("shuffled") / "run"
    flags = "--d-model 32 --heads 2 --d-mlp 64 --device cpu --modulus 13 --frac-train 0.8 --lr 0.01 --weight-decay 2"
    more = "--steps 800 --snapshots 24 --split paper --seed 23 --log-every 1 --precision float32"
    assert cli.main(["train", *flags.split(), *more.split(), "--out", str(out)]) == 0
    return folder.open_run(out)


def weights_of(run: folder.Run, index: int = -1) -> dict[str, np.ndarray]:
    return folder.read_weights(run, range(len(run.steps))[index])


def with_equals_column(W_U: np.ndarray) -> np.ndarray:
    return np.concatenate([W_U, np.full((len(W_U), 1), -3.0, np.float32)], axis=1)


def paper_state(w: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """A state dict of the paper's code, by the einsums in which that code uses its matrices."""
    heads, d_head, d_model = w["W_O"].shape
    arrays = {
        "embed.W_E": w["W_E"].T,
        "pos_embed.W_pos": w["W_pos"],
        **{f"blocks.0.attn.{n}": np.einsum("hde->hed", w[n]) for n in ("W_K", "W_Q", "W_V")},
        "blocks.0.attn.W_O": np.einsum("hed->dhe", w["W_O"]).reshape(d_model, heads * d_head),
        "blocks.0.attn.mask": np.tril(np.ones((3, 3), np.float32)),
        "blocks.0.mlp.W_in": w["W_in"].T,
        "blocks.0.mlp.b_in": w["b_in"],
        "blocks.0.mlp.W_out": w["W_out"].T,
        "blocks.0.mlp.b_out": w["b_out"],
        "unembed.W_U": with_equals_column(w["W_U"]),
    }
    return {name: torch.tensor(np.ascontiguousarray(a)) for name, a in arrays.items()}


def lens_state(
    w: dict[str, np.ndarray], biases: dict[str, np.ndarray] | None = None
) -> dict[str, torch.Tensor]:
    """A state dict of a HookedTransformer of the demo."""
    heads, d_head, d_model = w["W_O"].shape
    p = w["W_U"].shape[1]
    zeros = {
        "b_Q": (heads, d_head),
        "b_K": (heads, d_head),
        "b_V": (heads, d_head),
        "b_O": (d_model,),
        "b_U": (p,),
    }
    b = {name: np.zeros(shape, np.float32) for name, shape in zeros.items()} | (biases or {})
    attention = {n: w[n] for n in ("W_Q", "W_K", "W_V", "W_O")} | {
        n: b[n] for n in ("b_Q", "b_K", "b_V", "b_O")
    }
    arrays = {
        "embed.W_E": w["W_E"],
        "pos_embed.W_pos": w["W_pos"],
        **{f"blocks.0.attn.{name}": value for name, value in attention.items()},
        "blocks.0.attn.mask": np.tril(np.ones((3, 3), bool)),
        "blocks.0.attn.IGNORE": np.array(-np.inf, np.float32),
        **{f"blocks.0.mlp.{name}": w[name] for name in ("W_in", "b_in", "W_out", "b_out")},
        "unembed.W_U": w["W_U"],
        "unembed.b_U": b["b_U"],
    }
    return {name: torch.tensor(a) for name, a in arrays.items()}


def lens_config(config: RunConfig, **changes):
    """A pickled HookedTransformerConfig: an object of a class of that module path, which nobody can import."""
    values = {
        "n_layers": 1, "d_model": config.d_model, "n_ctx": 3, "d_head": config.model.d_head, "n_heads": config.n_heads,
        "d_mlp": config.d_mlp, "d_vocab": config.p + 1, "d_vocab_out": config.p, "act_fn": "relu",
        "normalization_type": None, "device": "cpu", "dtype": torch.float32, "seed": 999, "init_weights": True,
        "attn_only": False, "positional_embedding_type": "standard", "attention_dir": "causal",
    } | changes  # fmt: skip
    kind = sys.modules[TL_CONFIG].HookedTransformerConfig
    made = kind.__new__(kind)
    made.__dict__.update(values)
    return made


@pytest.fixture
def lens_module(monkeypatch):
    """The module path of that class, while a file is written."""
    module = types.ModuleType(TL_CONFIG)
    kind = type("HookedTransformerConfig", (), {"__module__": TL_CONFIG})
    setattr(module, kind.__name__, kind)
    monkeypatch.setitem(sys.modules, "transformer_lens", types.ModuleType("transformer_lens"))
    monkeypatch.setitem(sys.modules, TL_CONFIG, module)


@pytest.fixture
def demo_file(tmp_path, real, lens_module, monkeypatch):
    """A file of the TransformerLens demo, holding the real run."""
    task = build_task(real.config)
    log = real.log.set_index("step")
    steps = np.arange(int(real.steps[-1]) + 1)

    def make(**changes) -> Path:
        content = {
            "model": lens_state(weights_of(real)),
            "config": lens_config(real.config),
            "checkpoints": [lens_state(weights_of(real, i)) for i in range(len(real.steps))],
            "checkpoint_epochs": real.steps.tolist(),
            "train_losses": np.interp(steps, log.index, log["train_loss"]).tolist(),
            "test_losses": np.interp(steps, log.index, log["test_loss"]).tolist(),
            "train_indices": torch.tensor(np.flatnonzero(task.is_train)),
            "test_indices": torch.tensor(np.flatnonzero(task.is_test)),
        } | changes
        path = tmp_path / "demo.pth"
        torch.save(content, path)
        for name in ("transformer_lens", TL_CONFIG):
            monkeypatch.delitem(sys.modules, name)  # from here on it is not installed
        return path

    return make


@pytest.fixture
def full_run_file(tmp_path, shuffled):
    """A full_run_data.pth of the paper's code: train losses of every step, test losses of every second."""
    log = shuffled.log.set_index("step")
    steps = np.arange(800)

    def make(**changes) -> Path:
        content = {
            "state_dicts": [paper_state(weights_of(shuffled, i)) for i in range(len(shuffled.steps))],
            "train_losses": np.interp(steps, log.index, log["train_loss"]).tolist(),
            "test_losses": np.interp(steps, log.index, log["test_loss"])[::2].tolist(),
            "epochs": shuffled.steps.tolist(),
        } | changes
        path = tmp_path / "full_run_data.pth"
        torch.save(content, path)
        return path

    return make
