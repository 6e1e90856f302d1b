"""The film and the pictures as Streamlit components: the one file of the view that knows Streamlit.

The film is one canvas component (Streamlit Components v2, no build step, no iframe). Its data are bytes:
`[u32 length][JSON control][part][part]...`. The control says which timeline to show; a part (see
`view/frames.py`) travels only once a session, because the page keeps what has arrived in a registry on
`window`. A part the page cannot find (a panel came into view, the queue merged two messages) is asked for
by the trigger `need`.

Whenever the data of a component change, Streamlit sends its script again, here 90 kB. Commands from Python
(step, panels) therefore come through a second component without looks, one line of script, and are about a
kilobyte. What is chosen in a picture comes back as the trigger `pick`, {"a": number, "b": number}.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import streamlit as st
from streamlit.components.v2 import component

from grokviz.view.film import assets
from grokviz.view.film.assets import DEFAULT_PANELS, HTML, message
from grokviz.view.frames import read_header

LAYOUTS = ("full", "strip")
PICTURES = assets.FOLDER.parent / "pictures"

_SENT = "_film_sent"  # names "id/part" of what this session's page has been given


class FilmState(NamedTuple):
    """Where the viewer stands: a step that has a snapshot, and the panels that are up."""

    step: int
    panels: tuple[str, ...]


class Command(NamedTuple):
    """What Python wants the film to show: obeyed when it appears, and whenever `seq` differs from the last one's.

    Raise `seq` by one to jump, or with `play` to be taken there by the film. With the same `seq` a command is
    ignored, so an echo is never one.
    """

    step: int
    seq: int = 0
    panels: tuple[str, ...] = DEFAULT_PANELS
    play: bool = False


def film(
    blob: bytes,
    command: Command,
    *,
    key: str,
    layout: str = "full",
    maps: Callable[[], bytes] | None = None,
) -> FilmState:
    """Show the film of `blob` as `command` says; returns where the viewer is, 150 ms after the last input.

    The layout "strip" is the film without panels. `maps` makes the part for neurons and logits; it is called when one of those panels is on screen.
    Raises ValueError for an unknown panel or layout.
    """
    if unknown := [panel for panel in command.panels if panel not in assets.panels()]:
        raise ValueError(f"Unknown panel {unknown[0]!r}. The panels are: {', '.join(assets.panels())}.")
    if layout not in LAYOUTS:
        raise ValueError(f"Unknown layout {layout!r}. Choose one of: {', '.join(LAYOUTS)}.")
    blob_id = read_header(blob)["id"]
    parts = _parts_to_send(blob, blob_id, key, maps)
    with st.container(gap=None):
        _commander()(key=f"{key}-command", data={"key": key, "layout": layout, **command._asdict()})
        result = _player()(
            key=key,
            data=message({"key": key, "id": blob_id}, parts),
            on_view_change=lambda: None,  # what the page says is read on the rerun
            on_need_change=lambda: _remember_need(key, blob_id),
        )
    return _state(result.view, command.seq, FilmState(command.step, command.panels))


COMMAND = """
export default ({ data }) => {
  (globalThis.grokvizCommands ??= new Map()).set(data.key, data);
  globalThis.dispatchEvent(new CustomEvent("grokviz-command", { detail: data.key }));
};
"""


@functools.cache
def _player() -> Callable:
    return component("grokviz_film", html=HTML, css=assets.style(), js=_module(assets.script()))


@functools.cache
def _commander() -> Callable:
    return component("grokviz_command", html="<i hidden>\n</i>", js=COMMAND)


def _module(script: str) -> str:
    return script + "\nexport default mount;\n"


def _parts_to_send(blob: bytes, blob_id: str, key: str, maps: Callable[[], bytes] | None) -> list[bytes]:
    sent = st.session_state.setdefault(_SENT, set())
    wanted = st.session_state.pop(f"_{key}_need", None)
    parts = []
    if f"{blob_id}/core" not in sent:
        parts.append(blob)
        sent.add(f"{blob_id}/core")
    if wanted == "maps" and maps:
        parts.append(maps())
    return parts


def _remember_need(key: str, blob_id: str) -> None:
    need = st.session_state[key].need
    if need == "core":
        st.session_state[_SENT].discard(f"{blob_id}/core")
    else:
        st.session_state[f"_{key}_need"] = need


def _state(view: object, seq: int, default: FilmState) -> FilmState:
    """The browser's last word, unless Python has spoken since. It comes from outside: take only what fits."""
    if not isinstance(view, dict) or view.get("seq") != seq or not isinstance(view.get("step"), int):
        return default
    shown = view.get("panels")
    known = (
        tuple(panel for panel in shown if panel in assets.panels())
        if isinstance(shown, list)
        else default.panels
    )
    return FilmState(view["step"], known)


def show_picture(data: dict, key: str, on_pick: Callable[[int, int], None] | None = None) -> None:
    """Draw what a function of `view/pictures` has put together; `on_pick` hears the a and b that are chosen."""

    def picked() -> None:
        chosen = st.session_state[key].pick  # from the browser: take only what fits
        if isinstance(chosen, dict) and on_pick and all(type(chosen.get(name)) is int for name in "ab"):
            on_pick(chosen["a"], chosen["b"])

    _picture()(key=key, data=data, on_pick_change=picked)


@functools.cache
def _picture() -> Callable:
    html = '<div class="pic">\n</div>'
    js = _module(assets.bundle(PICTURES / "js/mount.js"))
    return component("grokviz_picture", html=html, css=(PICTURES / "style.css").read_text("utf-8"), js=js)
