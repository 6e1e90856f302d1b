"""A race of one's own: two or three tricks from the same start on the same pairs, their lanes filling together."""

import dataclasses
from pathlib import Path

import streamlit as st

from grokviz import hosting
from grokviz.app import sentences, shell
from grokviz.app.race import lanes
from grokviz.app.session import address, keys, visitor
from grokviz.config import RunConfig
from grokviz.errors import ConfigError, HostingError, RunError
from grokviz.forecast.race import GOAL, TRICKS, config_of, race
from grokviz.jobs import files, machine, racing
from grokviz.jobs.processes import Status
from grokviz.runs import library
from grokviz.runs.log import read_log
from grokviz.runs.record import read_record
from grokviz.view import lanes as picture

MODULI, STEPS, MOST = (31, 59), 1_500, 3
FIRST = ("adamw", "perpendicular", "sphere")
LOOK_SECONDS = 1.0
BUSY = ("queued", "running")


def show() -> None:
    """The choice, and the race that goes on or was the last."""
    if not shell.trains_here():
        return
    if not visitor.is_known():
        return
    last = racing.latest(visitor.root())
    now = racing.status(last) if last else None
    busy = now is not None and now.state in BUSY
    _choices(busy)
    if last and now:
        st.fragment(_track, run_every=LOOK_SECONDS if busy else None)(last)
    else:
        st.caption("The lanes appear here, and fill together.")


def _choices(busy: bool) -> None:
    keys.RACE_TRICKS.first(lambda: list(FIRST))
    keys.RACE_MODULUS.first(lambda: MODULI[0])
    keys.RACE_SEED.first(lambda: 0)
    chosen = st.multiselect(
        "Tricks", list(TRICKS), key=keys.RACE_TRICKS, max_selections=MOST, format_func=lambda name: TRICKS[name].label,
    )  # fmt: skip
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    with left:
        st.segmented_control("Modulus", MODULI, key=keys.RACE_MODULUS, required=True)
    with middle:
        st.number_input(
            "Seed", 0, 2**32 - 1, key=keys.RACE_SEED, help="Another seed: other pairs, other first weights."
        )
    with right:
        st.button(
            "Start the race", type="primary", icon=":material/flag:", on_click=_start, width="stretch",
            disabled=busy or len(chosen) < 2,
        )  # fmt: skip
    st.caption(_expected(chosen) if len(chosen) > 1 else "Choose two or three.")


def _expected(chosen: list[str]) -> str:
    """What it trains, and how long that takes here at most."""
    configs = [config(trick, keys.RACE_MODULUS.get(MODULI[0]), 0) for trick in chosen]
    taken = [machine.seconds(library.trained(), one, one.steps) for one in configs]
    how_long = f", about {sum(t or 0 for t in taken):.0f} s here" if all(taken) else ""
    return (
        f"The network of the fast recipe, with the settings of the table, for {STEPS:,} steps at most{how_long}. Each becomes "
        "a run of yours, which every page opens."
    )


def config(trick: str, p: int, seed: int) -> RunConfig:
    """A trick with the settings that were best at p = 59, for a short race."""
    best = {lane.trick: lane.settings for lane in race().lanes}
    short = config_of(best.get(trick, TRICKS[trick].settings), seed, p, STEPS)
    return dataclasses.replace(short, stop="cleanup", max_snapshots=60)


def _start() -> None:
    p, seed = int(keys.RACE_MODULUS.value()), int(keys.RACE_SEED.value())
    try:
        entries = [
            (config(trick, p, seed), f"Race mod {p}: {TRICKS[trick].label}, seed {seed}")
            for trick in keys.RACE_TRICKS.value()
        ]
        racing.start(visitor.root(), entries, hosting.limits())
    except (ConfigError, HostingError, RunError) as error:
        address.notice(str(error))


def _track(last: Path) -> None:
    """The lanes as far as they have come; looks again while they run."""
    now = racing.status(last)
    if now is None:
        return
    was = keys.RACE_WAS.get(None)
    keys.RACE_WAS.set((last, now.state))
    if was and was[0] == last and was[1] in BUSY and now.state not in BUSY:
        st.rerun()  # the whole page: another may be started
    try:
        runs = racing.runs_of(last)
        found = [_lane(run, now.state not in BUSY) for run in runs]
    except RunError as error:
        st.caption(sentences.as_text(str(error)))
        return
    if now.state in BUSY:
        files.seen(last)
        _progress(last, now)
    elif why := str(now.error or now.sentence):
        st.caption(sentences.as_text(why))
    lanes.draw(found, STEPS, "race-live")
    st.caption(
        "Each lane fills from 0 to 100 % of the unseen pairs; tinted from 99 % of the training pairs on. One seed says little: "
        "seeds differ by a factor of two and more."
    )
    if now.state not in BUSY:
        _links(runs)


def _progress(last: Path, now: Status) -> None:
    left, right = st.columns([4, 1], vertical_alignment="center")
    if now.state == "queued":
        text = f"Number {now.place} in the queue." if now.place else "In the queue."
    else:
        text = now.progress.what or "Starting"
    with left:
        st.progress(min(1.0, now.progress.done / STEPS), text=text)
    with right:
        st.button("Stop", icon=":material/stop:", on_click=racing.cancel, args=(last,), width="stretch")


def _lane(run: Path, is_over: bool) -> picture.Lane:
    """A run as it is now."""
    title = read_record(run).title.partition(": ")[2].rpartition(", seed")[0]
    try:
        log = read_log(run).columns
    except RunError:  # nothing is logged yet
        return picture.Lane(title, "", [picture.Line((), ())])
    steps = log["step"].astype(int).tolist()
    memorised, grokked = (
        next(
            (s for s, right in zip(steps, log[side].tolist(), strict=True) if s >= 10 and right >= GOAL), None
        )
        for side in ("train_accuracy", "test_accuracy")
    )
    here = steps[-1] if steps else 0
    plateau = None if memorised is None else (memorised, max(memorised, grokked or here))
    result = f"not by {here:,}" if is_over else f"step {here:,}"
    if grokked is not None:
        result = f"grokked at {grokked:,}"
    line = picture.Line(steps, (100 * log["test_accuracy"]).round(1).tolist())
    return picture.Lane(title, result, [line], plateau, [grokked] if grokked is not None else [])


def _links(runs: list[Path]) -> None:
    with st.container(horizontal=True):
        for run in runs:
            title = read_record(run).title.partition(": ")[2].rpartition(", seed")[0]
            st.page_link(
                "pages/timeline.py", label=f"Open {title}", icon=":material/timeline:", query_params={"run": run.name},
            )  # fmt: skip
