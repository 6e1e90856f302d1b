"""The smallest page with a film and pictures, for the browser tests: what Python hears stands under it as text.

The bench asks for the size of the paper's run by the environment variable FILM_SIZE ("p,n").
"""

import os

import numpy as np
import streamlit as st

from devtools.made_up_run import run_like
from grokviz.view import pictures
from grokviz.view.film.component import Command, film
from grokviz.view.frames import maps_blob, timeline_blob


@st.cache_resource
def blobs() -> tuple[bytes, bytes]:
    p, n = map(int, os.environ.get("FILM_SIZE", "23,40").split(","))
    run, timeline, task, phases = run_like(p=p, n=n, keys=(3, 7), neurons=6)
    return timeline_blob(run, timeline, task, phases), maps_blob(run, timeline)


def jump() -> None:
    st.session_state["to"] = 14_000
    st.session_state["seq"] += 1


@st.fragment
def player() -> None:
    core, maps = blobs()
    st.session_state.setdefault("to", 9_400)
    st.session_state.setdefault("seq", 0)
    st.session_state["runs"] = st.session_state.get("runs", 0) + 1
    to, seq = st.session_state["to"], st.session_state["seq"]
    panels = ("rings", "answers", "logits")
    state = film(core, Command(to, seq, panels), key="film", more={"maps": lambda: maps})
    st.text(f"step {state.step}, panels {' '.join(state.panels)}, run {st.session_state['runs']}")
    st.button("Jump", on_click=jump)
    st.text_input("A field")
    st.toggle("A switch")


def circuit() -> None:
    """A picture that answers to the same numbers as the film."""
    p, k = 23, 3
    angle = 2 * np.pi * k * np.arange(p) / p
    words = pictures.Words("A picture", "Point at it.")
    wave = np.cos(angle)
    answers = pictures.Answers(range(p), "answer c")
    lane, total = (pictures.lane(name, 0, wave, wave, 1.0) for name in (f"k = {k}", "sum"))
    pictures.waves(
        [lane],
        total,
        answers,
        words,
        key="waves",
        right=pictures.Peak(0, "0"),
        winner=pictures.Peak(0, "0 wins"),
    )


st.set_page_config(layout="wide")
player()
circuit()
