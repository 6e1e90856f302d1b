"""A file of somebody's code becomes a run folder: recognised, thinned, measured, checked, packed."""

import dataclasses
import hashlib
import math
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

import grokviz
from grokviz import study
from grokviz.config import RunConfig
from grokviz.errors import RunError
from grokviz.importers import infer
from grokviz.importers.layouts import Checkpoint, read_checkpoint
from grokviz.importers.sources import Source, open_source
from grokviz.models.forward import cross_entropy, forward
from grokviz.runs import write
from grokviz.runs.folder import MAX_FILE, Weights, iter_weights, open_run
from grokviz.runs.storage import saying
from grokviz.study import timeline
from grokviz.tasks.pairs import NO_ANSWER, Task, answers, build_task, encode_pairs, operation_label

SNAPSHOTS = 150  # kept at most, unless asked for more
LOG_ROWS = 6_000  # about as many rows of losses are kept
TOLERANCE = 0.02  # share by which the stored weights may miss a logged loss before it is said
SETTINGS = {  # name in the file -> of `RunConfig`
    "lr": "lr", "weight_decay": "weight_decay", "eps": "eps", "seed": "seed", "frac_train": "frac_train",
}  # fmt: skip
Progress = Callable[[str, int, int], None]


def import_file(
    path: Path,
    out: Path,
    given: Mapping | None = None,
    origin: Mapping | None = None,
    title: str = "",
    snapshots: int = SNAPSHOTS,
    on_progress: Progress = lambda what, done, total: None,
) -> dict:
    """Write the run in a file of another project into the new folder `out`; returns its provenance.

    `given` holds what a person knows of it: operation, frac_train, split, seed. `origin` says where the file came
    from. Weights are kept in float32, thinned to `snapshots` that lie close where the losses move. The folder
    appears when it is complete, and not before.
    Raises `RunError`, or `ConfigError` where a size is out of range.
    """
    if os.path.lexists(out) and not (out.is_dir() and not os.listdir(out)):
        raise RunError(f"{out.name!r} is there already. Choose a new folder.")
    on_progress("Opening the file", 0, 1)
    source = open_source(path)
    refuse_other_architectures(source.settings)
    final = read_checkpoint(source.states[-1])
    config, provenance = describe(source, final, dict(given or {}))
    kept = thin(source, budget(config, snapshots))
    provenance["kept"] = f"{len(kept)} of {len(source.steps)} checkpoints"
    provenance |= {"file": path.name, "sha256": digest(path), "origin": dict(origin or {})}
    steps = [source.steps[i] for i in kept]
    config = dataclasses.replace(config, max_snapshots=max(len(kept), 2), steps=last_step(source))
    config = dataclasses.replace(config, log_every=log_spacing(source))
    sentence = f"Imported from {path.name}: {operation_label(config.operation)} mod {config.p}."
    making = out.with_name(f".{out.name}.{os.getpid()}.importing")
    try:
        write.create_run(making, config, provenance, title or path.stem, sentence)
        checkpoints = _read(source, kept, final)
        for n, (step, weights) in enumerate(zip(steps, checkpoints, strict=True)):
            write.write_snapshot(making, step, weights)
            on_progress("Reading checkpoints", n + 1, len(kept))
        found = _measure(making, final.weights, build_task(config), on_progress)
        write.append_log(making, log_rows(source, found, config.log_every))
        write.pack(making)
        write.write_timeline_cache(making, timeline.timeline_to_arrays(found), study.TIMELINE_VERSION)
        with saying(out.name):
            if out.is_dir():
                out.rmdir()
            os.rename(making, out)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return provenance


def _read(source: Source, kept: list[int], final: Checkpoint) -> Iterator[Weights]:
    """The checkpoints to keep, one at a time in memory. Raises `RunError` if one is of another network."""
    for index in kept:
        checkpoint = read_checkpoint(source.states[index])
        if checkpoint.layout != final.layout or any(
            checkpoint.weights[name].shape != w.shape for name, w in final.weights.items()
        ):
            raise RunError(
                f"The checkpoint of step {source.steps[index]:,} is of another network than the last one."
            )
        yield checkpoint.weights


def _measure(folder: Path, final: Weights, task: Task, on_progress: Progress) -> timeline.Timeline:
    run = open_run(folder)
    steps = run.steps.tolist()
    return timeline.analyse(
        steps, iter_weights(run), final, task, on_progress=lambda n, total: on_progress("Measuring", n, total)
    )


def refuse_other_architectures(settings: Mapping) -> None:
    """Raises `RunError` when the file's own settings name something that the network of the paper is not."""
    number = {k: settings.get(k) for k in ("n_layers", "num_layers")}
    if any(type(n) is int and n != 1 for n in number.values()):
        raise RunError("This network has several layers, its settings say. GrokViz shows networks of one.")
    if settings.get("normalization_type") not in (None, "None", "none") or settings.get("use_ln") is True:
        raise RunError("This network has a LayerNorm, its settings say. GrokViz shows networks without one.")
    act = settings.get("act_fn", settings.get("act_type", "relu"))
    if str(act).lower() != "relu":
        raise RunError(f"The neurons of this network are {str(act)[:20]!r}, its settings say, expected relu.")
    for name, expected in (("attn_only", False), ("gated_mlp", False), ("attention_dir", "causal"),
                           ("positional_embedding_type", "standard"), ("use_attn_scale", True),
                           ("scale_attn_by_inverse_layer_idx", False)):  # fmt: skip
        if (found := settings.get(name, expected)) not in (expected, None):
            raise RunError(
                f"The settings of this network say {name} = {str(found)[:40]}, expected {expected}."
            )
    scale, d_head = settings.get("attn_scale"), settings.get("d_head")
    if (
        isinstance(scale, float)
        and isinstance(d_head, int)
        and scale > 0
        and abs(scale - math.sqrt(d_head)) > 1e-3
    ):
        raise RunError(f"This network divides attention scores by {scale:g}, expected sqrt(d_head).")


def describe(source: Source, final: Checkpoint, given: dict) -> tuple[RunConfig, dict]:
    """The config of the run, and how every part of it is known.

    Raises `RunError` when the operation or the split can neither be read nor inferred, nor is given.
    """
    w = final.weights
    p = w["W_U"].shape[1]
    sizes = RunConfig(
        p=p,
        d_model=w["W_E"].shape[1],
        n_heads=w["W_Q"].shape[0],
        d_mlp=w["W_in"].shape[1],
        precision="float32",
    )
    logits = forward(w).logits
    if given.get("operation"):
        operation, how_operation = given["operation"], "given"
    else:
        operation, how_operation = infer.operation(logits.argmax(axis=2), source.settings)
    settings = {
        ours: source.settings[theirs] for theirs, ours in SETTINGS.items() if theirs in source.settings
    }
    settings = {
        name: v for name, v in settings.items() if isinstance(v, int | float) and not isinstance(v, bool)
    }
    if isinstance(betas := source.settings.get("betas"), list | tuple) and len(betas) == 2:
        settings |= {"beta1": betas[0], "beta2": betas[1]}
    split = _split(source, final, p, operation, given)
    config = dataclasses.replace(
        sizes,
        **{
            name: settings[name]
            for name in ("lr", "weight_decay", "eps", "beta1", "beta2")
            if name in settings
        },
        operation=operation,
        split=split.split,
        seed=split.seed,
        frac_train=split.frac_train,
        train_pairs=encode_pairs(split.is_train) if split.is_train is not None else "",
    )
    unknown = [name for name in ("lr", "weight_decay", "beta1", "beta2") if name not in settings]
    notes = [*final.notes, *_check(source, config)]
    if unknown:
        notes.append(f"The file says nothing of {', '.join(unknown)}: the values shown are the paper's.")
    known = {"operation": how_operation, "split": split.how}
    return config, {
        "grokviz": grokviz.__version__, "imported": source.format, "layout": final.layout, "known": known,
        "unknown": unknown, "notes": notes,
    }  # fmt: skip


def _split(source: Source, final: Checkpoint, p: int, operation: str, given: dict) -> infer.Split:
    wanted = {name: given[name] for name in ("frac_train", "split", "seed") if given.get(name) is not None}
    if {"frac_train", "split"} <= wanted.keys():
        return infer.Split(wanted["split"], wanted.get("seed", 0), wanted["frac_train"], None, "given")
    if not wanted and (stored := infer.stored_split(source, p, operation)):
        return stored
    fractions = [wanted["frac_train"]] if "frac_train" in wanted else [n / 100 for n in range(1, 100)]
    first = wanted.get("seed", source.settings.get("seed"))
    telling = infer.telling_checkpoint(source)
    table = answers(RunConfig(p=p, operation=operation))
    if telling and (table != NO_ANSWER).all() and wanted.get("split", "paper") == "paper":
        weights = final.weights
        if telling[0] != len(source.states) - 1:
            weights = read_checkpoint(source.states[telling[0]]).weights
        loss = cross_entropy(forward(weights).logits.astype(np.float64), table)
        if found := infer.paper_split(loss, telling[1], fractions, first if type(first) is int else 0):
            return found
        reason = f"no seed up to {infer.SEEDS} of the paper's shuffle gives the losses in the file"
    else:
        reason = "no checkpoint in it falls on a step with a logged train and test loss that are far apart"
    raise RunError(
        f"The file does not say which pairs were trained on, and {reason}. Give what you know of it: "
        "--frac-train 0.3 --split paper --seed 0, say."
    )


def _check(source: Source, config: RunConfig) -> list[str]:
    """Whether converted weights and split give the logged losses: a sentence on the checkpoint that says most."""
    telling = infer.telling_checkpoint(source)
    index = telling[0] if telling else len(source.states) - 1
    step, task = source.steps[index], build_task(config)
    loss = cross_entropy(
        forward(read_checkpoint(source.states[index]).weights).logits.astype(np.float64), task.answers
    )
    found = []
    for name, mask, rows in (
        ("train", task.is_train, source.train_losses),
        ("test", task.is_test, source.test_losses),
    ):
        logged, ours = infer.loss_at(rows, step), float(loss[mask].mean())
        if logged:
            off = abs(ours - logged) / logged
            verdict = (
                "" if off <= TOLERANCE else ", which is not close: checkpoint and log may be an update apart"
            )
            found.append(f"{name} loss {ours:.4g} for {logged:.4g} in the file{verdict}")
    return [f"Check at step {step:,}: {'; '.join(found)}."] if found else []


def budget(config: RunConfig, wanted: int) -> int:
    """How many snapshots fit into a packed run of float32, at most those wanted."""
    each = (MAX_FILE - write.HEADER_ROOM) // (config.n_parameters * 4 + 8)
    if each < 1:
        raise RunError(
            f"One checkpoint of {config.n_parameters:,} parameters does not fit into a file of a run."
        )
    return max(min(wanted, write.MAX_SHARDS * each), 2)


def thin(source: Source, most: int) -> list[int]:
    """Which checkpoints to keep: all, or first, last and those at equal distances along the loss curves.

    The distance between two neighbours is their share of the steps plus that of all movement of the logarithms of
    train and test loss, so that snapshots lie close where something happens.
    """
    steps = np.array(source.steps, dtype=float)
    if len(steps) <= most:
        return list(range(len(steps)))
    distance = np.diff(steps) / (steps[-1] - steps[0])
    for rows in (source.train_losses, source.test_losses):
        rows = rows[rows[:, 1] > 0]
        if len(rows) > 1:
            moved = np.abs(np.diff(np.log(np.interp(steps, rows[:, 0], np.maximum(rows[:, 1], 1e-9)))))
            distance += moved / max(moved.sum(), 1e-12)
    along = np.concatenate([[0], np.cumsum(distance)])
    kept = {0, len(steps) - 1}
    for points in range(
        most, 20 * most, most // 4 or 1
    ):  # where much happens, several points share a checkpoint
        more = set(np.searchsorted(along, np.linspace(0, along[-1], points)).clip(0, len(steps) - 1).tolist())
        if len(more | {0, len(steps) - 1}) > most:
            break
        kept = more | {0, len(steps) - 1}
    return sorted(kept)


def last_step(source: Source) -> int:
    ends = [rows[-1, 0] for rows in (source.train_losses, source.test_losses) if len(rows)]
    return int(max([1, source.steps[-1], *ends]))


def log_spacing(source: Source) -> int:
    """Steps between two rows of the log: about `LOG_ROWS` of them, and no finer than the test losses."""
    rows = source.test_losses if len(source.test_losses) else source.train_losses
    finest = int(np.diff(rows[:, 0]).min()) if len(rows) > 1 else 1
    longest = rows[-1, 0] if len(rows) else 0
    return int(min(max(finest * math.ceil(longest / finest / LOG_ROWS), 1), 10_000))


def log_rows(source: Source, found: timeline.Timeline, every: int) -> list[dict]:
    """The losses of the file at every `every`th step, and at each snapshot what its weights give besides.

    Where the file holds no loss for a snapshot, that of the weights stands in the log.
    """
    rows: dict[int, dict] = {}
    empty = dict.fromkeys(
        ("train_loss", "test_loss", "train_accuracy", "test_accuracy", "sum_squared_weights")
    )
    for name, losses in (("train_loss", source.train_losses), ("test_loss", source.test_losses)):
        wanted = (losses[:, 0] % every == 0) | np.isin(losses[:, 0], found.steps)
        for step, loss in losses[wanted]:
            rows.setdefault(int(step), dict(empty))[name] = float(loss)
    for i, step in enumerate(found.steps.tolist()):
        row = rows.setdefault(step, dict(empty))
        for name in empty:
            if row[name] is None:
                row[name] = float(getattr(found, name)[i])
    return [{"step": step, **rows[step]} for step in sorted(rows)]


def digest(path: Path) -> str:
    """SHA-256 of the file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
