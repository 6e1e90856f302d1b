"""Run folders of every kind, a zip and a script, as commit 378c77a wrote them: see `make_golden`."""
# pyright: reportMissingImports=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportArgumentType=false

import itertools
import json
import shutil
import sys
import tempfile
import types
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from grokviz import study, worker
from grokviz.config import RunConfig, to_json
from grokviz.errors import RunError
from grokviz.importers.convert import import_file
from grokviz.jobs import files, requests
from grokviz.jobs.files import GO_ON, Job, Order
from grokviz.runs import bundle, leaflets
from grokviz.runs.folder import Run, open_run
from grokviz.tasks import build_task, encode_pairs
from tests.golden import access
from tests.golden.reference import rows_kept, weights_digest
from tests.importers import conftest as layouts

FIXTURES = Path(__file__).with_name("fixtures")
SMALL = {"d_model": 8, "n_heads": 2, "d_mlp": 8, "log_every": 3, "max_snapshots": 5, "lr": 1e-2}


def train(path: Path, config: RunConfig, title: str, **at: Order) -> Run:
    """Trained on the processor, with the orders that it gets: `row_7=..` after its seventh row."""
    rows = itertools.count(1)
    worker.start(path, config, "cpu", title, f"A small run of version 1: {path.name}.")
    list(worker.run(path, "cpu", lambda: at.get(f"row_{next(rows)}", GO_ON)))
    return open_run(path)


def make_kinds(root: Path) -> None:
    """A folder of each kind, by name."""
    packed = train(
        root / "packed",
        RunConfig(p=7, operation="subtract", frac_train=0.6, seed=4, steps=90, **SMALL),
        "Packed ✓",
    )
    study.load(packed, keep=True)
    slow = RunConfig(p=5, frac_train=0.6, steps=120, optimizer="grokfast", loss="stablemax", **SMALL)
    train(root / "live", slow, "Live", row_52=Order("pause"))
    files.write_job(root / "live", Job("pause", 1, "cpu", {"lr": 0.005}, True, 1))
    files.end(root / "live", "paused", RunError("It was paused."))
    changes = {
        "row_10": Order(settings={"lr": 0.005}),
        "row_20": Order(settings={"lr": 0.02, "weight_decay": 0.0}),
    }
    config = RunConfig(
        p=5, operation="x^2+xy+y^2", frac_train=0.7, split="paper", precision="float32", steps=90, **SMALL
    )
    train(root / "changed", config, "Changed", **changes)
    fork_config = RunConfig(
        p=7, operation="subtract", frac_train=0.6, seed=4, steps=120, weight_decay=0.25, **SMALL
    )
    step = int(packed.steps[-2])
    for name in ("fork-begun", "forked"):
        made = requests.fork(packed, step, root, fork_config, f"A fork: {name}")
        made.rename(root / name)
        shutil.rmtree(root / files.JOBS / made.name)
    list(worker.run(root / "forked", "cpu"))
    make_imported(root, packed)


def make_imported(root: Path, real: Run) -> None:
    """A file in the layout of the TransformerLens demo, taken in."""
    module = types.ModuleType(layouts.TL_CONFIG)
    module.HookedTransformerConfig = type("HookedTransformerConfig", (), {"__module__": layouts.TL_CONFIG})
    sys.modules |= {"transformer_lens": types.ModuleType("transformer_lens"), layouts.TL_CONFIG: module}
    task, log, steps = build_task(real.config), real.log.set_index("step"), np.arange(int(real.steps[-1]) + 1)
    pairs = np.arange(real.config.p**2)
    trained_on = pairs % 5 < 3  # no split that can be drawn again: it is stored
    content = {
        "model": layouts.lens_state(layouts.weights_of(real)),
        "config": layouts.lens_config(real.config),
        "checkpoints": [layouts.lens_state(layouts.weights_of(real, i)) for i in range(len(real.steps))],
        "checkpoint_epochs": real.steps.tolist(),
        "train_losses": np.interp(steps, log.index, log["train_loss"]).tolist(),
        "test_losses": np.interp(steps, log.index, log["test_loss"]).tolist(),
        "train_indices": torch.tensor(pairs[trained_on]),
        "test_indices": torch.tensor(pairs[~trained_on]),
    }
    assert task.is_train.shape == (real.config.p, real.config.p)
    with tempfile.TemporaryDirectory() as folder:
        torch.save(content, Path(folder) / "demo.pth")
        for name in ("transformer_lens", layouts.TL_CONFIG):
            del sys.modules[name]
        import_file(Path(folder) / "demo.pth", root / "imported", {"operation": "subtract"}, title="Imported")


def make_zip(folder: Path) -> None:
    config = RunConfig(
        p=13, frac_train=0.8, d_model=16, n_heads=2, d_mlp=32, lr=0.01, weight_decay=2.0, steps=400, seed=2,
        changes=((150, "lr", 0.008), (300, "weight_decay", 1.0)), log_every=5, max_snapshots=6,
    )  # fmt: skip
    run = train(folder / "zipped", config, 'A "small" zip')
    with open(FIXTURES / "small.zip", "wb") as file:
        bundle.export_zip(run, file, {"losses.csv": "step\n0\n"})


def make_script(folder: Path) -> dict:
    """A script in which no setting has its default. The config that it trains under."""
    pairs = encode_pairs(np.arange(121).reshape(11, 11) % 3 == 1)
    config = RunConfig(
        p=11, operation="x^2+y^2", frac_train=0.5, split="stored", train_pairs=pairs, seed=3, d_model=8,
        n_heads=2, d_mlp=12, optimizer="muon", loss="stablemax", lr=2e-3, weight_decay=0.5, beta1=0.8,
        beta2=0.9, eps=1e-7, warmup_steps=3, steps=9, stop="cleanup", changes=((4, "lr", 1e-3),), log_every=2,
        max_snapshots=3, precision="float32",
    )  # fmt: skip
    default = RunConfig()
    assert all(getattr(config, name) != getattr(default, name) for name in vars(default))
    run = train(folder / "every", config, "Every setting")
    (FIXTURES / "every-setting.txt").write_text(leaflets.reproduce(run))
    return to_json(config)


def kept_of(run: Path) -> dict:
    """What a folder shows, to be shown for ever."""
    return {
        "inspect": access.inspect_json(run),
        "log": rows_kept(access.log_rows(run)),
        "weights": weights_digest(access.weights(run)),
        "phases": access.phases_json(run),
        "measure": access.measure_json(run),
        "header": header_of(run),
    }


def header_of(run: Path) -> dict:
    header, _ = access.decoded_blob(run, "core")
    return {key: value for key, value in header.items() if key not in ("format", "id", "arrays")}


def course(run: Path) -> dict:
    """How a training went on from such a folder: every row of its log, and where its snapshots are."""
    rows = {name: values.tolist() for name, values in access.log_rows(run).items()}
    return {"snapshots": [step for step, _ in access.weights(run)], "rows": rows}


def make_folders() -> None:
    root = FIXTURES / "version-1"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    make_kinds(root)
    golden = {run.name: kept_of(run) for run in sorted(root.iterdir()) if run.name != files.JOBS}
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "copy"
        shutil.copytree(root, copy)
        going_on: dict[str, Callable[[Path], None]] = {
            "live": access.train_to_end,
            "fork-begun": access.train_to_end,
            "packed": lambda run: access.train_on(run, 120),
        }
        for name, go_on in going_on.items():
            go_on(copy / name)
            golden[name]["course"] = course(copy / name)
        make_zip(Path(temporary))
        golden["small.zip"] = kept_of(access.import_zip(FIXTURES / "small.zip", copy, "small"))
        golden["small.zip"]["course"] = course(copy / "small")
        golden["every-setting"] = {"config": make_script(Path(temporary))}
        golden["every-setting"]["course"] = course(Path(temporary) / "every")
    (FIXTURES / "folders.json").write_text(json.dumps(golden, indent=1) + "\n")
