"""Recording a training loop that is not ours: three lines in it, and its run opens like any other.

rec = grokviz.record("runs/mine", grokviz.RunConfig(p=59, frac_train=0.35), is_train=mask)
rec.log(step, train_loss=loss, test_loss=other)      # at every step that is to be logged
rec.snapshot(step, model.state_dict())               # now and then
"""

import dataclasses
import datetime
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, SupportsFloat

import numpy as np
from jaxtyping import Bool

import grokviz
from grokviz.config import RunConfig
from grokviz.errors import RunError
from grokviz.importers.layouts import read_checkpoint
from grokviz.measures import registry
from grokviz.measures.snapshot import Snapshot
from grokviz.runs import folder, record, write
from grokviz.runs.log import LOG_COLUMNS
from grokviz.runs.storage import write_lock
from grokviz.tasks.pairs import build_task, encode_pairs

MEASURED = LOG_COLUMNS[1:]  # what a snapshot fills in where the loop has not logged it


class Recorder:
    """A run that is being written by somebody's own training loop.

    Made anew for the same folder and config, for example after a crash, it goes on: a step that is there already
    takes the place of it and of all that came after. `finish` ends the run; so does leaving a `with` block without
    an error. `step` is the last one that was recorded, -1 before the first.
    """

    def __init__(
        self,
        path: str | Path,
        config: RunConfig,
        *,
        is_train: Bool[np.ndarray, "p p"] | None = None,
        title: str = "",
        sentence: str = "",
    ) -> None:
        self.path = Path(path)
        self.config = _with_split(config, is_train)
        self.task = build_task(self.config)
        self._lock = ExitStack()
        if (self.path / record.RUN).exists():
            self._go_on()
        else:
            write.create_run(self.path, self.config, _provenance(), title, sentence)
        self._lock.enter_context(write_lock(self.path))
        opened = folder.open_run(self.path)
        self.step = max([-1, *opened.steps[-1:].tolist(), *opened.logged["step"][-1:].astype(int).tolist()])
        self._row: dict[
            str, float | None
        ] = {}  # that of the step in hand: it is written when the next begins

    def log(self, step: int, **values: SupportsFloat) -> None:
        """Write down what is known of a step: `train_loss`, `test_loss`, `train_accuracy`, `test_accuracy`.

        Losses are means in nats, accuracies shares; numbers, or tensors of one number. What is left out is measured at
        the snapshots. Raises `RunError` for another name.
        """
        if unknown := values.keys() - set(MEASURED):
            raise RunError(
                f"{min(unknown)!r} is no column of a log.", f"Expected some of: {', '.join(MEASURED)}."
            )
        self._begin(step)
        self._row |= {name: float(value) for name, value in values.items()}

    def snapshot(self, step: int, state: Mapping[str, object]) -> None:
        """Keep the weights of a step: a state dict of tensors or arrays, in one of the layouts of `importers.layouts`.

        Raises `RunError` when it is no such network, or another one than that of the config.
        """
        weights = read_checkpoint({name: _as_array(value) for name, value in state.items()}).weights
        self._begin(step)
        write.write_snapshot(self.path, step, weights)
        if missing := [name for name in MEASURED if self._row.get(name) is None]:
            found = Snapshot(weights, self.task)
            for name in missing:
                self._row[name] = float(np.asarray(registry.by_name(name).compute(found)))

    def finish(self) -> None:
        """The last row is written, the run packed, and nothing more can be recorded."""
        self._write_row()
        write.pack(self.path)
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()
        else:
            self._write_row()
            self._lock.close()

    def _begin(self, step: int) -> None:
        """The row of another step: the one before is written, and what was recorded from here on forgotten."""
        if self._row.get("step") == step:
            return
        self._write_row()
        if step <= self.step:
            write.rewind(self.path, step - 1)
        self._row = {"step": float(step)}
        self.step = step

    def _write_row(self) -> None:
        if self._row:
            write.append_log(self.path, [dict.fromkeys(LOG_COLUMNS) | self._row])
        self._row = {}

    def _go_on(self) -> None:
        found = record.read_record(self.path)
        if found.finished:
            raise RunError(f"The run {self.path.name!r} has finished.", mend="Record into a new folder.")
        before = found.config
        if before != self.config:
            names = [
                f.name
                for f in dataclasses.fields(before)
                if getattr(before, f.name) != getattr(self.config, f.name)
            ]
            raise RunError(
                f"{self.path.name!r} holds a run of another config: {', '.join(names)} differ.",
                mend="Give the config that it was begun with, or choose a new folder.",
            )


def _with_split(config: RunConfig, is_train: Bool[np.ndarray, "p p"] | None) -> RunConfig:
    """The config with the pairs that are trained on. Raises `RunError` when they are no table of p x p."""
    if is_train is None:
        return config
    pairs = _as_array(is_train)
    if not isinstance(pairs, np.ndarray) or pairs.shape != (config.p, config.p) or pairs.dtype != bool:
        found = (
            f"{pairs.dtype} of shape {pairs.shape}" if isinstance(pairs, np.ndarray) else type(pairs).__name__
        )
        raise RunError(
            f"is_train is {found}.", f"Expected a table of {config.p} x {config.p} booleans, row a, column b."
        )
    return dataclasses.replace(config, split="stored", train_pairs=encode_pairs(pairs))


def _as_array(value: object) -> object:
    """A tensor of PyTorch as an array, without importing PyTorch; anything else as it is."""
    detach = getattr(value, "detach", None)
    if detach is None:
        return value
    tensor = detach().cpu()
    return (tensor.float() if tensor.is_floating_point() else tensor).numpy()


def _provenance() -> dict[str, object]:
    return {
        "grokviz": grokviz.__version__,
        "recorded": "by a training loop of its own",
        "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }
