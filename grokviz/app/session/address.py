"""Where the viewer is: the run, the step and the panels, in the address and across pages.

The address is read when a session or a run begins; from then on the session is the truth and the address
follows it, so that it can be copied at any moment.
"""

import re
from typing import NamedTuple

import streamlit as st

from grokviz.app import sentences
from grokviz.app.session import budget, cache, keys
from grokviz.app.session.cache import RunHandle
from grokviz.errors import HostingError, NoRunError, RunError
from grokviz.runs import library
from grokviz.study import Study
from grokviz.tasks.sequences import SEQUENCE_TASKS
from grokviz.view.film import assets
from grokviz.view.film.component import FilmState

TO = "to"  # a run and a step to go to, as a link of a lesson names them: `app.lessons.links`
FEW = "few"  # the place of a run on few sequences, beside those of the tasks: `app.elsewhere.runs`
PRESENT = "present"  # kept on every page: `?present=true` shows the film to a room
CHOSEN = ("freqs", "heads", "neurons")  # what is drawn of the run in view: of another one they are others
EXTRAS = (
    "a",
    "b",
    "cuts",
    "waves",
    "neuron",
    "map",
    "rule",
    "only",
    "cell",
    "at",
    "letters",
    "x",
    "y",
    "text",
    *SEQUENCE_TASKS,
    FEW,
    *CHOSEN,
    PRESENT,
)  # what some pages keep in the address besides: see `extra`


class Place(NamedTuple):
    """A run, the step to show, and which panels; `seq` counts the jumps that Python has ordered."""

    run: str
    step: int
    panels: tuple[str, ...] | None = None  # None: those the page prefers
    panels_of: tuple[str, ...] | None = None  # the page they were chosen on, by what it prefers; None: any
    seq: int = 0
    play: bool = False  # the last jump is to be played, not leapt
    begins: bool = False  # nobody has chosen the step yet, neither by a link nor by hand


def current() -> Place:
    """The place in this session, taken from the address the first time. What the address gets wrong is
    mended to the nearest sensible view, with a quiet notice."""
    return keys.PLACE.first(lambda: _from_address(st.query_params.to_dict()))


def handle() -> RunHandle:
    """The run in view, as it is in this rerun. Raises `RunError` when it has gone."""
    return cache.resolve(current().run)


def study() -> Study:
    """The study of the run in view. Raises `RunError` when it cannot be opened."""
    return cache.study(handle())


def go_to(step: int, play: bool = False) -> None:
    """Jump to a step, or play the film up to it: every figure follows."""
    place = current()
    keys.PLACE.set(place._replace(step=step, seq=place.seq + 1, play=play, begins=False))


def begin_at(step: int) -> None:
    """Show this step first, unless a link or the visitor has chosen one."""
    place = current()
    if place.begins and place.step != step:
        keys.PLACE.set(place._replace(step=step))


def open_run(run: str) -> None:
    """Change to another run, at its most telling step; of one that grows, at its last."""
    place = current()
    try:
        with budget.charged():
            study = cache.load(run)
        step = telling_step(study) if study.run.finished else study.step_at(study.last_step)
    except (RunError, HostingError) as error:
        notice(f"{run} cannot be opened. {error}")
    else:
        begins = study.run.finished
        for name in CHOSEN if run != place.run else ():
            set_extra(name, None)
        keys.PLACE.set(Place(run, step, place.panels, place.panels_of, place.seq + 1, begins=begins))


def panels_on(panels_of_page: tuple[str, ...]) -> tuple[str, ...]:
    """The panels to show on a page: those chosen there or named in the address, else those it prefers."""
    place = current()
    return place.panels if place.panels and place.panels_of in (None, panels_of_page) else panels_of_page


def extra(name: str) -> str | None:
    """What a page has kept under this name, or the address brought: a text from outside, to be checked."""
    return _extras().get(name)


def set_extra(name: str, value: str | None) -> None:
    """Keep a text in this session, and in the address of every page that names it; None forgets it."""
    extras = _extras()
    extras.pop(name, None)
    if value is not None:
        extras[name] = value


def _extras() -> dict[str, str]:
    return keys.EXTRAS.first(lambda: {n: v for n, v in st.query_params.to_dict().items() if n in EXTRAS})


def remember(state: FilmState, panels_of_page: tuple[str, ...], extras: tuple[str, ...] = ()) -> None:
    """Keep where the film has come to, and write it into the address, with the extras of this page."""
    panels, of = (None, None) if state.panels == panels_of_page else (state.panels, panels_of_page)
    place = current()
    begins = place.begins and state.step == place.step
    place = place._replace(step=state.step, panels=panels, panels_of=of, begins=begins)
    keys.PLACE.set(place)
    wanted = {"run": place.run, "step": str(place.step)}
    if panels is not None:
        wanted["panels"] = ",".join(panels)
    wanted |= {name: value for name, value in _extras().items() if name in (*extras, PRESENT)}
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def remember_extras(extras: tuple[str, ...]) -> None:
    """Write the address on a page without a film: run, step, and the extras of this page."""
    remember(FilmState(current().step, ()), (), extras)


def telling_step(study: Study) -> int:
    """The moment before the drop: two thirds into circuit formation, or the middle of the run."""
    steps = study.timeline.steps
    circuit, cleanup = study.phases.circuit, study.phases.cleanup
    wanted = steps[len(steps) // 2]
    if circuit and cleanup:
        wanted = circuit.step + 2 * (cleanup.step - circuit.step) / 3
    return study.step_at(wanted)


def _from_address(params: dict[str, str]) -> Place:
    run, opened = _run_from(params.get("run"))
    wanted = params.get("step")
    step = _step_from(wanted, opened)
    return Place(run, step, _panels_from(params.get("panels")), begins=wanted is None)


def _run_from(wanted: str | None) -> tuple[str, Study]:
    """The run that is wanted, else the default, else the first that opens."""
    usable = [card.id for card in cache.cards() if card.problem is None and card.n_snapshots]
    if wanted is not None and wanted not in usable:
        notice(f"The link names a run that is not here ({quoted(wanted)}). This is another one.")
    for run in sorted(usable, key=lambda run: (run != wanted, run != library.DEFAULT_RUN)):
        try:
            return run, cache.load(run)
        except RunError as error:  # a list of runs reads no weights, so it cannot see all damage
            notice(f"{run} cannot be opened. {error}")
    train = "Train one: `python -m grokviz train --preset quick --out runs/first`"
    raise NoRunError("There is no run to show yet.", mend=train)


def _step_from(wanted: str | None, study: Study) -> int:
    if wanted is None:
        return telling_step(study)
    if not re.fullmatch(r"-?\d+", wanted):
        notice(f"The link names a step that is no number ({quoted(wanted)}). This is another one.")
        return telling_step(study)
    steps, number = study.timeline.steps, int(wanted[:12])  # beyond any run, and no work to read
    if not 0 <= number <= steps[-1]:
        notice(f"The link names step {quoted(wanted)}, and this run goes from 0 to {steps[-1]:,}.")
    return study.step_at(number)


def _panels_from(wanted: str | None) -> tuple[str, ...] | None:
    if wanted is None:
        return None
    names = wanted.split(",")
    known = tuple(dict.fromkeys(name for name in names if name in assets.panels()))
    if len(known) < len(names):
        notice("The link names a panel that does not exist. The others are here.")
    return known or None


def notice(text: str) -> None:
    st.toast(sentences.as_text(text), icon=":material/info:")


def quoted(text: str) -> str:
    """A text from outside, as a notice repeats it."""
    return "“" + sentences.plain(text, 40) + "”"
