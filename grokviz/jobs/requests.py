"""What a visitor may do with runs: start, pause, keep, discard, change, fork, extend, rename, delete."""

import dataclasses
import datetime
import hashlib
import os
import re
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import grokviz
from grokviz import hosting, installation
from grokviz.config import MAX_CHANGES, RunConfig
from grokviz.errors import ConfigError, HostingError, RunError
from grokviz.hosting import Limits
from grokviz.jobs import asked
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
from grokviz.jobs.supervisor import forget, is_active, put_aside
from grokviz.runs import folder, write
from grokviz.runs.fork import config_of_fork, forked_at, write_fork
from grokviz.runs.imported import NO_TORCH, why_not_trainable
from grokviz.runs.record import RUN, Config, read_any, read_record
from grokviz.runs.storage import is_locked, saying, write_lock
from grokviz.runs.summary import folder_size

_starting: dict[Path, threading.Lock] = {}  # by the folder of a visitor's runs
AT_ONCE = 0.02  # seconds of patience for a lock that nobody should hold, while others wait for the queue


def start(root: Path, config: Config, title: str, device: str = "auto", limits: Limits | None = None) -> Path:
    """Makes a run folder in `root` and queues its training.

    Raises `HostingError` beyond the limits, `RunError` when the folder cannot be made.
    """
    if not installation.has("torch"):
        raise RunError(NO_TORCH)
    with _new_run(root, config, limits) as run:
        write.create_run(run, config, _birth(), title=tidy_title(title))
        return _queue(run, device)


@contextmanager
def pressed_once(root: Path) -> Iterator[None]:
    """What is pressed twice at once is done one after the other: Streamlit obeys the second press in another thread,
    while the first is still being obeyed."""
    with _starting.setdefault(root, threading.Lock()):
        yield


def start_once(root: Path, config: Config, title: str, limits: Limits | None = None) -> tuple[Path, bool]:
    """`start`, unless a run of just this config is trained in `root` or waits: to start it twice teaches nothing.

    The run, and whether it is a new one. Raises like `start`.
    """
    with pressed_once(root):
        for run in runs_in(root):
            with suppress(RunError):
                if is_active(run) and read_any(run).config == config:
                    return run, False
        return start(root, config, title, limits=limits), True


def create(root: Path, config: RunConfig, title: str, limits: Limits | None = None) -> Path:
    """Makes a run folder in `root` that something else than the queue will train. Raises like `start`."""
    with _new_run(root, config, limits) as run:
        write.create_run(run, config, _birth(), title=tidy_title(title))
    return run


def adopt(kept: Path, root: Path, limits: Limits | None = None) -> Path:
    """A run of one's own like one that was kept elsewhere; the same again where that is already here.

    Raises `HostingError` beyond the limits, `RunError` when it is none or cannot be copied.
    """
    read_record(kept)
    run = root / f"{kept.name}-{hashlib.sha256((kept / RUN).read_bytes()).hexdigest()[:8]}"
    if not run.exists():
        make_room(root, limits)
        with saying(run.name):
            root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=root, prefix=".") as making:
                os.replace(shutil.copytree(kept, Path(making) / run.name), run)
    return run


def fork(
    parent: folder.Run, step: int, root: Path, config: RunConfig, title: str, limits: Limits | None = None
) -> Path:
    """A new run that has the parent's past up to the snapshot nearest to `step`, and goes on under `config`.

    The optimizer starts anew there: only weights are stored. Raises like `start`, and `RunError` when the config
    is of another task or network. It may train on fewer of its pairs: see `runs.fork`.
    """
    at = forked_at(parent, step)
    config = config_of_fork(parent, at[1], config)
    with _new_run(root, config, limits) as run:
        write_fork(run, parent, at, config, _birth(), tidy_title(title))
        return _queue(run, "auto")


def extend(run: Path, steps: int, limits: Limits | None = None) -> None:
    """Train a finished run on, to `steps`. Raises `RunError` or `HostingError` when that cannot be."""
    record = read_record(run)
    if reason := why_not_trainable(record.config, record.provenance):
        raise RunError(reason)
    config = record.config
    longer = dataclasses.replace(
        config, steps=steps, stop="steps", max_snapshots=min(2_000, config.max_snapshots + 40)
    )
    if limits:
        longer = dataclasses.replace(longer, max_snapshots=min(longer.max_snapshots, limits.max_snapshots))
        hosting.check(longer, limits)
    with ExitStack() as held:
        with one_at_a_time:
            if limits:
                asked.refuse_more(run.parent, limits)
            held.enter_context(write_lock(run, AT_ONCE))
        write.reopen(run, longer)
        _queue(run, "auto")


def resume(run: Path) -> None:
    """Queue a training that was paused, failed or killed. Raises `HostingError` beyond the limits."""
    with one_at_a_time:
        if (limits := hosting.limits()) and not is_active(run):
            asked.refuse_more(run.parent, limits)
        _queue(run, _job(run).device)


def pause(run: Path) -> None:
    """Stop so that it can go on; also leaves the queue."""
    with one_at_a_time:
        write_job(run, _job(run)._replace(wanted="pause"))
        if not is_locked(run):
            end(run, "paused")


def keep(run: Path) -> None:
    """Finish here, with what there is."""
    with ExitStack() as held:
        with one_at_a_time:
            if is_locked(run):
                write_job(run, _job(run)._replace(wanted="keep"))
                return
            held.enter_context(write_lock(run, AT_ONCE))
        write.finish(run)
        end(run, "finished")


def discard(run: Path) -> None:
    """Stop at once, and forget the run as soon as its process has let go."""
    with one_at_a_time:
        write_job(run, _job(run)._replace(wanted="discard"))
        if is_locked(run):
            return
        bin = put_aside(run)
    forget(bin)


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
    with one_at_a_time:
        if is_locked(run):
            raise RunError("This run is being trained.", mend="Stop it first.")
        return put_aside(run)


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


def new_id(config: Config) -> str:
    if not isinstance(config, RunConfig):
        return f"{config.task}-{secrets.token_hex(3)}"
    kind = "".join(c if c.isalnum() else "-" for c in config.group or config.operation).lower()
    return f"{'' if config.group else f'mod{config.p}-'}{kind}-{secrets.token_hex(3)}"


def free_id(root: Path, file_name: str) -> str:
    """An id for a run that is brought in: like the name of its file, and never that of another run, bundled or not."""
    stem = re.sub(r"[^a-z0-9._-]+", "-", Path(file_name).stem.lower()[:40]).strip("-._") or "run"
    while (root / (name := f"{stem}-{secrets.token_hex(3)}")).exists():
        pass
    return name


def _birth() -> dict[str, object]:
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return {"grokviz": grokviz.__version__, "started": now}


def make_room(root: Path, limits: Limits | None) -> None:
    """Before a run is added to `root`: raises `HostingError` when its visitor has enough of them, and takes the
    oldest runs of all visitors away when there are too many, or they fill the disk."""
    if not limits:
        return
    _refuse_full(root, limits)
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
            if bin := run if run in bins else _aside(run):
                forget(bin)


def _aside(run: Path) -> Path | None:
    """Puts a run aside, unless it is wanted again since."""
    with one_at_a_time:
        return None if is_active(run) else put_aside(run)


def _age(run: Path) -> float:
    try:
        return run.stat().st_mtime
    except OSError:
        return 0.0


@contextmanager
def _new_run(root: Path, config: Config, limits: Limits | None) -> Iterator[Path]:
    """A folder for a new run, locked while it is filled: so it counts as one that is trained, and others need not
    wait for the disk to ask for theirs. Nothing is left of one that could not be filled."""
    if limits:
        hosting.check(config, limits)
        asked.refuse_more(root, limits)
        make_room(root, limits)
    with ExitStack() as held:
        with one_at_a_time:
            if limits:  # another may have come in between
                asked.refuse_more(root, limits)
                _refuse_full(root, limits)
            run = root / new_id(config)
            with saying(run.name):
                run.mkdir(parents=True)
            held.enter_context(write_lock(run, AT_ONCE))
        try:
            yield run
        except BaseException:
            shutil.rmtree(run, ignore_errors=True)
            raise


def _refuse_full(root: Path, limits: Limits) -> None:
    if len(runs_in(root)) >= limits.runs:
        raise HostingError(
            f"You have {limits.runs} runs here, which is the most.", mend="Delete one, then start another."
        )


def _queue(run: Path, device: str) -> Path:
    with one_at_a_time:
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
