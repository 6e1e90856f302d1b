"""Kill -9 at any moment: the folder opens, holds a prefix, and the work can be taken up and finished.

Run as a script, this file is the victim: it forks writers and kills them, some at a random time, some just
before the n-th change that they make to the disk, for every n.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from grokviz.config import RunConfig
from grokviz.runs import folder, storage, write
from grokviz.runs.log import LOG_COLUMNS

CONFIG = RunConfig(p=5, d_model=8, n_heads=2, d_mlp=16, frac_train=0.5)
STEPS = (0, 4, 20, 75)
TIMED = 16


def weights_at(step: int) -> dict[str, np.ndarray]:
    return {name: np.full(shape, step / 8, dtype=np.float32) for name, shape in CONFIG.shapes.items()}


def row_at(step: int) -> dict[str, float]:
    return dict(zip(LOG_COLUMNS, [step, step / 7, step / 3, 0.5, 0.25, 1.0], strict=True))


def carry_on(path: Path) -> None:
    """Train and pack the run from whatever is there, as a worker does that is started again."""
    if not (path / "run.json").exists():
        write.create_run(path, CONFIG, {})
    with storage.write_lock(path):
        if not folder.open_run(path).finished:
            resume = write.read_resume(path)
            last = resume[1]["step"] if resume else -1
            assert isinstance(last, int)
            write.rewind(path, last)
            for step in [step for step in STEPS if step > last]:
                write.append_log(path, [row_at(step), row_at(step + 1)])
                write.write_snapshot(path, step, weights_at(step))
                write.write_resume(path, weights_at(step), {"step": step + 1})
            write.write_timeline_cache(path, {"x": np.zeros(3)}, {})
        write.pack(path)


def die_at_change(number: int) -> None:
    """Kill this process just before it changes the disk for the `number`-th time."""
    changes = 0

    def count(event: str, args: tuple) -> None:
        nonlocal changes
        writes = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
        if writes or event in ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate"):
            changes += 1
            if changes == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


def killed(path: Path, at_change: int = 0, after: float = 60.0) -> bool:
    """Fork a writer. Whether it was killed, at the change or after so many seconds, before it was done."""
    child = os.fork()
    if child == 0:
        if at_change:
            die_at_change(at_change)
        carry_on(path)
        os._exit(0)
    end = time.monotonic() + after
    while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0):
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            ended = os.waitpid(child, 0)
            break
        time.sleep(0.0002)
    code = os.waitstatus_to_exitcode(ended[1])
    assert code in (0, -signal.SIGKILL), code
    return code != 0


def kill_writers(root: Path) -> None:
    storage.os.fsync = lambda descriptor: None  # guards against power cuts, not against kills
    begin = time.monotonic()
    assert not killed(root / "whole")
    duration = time.monotonic() - begin
    rng = random.Random(0)
    for number in range(TIMED):
        killed(root / f"timed-{number:02}", after=rng.uniform(0, duration))
    number = 1
    while killed(root / f"change-{number:03}", at_change=number):
        number += 1


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs fork and kill -9")
def test_whenever_a_writer_is_killed_a_prefix_opens_and_the_run_can_be_finished(tmp_path, quick_disk):
    environment = {**os.environ, "PYTHONPATH": str(Path(folder.__file__).parents[2])}
    subprocess.run([sys.executable, __file__, str(tmp_path)], check=True, env=environment, timeout=120)
    whole = folder.open_run(tmp_path / "whole")
    assert whole.finished
    assert whole.steps.tolist() == list(STEPS)
    folders = sorted(tmp_path.iterdir())
    assert len(folders) > TIMED + 40
    states = {check_prefix(path) for path in folders}
    assert states == {"not begun", "live", "packed"}  # every stage was hit
    for path in folders:
        carry_on(path)
        run = folder.open_run(path)
        assert folder.fingerprint(run) == folder.fingerprint(whole)
        assert sorted(os.listdir(path)) == sorted(os.listdir(whole.path))
        assert folder.read_timeline_cache(run) is not None


def check_prefix(path: Path) -> str:
    if not (path / "run.json").exists():
        assert all(name == storage.LOCK or name.endswith(".tmp") for name in os.listdir(path))
        return "not begun"
    run = folder.open_run(path)
    assert run.config == CONFIG
    assert tuple(run.steps) == STEPS[: len(run.steps)]
    for step, weights in zip(run.steps, folder.iter_weights(run), strict=True):
        assert all((array == step / 8).all() for array in weights.values())
    rows = [row_at(s) for step in STEPS for s in (step, step + 1)]
    assert run.log.to_dict("records") == rows[: len(run.log)]
    return "packed" if run.shards else "live"


if __name__ == "__main__":
    kill_writers(Path(sys.argv[1]))
