"""The frame around every page: its menu, its settings, its foot."""

import difflib
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

import streamlit as st

from grokviz import installation
from grokviz.app import frame, garbage, menu, sentences
from grokviz.app.lessons import links
from grokviz.app.session import budget, cache, keys, uploads, visitor
from grokviz.errors import HostingError
from grokviz.jobs import supervisor
from grokviz.runs import library
from grokviz.runs.imported import NO_TORCH

ICON = Path(__file__).with_name("icon.svg")  # bundled: a Material icon would be asked of another host
HOME = "home"  # the first page's name in its own place: what is shown at / may not have the name of its file
WIDENING = 0.2  # seconds in which a browser makes the page wide, before anything is on it that would move
LOGO_COLOUR = (
    "#0072B2"  # of the sign: legible in both themes, of which no rerun tells when a visitor changes them
)
LOGO = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 132 32" width="132" height="32">
<svg width="32" height="32">{sign}</svg>
<text x="40" y="23" font-family="system-ui, sans-serif" font-size="21" font-weight="600" fill="{colour}">GrokViz</text>
</svg>"""
SOURCES = (
    "After N. Nanda, L. Chan, T. Lieberum, J. Smith and J. Steinhardt, "
    "[Progress measures for grokking via mechanistic interpretability](https://arxiv.org/abs/2301.05217), "
    "ICLR 2023, and A. Power et al., [Grokking](https://arxiv.org/abs/2201.02177), 2022. "
    "Every chart is drawn from the run it shows: losses and accuracies as logged, all else from its stored "
    "weights. Figures quoted from papers say so."
)
ABOUT = (
    "GrokViz shows how a small network memorises and then understands, after Nanda et al. 2023, "
    "[Progress measures for grokking via mechanistic interpretability](https://arxiv.org/abs/2301.05217)."
)


def run() -> None:
    """The whole app: settings, menu, and the page that was asked for."""
    _settings()
    if not keys.READY.is_set():
        time.sleep(WIDENING)
    _logo()
    page = _navigation()
    keys.PAGE.set(page.url_path or menu.START)
    keys.READY.set(True)
    visitor.meet()
    _supervisor()
    _garbage()
    _come_back()
    uploads.begin_run()
    try:
        with budget.charged(), cache.one_rerun():
            links.arrive()
            page.run()
    except HostingError as error:
        st.info(str(error), icon=":material/hourglass_top:")
    finally:
        uploads.end_run()


def _settings() -> None:
    """Before the menu: a page in it has a Material icon, which the browser would ask of another host as its own."""
    st.set_page_config(
        page_title="GrokViz",
        page_icon=ICON,
        layout="wide",
        initial_sidebar_state="collapsed",  # else it is there before the menu is, and all moves when it goes
        menu_items={"About": ABOUT},
    )


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
        _settings()
        _navigation()
        keys.READY.set(True)
        st.rerun()
    cache.begin_rerun()


def _navigation():
    """The menu of `grokviz.app.menu`; an embedded page has none. The first page is found under its own name too."""
    sections = {
        section: [_page(entry) for entry in menu.entries() if entry.section == section]
        for section in menu.SECTIONS
    }
    first = menu.entry(menu.START)
    sections[first.section].append(
        st.Page(first.file, title=first.title, icon=first.symbol, url_path=first.name, visibility="hidden")
    )
    if (asked := _asked_for()) not in {"", HOME, *(entry.name for entry in menu.entries())}:
        sections[first.section].append(
            st.Page(_no_such_page, title="No such page", url_path=asked, visibility="hidden")
        )
    return st.navigation(sections, position="hidden" if is_embedded() else "top")


def _page(entry: menu.Entry):
    path, is_first = entry.name, entry.name == menu.START
    return st.Page(
        entry.file,
        title=entry.title,
        icon=entry.symbol,
        help=entry.help,
        default=is_first,
        url_path=HOME if is_first else path,
    )


def _asked_for() -> str:
    """The name of a page, as the address has it; "" where it names none."""
    return unquote(urlsplit(st.context.url or "").path.rstrip("/").rpartition("/")[2])


def _no_such_page() -> None:
    """What stands at an address that is no page's: else Streamlit shows the first page, under a box of its own."""
    asked = _asked_for()
    near = difflib.get_close_matches(asked.lower(), [entry.name for entry in menu.entries()], cutoff=0.5)
    article(
        "There is no such page",
        f"The address asks for “{sentences.as_text(asked)}”. These are the pages there are.",
    )
    with column():
        groups = {"Perhaps": [menu.entry(name) for name in near]}
        for section in menu.SECTIONS:
            groups[section] = [entry for entry in menu.entries() if entry.section == section]
        for heading, entries in groups.items():
            if entries:
                st.subheader(heading, anchor=False)
            for entry in entries:
                st.page_link(entry.file, label=entry.title, icon=entry.symbol, help=entry.help)


def _logo() -> None:
    """The name of the product, beside the menu and above that of a phone."""
    if is_embedded():
        return
    st.logo(LOGO.format(colour=LOGO_COLOUR, sign=ICON.read_text("utf-8")), size="large")


def is_embedded() -> bool:
    """The page is a figure in somebody else's: `?embed=true`. It then has no menu, no text and no foot."""
    return bool(st.context.is_embedded)


def article(title: str, lead: str) -> None:
    """The head of a page: its title, and in one paragraph what there is to see."""
    if is_embedded():
        return
    with column():
        with st.container(gap=None):
            st.title(title, anchor=False)
            frame.frame(keys.PAGE.get(menu.START))
        st.markdown(lead)


def column():
    """The text column: about 680 px, whatever the figures take."""
    return st.container(width=720)


def trains_here() -> bool:
    """Whether a training can be begun on this machine; where it cannot, that is said."""
    if installation.has("torch"):
        return True
    st.info(NO_TORCH, icon=":material/visibility:", width=720)
    return False


def foot(onward: str, *pages: str, controls: Callable[[], None] | None = None) -> None:
    """The end of a page: what leads on, in two sentences, to which pages; where one is; other controls; the sources."""
    if is_embedded():
        return
    with column():
        st.space("large")
        st.markdown(onward)
        with st.container(horizontal=True):
            for name in pages:
                entry = menu.entry(name)
                st.page_link(entry.file, label=entry.title, icon=entry.symbol)
        if where := whereabouts(keys.PAGE.get(menu.START)):
            st.container(key=WHEREABOUTS).caption(where)
        if controls:
            controls()
        st.caption(SOURCES)


WHEREABOUTS = "place-on-the-way"  # the key of its block: a site of fewer pages has another way


def whereabouts(page: str) -> str:
    """Where on the way through the pages this one is; "" beside the way."""
    way = menu.course()
    names = [entry.name for entry in way]
    if page not in names:
        return ""
    at = names.index(page)
    before = f" Before it: {_ended(way[at - 1].title)}" if at else ""
    after = f" After it: {_ended(way[at + 1].title)}" if at + 1 < len(way) else " It is the last."
    return f"Page {at + 1} of {len(way)} on the way through GrokViz.{before}{after}"


def _ended(title: str) -> str:
    return title if title.endswith("?") else f"{title}."
