"""A small map of your own, filled while you look: what to vary, how long that takes, stop, go on."""

import streamlit as st

from grokviz import hosting, wording
from grokviz.app import sentences, shell
from grokviz.app.map import figure
from grokviz.app.session import address, keys, visitor
from grokviz.errors import ConfigError, HostingError, RunError
from grokviz.jobs import files, sweeping
from grokviz.jobs.processes import Status
from grokviz.sweeps.bundled import MODULI, OFFERS, STEPS
from grokviz.sweeps.grid import Sweep

NAME = "own"  # of the map, in the address
BUSY = ("queued", "running")
LOOK_SECONDS = 2.0


def room() -> None:
    """The heading, and the map of this visitor with what can be done with it."""
    with shell.column():
        st.header("A map of your own", anchor=False)
        st.markdown(
            f"Thirty networks or so, each for at most {wording.whole(STEPS)} steps. They are trained a few at a time, and the cells "
            "fill as they finish. You can leave this page, stop, and go on later."
        )
        if not shell.trains_here():
            return
    if not visitor.is_known():
        return
    now = sweeping.status(visitor.root())
    st.fragment(_state, run_every=LOOK_SECONDS if now and now.state in BUSY else None)()


def _state() -> None:
    root = visitor.root()
    now = sweeping.status(root)
    state = now.state if now else ""
    was = keys.SWEEPING_WAS.get(None)
    keys.SWEEPING_WAS.set(state)
    is_chosen = keys.OWN_MAP_CHOSEN.get(False)
    keys.OWN_MAP_CHOSEN.set(False)
    if is_chosen or (was in BUSY and state not in BUSY):
        st.rerun()  # the whole page: its address and its other map, or nothing to be looked at again and again any more
    if now:
        with shell.column():
            _progress(now)
        try:
            figure.show(figure.read(NAME, sweeping.folder_of(root)), lambda: keys.OWN_MAP_CHOSEN.set(True))
        except RunError as error:
            st.caption(sentences.as_text(str(error)))
    if state not in BUSY:
        with shell.column():
            _offer()


def _progress(now: Status) -> None:
    """How far it is, and what can be done."""
    done, total = now.progress.done, max(now.progress.total, 1)
    if now.state in BUSY:
        files.seen(sweeping.path_of(visitor.root()))
        left = (total - done) / now.progress.rate if now.progress.rate > 0 else 0.0
        text = (
            f"Number {now.place} in the queue."
            if now.place
            else f"{done} of {total} runs are over"
            if total > 1
            else "Starting"
        )
        st.progress(done / total, text=f"{text}{f' · about {wording.duration(left)} left' if left else ''}")
        st.button("Stop", icon=":material/stop:", on_click=sweeping.cancel, args=(visitor.root(),))
        return
    if why := str(now.error or now.sentence):
        st.caption(sentences.as_text(why))
    if now.state != "finished":
        st.button("Go on", icon=":material/play_arrow:", type="primary", on_click=_resume)


def _offer() -> None:
    """What to vary, the modulus, and the button."""
    what, modulus = st.columns([3, 1])
    name = what.selectbox(
        "What shall vary", list(OFFERS), key=keys.OWN_MAP, format_func=lambda name: OFFERS[name].words
    )
    is_varied = "p" in (OFFERS[name].columns[0], OFFERS[name].rows[0])
    p = modulus.selectbox("Modulus", MODULI, key=keys.OWN_MAP_MODULUS, disabled=is_varied)
    sweep = OFFERS[name].sweep(p, keep=not hosting.is_hosted())  # a shared disk is not to fill
    taken = sweeping.seconds(sweep)
    words = f"about {wording.duration(taken)} at most" if taken else "how long it takes is being measured"
    st.button(
        f"Fill this map: {len(sweep)} runs, {words}",
        icon=":material/grid_on:",
        type="primary",
        on_click=_start,
        args=(sweep,),
    )
    st.caption("It takes the place of the map that you made before.")


def _start(sweep: Sweep) -> None:
    try:
        sweeping.start(sweep, visitor.root(), hosting.limits())
        address.set_extra("cell", None)
    except (ConfigError, HostingError, RunError) as error:
        address.notice(str(error))


def _resume() -> None:
    try:
        sweeping.resume(visitor.root(), hosting.limits())
    except (HostingError, RunError) as error:
        address.notice(str(error))
