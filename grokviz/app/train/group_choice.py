"""The choice of a group on the form: one of those that were tried, or any other by its name."""

import contextlib
from collections.abc import Callable

import streamlit as st

from grokviz import wording
from grokviz.app.session import keys
from grokviz.config import SETTINGS
from grokviz.errors import ConfigError
from grokviz.tasks import named_groups
from grokviz.tasks.pairs import COMPOSE

FIRST = "D_30"


def chosen() -> str:
    """The group that is chosen, as it is spelt; "" while the form asks about numbers."""
    if keys.setting("operation").get("") != COMPOSE:
        return ""
    return str(keys.setting("group").get(FIRST))


def words(name: str) -> str:
    """A group in the list: S₅, all 120 ways to shuffle 5 cards."""
    try:
        return f"{named_groups.pretty(named_groups.canonical(name))}: {named_groups.about(name)}"
    except ConfigError:
        return name


def widget(changed: Callable[[], None]) -> None:
    """A list in which another name may be typed."""
    key = keys.setting("group")

    def spelt() -> None:
        with contextlib.suppress(ConfigError):  # the form says what there is
            key.set(named_groups.canonical(str(key.value() or FIRST)))
        changed()

    now = str(key.get(FIRST))
    st.selectbox(
        SETTINGS["group"].label, list(dict.fromkeys([*named_groups.OFFERED, now])), key=key, format_func=words,
        accept_new_options=True, on_change=spelt, help=f"{SETTINGS['group'].hint} Or type a name, such as D_17 or C_5xC_7.",
    )  # fmt: skip
    with contextlib.suppress(ConfigError):
        st.caption(f"{wording.sentence_case(named_groups.notation(now))}.")
