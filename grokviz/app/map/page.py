"""The page When does it grok?: the maps that come with GrokViz, one at a time."""

from contextlib import suppress

import streamlit as st

from grokviz.app import sentences, shell
from grokviz.app.explorer.page import CHOSEN
from grokviz.app.map import figure
from grokviz.app.session import address, keys
from grokviz.errors import NoRunError, RunError
from grokviz.sweeps import grid
from grokviz.sweeps.bundled import bundled

EXTRAS = ("map", "rule", "only", "cell")


def maps() -> None:
    """The switch between maps, and the map."""
    here = bundled()
    with shell.column():
        if not here:
            st.info("No map has come with this GrokViz. Make one: `python -m grokviz sweep --help`")
        name = _chosen(list(here)) if len(here) > 1 else next(iter(here), "")
    if not here:
        return
    with st.container(key=CHOSEN):
        try:
            figure.show(figure.read(name, here[name]))
        except RunError as error:
            st.error(sentences.as_text(str(error)), icon=":material/folder_off:")


def remember() -> None:
    """Write the map, and what is chosen on it, into the address."""
    with suppress(NoRunError):
        address.remember_extras(EXTRAS)


def _chosen(names: list[str]) -> str:
    named = address.extra("map")
    keys.MAP.set(named if named in names else names[0])
    titles = {name: grid.read(bundled()[name]).title for name in names}
    st.segmented_control(
        "Map", names, key=keys.MAP, format_func=lambda name: titles[name], required=True,
        on_change=lambda: address.set_extra("map", keys.MAP.value()),
    )  # fmt: skip
    return keys.MAP.value()
