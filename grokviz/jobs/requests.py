"""What a visitor may do with runs: start, pause, keep, discard, change, fork, extend, rename, delete."""

import dataclasses
import datetime
import os
import re
import secrets
import time
from pathlib import Path

import grokviz
from grokviz import hosting
from grokviz.config import CHANGEABLE, MAX_CHANGES, SETTINGS, RunConfig
from grokviz.errors import ConfigError, HostingError, RunError
from grokviz.hosting import Limits
from grokviz.jobs.files import (
    JOBS,
    Job,
    end,
    folder_of,
    one_at_a_time,
    read,
    runs_in,
    seen,
    write_job,
)
from grokviz.jobs.supervisor import forget, is_active, queue
from grokviz.runs import folder, write
from grokviz.runs.catalog import folder_size
from grokviz.runs.log import LOG_COLUMNS
from grokviz.runs.record import read_record
from grokviz.runs.storage import is_locked

KEPT_BY_FORKS = tuple(name for name, s in SETTINGS.items() if s.kept_by_forks)


def start(
    root: Path, config: RunConfig, title: str, device: str = "auto", limits: Limits | None = None
) -> Path:
    """Makes a run folder in `root` and queues its training.

    Raises `HostingError` beyond the limits, `RunError` when the folder cannot be made.
    """
    with one_at_a_time:
        run = _new_run(root, config, limits)
        write.create_run(run, config, _birth(), title=tidy_title(title))
        return _queue(run, device)


def fork(
    parent: folder.Run, step: int, root: Path, config: RunConfig, title: str, limits: Limits | None = None
) -> Path:
    """A new run that has the parent's past up to the snapshot nearest to `step`, and goes on under `config`.

    The optimizer starts anew there: only weights are stored. Raises like `start`, and `RunError` when the config
    is of another task or network.
    """
    index = folder.nearest_snapshot(parent, step)
    step = int(parent.steps[index])
    now = parent.config.at(step)
    for name in KEPT_BY_FORKS:
        if getattr(config, name) != (kept := getattr(now, name)):
            raise RunError(f"A fork keeps {name} = {str(kept)[:40]}.", mend="Start a new run for another.")
    # Its past was trained under the parent's settings: what it began with, and from here on what is new.
    changes = [change for change in parent.config.changes if change[0] < step]
    changes += [(step, name, float(getattr(config, name))) for name in CHANGEABLE]
    began = {name: getattr(parent.config, name) for name in CHANGEABLE}
    config = dataclasses.replace(config, changes=tuple(changes), **began)
    if config.steps <= step:
        raise RunError(
            f"The fork begins at step {step:,} and would end at {config.steps:,}. Choose more steps."
        )
    origin = {
        "step": step,
        "run": parent.path.name,
        "title": parent.title,
        "fingerprint": folder.fingerprint(parent),
    }
    with one_at_a_time:
        run = _new_run(root, config, limits)
        write.create_run(run, config, _birth() | {"forked": origin}, title=tidy_title(title))
        past = parent.log[parent.log["step"] <= step]
        write.append_log(run, [dict(zip(LOG_COLUMNS, row, strict=True)) for row in past.to_numpy().tolist()])
        for i in range(index + 1):
            write.write_snapshot(run, int(parent.steps[i]), folder.read_weights(parent, i))
        return _queue(run, "auto")


def extend(run: Path, steps: int, limits: Limits | None = None) -> None:
    """Train a finished run on, to `steps`. Raises `RunError` or `HostingError` when that cannot be."""
    with one_at_a_time:
        _extend(run, steps, limits)


def _extend(run: Path, steps: int, limits: Limits | None) -> None:
    config = read_record(run).config
    longer = dataclasses.replace(
        config, steps=steps, stop="steps", max_snapshots=min(2_000, config.max_snapshots + 40)
    )
    if limits:
        longer = dataclasses.replace(longer, max_snapshots=min(longer.max_snapshots, limits.max_snapshots))
        hosting.check(longer, limits)
        _refuse_more(run.parent, limits)
    write.reopen(run, longer)
    _queue(run, "auto")


def resume(run: Path) -> None:
    """Queue a training that was paused, failed or killed. Raises `HostingError` beyond the limits."""
    with one_at_a_time:
        if (limits := hosting.limits()) and not is_active(run):
            _refuse_more(run.parent, limits)
        _queue(run, _job(run).device)


def pause(run: Path) -> None:
    """Stop so that it can go on; also leaves the queue."""
    with one_at_a_time:
        write_job(run, _job(run)._replace(wanted="pause"))
        if not is_locked(run):
            end(run, "paused")


def keep(run: Path) -> None:
    """Finish here, with what there is."""
    with one_at_a_time:
        if is_locked(run):
            write_job(run, _job(run)._replace(wanted="keep"))
        else:
            write.finish(run)
            folder_of(run).mkdir(parents=True, exist_ok=True)
            end(run, "finished")


def discard(run: Path) -> None:
    """Stop at once, and forget the run as soon as its process has let go."""
    with one_at_a_time:
        write_job(run, _job(run)._replace(wanted="discard"))
        if not is_locked(run):
            forget(run)


def change(run: Path, **settings: float) -> None:
    """Go on with another learning rate or weight decay, from the next row of the log on.

    Raises `ConfigError` when a value is out of range, or the run has been changed too often.
    """
    dataclasses.replace(RunConfig(), **settings)  # refuses what is out of range
    if len(read_record(run).config.changes) + len(settings) > MAX_CHANGES:
        raise ConfigError(f"A run can be changed at most {MAX_CHANGES} times. Fork it, or start another.")
    with one_at_a_time:
        job = _job(run)
        write_job(run, job._replace(settings={**job.settings, **{n: float(v) for n, v in settings.items()}}))


def delete(run: Path) -> Path:
    """Takes a run away; until it is swept, `restore` of what is returned gives it back."""
    if is_locked(run):
        raise RunError("This run is being trained. Stop it first.")
    bin = run.parent / JOBS / "trash" / f"{time.time_ns()}-{run.name}"
    bin.parent.mkdir(parents=True, exist_ok=True)
    os.replace(run, bin)
    return bin


def restore(bin: Path) -> Path:
    """Gives a deleted run back. Raises `RunError` when it is gone for good."""
    run = bin.parents[2] / bin.name.split("-", 1)[1]
    if not bin.is_dir() or run.exists():
        raise RunError("That run is gone for good: deleted runs are kept for ten minutes.")
    os.replace(bin, run)
    return run


def rename(run: Path, title: str) -> None:
    """Call a run something else. Raises `RunError` while it is being trained."""
    write.set_title(run, tidy_title(title))


def tidy_title(title: str) -> str:
    """A title from outside: one line, printable, at most 80 characters."""
    return "".join(c for c in " ".join(title.split()) if c.isprintable())[:80]


def new_id(config: RunConfig) -> str:
    kind = "".join(c if c.isalnum() else "-" for c in config.operation)
    return f"mod{config.p}-{kind}-{secrets.token_hex(3)}"


def free_id(root: Path, file_name: str) -> str:
    """An id for a run that is brought in: like the name of its file, and never that of another run, bundled or not."""
    stem = re.sub(r"[^a-z0-9._-]+", "-", Path(file_name).stem.lower()[:40]).strip("-._") or "run"
    while (root / (name := f"{stem}-{secrets.token_hex(3)}")).exists():
        pass
    return name


def _birth() -> dict:
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return {"grokviz": grokviz.__version__, "started": now}


def make_room(root: Path, limits: Limits | None) -> None:
    """Before a run is added to `root`: raises `HostingError` when its visitor has enough of them, and takes the
    oldest runs of all visitors away when there are too many, or they fill the disk."""
    if not limits:
        return
    if len(runs_in(root)) >= limits.runs:
        raise HostingError(
            f"You have {limits.runs} runs here, which is the most. Delete one, then start another."
        )
    visitors = hosting.visitor_roots(root.parent)
    runs = [run for visitor in visitors for run in runs_in(visitor)]
    bins = [bin for visitor in visitors for bin in (visitor / JOBS / "trash").glob("*")]
    sizes = {run: folder_size(run) for run in [*bins, *runs]}
    oldest_first = sorted((run for run in runs if not is_active(run)), key=_age)
    # Deleted runs take no place of a run, but they fill the disk.
    for run in [*sorted(bins), *oldest_first]:
        too_many = len(sizes.keys() & {*runs}) >= limits.all_runs
        if sum(sizes.values()) > 1e6 * limits.disk_mb or (too_many and run in oldest_first):
            sizes.pop(run)
            forget(run)


def _age(run: Path) -> float:
    try:
        return run.stat().st_mtime
    except OSError:
        return 0.0


def _new_run(root: Path, config: RunConfig, limits: Limits | None) -> Path:
    if limits:
        hosting.check(config, limits)
        _refuse_more(root, limits)
        make_room(root, limits)
    return root / new_id(config)


def _refuse_more(root: Path, limits: Limits) -> None:
    if any(is_active(run) for run in runs_in(root)):
        raise HostingError("One training at a time: another of yours is still going on or waiting.")
    if len(queue(root.parent)) >= limits.waiting:
        raise HostingError(f"{limits.waiting} trainings are waiting already. Please come back in a while.")


def _queue(run: Path, device: str) -> Path:
    home, settings = folder_of(run), _job(run).settings
    for name in ("ended.json", "note.txt"):
        (home / name).unlink(missing_ok=True)
    write_job(run, Job("train", time.time_ns(), device, settings))
    seen(run)
    return run


def _job(run: Path) -> Job:
    """The job of a run or, where there is none that can be read, one that asks for nothing."""
    try:
        return read(run)
    except RunError:
        return Job("pause")
