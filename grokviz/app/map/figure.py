"""A map of outcomes with its rule, its caption, and what is known of the cell that was chosen."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import streamlit as st

from grokviz import hosting, wording
from grokviz.app import sentences, shell
from grokviz.app.explorer.page import ASKS
from grokviz.app.session import address, budget, cache, keys, visitor
from grokviz.app.session.cache import RunHandle
from grokviz.app.train import form, link
from grokviz.config import SETTINGS, RunConfig
from grokviz.errors import HostingError, RunError
from grokviz.jobs import requests
from grokviz.runs import library
from grokviz.runs.summary import stamp_of
from grokviz.sweeps import bundled, grid, outcomes
from grokviz.sweeps.grid import Sweep
from grokviz.sweeps.outcomes import Outcome
from grokviz.sweeps.rules import FATES, RULES, Rule
from grokviz.view.film.component import Command, film
from grokviz.view.pictures import Words
from grokviz.view.pictures import outcomes as picture
from grokviz.view.pictures.outcomes import Choice

PANELS = ("rings", "answers")
ALONG = {  # what happens along an axis
    "frac_train": "a network is shown more of the pairs",
    "weight_decay": "its weights are pulled towards zero harder",
    "lr": "a network takes larger steps",
    "p": "there are more numbers, and so more pairs to know",
}


class Map(NamedTuple):
    """A sweep with what is known of it."""

    name: str
    folder: Path
    sweep: Sweep
    found: list[Outcome]


def read(name: str, folder: Path) -> Map:
    """The map in a folder, read again when its table has changed. Raises `RunError` when it cannot be read."""
    table = folder / outcomes.TABLE
    stamp = (str(folder), table.stat().st_mtime_ns if table.is_file() else 0)
    return cache.SWEEPS.get(stamp, lambda: Map(name, folder, grid.read(folder), outcomes.read(folder)))


def show(shown: Map, chosen: Callable[[], None] = lambda: None) -> None:
    """The map, how to read it, and the cell that was chosen; `chosen` is called when something else is."""
    choice = _choice(shown)
    data = picture.data_of(shown.sweep, shown.found, choice, _words(shown))
    picture.show(data, shown.sweep, key=f"map-{shown.name}", hear=lambda now: _choose(shown, now, chosen))
    with shell.column():
        st.caption(_how_to_read(shown))
        if notice := bundled.NOTICE.get(shown.name):
            st.caption(f"**What to notice.** {notice}")
        if choice.cell is None:
            with st.container(key=f"{ASKS}-{shown.name}"):
                st.caption("Choose a cell to see its seeds, and to open or train it.")
            return
        st.subheader(grid.in_words(shown.sweep.cells[choice.cell]), anchor=False)
    found = picture.by_cell(shown.sweep, shown.found).get(choice.cell, [])
    kept = [outcome for outcome in found if outcome.folder]
    if kept:
        _scrub(shown, kept[0])
    with shell.column():
        _seeds(found, choice.rule)
        _what_next(shown, shown.sweep.config(choice.cell * len(shown.sweep.seeds)), kept)


def _words(shown: Map) -> Words:
    one, other = picture.axes(shown.sweep)
    label = f"{SETTINGS[one].label} by {SETTINGS[other].label}: what became of {len(shown.found):,} runs"
    return Words(
        label,
        "Point at a cell for its losses and its seeds; press it to choose it. Press one of the four outcomes to see where it happens.",
    )


def _choice(shown: Map) -> Choice:
    """What the address says of this map; its cell as map-number."""
    rule = RULES.get(address.extra("rule") or "", next(iter(RULES.values())))
    name, _, number = (address.extra("cell") or "").rpartition("-")
    is_here = name == shown.name and number.isdecimal() and int(number[:6]) < len(shown.sweep.cells)
    only = next((fate for fate in FATES if fate.name == address.extra("only")), None)
    return Choice(rule, int(number) if is_here else None, only)


def _choose(shown: Map, now: Choice, chosen: Callable[[], None]) -> None:
    """Into the address; all maps of a page share the rule, and one cell is chosen among them."""
    address.set_extra("rule", now.rule.name)
    address.set_extra("only", now.only and now.only.name)
    if now.cell is not None:
        address.set_extra("cell", f"{shown.name}-{now.cell}")
    chosen()


def _how_to_read(shown: Map) -> str:
    sweep = shown.sweep
    most = max(map(len, picture.by_cell(sweep, shown.found).values()), default=1)
    several = (
        f", a mark for each of {wording.plural(most, 'seed')}; colour, letter and step are those of the seed in the middle"
        if most > 1
        else ", one seed each"
    )
    lacks = len(sweep) - len(shown.found)
    half = f" {lacks:,} of {len(sweep):,} runs are still to come." if lacks else ""
    opens = (
        " Where a letter is underlined, a run can be opened." if any(o.folder for o in shown.found) else ""
    )
    columns, rows = (ALONG.get(name, f"{SETTINGS[name].label.lower()} grows") for name in picture.axes(sweep))
    return (
        f"**How to read this.** From left to right {columns}; from top to bottom {rows}. Each cell is a network that was trained for at "
        f"most **{sweep.base.steps:,} steps**{several}. The number "
        f"is the step at which the unseen pairs came right. *Memorisation* means: not by step {sweep.base.steps:,}. {shared_settings(sweep)}{opens}{half}"
    )


def shared_settings(sweep: Sweep) -> str:
    """What all runs of a sweep have in common, in a sentence."""
    varied = {name for name, _ in sweep.grid}
    told = {
        "p": f"a + b mod {sweep.base.p}", "frac_train": f"{100 * sweep.base.frac_train:.3g} % of the pairs",
        "lr": f"learning rate {sweep.base.lr:g}", "weight_decay": f"weight decay {sweep.base.weight_decay:g}",
        "d_model": f"width {sweep.base.d_model}", "d_mlp": f"{sweep.base.d_mlp} neurons",
    }  # fmt: skip
    return f"All of them: {wording.listed(words for name, words in told.items() if name not in varied)}."


@st.fragment
@cache.one_rerun()
def _scrub(shown: Map, outcome: Outcome) -> None:
    """The film of a run that was kept, to be dragged here."""
    if keys.IS_PLAIN.get(False):
        return  # the page of the run has charts
    own = shown.folder / grid.FOLDERS / outcome.folder
    try:
        path = str(own if own.is_dir() else library.find(outcome.folder))
        with budget.charged():
            handle = RunHandle(path, stamp_of(path) or ())
            command = Command(address.telling_step(cache.study(handle)), panels=PANELS)
            film(cache.blob(handle), command, key=f"cell-{shown.name}-{outcome.run}", layout="beside")
    except (HostingError, RunError) as error:
        st.caption(sentences.as_text(str(error)))


def _seeds(found: list[Outcome], rule: Rule) -> None:
    """What became of each seed of a cell."""
    if not found:
        st.caption("No run of this cell is over yet.")
        return
    st.dataframe(_table(found, rule), hide_index=True, height="content")
    st.caption(
        "Steps with 99 % of the pairs right, whatever the rule. A run of which no more was wanted ended as soon as it had memorised "
        "and understood: its last losses are those of that moment."
    )


def _what_next(shown: Map, config: RunConfig, kept: list[Outcome]) -> None:
    """Buttons that open what was kept of a cell, and train it."""
    with st.container(horizontal=True):
        for outcome in kept:
            label = f"Open seed {outcome.seed}" if len(shown.sweep.seeds) > 1 else "Open this run"
            if st.button(label, icon=":material/timeline:", type="primary"):
                _open(shown, outcome)
        if st.button(
            "Train this one", icon=":material/model_training:", type="secondary" if kept else "primary"
        ):
            form.begin_with(config)
            st.switch_page("pages/train.py")
    opens = "A run that is open is seen on every page that looks inside. " if kept else ""
    st.caption(
        f"{opens}The page Train begins with the settings of this cell, and you watch it happen; [this link](train?{link.query(config)}) "
        "does so for whoever you send it to."
    )


def _open(shown: Map, outcome: Outcome) -> None:
    """Go to the timeline of a run that was kept: a bundled one, or a copy of one of one's own map, which may go any time."""
    folder = shown.folder / grid.FOLDERS / outcome.folder
    try:
        run = (
            requests.adopt(folder, visitor.root(), hosting.limits()).name
            if folder.is_dir()
            else outcome.folder
        )
    except (HostingError, RunError) as error:
        address.notice(str(error))
        return
    address.open_run(run)
    st.switch_page("pages/timeline.py")


def _table(found: list[Outcome], rule: Rule) -> pd.DataFrame:
    def step(value: int | None) -> str:
        return "–" if value is None else wording.whole(value)

    rows = [
        {
            "seed": str(o.seed),
            "what happened": rule.judge(o).name if not o.diverged else f"{rule.judge(o).name} (diverged)",
            "memorised": step(o.memorised),
            "unseen right then": "–"
            if o.test_when_memorised is None
            else wording.percent(o.test_when_memorised),
            "grokked": step(o.grokked),
            "last step": step(o.step),
            "test loss": wording.readable(o.test_loss),
        }
        for o in found
    ]
    return pd.DataFrame(rows)
