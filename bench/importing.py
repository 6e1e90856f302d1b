"""A synthetic `full_run_data.pth` of 500 checkpoints at the paper's sizes, imported by the command line in a process
of its own. Memory is the most that process held (peak resident set), pages of the mapped file included."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.table import Row
from devtools import ROOT
from grokviz.runs import library
from grokviz.runs.folder import open_run, read_weights

CHECKPOINTS, EACH = 500, 100


def write_file(path: Path) -> None:
    """The bundled run of the paper's recipe in the paper's layout, its snapshots drawn out to 500 checkpoints."""
    import torch

    run = open_run(library.BUNDLED / library.DEFAULT_RUN)
    log = run.log.set_index("step")
    steps = EACH * np.arange(CHECKPOINTS)
    scale = run.steps[-1] / steps[-1]
    stored = [_paper_state(read_weights(run, index)) for index in range(len(run.steps))]
    states = []
    for step in steps:
        nearest = stored[int(np.abs(run.steps - step * scale).argmin())]
        states.append({name: torch.tensor(array) for name, array in nearest.items()})  # a storage each
    every = np.arange(steps[-1] + EACH)
    losses = {n: np.interp(every * scale, log.index, log[n]) for n in ("train_loss", "test_loss")}
    content = {
        "state_dicts": states,
        "train_losses": losses["train_loss"].tolist(),
        "test_losses": losses["test_loss"][::10].tolist(),
        "epochs": steps.tolist(),
    }
    torch.save(content, path)


def _paper_state(w: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    heads, d_head, d_model = w["W_O"].shape
    attention = {f"blocks.0.attn.{name}": w[name].swapaxes(1, 2) for name in ("W_K", "W_Q", "W_V")}
    return {
        "embed.W_E": w["W_E"].T,
        "pos_embed.W_pos": w["W_pos"],
        **attention,
        "blocks.0.attn.W_O": w["W_O"].reshape(heads * d_head, d_model).T,
        "blocks.0.attn.mask": np.tril(np.ones((3, 3), np.float32)),
        "blocks.0.mlp.W_in": w["W_in"].T,
        "blocks.0.mlp.b_in": w["b_in"],
        "blocks.0.mlp.W_out": w["W_out"].T,
        "blocks.0.mlp.b_out": w["b_out"],
        "unembed.W_U": np.pad(w["W_U"], ((0, 0), (0, 1)), constant_values=-3),
    }


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder) / "full_run_data.pth", Path(folder) / "run"
        write_file(file)
        command = [sys.executable, "-m", "grokviz", "import", str(file), "--out", str(out)]
        start = time.perf_counter()
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            said = process.stdout.read().decode() if process.stdout else ""
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
        if process.returncode:
            raise RuntimeError(f"The import failed with {process.returncode}: {said}")
        kept = len(open_run(out).steps)
        size = file.stat().st_size
    return [
        Row(
            f"import of {CHECKPOINTS} checkpoints, {size / 1e6:.0f} MB, {kept} kept and measured",
            f"{seconds:.0f} s",
            "90 s",
        ),
        Row("most memory held meanwhile", f"{usage.ru_maxrss * 1024 / 1e9:.2f} GB", "1.5 GB"),
    ]
