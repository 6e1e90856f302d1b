"""Runs beside each other: which, their film, and the settings in which they differ."""

from collections.abc import Mapping
from typing import cast

import numpy as np
import pandas as pd
import streamlit as st

from grokviz.app import sentences, shell
from grokviz.app.compare import place
from grokviz.app.explorer import choose, figures
from grokviz.app.explorer.page import MOVES
from grokviz.app.session import cache, keys
from grokviz.config import SETTINGS, RunConfig, settings_of
from grokviz.errors import NoRunError
from grokviz.measures.phases import Phases
from grokviz.study import Study
from grokviz.view import charts, tables
from grokviz.view.film.component import Command, FilmState, Shown, film_of_several
from grokviz.wording import percent, readable

PICKERS = "rivals-picker"  # the key of the block with the lists: a site without a server has others
SLOTS = ("A, the baseline", "B", "C, on a wide screen")
LETTERS = "ABC"
Changes = tuple[tuple[int, str, float], ...]
TELLING = (
    "seed",
    "split",
    "changes",
)  # of the settings that leave the course of a run as it is: another seed, other luck


@st.fragment
@cache.one_rerun()
def show() -> None:
    """The runs in view under one hand. In somebody else's page that is all."""
    try:
        now = place.current()
    except NoRunError as error:
        st.info(str(error))
        return
    if not shell.is_embedded():
        with st.container(key=PICKERS):
            _pickers(now.runs)
    found = place.studies(now.runs)
    if len(found) < 2:
        st.info("It takes two runs that open. Choose another one above.")
        return
    with st.container(key=MOVES):
        _show(found, now)


def _show(found: Mapping[str, Study], now: place.Compared) -> None:
    if keys.IS_PLAIN.get(False):
        state = _plain(found, now)
    else:
        state = film_of_several(
            [_shown(run) for run in found], Command(now.step, now.seq, now.panels), key="film-compare"
        )
    place.remember(state)
    if not shell.is_embedded():
        _settings(found)


def _shown(run: str) -> Shown:
    handle = cache.resolve(run)
    return Shown(
        cache.blob(handle),
        {
            "maps": lambda: cache.maps(handle, choose.chosen(handle, choose.NEURONS)),
            "distances": lambda: cache.distances(handle),
        },
    )


def _pickers(runs: tuple[str, ...]) -> None:
    """A list for each place. The first is the baseline: it stays while the others change."""
    labels = place.labels()
    for slot, (label, column) in enumerate(zip(SLOTS, st.columns(place.MOST, gap="small"), strict=True)):
        key, run = keys.compare_slot(slot), runs[slot] if slot < len(runs) else None
        key.set(run if run in labels else None)  # before it is drawn: it always shows what is in view
        column.selectbox(
            label,
            list(labels),
            index=0 if slot < 2 and run in labels else None,  # only the third may be left empty
            key=key,
            placeholder="one more" if slot == 2 else "a run",
            format_func=labels.__getitem__,
            on_change=_choose,
            args=(slot,),
        )


def _choose(slot: int) -> None:
    run = keys.compare_slot(slot).get(None)
    if run or slot == 2:
        place.choose(slot, run)


def _settings(found: Mapping[str, Study]) -> None:
    """In which settings they differ: what may have made the difference."""
    table = differing([study.run.config for study in found.values()])
    with shell.column():
        st.subheader("In which settings do they differ?", anchor=False)
        if table.empty:
            st.markdown("In none: the same settings and the same seed.")
            return
        st.dataframe(table, hide_index=True, height="content")
        st.caption(
            "**How to read this.** All other settings that a run's course depends on are the same. Where one row is left, that setting made the "
            "difference; where more are, nobody can say from these runs alone which of them did."
        )


def differing(configs: list[RunConfig]) -> pd.DataFrame:
    """A row for each setting that is not the same in all of these runs, a column for each run."""
    known = [settings_of(config) for config in configs]
    rows = [
        [SETTINGS[name].label, *(_worded(name, settings.get(name)) for settings in known)]
        for name in SETTINGS
        if (name in TELLING or not SETTINGS[name].incidental)
        and len({repr(settings.get(name)) for settings in known}) > 1
    ]
    return pd.DataFrame(rows, columns=["setting", *LETTERS[: len(configs)]])


def _worded(name: str, value: object) -> str:
    if value is None or value in ("", ()):
        return "–"
    if name == "changes":
        return "; ".join(
            f"{SETTINGS[what].label} {to:g} from step {step:,}" for step, what, to in cast(Changes, value)
        )
    if name == "frac_train" and isinstance(value, float):
        return percent(value)
    return (
        f"{value:g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
    )


def _plain(found: Mapping[str, Study], now: place.Compared) -> FilmState:
    """The same step with Streamlit's own slider, a table and a chart, for assistive technology and slow machines."""
    steps = sorted({int(step) for study in found.values() for step in study.timeline.steps})
    step = steps[int(np.abs(np.array(steps) - now.step).argmin())]
    keys.STEP.set(step)
    st.select_slider(
        "Training step",
        steps,
        key=keys.STEP,
        format_func=lambda s: f"{s:,}",
        on_change=lambda: keys.COMPARED.set(place.current()._replace(step=keys.STEP.value())),
    )
    names = dict(zip(LETTERS, found.values(), strict=False))
    st.dataframe(at_step(names, step), hide_index=True, height="content")
    st.caption(
        "Each run at its snapshot nearest to this step. Of pairs that a run trains on, and of those it never sees."
    )
    curves = pd.concat([
        pd.DataFrame({"step": study.timeline.steps, "series": name, "value": study.timeline["test_loss"]})
        for name, study in names.items()
    ])  # fmt: skip
    none, last = tables.bands(Phases(), steps[-1]), max(study.last_step for study in found.values())
    st.altair_chart(charts.measure_chart(curves, none, step, last, "test loss", True, figures.is_dark()))
    return FilmState(step, now.panels)


def at_step(studies: Mapping[str, Study], step: int) -> pd.DataFrame:
    """A row for each run, by its letter: its snapshot nearest to a step, and what it knows there; of one that has ended before,
    its last."""
    rows = []
    for name, study in studies.items():
        i, t = study.index_at(step), study.timeline
        where = f"{int(t.steps[i]):,}" + (", its last" if step > int(t.steps[-1]) else "")
        known = [percent(float(t[side][i])) for side in ("train_accuracy", "test_accuracy")]
        rows.append(
            [
                f"{name}, {sentences.plain(study.run.title, 60)}",
                where,
                *known,
                readable(float(t["test_loss"][i])),
            ]
        )
    return pd.DataFrame(
        rows, columns=["run", "snapshot", "training pairs right", "pairs never seen right", "test loss"]
    )
