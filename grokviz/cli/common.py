"""What several commands do alike: train a folder to its end and say how far it is, find the snapshot of a step."""

import sys
from pathlib import Path

from grokviz import study
from grokviz.errors import BadInputError
from grokviz.runs.folder import Run, nearest_snapshot, open_any
from grokviz.runs.log import MAX_STEP


def train_to_the_end(path: Path, device: str, steps: int) -> None:
    """Trains the run in the folder, and measures every snapshot of one on pairs once, for whoever opens it."""
    from grokviz import worker  # the only thing here that needs torch

    _show_progress(worker.run(path, device), steps)
    run = open_any(path)
    if isinstance(run, Run):
        study.load(run, keep=True)
    print(f"{path} holds {len(run.steps)} snapshots.", file=sys.stderr)


def _show_progress(rows, steps: int) -> None:
    from tqdm import tqdm

    with tqdm(total=steps, unit=" steps", file=sys.stderr, dynamic_ncols=True, smoothing=0.05) as bar:
        for row in rows:
            bar.initial = bar.initial or (row.step if bar.n == 0 else 0)  # a resumed run starts further on
            bar.update(row.step - bar.n)
            bar.set_postfix(train=f"{row.train_loss:.2g}", test=f"{row.test_loss:.2g}", refresh=False)


def snapshot_index(run: Run, step: str) -> int:
    """The snapshot nearest to what --step says. Raises `BadInputError` when that is neither a step nor last."""
    if step == "last":
        return nearest_snapshot(run, MAX_STEP)
    if not step.isdecimal():
        raise BadInputError(f"--step {step[:40]!r} should be a step such as 12000, or last.")
    return nearest_snapshot(run, int(step[:18]))  # Python refuses to read a number of thousands of digits
