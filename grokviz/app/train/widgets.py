"""Settings as widgets: label, range, choices and what they mean come from the table of settings."""

from collections.abc import Callable

import streamlit as st

from grokviz.config import SETTINGS
from grokviz.hosting import Limits

STEPS = {
    "d_model": 16,
    "d_mlp": 64,
    "steps": 500,
    "weight_decay": 0.5,
    "lr": 1e-3,
}  # of the − and + beside a number


def number(
    name: str,
    key: str,
    limits: Limits | None = None,
    value: float | None = None,
    low: float | None = None,
    on_change: Callable[[], None] | None = None,
) -> float:
    """A number in the range of the setting `name`, or from `low` up; at most what a shared machine gives.

    `value` is what it starts with; without one, it is what the session holds under `key`.
    """
    setting = SETTINGS[name]
    assert setting.within, name
    least, most = (setting.kind(bound) for bound in setting.within)
    if limits and setting.limited:
        most = getattr(limits, name)
    start = {} if value is None else {"value": setting.kind(value)}
    return st.number_input(
        setting.label,
        least if low is None else setting.kind(low),
        most,
        step=STEPS.get(name),
        format="%g" if setting.kind is float else None,
        key=key,
        help=setting.hint or None,
        on_change=on_change,
        **start,
    )


def choice(
    name: str, key: str, words: Callable[[str], str] = str, on_change: Callable[[], None] | None = None
) -> str:
    """One of the choices of the setting `name`."""
    setting = SETTINGS[name]
    return st.selectbox(setting.label, setting.choices, key=key, format_func=words, on_change=on_change)
