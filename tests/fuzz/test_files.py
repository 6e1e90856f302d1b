"""Files of weights, damaged in every way: each opens or is refused in a sentence of ours, soon and in little memory.

`make fuzz` tries 10,000 of each kind; a test run tries 120.
"""

import io
import json
import os
import random
import resource
import shutil
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save

from grokviz.errors import GrokVizError
from grokviz.importers.convert import import_file
from grokviz.runs import storage
from tests.fuzz.mutations import mutated, mutated_value
from tests.importers.conftest import lens_state, paper_state

pytestmark = pytest.mark.slow

MUTATIONS = int(os.environ.get("GROKVIZ_FUZZ", "120"))
SECONDS, BYTES = 3.0, 300_000_000  # of one file, at most
SHAPES = {
    "W_E": (6, 8), "W_pos": (3, 8), "W_Q": (2, 8, 4), "W_K": (2, 8, 4), "W_V": (2, 8, 4), "W_O": (2, 4, 8),
    "W_in": (8, 16), "b_in": (16,), "W_out": (16, 8), "b_out": (8,), "W_U": (8, 5),
}  # fmt: skip


def weights(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in SHAPES.items()}


def whole_run() -> dict:
    """Every part that a file can have: checkpoints, losses of three kinds, pairs, settings, an optimizer."""
    return {
        "model": lens_state(weights(2)), "checkpoints": [lens_state(weights(n)) for n in range(2)],
        "checkpoint_epochs": [0, 4], "train_losses": [np.float64(2.0), 1.5, torch.tensor(1.0), 0.5, 0.25],
        "test_losses": np.array([2.0, 1.9, 1.8, 1.7, 1.6]), "train_indices": torch.arange(12),
        "config": {"fn_name": "add", "lr": 1e-3, "weight_decay": 1, "seed": 3, "frac_train": 0.5, "n_layers": 1},
        "optimizer": {"param_groups": [{"lr": 1e-3, "weight_decay": 0.5, "betas": (0.9, 0.98)}]},
    }  # fmt: skip


def torch_file(content: object, is_old: bool = False) -> bytes:
    data = io.BytesIO()
    torch.save(content, data, _use_new_zipfile_serialization=not is_old)
    return data.getvalue()


def damaged_file(rng: random.Random, base: bytes) -> bytes:
    return mutated(base, rng)


def damaged_inside(rng: random.Random, base: bytes) -> bytes:
    """A zip of torch in which a part is damaged and every checksum fits: only what reads it can tell."""
    old, new = zipfile.ZipFile(io.BytesIO(base)), io.BytesIO()
    names = old.namelist()
    target = rng.choice([name for name in names if name.endswith("data.pkl")] * len(names) + names)
    with zipfile.ZipFile(new, "w") as archive:
        for name in names:
            data = old.read(name)
            archive.writestr(name, mutated(data, rng) if name == target and data else data)
    return new.getvalue()


def damaged_json(rng: random.Random, config: dict) -> bytes:
    """Settings that lie beside a file: mostly sound JSON that says something else."""
    text = json.dumps(mutated_value(config, rng) if rng.random() < 0.8 else config).encode()
    return text if rng.random() < 0.8 else mutated(text, rng)


def damaged_header(rng: random.Random, base: bytes) -> bytes:
    """A safetensors file whose header says something else, in sound JSON most of the time."""
    length = int.from_bytes(base[:8], "little")
    header, data = base[8 : 8 + length], base[8 + length :]
    if rng.random() < 0.8:
        header = json.dumps(mutated_value(json.loads(header), rng)).encode()
    else:
        header, data = mutated(header, rng), data if rng.random() < 0.5 else mutated(data, rng)
    length = len(header) if rng.random() < 0.9 else rng.choice((0, 1, 2**24, 2**63, len(header) + 1))
    return length.to_bytes(8, "little") + header + data


PLAIN = {name: t for name, t in lens_state(weights(1)).items() if "mask" not in name and "IGNORE" not in name}


def two_layers() -> dict[str, torch.Tensor]:
    """As the group project writes them: two embeddings of 6 elements, one hidden layer."""
    rng = np.random.default_rng(3)
    shapes = {"W_x": (6, 5), "W_y": (6, 5), "W": (10, 7), "W_U": (7, 6)}
    return {name: torch.tensor(rng.normal(size=shape), dtype=torch.float32) for name, shape in shapes.items()}


def forged_state(rng: random.Random, base: bytes) -> bytes:
    """A sound file in which a tensor has another shape, type, value or name, or is none."""
    state = torch.load(io.BytesIO(base), weights_only=True)
    for _ in range(rng.choice((1, 1, 2))):
        name = rng.choice(list(state))
        tensor = state.pop(name)
        ways = (
            lambda t: t.transpose(0, -1), lambda t: t[:-1], lambda t: t[None], lambda t: t.flatten(), lambda t: t[:0], lambda t: t * 1e30,
            lambda t: t * torch.nan, lambda t: t.to(rng.choice((torch.float64, torch.int64, torch.bool, torch.complex64))),
            lambda t: t.to_sparse(), lambda t: torch.empty(t.shape, device="meta"), lambda t: t.tolist(), lambda t: None, lambda t: t.expand(2, *t.shape),
        )  # fmt: skip
        new = tensor
        with suppress(NotImplementedError, RuntimeError, AttributeError, TypeError):  # damaged before
            new = rng.choice(ways)(tensor)
        if rng.random() < 0.9:
            state[name if rng.random() < 0.9 else f"{name}.{rng.choice(('x', 'weight', '0'))}"] = new
    return torch_file(state) if rng.random() < 0.8 else damaged_inside(rng, base)


PIZZA = {name: w[:2] if name == "W_pos" else w for name, w in weights(4).items()}
PIZZA = {name: t for name, t in paper_state(PIZZA).items() if "mask" not in name}
GROUP_CONFIG = {"num_epochs": 250, "lr": 1e-3, "weight_decay": 1, "seed": 2, "group": "S_3"}
PIZZA_CONFIG = {"C": 5, "attention_dir": "casual", "act_fn": "ReLU", "n_layers": 1, "epoch": 700, "lr": 0.001,
                "weight_decay": 2.0, "frac": 0.8, "eqn_sign": 0, "attn_coeff": 0}  # fmt: skip
BESIDE = {
    "group": ("file_cfg.json", GROUP_CONFIG),
    "pizza": ("file_config.json", PIZZA_CONFIG),
}  # and the file that lies beside
KINDS = {
    "group": (torch_file(two_layers()), forged_state),
    "pizza": (torch_file(PIZZA), forged_state),
    "torch": (torch_file(whole_run()), damaged_file),
    "inside": (torch_file(whole_run()), damaged_inside),
    "legacy": (
        torch_file({"model": paper_state(weights(1)), "train_losses": [1.0, 0.5]}, is_old=True),
        damaged_file,
    ),
    "safetensors": (save(PLAIN), damaged_header),
}


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_open_or_are_refused(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(storage.os, "fsync", lambda descriptor: None)
    base, damage = KINDS[kind]
    beside, config = BESIDE.get(kind, ("", {}))
    given = {"operation": "add", "frac_train": 0.5, "split": "seeded"}
    opened, slowest, most = 0, 0.0, 0
    for seed in range(MUTATIONS):
        rng = random.Random(f"{kind} {seed}")
        data = base if beside and rng.random() < 0.3 else damage(rng, base)
        if beside:
            (tmp_path / beside).write_bytes(damaged_json(rng, config))
        begun, before = time.process_time(), peak()
        said = what_is_said(tmp_path, data, given if seed % 2 else {})
        opened += not said
        assert not said or 10 < len(said) < 700, f"{kind} {seed}: {said}"
        slowest, most = max(slowest, time.process_time() - begun), max(most, peak() - before)
    assert slowest < SECONDS
    assert most < BYTES
    assert 0 < opened < MUTATIONS  # the damage is neither always fatal nor never felt
    assert sorted(os.listdir(tmp_path)) == sorted({"file.pth", beside} - {""})


def what_is_said(folder: Path, data: bytes, given: dict) -> str:
    """Import it: nothing, or the sentence with which it is refused. Whatever else is raised is a fault."""
    (folder / "file.pth").write_bytes(data)
    try:
        import_file(folder / "file.pth", folder / "run", given)
    except GrokVizError as error:
        return str(error)
    finally:
        shutil.rmtree(folder / "run", ignore_errors=True)
    return ""


def peak() -> int:
    """The most memory that this process has held so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
