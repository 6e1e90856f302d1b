"""The figures that move with the step: the film or, with plain controls, a slider and charts."""

from collections.abc import Callable
from typing import NamedTuple, TypedDict, Unpack

import streamlit as st

from grokviz.app import sentences, shell
from grokviz.app.explorer import choose, figures, tour
from grokviz.app.session import address, budget, cache, keys
from grokviz.errors import HostingError, NoRunError, RunError
from grokviz.measures import registry
from grokviz.runs.imported import UNKNOWN
from grokviz.study import Study
from grokviz.view import charts, export, tables
from grokviz.view.film.assets import DEFAULT_PANELS
from grokviz.view.film.component import Command, film

# The keys of the blocks with the figures and with the list of runs: a site without a server has others.
MOVES, PICKER = "moves-with-the-step", "run-picker"
FIXED = "same-at-every-step"  # of a block within the figures: text and panels that are those of every run and step
CHOSEN = (
    "of-what-is-chosen"  # of a block: the same at every step, but of one pair, cut or map that was chosen
)
ASKS = "asks-for-more"  # so begins the key of a block about what has to be computed first


class How(TypedDict, total=False):
    """How a page shows its panels: the fields of `Shown` that have a default."""

    extras: tuple[str, ...]
    layout: str
    tour: bool
    at_end: bool


class Shown(NamedTuple):
    """What a page shows of a run: which panels, what it keeps in the address besides, how they are laid out
    (`component.LAYOUTS`), whether a tour leads through the moments of the run, and whether it begins at the end."""

    panels: tuple[str, ...] = DEFAULT_PANELS
    extras: tuple[str, ...] = ()
    layout: str = "full"
    tour: bool = False
    at_end: bool = False


def explorer(
    panels: tuple[str, ...] = DEFAULT_PANELS,
    below: Callable[[Study], None] | None = None,
    **how: Unpack[How],
) -> None:
    """The run in view with these panels, at the step in view; `below` draws what else moves with the step.
    `how`: see `Shown`. In somebody else's page that is all."""
    _explorer(Shown(panels, **how), below)
    if shell.is_embedded():
        st.stop()


@st.fragment
@cache.one_rerun()
def _explorer(shown: Shown, below: Callable[[Study], None] | None) -> None:
    try:
        with budget.charged(), st.container(key=MOVES):
            _explore(shown, below)
    except RunError as error:
        st.error(sentences.as_text(str(error)), icon=":material/folder_off:")
    except HostingError as error:
        st.info(str(error), icon=":material/hourglass_top:")
    except NoRunError as error:
        st.info(str(error))


def _explore(shown: Shown, below: Callable[[Study], None] | None) -> None:
    study = address.study()
    if study.run.finished:
        address.begin_at(study.step_at(study.last_step) if shown.at_end else address.telling_step(study))
    if keys.IS_PLAIN.get(False):
        _plain(study, shown)
    else:
        _film(study, shown)
    if study.run.config.split == UNKNOWN:
        st.caption(sentences.ALL_PAIRS)
    if below and not (shell.is_embedded() and shown.panels):
        below(study)


def plain_controls() -> None:
    """The switch from the film to Streamlit's own slider and charts, for the foot of a page with a film."""
    st.toggle(
        "A slider and plain charts in place of the film",
        value=keys.IS_PLAIN.get(False),
        key=keys.PLAIN,
        help="For assistive technology and slow machines.",
        on_change=lambda: keys.IS_PLAIN.set(keys.PLAIN.value()),
    )


def run_picker() -> None:
    """A list of the runs that are here, with one sentence on each."""
    if shell.is_embedded():
        return
    with st.container(key=PICKER):
        _picker()


def _picker() -> None:
    cards = {card.id: card for card in cache.cards() if card.problem is None and card.n_snapshots}
    try:
        run = address.current().run
    except NoRunError:
        return  # the explorer says so
    # Written before the list is drawn, so that it always shows the run in view; what is chosen comes first.
    keys.RUN.set(run if run in cards else None)  # it may have been removed since
    st.selectbox(
        "Run",
        list(cards),
        index=0 if run in cards else None,  # without a cross: some run is always in view
        key=keys.RUN,
        label_visibility="collapsed",
        format_func=lambda id: sentences.plain(cards[id].title, 100),
        on_change=_open_chosen,
    )
    if run in cards:
        st.caption(sentences.as_text(cards[run].sentence))
        config = cards[run].config
        if config and (words := sentences.which_group(config)):
            st.caption(words)


def _open_chosen() -> None:
    if run := keys.RUN.value():  # or cleared
        address.open_run(run)


def film_key(panels: tuple[str, ...] = ()) -> str:
    """The key of a page's film, which what stands below it names to move with it."""
    return "film-" + "-".join(panels)


def _film(study: Study, shown: Shown) -> None:
    here, run = address.current(), address.handle()
    moments = tuple(tour.stops(study)) if shown.tour else ()
    state = film(
        cache.blob(run),
        Command(
            here.step,
            here.seq,
            address.panels_on(shown.panels),
            here.play,
            moments,
            shown.tour and here.begins,
            address.extra(address.PRESENT) == "true" and shown.layout != "strip",
        ),
        key=film_key(shown.panels),
        layout=shown.layout,
        more={
            "maps": lambda: cache.maps(run, choose.chosen(run, choose.NEURONS)),
            "distances": lambda: cache.distances(run),
        },
        pick=choose.pressed(study) if set(choose.EXTRAS) <= set(shown.extras) else None,
    )
    address.remember(state, shown.panels, shown.extras)


def _plain(study: Study, shown: Shown) -> None:
    """The same step with Streamlit's own slider and charts, for assistive technology and slow machines."""
    t = study.timeline
    steps = t.steps.tolist()
    if shown.tour:
        tour.choose_moment(study)
    index = study.index_at(address.current().step)
    step = steps[index]
    keys.STEP.set(step)
    if len(steps) > 1:
        st.select_slider(
            "Training step",
            steps,
            key=keys.STEP,
            format_func=lambda s: f"{s:,}",
            on_change=lambda: address.go_to(keys.STEP.value()),
        )
    address.remember(address.FilmState(step, address.panels_on(shown.panels)), shown.panels, shown.extras)
    st.markdown(sentences.at_step(study, index))
    figures.loss_curves(study, step)
    st.caption(sentences.loss_caption(study))
    if shown.layout == "strip":
        return
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Which answers are right?", anchor=False)
        st.altair_chart(charts.answers_chart(tables.answers(study, index), study.run.config.p))
        st.caption(sentences.ANSWERS_CAPTION)
    with right:
        st.subheader("Which frequencies does it use?", anchor=False)
        _plain_spectrum(study, index, step)


def _plain_spectrum(study: Study, index: int, step: int) -> None:
    t = study.timeline
    if study.task.places is None:
        st.info(f"{study.task.no_group} So there are no frequencies to show.")
        return
    highest = float(max(t.spectrum_W_E.max(), t.spectrum_W_L.max()))
    rows = tables.spectrum(study, index)
    st.altair_chart(charts.spectrum_chart(rows, highest, list(t.key_freqs), figures.is_dark()))
    st.caption(sentences.spectrum_caption(study))
    figures.article_curves(study, registry.by_name("gini_W_E"), step)
    st.caption(sentences.GINI_CAPTION)


def _offline(study: Study, run: cache.RunHandle, step: int) -> str:
    return export.offline_html(cache.blob(run), study.run.title or run.id, maps=cache.maps(run), step=step)


def circuit_note(study: Study) -> None:
    """What is measured of the circuit at this step."""
    st.markdown(sentences.circuit_sentence(study, study.index_at(address.current().step)), width=720)


def details(study: Study) -> None:
    """Numbers behind the figures at this step, and everything to take away."""
    choose.lists(study)
    here, run = address.current(), address.handle()
    st.subheader(f"At step {here.step:,}, in numbers", anchor=False)
    numbers, downloads = st.columns([3, 2], gap="large")
    with numbers:
        st.dataframe(
            sentences.measure_table(study, study.index_at(here.step)), hide_index=True, height="content"
        )
        st.caption(sentences.MEASURES_CAPTION)
    with downloads:
        _download(
            "This explorer as one file",
            lambda: _offline(study, run, here.step),
            f"{here.run}.html",
            "text/html",
        )
        st.caption("Opens in any browser, without a network, and scrubs like this page.")
        _download(
            "Losses of every logged step",
            lambda: tables.curves_csv(study),
            f"{here.run}-losses.csv",
            "text/csv",
        )
        _download(
            "Measures of every snapshot",
            lambda: tables.measures_csv(study),
            f"{here.run}-measures.csv",
            "text/csv",
        )


def _download(label: str, make: Callable[[], str], name: str, kind: str) -> None:
    """A button for a file that is made when it is asked for."""
    icon = ":material/table:" if kind == "text/csv" else ":material/download:"
    why_not = budget.why_no_bytes()
    st.download_button(label, budget.taking(make), name, kind, icon=icon, on_click="ignore", width="stretch",
                       disabled=bool(why_not), help=why_not or None)  # fmt: skip
