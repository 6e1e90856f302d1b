"""Whose runs are whose. On one's own machine all are one's own; on a shared one every browser keeps a secret,
and the runs trained from it are in a folder that only that secret opens."""

import functools
from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

from grokviz import hosting
from grokviz.app.session import keys
from grokviz.hosting import VISITOR
from grokviz.runs import library

_KEY = "visitor"

SCRIPT = """
export default ({ setStateValue }) => {
  const name = "grokviz-visitor";
  let secret = null;
  try { secret = localStorage.getItem(name); } catch { /* a browser that keeps nothing: a secret for this tab */ }
  if (!/^[0-9a-f]{32}$/.test(secret ?? "")) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    secret = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
    try { localStorage.setItem(name, secret); } catch { /* as above */ }
  }
  setStateValue("secret", secret);
};
"""


def root() -> Path:
    """The folder of the runs of whoever is looking; one that does not exist while they are unknown."""
    runs = library.trained()
    if not hosting.is_hosted():
        return runs
    secret = keys.SECRET.get(None)
    return hosting.visitor_root(runs, secret) if secret else runs / ".nobody"


def is_known() -> bool:
    return not hosting.is_hosted() or keys.SECRET.is_set()


def meet() -> None:
    """On a shared machine, ask the browser for its secret, once a session."""
    if is_known():
        return
    found = _asker()(key=_KEY, on_secret_change=lambda: None)
    secret = found.secret
    if isinstance(secret, str) and VISITOR.fullmatch(secret):
        keys.SECRET.set(secret)
        st.rerun()


@functools.cache
def _asker() -> Callable:
    return component("grokviz_visitor", html="<i hidden>\n</i>", js=SCRIPT)
