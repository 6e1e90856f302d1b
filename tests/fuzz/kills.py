"""Kills at random moments: `python tests/fuzz/kills.py FOLDER N` kills each kind of work N times, and looks at what is left.

It imports torch once and forks the victims. The same N, the same moments, as shares of how long the work takes. It says
in one line of JSON how many were killed before they had ended, and at how many different states of the disk.
"""

import io
import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from grokviz import study, worker
from grokviz.config import RunConfig
from grokviz.importers.convert import import_file
from grokviz.jobs import requests
from grokviz.jobs.files import GO_ON, Order
from grokviz.runs import bundle, catalog, folder, write
from grokviz.sequence_config import TASKS, SequenceConfig, recipe

CONFIG = RunConfig(p=5, d_model=16, n_heads=2, d_mlp=32, frac_train=0.6, steps=200, max_snapshots=20)
SMALL = {
    "d_model": 8,
    "n_heads": 1,
    "d_head": 4,
    "batch_size": 8,
    "n_test": 8,
    "steps": 120,
    "max_snapshots": 12,
}
SEQUENCES = {
    "skip-trigrams": recipe("skip-trigrams", n_symbols=3, length=7, **SMALL),
    "digits": recipe("digits", n_digits=2, d_mlp=8, **SMALL),
    "repeats": recipe("repeats", n_symbols=9, length=19, span=4, **SMALL),
}
FORKED_AT, MORE = 120, 60
FILE = "file.pth"


class Work(NamedTuple):
    """Something that may be killed: what is there before, what is done, and what must be so however that ended."""

    prepare: Callable[[Path], None]
    act: Callable[[Path], object]
    check: Callable[[Path, Path], None]  # (folder, that of the whole run)


def train(root: Path, order_at: int = 0, config: RunConfig | SequenceConfig = CONFIG) -> None:
    """Train from wherever the run is; with `order_at`, until it is asked to pause at so many rows."""
    if not (root / "run" / "run.json").exists():
        worker.start(root / "run", config, "cpu")
    rows = 0

    def listen() -> Order:
        nonlocal rows
        rows += 1
        return Order("pause", why="paused") if rows == order_at else GO_ON

    for _ in worker.run(root / "run", "cpu", listen):
        pass


def pause_and_resume(root: Path) -> None:
    for rows in (5, 9, 20, 33, 0):
        train(root, rows)


def is_the_beginning(run: folder.AnyRun, whole: folder.AnyRun) -> None:
    before = (
        whole.log[list(run.log)] if run.log.empty else whole.log
    )  # a log without a row has no further columns
    np.testing.assert_array_equal(run.log, before[: len(run.log)])
    np.testing.assert_array_equal(run.steps, whole.steps[: len(run.steps)])
    for i in range(len(run.steps)):
        for name, array in folder.read_weights(whole, i).items():
            np.testing.assert_array_equal(folder.read_weights(run, i)[name], array)


def goes_on_as_if_nothing_had_happened(
    root: Path, whole: Path, config: RunConfig | SequenceConfig = CONFIG
) -> None:
    if (root / "run" / "run.json").exists():
        is_the_beginning(folder.open_any(root / "run"), folder.open_any(whole))
    train(root, config=config)
    assert folder.fingerprint(folder.open_any(root / "run")) == folder.fingerprint(folder.open_any(whole))
    kinds = ("log.jsonl", "resume.safetensors", "run.json", "snapshots-0.safetensors")
    assert tuple(sorted(os.listdir(root / "run"))) == kinds, os.listdir(root / "run")


def before_packing(root: Path) -> None:
    """A run of which everything is written, and nothing packed."""
    shutil.copytree(root.parent / "unpacked", root / "run")


def is_whole_and_packs(root: Path, whole: Path) -> None:
    run = folder.open_run(root / "run")
    is_the_beginning(run, folder.open_run(whole))
    assert len(run.steps) == len(folder.open_run(whole).steps)
    write.finish(root / "run")
    packed = folder.open_run(root / "run")
    study.load(packed, keep=True)
    assert folder.fingerprint(packed) == folder.fingerprint(folder.open_run(whole))
    assert not [name for name in os.listdir(root / "run") if name.endswith(".tmp")]


def parent(root: Path) -> None:
    shutil.copytree(root.parent / "whole" / "run", root / "parent")


def fork(root: Path) -> Path:
    run = folder.open_run(root / "parent")
    config = RunConfig(**{**vars_of(CONFIG), "steps": FORKED_AT + MORE, "weight_decay": 0.0})
    return requests.fork(run, FORKED_AT, root, config, "fork")


def vars_of(config: RunConfig) -> dict:
    return {name: getattr(config, name) for name in RunConfig.__dataclass_fields__}


def parent_is_whole_and_forks_again(root: Path, whole: Path) -> None:
    assert folder.fingerprint(folder.open_run(root / "parent")) == folder.fingerprint(folder.open_run(whole))
    half = [
        path
        for path in root.iterdir()
        if path.is_dir() and catalog.ID.fullmatch(path.name) and path.name != "parent"
    ]
    again = fork(root)
    past = folder.open_run(again)
    assert len(past.steps) > 0
    is_the_beginning(past, folder.open_run(whole))
    for path in half:  # one whose making was cut short is listed, and can be trained or thrown away
        (card,) = [card for card in catalog.list_runs(root) if card.path == path]
        if (path / "run.json").exists():
            assert card.problem is None
            for _ in worker.run(path, "cpu"):
                pass
            assert folder.open_run(path).finished
        requests.delete(path)


def packet(root: Path) -> None:
    data = io.BytesIO()
    bundle.export_zip(folder.open_run(root.parent / "whole" / "run"), data)
    (root / "run.zip").write_bytes(data.getvalue())


def take_in(root: Path) -> None:
    with open(root / "run.zip", "rb") as file:
        bundle.import_zip(file, root / "runs", "taken")


def is_there_or_not(root: Path, whole: Path) -> None:
    if not (root / "runs" / "taken").exists():
        assert catalog.list_runs(root / "runs") == []
        take_in(root)
    found = folder.open_run(root / "runs" / "taken")
    assert folder.fingerprint(found) == folder.fingerprint(folder.open_run(whole))
    assert [card.id for card in catalog.list_runs(root / "runs")] == ["taken"]


def strange_file(root: Path) -> None:
    from tests.importers.conftest import lens_state

    run = folder.open_run(root.parent / "whole" / "run")
    states = [lens_state(folder.read_weights(run, i)) for i in range(len(run.steps))]
    torch.save(
        {"model": states[-1], "checkpoints": states, "checkpoint_epochs": run.steps.tolist()}, root / FILE
    )
    (root / "runs").mkdir()


def take_in_strange(root: Path) -> None:
    import_file(root / FILE, root / "runs" / "taken", {"operation": "add", "split": "unknown"})


def strange_is_there_or_not(root: Path, whole: Path) -> None:
    if not (root / "runs" / "taken").exists():
        assert catalog.list_runs(root / "runs") == []
        take_in_strange(root)
    np.testing.assert_array_equal(
        folder.open_run(root / "runs" / "taken").steps, folder.open_run(whole).steps
    )
    assert [card.id for card in catalog.list_runs(root / "runs")] == ["taken"]


def on_sequences(task: str) -> Work:
    """A training on sequences: its data are endless, and those after it was killed have to be those that would have come."""

    def check(root: Path, whole: Path) -> None:
        whole = root.parent / f"{task} whole" / "run"
        goes_on_as_if_nothing_had_happened(root, whole, SEQUENCES[task])

    return Work(lambda root: None, lambda root: train(root, config=SEQUENCES[task]), check)


KINDS = {
    **{task: on_sequences(task) for task in TASKS},
    "training": Work(lambda root: None, train, goes_on_as_if_nothing_had_happened),
    "pausing": Work(lambda root: None, pause_and_resume, goes_on_as_if_nothing_had_happened),
    "packing": Work(before_packing, lambda root: write.finish(root / "run"), is_whole_and_packs),
    "forking": Work(parent, fork, parent_is_whole_and_forks_again),
    "importing a zip": Work(packet, take_in, is_there_or_not),
    "importing a file": Work(strange_file, take_in_strange, strange_is_there_or_not),
}


def in_child(act: Callable[[], object], seconds: float = 120.0) -> tuple[float, bool]:
    """Do it in a process of its own, and kill -9 that so long after it began: how long it lived, and whether it was killed."""
    child = os.fork()
    if child == 0:
        torch.set_num_threads(1)
        act()
        os._exit(0)
    begin = time.monotonic()
    while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0):
        if time.monotonic() > begin + seconds:
            os.kill(child, signal.SIGKILL)
            ended = os.waitpid(child, 0)
            break
        time.sleep(0.0005)
    code = os.waitstatus_to_exitcode(ended[1])
    assert code in (0, -signal.SIGKILL), code
    return time.monotonic() - begin, code != 0


def state_of(root: Path) -> tuple:
    """Which files are there, and how large."""
    found = [(str(path.relative_to(root)), path.stat().st_size) for path in root.rglob("*") if path.is_file()]
    return tuple(sorted((name.split(".import")[0], size) for name, size in found))


def campaign(root: Path, kills: int) -> dict[str, dict[str, int]]:
    """Each kind of work killed so many times; raises as soon as anything is lost."""
    torch.set_num_threads(1)
    (root / "whole").mkdir()
    train(root / "whole")
    worker.start(root / "unpacked", CONFIG, "cpu")
    whole = folder.open_run(root / "whole" / "run")
    rows = whole.log.to_dict("records")
    write.append_log(root / "unpacked", rows)
    for i, step in enumerate(whole.steps.tolist()):
        write.write_snapshot(root / "unpacked", step, folder.read_weights(whole, i))
    told = {}
    for kind, work in KINDS.items():
        first = root / f"{kind} whole"
        first.mkdir()
        work.prepare(first)
        longest, _ = in_child(lambda work=work, first=first: work.act(first))
        states, killed, tries = set(), 0, 0
        while killed < kills and tries < 4 * kills:
            place = root / f"{kind} {tries}"
            place.mkdir()
            work.prepare(place)
            share = random.Random(f"{kind} {tries}").random()
            lived, was_killed = in_child(lambda work=work, place=place: work.act(place), share * longest)
            killed, tries = killed + was_killed, tries + 1
            if not was_killed:
                longest = min(longest, lived)  # the machine has become quicker
            states.add(state_of(place))
            work.check(place, root / "whole" / "run")
            shutil.rmtree(place)
        told[kind] = {"killed": killed, "states": len(states)}
    return told


if __name__ == "__main__":
    print(json.dumps(campaign(Path(sys.argv[1]), int(sys.argv[2]))))
