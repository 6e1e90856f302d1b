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
    "attention_rate": 0.1,
    "wrong_labels": 0.05,
}  # of the − and + beside a number


def number(
    name: str,
    key: str,
    value: float | None = None,
    on_change: Callable[[], None] | None = None,
) -> float:
    """A number for the setting `name`. It takes any: a field that silently goes on with its old number when a new one
    is out of range would train another network than the one on screen, so `out_of_range` says it in words.

    `value` is what it starts with; without one, it is what the session holds under `key`.
    """
    setting = SETTINGS[name]
    start = {} if value is None else {"value": setting.kind(value)}
    return st.number_input(
        setting.label,
        step=STEPS.get(name, 1 if setting.kind is int else 0.1),
        format="%g" if setting.kind is float else None,
        key=key,
        help=setting.hint or None,
        on_change=on_change,
        **start,
    )


def out_of_range(
    name: str, value: float, limits: Limits | None = None, low: float | None = None
) -> str | None:
    """What is wrong with a number for a setting, in the words of the form; None where nothing is."""
    setting = SETTINGS[name]
    assert setting.within, name
    least, most = setting.within
    least = least if low is None else low
    if limits and setting.limited:
        most = getattr(limits, name)
    if least <= value <= most:
        return None
    whose = " here" if limits and setting.limited and value > most else ""
    return f"{setting.label} {value:,.10g} cannot be trained{whose}: choose a value from {least:,.10g} to {most:,.10g}."


def choice(
    name: str, key: str, words: Callable[[str], str] = str, on_change: Callable[[], None] | None = None
) -> str:
    """One of the choices of the setting `name`."""
    setting = SETTINGS[name]
    return st.selectbox(setting.label, setting.choices, key=key, format_func=words, on_change=on_change)
