"""The film and the pictures as Streamlit components: the one file of the view that knows Streamlit.

The film is one canvas component (Streamlit Components v2, no build step, no iframe). Its data are bytes:
`[u32 length][JSON control][part][part]...`. The control says which timeline to show; a part (see
`view/frames.py`) travels only once a session, because the page keeps what has arrived in a registry on
`window`. A part the page cannot find (a panel came into view, the queue merged two messages) is asked for
by the trigger `need`.

Whenever the data of a component change, Streamlit sends its script again, here 90 kB. Commands from Python
(step, panels) therefore come through a second component without looks, one line of script, and are about a
kilobyte. What is chosen in a picture comes back as the trigger `pick`, whole numbers by their names.
"""

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import streamlit as st
from streamlit.components.v2 import component

from grokviz.view.elsewhere import offline
from grokviz.view.film import assets
from grokviz.view.film.assets import DEFAULT_PANELS, HTML, Moment, message
from grokviz.view.frames import read_header

# Each with its height in pixels until a run is drawn: nothing that stands below it is to move when that comes.
LAYOUTS = {"full": 700, "several": 760, "strip": 320, "beside": 560, "none": 1}
# The same for pictures and for figures of runs on sequences, by their kind.
ROOMS = {
    "waves": 420,
    "cosets": 520,
    "outcomes": 600,
    "curves": 330,
    "tokens": 120,
    "maps": 445,
    "parts": 340,
}
NO_MORE: Mapping[str, Callable[[], bytes]] = {}
PICTURES = assets.FOLDER.parent / "pictures"

_SENT = "_film_sent"  # names "id/part" of what this session's page has been given


class FilmState(NamedTuple):
    """Where the viewer stands: a step that has a snapshot, and the panels that are up."""

    step: int
    panels: tuple[str, ...]


class Command(NamedTuple):
    """What Python wants the film to show: obeyed when it appears, and whenever `seq` differs from the last one's.

    Raise `seq` by one to jump, or with `play` to be taken there by the film. With the same `seq` a command is
    ignored, so an echo is never one. `moments` are those of a guided tour; a `quiet` film plays once by itself
    when it is first seen, where the visitor's system does not ask for calm; with `present` it fills the window.
    """

    step: int
    seq: int = 0
    panels: tuple[str, ...] = DEFAULT_PANELS
    play: bool = False
    moments: tuple[Moment, ...] = ()
    quiet: bool = False
    present: bool = False


def film(
    blob: bytes,
    command: Command,
    *,
    key: str,
    layout: str = "full",
    more: Mapping[str, Callable[[], bytes]] = NO_MORE,
    pick: "Pick | None" = None,
) -> FilmState:
    """Show the film of `blob` as `command` says; returns where the viewer is, 150 ms after the last input.

    The layout "strip" is the film without panels, in sight however far the page is scrolled; "beside" puts two panels
    at the side of the strip; "none" is not seen at all, and there for `panels` that stand elsewhere. `more` makes
    further parts, by their names, such as maps for neurons and logits; one is called when a panel that needs it is on screen.
    With `pick` a press on a ring, a bar, a head or a neuron is heard: its `kind` (0 a frequency, 1 a head, 2 a neuron) and `number`.
    Raises ValueError for an unknown panel or layout.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"Unknown layout {layout!r}. Choose one of: {', '.join(LAYOUTS)}.")
    blob_id = read_header(blob)["id"]
    return _show({blob_id: Shown(blob, more)}, {"id": blob_id}, command, key, layout, pick)


class Shown(NamedTuple):
    """A run that is shown: its blob, and what makes its further parts, by their names."""

    blob: bytes
    more: Mapping[str, Callable[[], bytes]] = NO_MORE


def film_of_several(runs: Sequence[Shown], command: Command, *, key: str) -> FilmState:
    """Two or three runs under one hand, the one that the others are held against first: as `film` does it for one.
    The step of the answer is one at which one of them has a snapshot. Raises ValueError for an unknown panel."""
    ids = [read_header(run.blob)["id"] for run in runs]  # of a run and its copy they are the same
    return _show(dict(zip(ids, runs, strict=True)), {"id": ids[0], "ids": ids}, command, key, "several")


def _show(
    shown: Mapping[str, Shown],
    names: dict,
    command: Command,
    key: str,
    layout: str,
    pick: "Pick | None" = None,
) -> FilmState:
    if unknown := [panel for panel in command.panels if panel not in assets.panels()]:
        raise ValueError(f"Unknown panel {unknown[0]!r}. The panels are: {', '.join(assets.panels())}.")
    parts = _parts_to_send(shown, key)
    with st.container(gap=None):
        _commander()(key=f"{key}-command", data={"key": key, "layout": layout, **command._asdict()}, height=1)
        result = _player()(
            key=key,
            data=message({"key": key, "chooses": pick is not None, **names}, parts),
            height=LAYOUTS[layout],
            on_view_change=lambda: None,  # what the page says is read on the rerun
            on_need_change=lambda: _remember_need(key, tuple(shown)),
            on_pick_change=_hearing(key, pick),
        )
    return _state(result.view, command.seq, FilmState(command.step, command.panels))


COMMAND = """
export default ({ data }) => {
  (globalThis.grokvizCommands ??= new Map()).set(data.key, data);
  globalThis.dispatchEvent(new CustomEvent("grokviz-command", { detail: data.key }));
};
"""


class Pick(NamedTuple):
    """What can be chosen in a panel or picture: its names, and who hears of them."""

    names: tuple[str, ...]
    hear: Callable[..., None]


def panels(
    shown: Sequence[Mapping[str, object]], film_key: str, *, key: str, room: int, pick: Pick | None = None
) -> None:
    """Panels that stand here, beside a text, and move with the film of that key.

    Each is a `kind` of js/stages/index.js with its `id` and what that kind wants to know. `room` is their height in
    pixels, kept free until they are drawn. What is chosen in one of them comes back as whole numbers.
    """

    data = {"film": film_key, "panels": [dict(panel) for panel in shown], "room": room}
    _place()(key=key, data=data, on_pick_change=_hearing(key, pick))


def part(found: bytes, *, key: str) -> None:
    """Send a part of a run to the films of this page: once for each content. While it says that it `waits` for more,
    the page asks again, `soon` where what is in view is missing, which reruns the fragment that this stands in."""
    _carrier()(key=key, data=found, on_more_change=lambda: None)


PLACE = """
export default (component) => {
  let stop = () => {};
  const show = () => { stop = globalThis.grokvizPanels(component); };
  const root = component.parentElement.querySelector(".gv");
  if (globalThis.grokvizPanels) show();
  else {
    root.style.minHeight = `${component.data.room}px`;
    addEventListener("grokviz-ready", show, { once: true });
  }
  return () => { removeEventListener("grokviz-ready", show); stop(); };
};
"""

CARRIER = """
const timers = new WeakMap();
export default ({ data, parentElement, setTriggerValue }) => {
  (globalThis.grokvizCarried ??= []).push(data);
  dispatchEvent(new Event("grokviz-carried"));
  const length = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(data.subarray(4, 4 + length)));
  const ask = () => { if (!document.hidden) setTriggerValue("more", Date.now()); };
  const stop = () => clearInterval(timers.get(parentElement));
  stop();
  if (header.waits) timers.set(parentElement, setInterval(ask, header.soon ? 500 : 900));
  return stop;
};
"""


@functools.cache
def _place() -> Callable:
    return component("grokviz_panels", html=HTML, js=PLACE)


@functools.cache
def _carrier() -> Callable:
    return component("grokviz_part", html="<i hidden>\n</i>", js=CARRIER)


@functools.cache
def _player() -> Callable:
    script = f"globalThis.grokvizStyle = {json.dumps(assets.style())};\n{assets.script()}"
    return component("grokviz_film", html=HTML, css=assets.style(), js=_module(script))


@functools.cache
def _commander() -> Callable:
    return component("grokviz_command", html="<i hidden>\n</i>", js=COMMAND)


def _module(script: str) -> str:
    return script + "\nexport default mount;\n"


def _parts_to_send(shown: Mapping[str, Shown], key: str) -> list[bytes]:
    sent = st.session_state.setdefault(_SENT, set())
    of, _, wanted = st.session_state.pop(f"_{key}_need", "").rpartition("/")  # "id/part" of one of several
    parts = []
    for blob_id, run in shown.items():
        if f"{blob_id}/core" not in sent:
            parts.append(run.blob)
            sent.add(f"{blob_id}/core")
        if (
            of in ("", blob_id) and wanted in run.more
        ):  # the browser says what it needs: take only what is there
            parts.append(run.more[wanted]())
    return parts


def _remember_need(key: str, blob_ids: tuple[str, ...]) -> None:
    need = str(st.session_state[key].need)
    of, _, part = need.rpartition("/")
    if part == "core":
        st.session_state[_SENT].discard(f"{of or blob_ids[0]}/core")
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


def show_picture(data: dict, key: str, pick: Pick | None = None) -> None:
    """Draw what a function of `view/pictures` has put together; what is chosen in it comes back as whole numbers."""
    _picture()(key=key, data=data, height=ROOMS[data["kind"]], on_pick_change=_hearing(key, pick))


def _hearing(key: str, pick: Pick | None) -> Callable[[], None]:
    """Tells `pick` of what was chosen. It comes from the browser: take only what fits."""

    def picked() -> None:
        chosen = st.session_state[key].pick
        if pick and isinstance(chosen, dict) and all(type(chosen.get(name)) is int for name in pick.names):
            pick.hear(*(chosen[name] for name in pick.names))

    return picked


@functools.cache
def _picture() -> Callable:
    html = '<div class="pic">\n</div>'
    js = _module(assets.bundle(PICTURES / "js/mount.js"))
    return component("grokviz_picture", html=html, css=(PICTURES / "style.css").read_text("utf-8"), js=js)


def show_figure(data: dict, key: str, on_step: Callable[[int], None] | None = None) -> None:
    """Draw what a function of `view/elsewhere` has put together; `on_step` hears where the step has come to rest."""

    def rested() -> None:
        step = st.session_state[key].step  # from the browser: take only what fits
        if on_step and type(step) is int and step >= 0:
            on_step(step)

    _figure()(key=key, data=data, height=ROOMS[data["kind"]], on_step_change=rested)


@functools.cache
def _figure() -> Callable:
    js = _module(offline.script())
    return component("grokviz_figure", html='<div class="els">\n</div>', css=offline.style(), js=js)
