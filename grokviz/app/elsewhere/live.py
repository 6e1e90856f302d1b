"""Training on sequences from the page: a press, a bar, its curves as they come, and its run in place of the bundled one."""

import time
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from grokviz import hosting, installation
from grokviz.app import sentences, shell
from grokviz.app.elsewhere import figures, runs
from grokviz.app.session import keys, visitor
from grokviz.app.session.address import FEW
from grokviz.errors import ConfigError, HostingError, RunError
from grokviz.forecast import sequences as forecast
from grokviz.jobs import machine, requests, supervisor
from grokviz.jobs.files import folder_of, seen
from grokviz.runs import library
from grokviz.sequence_config import SequenceConfig, recipe
from grokviz.tasks.sequences import SEQUENCE_TASKS

EVERY = 1.0  # seconds between two looks at a training
BUSY = ("queued", "starting", "training", "leaving", "measuring")


def offer(task: str) -> None:
    """A button that trains the recipe of a task, and how the training is doing."""
    place(task, lambda: recipe(task, seed=int(time.time()) % 10_000))


def place(slot: str, config: Callable[[], SequenceConfig]) -> None:
    """A button that trains what `config` says when it is pressed, and how the training is doing, in this place of the page."""
    run = runs.mine(slot)
    with shell.column():
        is_busy = _is_busy(run)
        st.fragment(_state, run_every=EVERY if is_busy else None)(slot, config, is_busy)


def _is_busy(run: Path | None) -> bool:
    try:
        return bool(run) and supervisor.status(run, library.trained()).state in BUSY
    except RunError:
        return False


def _state(slot: str, config: Callable[[], SequenceConfig], was_busy: bool) -> None:
    """Drawn again every second while it is trained."""
    run = runs.mine(slot)
    if _is_busy(run) != was_busy:
        st.rerun()  # the whole page: what has begun is to be watched, and of what has finished it shows the figures
    try:
        if run and was_busy:
            return _show_progress(slot, run)
        if run:
            _say_how_it_ended(slot, run)
        _offer_to_train(slot, config)
    except RunError as error:
        st.error(sentences.as_text(str(error)), icon=":material/folder_off:")


def _offer_to_train(slot: str, config: Callable[[], SequenceConfig]) -> None:
    if not installation.has("torch"):
        return  # said once, at the top of the page
    took = forecast.seconds(config()) + machine.experience(library.trained()).startup
    st.button(
        f"Train one here, about {_round(took)} seconds", icon=":material/play_arrow:", key=f"elsewhere-train-{slot}",
        on_click=_start, args=(slot, config),
    )  # fmt: skip
    if text := keys.SAID.get(None):
        keys.SAID.forget()
        st.warning(sentences.as_text(text))


def _round(seconds: float) -> int:
    """To two figures at most."""
    return int(float(f"{max(seconds, 1):.1g}" if seconds < 20 else f"{seconds:.2g}"))


def _start(slot: str, config: Callable[[], SequenceConfig]) -> None:
    limits, before = hosting.limits(), runs.mine(slot)
    try:
        if (
            limits and slot == FEW and before and before.parent == visitor.root() and not supervisor.is_active(before)
        ):  # fmt: skip
            requests.delete(before)  # a visitor keeps few runs, and moves the sliders often
        wanted = config()
        title = SEQUENCE_TASKS[wanted.task].title
        made, _ = requests.start_once(visitor.root(), wanted, title, limits)
        runs.put_in_view(slot, made.name)
    except (RunError, ConfigError, HostingError) as error:
        keys.SAID.set(str(error))


def _show_progress(slot: str, run: Path) -> None:
    """How far it is, what it will still take, its curves, and a way out."""
    seen(run)
    status = supervisor.status(run, library.trained())
    handle = runs.handle_of(run)
    found = runs.opened(handle) if handle else None
    done = found.last_step if found else 0
    total = found.config.steps if found else 1
    left, right = st.columns([4, 1], vertical_alignment="center")
    left.progress(min(1.0, done / total), _words(run, status.state, status.place, done, total))
    right.button("Cancel", icon=":material/close:", key=f"elsewhere-cancel-{slot}", on_click=_cancel, args=(slot, run))  # fmt: skip
    if handle and found and len(found.logged["step"]) > 1:
        figures.losses((handle, found), f"live-{slot}")


def _words(run: Path, state: str, place: int | None, done: int, total: int) -> str:
    if state == "queued":
        return f"Waiting for its turn, number {place or 1} in the queue"
    if state == "measuring":
        return "Finishing"
    if state != "training" or not done:
        return "Starting"
    left = f", about {_round((total - done) * taken / done)} s left" if (taken := _seconds_of(run)) else ""
    return f"Step {done:,} of {total:,}{left}"


def _seconds_of(run: Path) -> float:
    """Since its process was started, less what starting takes; 0 in its first second."""
    try:
        begun = (folder_of(run) / "job.json").stat().st_mtime
    except OSError:
        return 0.0
    taken = time.time() - begun - machine.experience(library.trained()).startup
    return taken if taken > 1 else 0.0


def _cancel(slot: str, run: Path) -> None:
    try:
        requests.discard(run)
    except RunError as error:
        keys.SAID.set(str(error))
    runs.put_in_view(slot, None)


def _say_how_it_ended(slot: str, run: Path) -> None:
    status = supervisor.status(run, library.trained())
    if status.state == "failed":
        st.warning(sentences.as_text(str(status.error or "The training has failed.")))
    elif status.state == "finished":
        st.markdown(f"The figures show {runs.whose(run)}.")
        st.button(
            "Show the bundled run again", icon=":material/undo:", key=f"elsewhere-back-{slot}",
            on_click=runs.put_in_view, args=(slot, None),
        )  # fmt: skip
    else:
        st.markdown(sentences.as_text(status.sentence or "The training was interrupted."))
        st.button("Go on", icon=":material/play_arrow:", key=f"elsewhere-on-{slot}", on_click=requests.resume, args=(run,))  # fmt: skip
