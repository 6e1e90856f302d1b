"""`python -m grokviz compact RUN --out FOLDER`: a copy at a byte a weight, and how far its losses are off."""

import argparse
from pathlib import Path

import numpy as np

from grokviz.measures.snapshot import Snapshot
from grokviz.runs import library
from grokviz.runs.compact import compact as write_compact
from grokviz.runs.folder import Run, iter_weights, open_any
from grokviz.tasks.pairs import build_task


def add_command(command) -> None:
    """Adds `compact` to the parser."""
    sub = command("compact", compact, "copy a finished run into half the room, a byte a weight")
    sub.add_argument("run", help="a run folder, or the name of a run in `list`")
    sub.add_argument("--out", required=True, type=Path, help="the folder of the copy")


def compact(options: argparse.Namespace) -> None:
    """Says what the copy takes, and of a run on pairs how far the losses of its snapshots are off at most."""
    run = open_any(library.locate(options.run))
    copy = write_compact(run, options.out)
    size = sum(file.stat().st_size for file in options.out.glob("*.safetensors"))
    print(f"{len(copy.steps)} snapshots in {size / 1e6:.1f} MB.")
    if isinstance(run, Run) and isinstance(copy, Run):
        for name, off in zip(("Train", "Test"), loss_deviations(run, copy), strict=True):
            print(f"{name} loss at most {100 * off.max():.2f} % off, at step {run.steps[off.argmax()]:,}.")


def loss_deviations(run: Run, copy: Run) -> np.ndarray:
    """[2, n]: by how much of itself the train and the test loss of each snapshot differ in the copy."""
    task = build_task(run.config)

    def losses(of: Run) -> np.ndarray:
        found = []
        for weights in iter_weights(of):
            loss = Snapshot(weights, task).label_loss
            found.append([loss[side].mean(dtype=np.float64) for side in (task.is_train, task.is_test)])
        return np.array(found).T

    return np.abs(losses(copy) / losses(run) - 1)
