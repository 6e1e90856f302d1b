"""What a file holds: checkpoints, logged losses, settings, training pairs. Told by its keys, never by its name.

a list of checkpoints     {state_dicts, train_losses, test_losses, epochs}: the paper's full_run_data.pth
a list of checkpoints     {model, config, checkpoints, checkpoint_epochs, train_losses, test_losses,
                          train_indices, test_indices}: the TransformerLens demo
one checkpoint            {model, train_losses, test_losses, epoch, config, optimizer, ..}: the paper's code
a bare state dict         .pth or .safetensors
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from grokviz.errors import RunError
from grokviz.importers.layouts import looks_like_weights
from grokviz.importers.torch_files import read_torch, settings_of
from grokviz.runs.log import MAX_STEP
from grokviz.runs.tensors import read_array, read_header

MAX_CHECKPOINTS = 100_000


@dataclass(frozen=True)
class Source:
    """A file, opened. Losses are rows of step and loss; pairs are numbers a p + b, row-major."""

    format: str
    steps: list[int]
    states: Sequence[Mapping[str, Any]]
    train_losses: np.ndarray = field(default_factory=lambda: np.zeros((0, 2)))
    test_losses: np.ndarray = field(default_factory=lambda: np.zeros((0, 2)))
    settings: dict = field(default_factory=dict)  # as the file names them
    train_pairs: np.ndarray | None = None
    test_pairs: np.ndarray | None = None


def open_source(path: Path) -> Source:
    """What the file holds. Raises `RunError` when it holds none of the formats above."""
    try:
        with open(path, "rb") as file:
            start = file.read(16)
            if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 2**24:
                tensors, meta = read_header(file, path.name)
                state = {name: read_array(file, tensor) for name, tensor in tensors.items()}
                return Source("weights in safetensors", [_step(meta.get("step"))], [state])
    except OSError as error:
        raise RunError(f"{path.name} cannot be read: {error.strerror}.") from None
    return _from_torch(read_torch(path), path.name)


def _from_torch(content: object, name: str) -> Source:
    if isinstance(content, Mapping):
        if "state_dicts" in content:
            return _full_run(content)
        if "checkpoints" in content:
            return _demo(content)
        if looks_like_weights(content):
            return Source("a bare state dict", [0], [content])
        if looks_like_weights(content.get("model")):
            return _single(content)
    keys = ", ".join(str(key)[:30] for key in list(content)[:8]) if isinstance(content, Mapping) else ""
    raise RunError(
        f"{name} holds {f'the keys {keys}' if keys else f'a {type(content).__name__}'}, and no weights of a "
        "one-layer transformer. Expected a run of the paper's code, of the TransformerLens demo, or a state dict."
    )


def _full_run(content: Mapping) -> Source:
    states = _states(content["state_dicts"])
    train, test = _numbers(content, "train_losses"), _numbers(content, "test_losses")
    epochs = _numbers(content, "epochs")
    if len(epochs) == len(states):
        steps = _ascending(epochs, "epochs")
    else:  # the list of all epochs, or none: the checkpoints are spread evenly over the losses
        each = max(len(train) // len(states), 1) if len(train) else 100
        steps = [each * i for i in range(len(states))]
    each = max(round(len(train) / len(test)), 1) if len(test) and len(train) else 1
    return Source(
        "a whole run of the paper's code", steps, states, _logged(train, 1), _logged(test, each),
        settings_of(content.get("config")),
    )  # fmt: skip


def _demo(content: Mapping) -> Source:
    states = _states(content["checkpoints"])
    steps = _ascending(_numbers(content, "checkpoint_epochs"), "checkpoint_epochs")
    if len(steps) != len(states):
        raise RunError(f"The file names {len(steps)} checkpoint_epochs for {len(states)} checkpoints.")
    train, test = _numbers(content, "train_losses"), _numbers(content, "test_losses")
    return Source(
        "a run of the TransformerLens demo", steps, states, _logged(train, 1), _logged(test, 1),
        settings_of(content.get("config")), _pairs(content, "train_indices"), _pairs(content, "test_indices"),
    )  # fmt: skip


def _single(content: Mapping) -> Source:
    train, test = _numbers(content, "train_losses"), _numbers(content, "test_losses")
    step = _step(content.get("epoch", max(len(train) - 1, 0)))
    for kind, losses in (("train_loss", train), ("test_loss", test)):
        if not len(losses) and isinstance(content.get(kind), int | float):
            losses = np.array([content[kind]], dtype=float)
            train, test = (losses, test) if kind == "train_loss" else (train, losses)
    first = step if len(train) <= 1 else 0
    settings = settings_of(content.get("config"))
    for group in _groups(content.get("optimizer")):
        settings = {k: group[k] for k in ("lr", "weight_decay", "betas", "eps") if k in group} | settings
    each = max(round(len(train) / len(test)), 1) if len(test) > 1 else 1
    return Source(
        "one checkpoint of the paper's code", [step], [content["model"]], _logged(train, 1, first),
        _logged(test, each, first), settings, _pairs(content, "train_indices"), _pairs(content, "test_indices"),
    )  # fmt: skip


def _groups(optimizer: object) -> list[dict]:
    groups = settings_of(optimizer).get("param_groups")
    return [settings_of(group) for group in groups[:1]] if isinstance(groups, list) else []


def _states(value: object) -> Sequence[Mapping[str, Any]]:
    if not isinstance(value, list | tuple) or not value or not all(map(looks_like_weights, value)):
        raise RunError("The checkpoints in this file are no list of state dicts of a one-layer transformer.")
    if len(value) > MAX_CHECKPOINTS:
        raise RunError(f"The file holds {len(value):,} checkpoints, expected at most {MAX_CHECKPOINTS:,}.")
    return value


def _numbers(content: Mapping, name: str) -> np.ndarray:
    """A list, array or tensor of numbers as float64, or of tensors of one number each."""
    value = content.get(name)
    if value is None:
        return np.zeros(0)
    if hasattr(value, "detach"):
        value = value.detach().double().reshape(-1).cpu().numpy()
    try:
        return np.array([float(number) for number in value])
    except (TypeError, ValueError, RuntimeError):
        raise RunError(f"{name} in this file is no list of numbers.") from None


def _logged(losses: np.ndarray, each: int, first: int = 0) -> np.ndarray:
    """Rows of step and loss, without losses that are not finite."""
    rows = np.column_stack([first + each * np.arange(len(losses)), losses])
    return rows[np.isfinite(losses)]


def _ascending(values: np.ndarray, name: str) -> list[int]:
    if not (np.isfinite(values).all() and (values >= 0).all() and (values <= MAX_STEP).all()):
        raise RunError(f"{name} in this file are no steps from 0 to {MAX_STEP:,}.")
    steps = [int(value) for value in values]
    if any(after <= before for before, after in itertools.pairwise(steps)):
        raise RunError(f"{name} in this file do not go up.")
    return steps


def _step(value: object) -> int:
    try:
        step = int(float(value))  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError, OverflowError):
        return 0
    return step if 0 <= step <= MAX_STEP else 0


def _pairs(content: Mapping, name: str) -> np.ndarray | None:
    values = _numbers(content, name)
    if not len(values):
        return None
    if not all(math.isfinite(v) and v == int(v) and v >= 0 for v in values) or len(set(values)) < len(values):
        raise RunError(f"{name} in this file are no numbers of distinct pairs.")
    return values.astype(np.int64)
