"""What a file holds: checkpoints, logged losses, settings, training pairs. Told by its keys, never by its name.

a list of checkpoints     {state_dicts, train_losses, test_losses, epochs}: the paper's full_run_data.pth
                          {model, config, checkpoints, checkpoint_epochs, train_losses, test_losses,
                          train_indices, test_indices}: the TransformerLens demo
                          {step: state dict}, or a list of them
one checkpoint            {model, train_losses, test_losses, epoch, config, optimizer, ..}: the paper's code, and
                          the same under model_state_dict, state_dict or any one other name
a bare state dict         .pth or .safetensors
"""

import dataclasses
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from grokviz.errors import RunError
from grokviz.importers.configs_beside import settings_beside
from grokviz.importers.layouts import looks_like_weights
from grokviz.importers.modules import state_of_module
from grokviz.importers.objects import Shell
from grokviz.importers.other_files import LOOK, refuse_other_files
from grokviz.importers.safetensors_files import is_safetensors, read_safetensors
from grokviz.importers.torch_files import read_torch
from grokviz.importers.values import in_words, number_of, numbers_of, settings_of, whole_of
from grokviz.models.spec import RATE
from grokviz.runs.log import MAX_STEP

MAX_CHECKPOINTS = 100_000
LOGS = ("history", "log", "logs", "metrics", "losses", "results")  # where losses stand one level down
CONFIGS = ("config", "cfg", "args", "hparams", "hyper_parameters", "settings", "params")
OPTIMIZERS = ("optimizer", "optimizer_state_dict", "optim", "optimizer_state")
EPOCHS = ("num_epochs", "epoch", "epochs")  # in a config: how long it was trained
STEPS = ("epoch", "step", "global_step", "iteration", "epochs_trained")
NO_STEP = "The file does not say at which step it was taken: it stands at step 0."
NO_STEPS = "The file does not say at which steps its checkpoints were taken: they are numbered from 0."
OF_OPTIMIZER = ("lr", "weight_decay", "betas", "eps")


@dataclass(frozen=True)
class Source:
    """A file, opened. Losses are rows of step and loss; pairs are numbers a p + b, row-major."""

    format: str
    steps: list[int]
    states: Sequence[Mapping[str, object]]
    train_losses: np.ndarray = field(default_factory=lambda: np.zeros((0, 2)))
    test_losses: np.ndarray = field(default_factory=lambda: np.zeros((0, 2)))
    settings: dict[str, object] = field(default_factory=dict)  # as the file names them
    train_pairs: np.ndarray | None = None
    test_pairs: np.ndarray | None = None
    notes: tuple[str, ...] = ()


def open_source(path: Path) -> Source:
    """What the file holds. Raises `RunError` when it holds none of the formats above."""
    try:
        with open(path, "rb") as file:
            start = file.read(LOOK)
            size = file.seek(0, 2)
        if is_safetensors(start):
            tensors, meta = read_safetensors(path)
            step = _step(meta.get("step", meta.get("epoch")))
            notes = () if step is not None else (NO_STEP,)
            source = Source(
                "weights in safetensors", [step or 0], [_weights(tensors, path.name)], notes=notes
            )
            return with_config(source, path)
        if start[:1] != b"\x80" and start[:4] != b"PK\x03\x04":
            refuse_other_files(path, start, size)
    except OSError as error:
        raise RunError(f"{path.name} cannot be read: {error.strerror}.") from None
    return with_config(_from_content(read_torch(path), path.name), path)


def with_config(source: Source, path: Path) -> Source:
    """The same with the settings of a config that lies beside the file, where it holds none of its own, and the step that
    those name, where weights alone were saved."""
    beside = settings_beside(path) if not source.settings else None
    if beside is None:
        return source
    name, settings = beside
    notes = (*source.notes, f"Its settings are read from {name}, which lies beside it.")
    steps = [_step(settings.get(key)) for key in EPOCHS if key in settings]
    if steps and steps[0] is not None and NO_STEP in notes and len(source.steps) == 1:
        told = f"It is taken to be of step {steps[0]:,}, the last that its settings name."
        notes = tuple(told if note == NO_STEP else note for note in notes)
        source = dataclasses.replace(source, steps=[steps[0]])
    return dataclasses.replace(source, settings=settings, notes=notes)


def with_rate(source: Source, rate: float) -> Source:
    """The same with this attention rate beside the weights of every checkpoint."""
    states = [{**state, RATE: float(rate)} for state in source.states]
    return dataclasses.replace(source, states=states)


def _weights(content: Mapping[str, object], name: str) -> Mapping[str, object]:
    if not looks_like_weights(content):
        raise _no_weights(content, name)
    return content


def _no_weights(content: object, name: str) -> RunError:
    keys = (
        ", ".join(in_words(key).strip("'") for key in list(content)[:8])
        if isinstance(content, Mapping)
        else ""
    )
    return RunError(
        f"{name} holds {f'the keys {keys}' if keys else in_words(content)}, and no weights of a "
        "one-layer transformer. Expected a run of the paper's code, of the TransformerLens demo, or a state dict."
    )


def _from_content(content: object, name: str) -> Source:
    if isinstance(content, list | tuple) and content:
        return _listed(content, name)
    if isinstance(content, Shell) and (state := _state(content)) is not None:
        return Source("a whole module", [0], [state], notes=(NO_STEP,))
    if not isinstance(content, Mapping):
        raise _no_weights(content, name)
    if looks_like_weights(content):
        return Source("a bare state dict", [0], [content], notes=(NO_STEP,))
    if _any(content.get("state_dicts")):
        return _full_run(content)
    if _any(content.get("checkpoints")):
        return _demo(content)
    if (by_step := _by_step(content)) is not None:
        return _finished(content, "checkpoints by their steps", *by_step)
    found = {key: state for key, value in content.items() if (state := _state(value)) is not None}
    chosen = found.get("model") or (next(iter(found.values())) if len(found) == 1 else None)
    if chosen is not None:
        return _single(content, chosen)
    if found:
        raise RunError(
            f"{name} holds several sets of weights ({', '.join(in_words(key) for key in list(found)[:6])}) and does not "
            "say at which steps they were taken. Save the one you mean, or a dictionary of them by step."
        )
    raise _no_weights(content, name)


def _any(value: object) -> bool:
    return isinstance(value, list | tuple | dict) and bool(value)


def _state(value: object) -> Mapping[str, object] | None:
    """The state dict that a value is or, as the shell of a module, holds."""
    if looks_like_weights(value):
        return value  # pyright: ignore[reportReturnType]
    state = state_of_module(value)
    return state if state is not None and looks_like_weights(state) else None


def _by_step(content: Mapping) -> tuple[list[int], list[Mapping[str, object]]] | None:
    """Steps and state dicts, where every key is a step: 5000, "5000" or "step_5000"."""
    found = {}
    for key, value in content.items():
        match = re.fullmatch(r"(?:[A-Za-z]+[_ -]?)?(\d{1,8})", key) if isinstance(key, str) else None
        step = int(match[1]) if match else key if type(key) is int and 0 <= key <= MAX_STEP else None
        if step is None or step in found or (state := _state(value)) is None:
            return None
        found[step] = state
    return (sorted(found), [found[step] for step in sorted(found)]) if found else None


def _listed(content: Sequence, name: str) -> Source:
    """A list of state dicts, or of checkpoints that each say their step."""
    if all(map(looks_like_weights, content)):
        steps = list(range(len(content)))
        return Source("a list of state dicts", steps, _few(content), notes=(NO_STEPS,))
    parts = [_from_content(part, name) for part in content if isinstance(part, Mapping) and part]
    if len(parts) != len(content) or any(len(part.states) != 1 for part in parts):
        raise _no_weights(content, name)
    steps = [part.steps[0] for part in parts]
    if any(after <= before for before, after in itertools.pairwise(steps)):
        steps = list(range(len(parts)))
    last = parts[-1]
    losses = {
        kind: _joined([getattr(part, kind) for part in parts]) for kind in ("train_losses", "test_losses")
    }
    notes = tuple(dict.fromkeys(note for note in last.notes if note != NO_STEP))
    notes += (NO_STEPS,) if steps == list(range(len(parts))) else ()
    states = _few([part.states[0] for part in parts])
    return dataclasses.replace(
        last, format="a list of checkpoints", steps=steps, states=states, notes=notes, **losses
    )


def _joined(rows: list[np.ndarray]) -> np.ndarray:
    """The longest log, or one loss of every checkpoint."""
    longest = max(rows, key=len)
    if len(longest) > 1:
        return longest
    joined = np.concatenate(rows)
    return joined if (np.diff(joined[:, 0]) > 0).all() else longest


def _full_run(content: Mapping) -> Source:
    states = _states(content["state_dicts"])
    train, test = _losses(content)
    epochs = numbers_of(content.get("epochs"), "epochs")
    notes: tuple[str, ...] = ()
    if len(epochs) == len(states):
        steps = _ascending(epochs, "epochs")
    else:  # the list of all epochs, or none: the checkpoints are spread evenly over the losses
        each = max(len(train) // len(states), 1) if len(train) else 100
        steps = [each * i for i in range(len(states))]
        notes = (f"Its checkpoints are taken to lie {each:,} steps apart, evenly over the logged losses.",)
    return Source(
        "a whole run of the paper's code", steps, states, _logged(train, 1), _logged(test, _spacing(train, test)),
        _settings(content), _pairs(content, "train_indices"), _pairs(content, "test_indices"), notes,
    )  # fmt: skip


def _demo(content: Mapping) -> Source:
    value = content["checkpoints"]
    by_step = _by_step(value) if isinstance(value, Mapping) else None
    if by_step is not None:
        steps, states = by_step
    else:
        states = _states(value)
        steps = _ascending(
            numbers_of(content.get("checkpoint_epochs"), "checkpoint_epochs"), "checkpoint_epochs"
        )
        if len(steps) != len(states):
            raise RunError(f"The file names {len(steps)} checkpoint_epochs for {len(states)} checkpoints.")
    return _finished(content, "a run of the TransformerLens demo", steps, states)


def _finished(content: Mapping, kind: str, steps: list[int], states: Sequence) -> Source:
    train, test = _losses(content)
    return Source(
        kind, steps, states, _logged(train, 1), _logged(test, _spacing(train, test)), _settings(content),
        _pairs(content, "train_indices"), _pairs(content, "test_indices"),
    )  # fmt: skip


def _single(content: Mapping, state: Mapping[str, object]) -> Source:
    train, test = _losses(content)
    told = next((step for key in STEPS if (step := _step(content.get(key))) is not None), None)
    step = told if told is not None else max(len(train) - 1, 0)
    notes = () if told is not None or len(train) > 1 else (NO_STEP,)
    for kind in ("checkpoints", "state_dicts"):
        if kind in content:
            notes += (f"Its list of {kind} is empty, and its model is there: one snapshot.",)
    ones = {}
    for kind, losses in (("train_loss", train), ("test_loss", test)):
        single = number_of(content.get(kind))
        ones[kind] = np.array([single]) if not len(losses) and single is not None else losses
    train, test = ones["train_loss"], ones["test_loss"]
    first = step if len(train) <= 1 else 0
    kind = "one checkpoint of the paper's code" if "model" in content else "one checkpoint"
    return Source(
        kind, [step], [state], _logged(train, 1, first), _logged(test, _spacing(train, test), first),
        _settings(content), _pairs(content, "train_indices"), _pairs(content, "test_indices"), notes,
    )  # fmt: skip


def _spacing(train: np.ndarray, test: np.ndarray) -> int:
    """Steps between two test losses, when train losses are of every step."""
    return max(round(len(train) / len(test)), 1) if len(test) > 1 and len(train) else 1


def _settings(content: Mapping) -> dict[str, object]:
    """The settings of the config and, under names of their own, of the optimizer: which of the two differ is for
    whoever describes the run."""
    found: dict[str, object] = {}
    for key in CONFIGS:
        found = settings_of(content.get(key)) | found
    for key in OPTIMIZERS:
        groups = settings_of(content.get(key)).get("param_groups")
        group = settings_of(groups[0]) if isinstance(groups, list) and groups else {}
        found |= {f"optimizer.{name}": group[name] for name in (*OF_OPTIMIZER, "initial_lr") if name in group}
    return found


def _few(states: Sequence) -> Sequence:
    if len(states) > MAX_CHECKPOINTS:
        raise RunError(f"The file holds {len(states):,} checkpoints, expected at most {MAX_CHECKPOINTS:,}.")
    return states


def _states(value: object) -> Sequence[Mapping[str, object]]:
    if not isinstance(value, list | tuple) or not value or not all(map(looks_like_weights, value)):
        raise RunError("The checkpoints in this file are no list of state dicts of a one-layer transformer.")
    return _few(value)


def _losses(content: Mapping) -> tuple[np.ndarray, np.ndarray]:
    """Logged train and test losses: here, or one level down in a log."""
    places = [content, *(settings_of(content.get(key)) for key in LOGS)]

    def found(names: tuple[str, ...]) -> np.ndarray:
        for place, name in itertools.product(places, names):
            if name in place and number_of(place[name]) is None:
                return numbers_of(place[name], name)
        return np.zeros(0)

    return found(("train_losses", "train_loss")), found(
        ("test_losses", "test_loss", "val_losses", "val_loss")
    )


def _logged(losses: np.ndarray, each: int, first: int = 0) -> np.ndarray:
    """Rows of step and loss, without losses that are not finite."""
    rows = np.column_stack([first + each * np.arange(len(losses)), losses])
    return rows[np.isfinite(losses) & (rows[:, 0] <= MAX_STEP)]


def _ascending(values: np.ndarray, name: str) -> list[int]:
    if not (np.isfinite(values).all() and (values >= 0).all() and (values <= MAX_STEP).all()):
        raise RunError(f"{name} in this file are no steps from 0 to {MAX_STEP:,}.")
    steps = [int(value) for value in values]
    if any(after <= before for before, after in itertools.pairwise(steps)):
        raise RunError(f"{name} in this file do not go up.")
    return steps


def _step(value: object) -> int | None:
    if isinstance(value, str):
        value = int(value) if re.fullmatch(r"\d{1,8}", value) else None
    step = whole_of(value)
    return step if step is not None and 0 <= step <= MAX_STEP else None


def _pairs(content: Mapping, name: str) -> np.ndarray | None:
    values = numbers_of(content.get(name), name)
    if not len(values):
        return None
    if not (np.isfinite(values).all() and (values == np.floor(values)).all() and (values >= 0).all()):
        raise RunError(f"{name} in this file are no numbers of distinct pairs.")
    if len(np.unique(values)) < len(values) or values.max() > 2**31:
        raise RunError(f"{name} in this file are no numbers of distinct pairs.")
    return values.astype(np.int64)
