"""Links from a lesson to a view: a page, a run and the step to look at. Every step is found in the run itself."""

from typing import NamedTuple

import streamlit as st

from grokviz.app import menu
from grokviz.app.session import address, cache, keys
from grokviz.errors import RunError
from grokviz.measures.phases import Phases
from grokviz.runs import library

PHASES = ("memorised", "circuit", "cleanup", "grokked", "cleaned")


class View(NamedTuple):
    """A page and, where it shows a run, the moment of the run: first, last, or one of `PHASES`."""

    page: str
    moment: str = ""
    run: str = library.DEFAULT_RUN


def link(view: View, words: str = "") -> None:
    """A link to a view; without its moment where the run is not here, or has none such."""
    entry = menu.entry(view.page)
    step = step_of(view)
    to = {address.TO: f"{view.run}@{step}"} if step is not None else None
    where = f", step {step:,}" if step is not None else ""
    st.page_link(entry.file, label=words or f"{entry.title}{where}", icon=entry.symbol, query_params=to)


def step_of(view: View) -> int | None:
    """The step of the moment, found in the run; None where there is no such run or moment."""
    if not view.moment:
        return None
    try:
        study = cache.load(view.run)
    except RunError:
        return None
    if view.moment in ("first", "last"):
        return study.step_at(0 if view.moment == "first" else study.last_step)
    return _step_of_phase(study.phases, view.moment)


def _step_of_phase(phases: Phases, moment: str) -> int | None:
    event = getattr(phases, moment)
    return event.step if event else None


def _asked_for() -> str | None:
    """What the address asks for, taken out of it."""
    text = st.query_params.get(address.TO)
    if text is not None:
        del st.query_params[address.TO]
    return text


def arrive() -> None:
    """Follow a link of a lesson: `?to=mod113-paper@9660` puts that run and step into view, also in the middle of a visit."""
    text = _asked_for()
    if text is None:
        return
    run, _, step = text.rpartition("@")
    if not step.isdecimal() or run not in {card.id for card in cache.cards() if card.problem is None}:
        address.notice(f"The link leads to “{text[:40]}”, which is not here.")
        return
    keys.PLACE.first(lambda: address.Place(run, 0))
    address.open_run(run)
    address.go_to(int(step[:12]))
