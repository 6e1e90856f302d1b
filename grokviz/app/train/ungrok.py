"""Ungrokking, the room: what became of forks with fewer pairs, and a fork of one's own."""

import statistics

import pandas as pd
import streamlit as st

from grokviz import wording
from grokviz.app import shell
from grokviz.app.explorer import figures
from grokviz.app.session import keys
from grokviz.app.train import actions
from grokviz.errors import RunError
from grokviz.forecast import ungrokking
from grokviz.forecast.ungrokking import DECAYS, PARENT, SHARES, STEPS
from grokviz.runs import library
from grokviz.runs.folder import Run, open_run
from grokviz.view import ungrok_chart
from grokviz.view.ungrok_chart import CONTROL, NEVER, REMOVED, TRAIN

WITH, WITHOUT = DECAYS[0], 0.0
SEEDS = "three"  # in words


@st.fragment
def room() -> None:
    """The slider with its two figures, and what can be done oneself."""
    share = st.select_slider(
        "It goes on with so much of the table of all pairs",
        SHARES,
        value=SHARES[0],
        key=keys.KEPT,
        format_func=_whole,
        width=720,
    )
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Where is the edge?", anchor=False)
        st.altair_chart(
            ungrok_chart.cliff_chart(ends(), share, STEPS, figures.is_dark()), height=ungrok_chart.HEIGHT
        )
        st.caption(
            f"**How to read this.** Each dot is one network that had grokked, after {STEPS:,} more steps: how many of the pairs "
            f"that it never saw are still right. The line goes through the middle one of {SEEDS}; the large dot is the share "
            "on the slider."
        )
    with right:
        st.subheader("How does it go?", anchor=False)
        st.altair_chart(
            ungrok_chart.descent_chart(curves(share), STEPS, figures.is_dark()), height=ungrok_chart.HEIGHT
        )
        st.caption(_reading(share))
    _one_of_your_own(share)


def _whole(share: float) -> str:
    """A share that is whole per cents."""
    return f"{100 * share:.0f}{wording.THIN}%"


def ends() -> pd.DataFrame:
    """share, seed, accuracy on pairs never seen at the last row of every fork with the weight decay of its parent."""
    rows = [(f.share, f.seed, f.never_seen[-1]) for f in ungrokking.forks() if f.weight_decay == WITH]
    return pd.DataFrame(rows, columns=["share", "seed", "accuracy"])


def curves(share: float) -> pd.DataFrame:
    """step, accuracy, series, seed of the forks with this share, and of those without weight decay where there are any."""
    rows: list[tuple[int, float | None, str, int]] = []
    for f in ungrokking.of(share):
        for name, values in ((NEVER, f.never_seen), (REMOVED, f.removed), (TRAIN, f.train)):
            rows += [(step, value, name, f.seed) for step, value in zip(f.at, values, strict=True)]
    for f in ungrokking.of(share, WITHOUT):
        rows += [(step, value, CONTROL, f.seed) for step, value in zip(f.at, f.never_seen, strict=True)]
    return pd.DataFrame(rows, columns=["step", "accuracy", "series", "seed"]).dropna()


def _reading(share: float) -> str:
    forks = ungrokking.of(share)
    seen, trained = (
        statistics.median(x) for x in zip(*((f.never_seen[-1], f.train[-1]) for f in forks), strict=True)
    )
    removed = [f.removed[-1] for f in forks if f.removed[-1] is not None]
    parts = [
        f"**How to read this.** With {forks[0].pairs:,} pairs left, {wording.percent(seen)} of the pairs never seen are right in the "
        f"end (solid, blue)"
    ]
    if removed:
        parts.append(
            f" and {wording.percent(statistics.median(removed))} of those that it once trained on (violet): it loses the rule, not the pairs"
        )
    parts.append(
        f". On the pairs it still trains on it is right in {wording.percent(trained)}: that curve shows nothing at all."
    )
    if without := ungrokking.of(share, WITHOUT):
        end = statistics.median(f.never_seen[-1] for f in without)
        parts.append(f" With the weight decay switched off (grey, dashed) {wording.percent(end)} stay right.")
    parts.append(
        f" Thin lines are the {SEEDS} networks, strong ones their middle. Made by `{ungrokking.command()}`."
    )
    return "".join(parts)


def _one_of_your_own(share: float) -> None:
    st.subheader("Do it yourself", anchor=False)
    if not shell.trains_here():
        return
    actions.say()
    st.markdown(
        f"Take the network of the bundled run *mod 59, quick*, which answers everything, and go on for {STEPS:,} steps. It takes "
        "seconds, and its film opens on the page Train: look at the violet squares, the pairs that were taken away.",
        width=720,
    )
    pressed: tuple[float, float] | None = None
    with st.container(horizontal=True):
        if st.button(
            f"Go on with {_whole(share)}",
            type="primary",
            icon=":material/content_cut:",
            key="ungrok",
        ):
            pressed = share, WITH
        if st.button("The same without weight decay", icon=":material/toggle_off:", key="ungrok-no-decay"):
            pressed = share, WITHOUT
        if share != SHARES[-1] and st.button(
            "With all its pairs", icon=":material/all_inclusive:", key="ungrok-all"
        ):
            pressed = SHARES[-1], WITH
    if pressed is None:
        return
    if actions.attempt(start, *pressed):
        st.switch_page("pages/train.py")
    st.rerun()


def start(share: float, weight_decay: float) -> None:
    """Fork the bundled run at its end, in my folder, and put the fork into view. Raises `RunError` or `HostingError`."""
    parent = _parent()
    how = f"going on with {_whole(share)}" + ("" if weight_decay == WITH else ", without weight decay")
    wanted = {"frac_train": share, "weight_decay": weight_decay}
    actions.fork_of(parent, parent.last_step, wanted, STEPS, how)


def _parent() -> Run:
    try:
        return open_run(library.locate(PARENT))
    except RunError as error:
        raise RunError(
            f"The bundled run {PARENT} is not here.", mend="Fork a run of your own on the page Train."
        ) from error
