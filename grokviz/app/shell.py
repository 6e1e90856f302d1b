"""The frame around every page: its menu, its settings, its foot."""

from datetime import timedelta
from pathlib import Path
from threading import Thread

import streamlit as st

from grokviz.app import garbage, phone_menu
from grokviz.app.session import budget, cache, keys, uploads, visitor
from grokviz.errors import HostingError
from grokviz.jobs import supervisor
from grokviz.runs import library

PAGES = (
    ("story", "Story", "What grokking is, and one network doing it."),
    ("timeline", "Timeline", "Drag through a whole training run, every panel at once."),
    ("measures", "Measures", "How to see understanding before it shows."),
    ("circuit", "Circuit", "The algorithm the network found, in its weights."),
    ("follow", "Follow", "One question on its way through the network, and how it answers."),
    ("cut", "Cut", "Take parts of the network out, and see what breaks."),
    ("build", "Build", "A network made by hand: how few waves suffice?"),
    ("train", "Train", "Choose a clock of your own, and watch a network learn it."),
    ("library", "Library", "Every run: those here, and those that others have published."),
    ("glossary", "Glossary", "Every word that is used here, in a sentence or two."),
)
ICON = Path(__file__).with_name("icon.svg")  # bundled: a Material icon would be asked of another host
ABOUT = (
    "GrokViz shows how a small network memorises and then understands, after Nanda et al. 2023, "
    "[Progress measures for grokking via mechanistic interpretability](https://arxiv.org/abs/2301.05217)."
)


def run() -> None:
    """The whole app: settings, menu, and the page that was asked for."""
    st.set_page_config(page_title="GrokViz", page_icon=ICON, layout="wide", menu_items={"About": ABOUT})
    page = _navigation()
    keys.READY.set(True)
    visitor.meet()
    _supervisor()
    _garbage()
    _come_back()
    uploads.begin_run()
    try:
        with budget.charged(), cache.one_rerun():
            page.run()
    except HostingError as error:
        st.info(str(error), icon=":material/hourglass_top:")
    uploads.end_run()


@st.fragment(run_every=timedelta(days=1))
def _come_back() -> None:
    """Nothing to see: a browser that has a timer to keep asks for the whole page when it reaches its server again.

    Without one, after a restart of the server, it sends what is clicked to fragments that the new server has
    never heard of, and nothing happens.
    """


@st.cache_resource(show_spinner=False)
def _supervisor() -> Thread:
    """Looks after the trainings, one for this server: from the first visit on, also those that it has inherited."""
    return supervisor.supervise(library.trained())


@st.cache_resource(show_spinner=False)
def _garbage() -> Thread:
    return garbage.collect_when_idle()


def guard() -> None:
    """First line of every page. On a server that has just woken up, a shared link to a page runs that page
    alone, without the menu: then this builds the menu and starts over."""
    if not keys.READY.is_set():
        _navigation()
        keys.READY.set(True)
        st.rerun()
    cache.begin_rerun()


def _navigation():
    pages = [
        st.Page(f"pages/{name}.py", title=title, help=text, default=name == PAGES[0][0])
        for name, title, text in PAGES
    ]
    return st.navigation(pages, position="top")


def article(title: str, lead: str) -> None:
    """The head of a page: its title, and in one paragraph what there is to see."""
    with column():
        with st.container(gap=None):
            st.title(title, anchor=False)
            phone_menu.close_menu(title)
        st.markdown(lead)


def column():
    """The text column: about 680 px, whatever the figures take."""
    return st.container(width=720)


def foot() -> None:
    """The sources, below every page."""
    with column():
        st.space("large")
        st.caption(
            "After N. Nanda, L. Chan, T. Lieberum, J. Smith and J. Steinhardt, "
            "[Progress measures for grokking via mechanistic interpretability](https://arxiv.org/abs/2301.05217), "
            "ICLR 2023, and A. Power et al., [Grokking](https://arxiv.org/abs/2201.02177), 2022. "
            "Every chart is drawn from the run it shows: losses and accuracies as logged, all else from its stored "
            "weights. Figures quoted from papers say so."
        )
