"""From the engine into a run folder: the glue behind `python -m grokviz train` and behind the app.

`python -m grokviz.worker RUN` is one training in a process of its own, which obeys what `grokviz/jobs` asks for.
"""

import argparse
import contextlib
import dataclasses
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import torch

from grokviz import hosting, study
from grokviz.config import RunConfig
from grokviz.engine import sequences
from grokviz.engine.batch import State
from grokviz.engine.provenance import provenance
from grokviz.engine.schedule import LogRow, Schedule
from grokviz.engine.sequences import PartsRow
from grokviz.engine.train import Snapshot, choose_device, leave_a_core, train
from grokviz.errors import GrokVizError, RunError, TrainingError
from grokviz.jobs import files, machine
from grokviz.jobs.files import GO_ON, Order
from grokviz.methods import OPTIMIZERS
from grokviz.models.transformer import Weights
from grokviz.runs import folder, library, write
from grokviz.runs.folder import AnyRun, Run
from grokviz.runs.imported import why_not_trainable
from grokviz.runs.log import LOG_COLUMNS
from grokviz.runs.record import Config, Record, read_any
from grokviz.runs.storage import write_lock
from grokviz.tasks.pairs import further_columns

LOG_SECONDS = 0.5  # a killed training loses at most this much of its log
STATE_SECONDS = 1.0  # and goes on from a state that is at most this old
LISTEN_SECONDS = 0.1
PATIENCE_SECONDS = 3.0  # somebody may be looking whether the run is being trained, which takes its lock

Row = LogRow | PartsRow


def start(path: Path, config: Config, device: str = "auto", title: str = "", sentence: str = "") -> None:
    """Makes the run folder. Raises `RunError` where there is something already, or the config has no split to train on."""
    if reason := why_not_trainable(config, {}):
        raise RunError(reason)
    write.create_run(path, config, provenance(config, device), title, sentence)


def run(path: Path, device: str = "auto", listen: Callable[[], Order] = lambda: GO_ON) -> Generator[Row]:
    """Trains the run in the folder to its end, from step 0 or from where it was stopped, and packs it.

    Yields every row as it is logged, and after each asks `listen` what to do: see `jobs.files.Order`. Whatever
    happens in between, the folder opens, and calling this again goes on from the last second.
    Raises `RunError` when the folder is damaged or in use.
    """
    with write_lock(path):
        opened = folder.open_any(path)
        if opened.finished:
            write.pack(path, keep_resume=True)  # tidies up, should it have been killed just before it had
            return
        if reason := why_not_trainable(opened.config, opened.provenance):
            raise RunError(reason)
        config, state = opened.config, _first_state(opened)
        write.rewind(path, state.step if state else -1)
        while True:
            order, state = yield from _train(path, config, device, state, listen)
            if state is None or order.wanted == "keep":
                return write.finish(path)
            if order.settings and isinstance(config, RunConfig):
                config = _changed(config, state.step, order.settings)
                write.set_config(path, config)
            if order.wanted != "train":
                return None


def _train(
    path: Path, config: Config, device: str, state: State | None, listen: Callable[[], Order]
) -> Generator[Row, None, tuple[Order, State | None]]:
    """Trains until the end or an order: returns the order and the state it met, which is on disk; at the end
    GO_ON and None."""
    rows: list[dict[str, float]] = []
    written = kept = time.monotonic()
    order = GO_ON

    def wanted() -> bool:
        nonlocal order
        order = listen()
        return order != GO_ON or time.monotonic() - kept > STATE_SECONDS

    with writing_thread() as write_soon:
        for event in _events(config, device, state, wanted):
            if isinstance(event, Row):
                rows.append(_columns_of(event, config))
                yield event
                if time.monotonic() - written < LOG_SECONDS:
                    continue
            write_soon(_write, path, rows, None if isinstance(event, Row) else event)
            rows, written = [], time.monotonic()
            if not isinstance(event, Row):
                kept = written
                if order != GO_ON:
                    return order, event.state if isinstance(event, Snapshot) else event
    return GO_ON, None


def _events(
    config: Config, device: str, state: State | None, wanted: Callable[[], bool]
) -> Iterator[Row | Snapshot | State]:
    if isinstance(config, RunConfig):
        return train(config, device, state, wanted)
    return sequences.train(config, device, state, wanted)


def _columns_of(row: Row, config: Config) -> dict[str, float]:
    if isinstance(row, LogRow) or isinstance(config, RunConfig):
        further = further_columns(config) if isinstance(config, RunConfig) else ()
        return {name: getattr(row, name) for name in (*LOG_COLUMNS, *further)}
    shared = {name: getattr(row.shared, name) for name in LOG_COLUMNS}
    return shared | dict(zip(config.columns, row.parts, strict=True))


def _changed(config: RunConfig, step: int, settings: Mapping[str, float]) -> RunConfig:
    now = config.at(step)
    new = [(step, name, value) for name, value in sorted(settings.items()) if getattr(now, name) != value]
    return dataclasses.replace(config, changes=(*config.changes, *new))


@contextmanager
def writing_thread() -> Iterator[Callable[..., None]]:
    """A function that calls others in a thread, so that training need not wait for the disk: one after the
    other, at most one behind. What a call raises is raised by the next one, or at the end."""
    with ThreadPoolExecutor(1) as thread:
        last: Future[None] | None = None

        def soon(function: Callable[..., None], *arguments: object) -> None:
            nonlocal last
            if last:
                last.result()
            last = thread.submit(function, *arguments)

        yield soon
        if last:
            last.result()


def _write(path: Path, rows: list[dict[str, float]], event: Snapshot | State | None) -> None:
    write.append_log(path, rows)
    if isinstance(event, Snapshot):
        write.write_snapshot(path, event.step, event.weights)
        event = event.state
    if event:
        _write_state(path, event)


def _write_state(path: Path, state: State) -> None:
    parts = {"weights": state.weights, **state.moments}
    arrays = {f"{part}.{name}": w for part, weights in parts.items() for name, w in weights.items()}
    write.write_resume(path, arrays, {"step": state.step, "schedule": state.schedule.to_json()})


def _first_state(opened: AnyRun) -> State | None:
    """Where training goes on: the state on disk or, of a fork, the snapshot it starts from, with an optimizer
    that remembers nothing."""
    found = write.read_resume(opened.path)
    if found is None:
        match opened.provenance.get("forked"):
            case {"step": int(step)} if len(opened.steps) and isinstance(opened, Run):
                return _state_of_fork(opened, step)
        return None
    arrays, meta = found

    def part(kind: str) -> Weights:
        return {name: arrays[f"{kind}.{name}"] for name in opened.config.shapes}

    moments = OPTIMIZERS[opened.config.optimizer].moments
    match meta:
        case {"step": int(step), "schedule": dict(schedule)}:
            with contextlib.suppress(KeyError, TypeError):  # of a part that is missing
                kept = {kind: part(kind) for kind in moments}
                return State(step, part("weights"), kept, Schedule.from_json(schedule))
    raise RunError(
        f"{write.RESUME} lacks a part of what this training would go on from.",
        f"Expected its step, schedule, weights and {', '.join(moments)}.",
        "Finish the run as it is, or fork it from one of its snapshots.",
    )


def _state_of_fork(opened: Run, step: int) -> State:
    index = folder.nearest_snapshot(opened, step)
    step = int(opened.steps[index])  # an earlier one, should its making have been killed half-way
    weights = folder.read_weights(opened, index)
    schedule = Schedule()
    for number, *values in zip(*(opened.logged[name].tolist() for name in LOG_COLUMNS), strict=True):
        if number > step:
            break
        _, schedule = schedule.after(LogRow(int(number), *values), opened.config)
    return State(step, weights, {}, schedule)


def main(arguments: list[str] | None = None) -> int:
    """One training that the app has asked for. What became of it is told to `jobs`."""
    parser = argparse.ArgumentParser(prog="python -m grokviz.worker", description=main.__doc__)
    parser.add_argument("run", type=Path, help="the run folder")
    path = parser.parse_args(arguments).run
    _make_way()
    listener = _Listener(path, hosting.limits())
    signal.signal(signal.SIGTERM, lambda *_: listener.stop())
    try:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(_patient_lock(path))
            except (
                RunError
            ) as error:  # another trains it, or it is gone: not for this process to say how it ended
                print(error, file=sys.stderr)
                return 1
            opened = folder.open_any(path)
            if listener.limits:
                hosting.check(opened.config, listener.limits)
            device = files.read(path).device
            write.set_provenance(path, {**provenance(opened.config, device), **opened.provenance})
            _run_to_end(path, device, listener.listen)
            trained = folder.open_any(path)
            files.end(path, "finished" if trained.finished else listener.last.why or "paused")
            if trained.finished and isinstance(trained, Run):
                study.load(trained, keep=True)  # measured once, for whoever looks at it
    except GrokVizError as error:
        files.end(path, "failed", error)
        return 1
    except Exception:  # starting it again, as if it had been killed, would not help
        files.end(path, "failed", TrainingError("GrokViz met an error that it did not foresee."))
        raise
    return 0


class _Listener:
    """Hears what is wanted of a training, a few times a second."""

    def __init__(self, path: Path, limits: hosting.Limits | None) -> None:
        self.path, self.limits = path, limits
        self.begin = time.monotonic()
        self.heard = -math.inf
        self.settings: Mapping[str, float] = {}  # that were ordered last
        self.last = GO_ON
        self.stopped = False

    def stop(self) -> None:
        self.stopped = True

    def listen(self) -> Order:
        now = time.monotonic()
        if self.stopped:
            self.last = Order("pause", why="stopped")
        elif now - self.heard >= LISTEN_SECONDS:
            self.heard = now
            order = files.order_for(self.path, now - self.begin, self.limits)
            is_news = order.settings != self.settings
            self.settings = order.settings
            self.last = order if is_news else order._replace(settings={})
        else:
            self.last = self.last._replace(settings={})
        return self.last


def _run_to_end(path: Path, device: str, listen: Callable[[], Order]) -> None:
    try:
        _remember_pace(path, run(path, device, listen))
    except torch.OutOfMemoryError:
        if choose_device(device).type != "cuda":
            raise
        files.note(path, "The GPU had too little memory left, so this run is trained on the processor.")
        _remember_pace(path, run(path, "cpu", listen))


def _remember_pace(path: Path, rows: Iterator[Row]) -> None:
    """Trains, and tells the machine how long it has taken: what the next ones are promised by."""
    first = last = None
    begin = end = 0.0
    startup = None
    for last in rows:
        end = time.monotonic()
        if first is None:
            first, begin, startup = last, end, _seconds_since_asked(path)
    record = read_any(path)
    if first and last and isinstance(record, Record):
        machine.learn(library.trained(), record.config, last.step - first.step, end - begin, startup)


def _seconds_since_asked(path: Path) -> float | None:
    """Since its process was asked for: its job was written for the last time just before."""
    try:
        return time.time() - (files.folder_of(path) / "job.json").stat().st_mtime
    except OSError:
        return None


@contextmanager
def _patient_lock(path: Path) -> Iterator[None]:
    until = time.monotonic() + PATIENCE_SECONDS
    with contextlib.ExitStack() as stack:
        while True:
            try:
                stack.enter_context(write_lock(path))
                break
            except RunError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
        yield


def _make_way() -> None:
    """Pages come first; and should memory run out, this process is the one to go."""
    leave_a_core()
    with contextlib.suppress(OSError, AttributeError):
        os.nice(10)
        Path("/proc/self/oom_score_adj").write_text("900")


if __name__ == "__main__":
    sys.exit(main())
