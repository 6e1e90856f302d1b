"""A film of others, chapter by chapter, each beside a view of ours. Its names and times are theirs."""

from typing import NamedTuple

import streamlit as st

from grokviz.app.lessons.links import View, link

ADDRESS = "https://www.youtube.com/watch?v=D8GOeCFFby4"


class Chapter(NamedTuple):
    """A chapter of the film: when it begins, in seconds, and what to look at here."""

    title: str
    at: int
    here: str
    view: View


CHAPTERS = (
    Chapter("Modular Addition", 159, "The sums on a clock. Choose two numbers and see which question the network is asked.", View("follow", "last")),
    Chapter("The Model's Perspective", 234, "It is shown tokens and no numbers: at step 0 the numbers stand in no order at all.", View("timeline", "first")),
    Chapter("An Accidental Discovery at OpenAI", 412, "A network that knows its pairs by heart. Its training curve says that nothing is left to learn.", View("timeline", "memorised")),
    Chapter("It Groks!", 476, "The moment itself. Drag across it.", View("timeline", "grokked")),
    Chapter("Some Clues", 529, "What the weights show long before the answers do.", View("timeline", "circuit")),
    Chapter("Deeper into the model", 837, "One question through every stage of the network.", View("follow", "last")),
    Chapter("Linear Probes", 913, "How much of the embedding and of the neurons the key frequencies explain.", View("circuit", "last")),
    Chapter("Clocks perform modular addition", 1019, "The rings. Point at a number, and it lights up on every clock.", View("timeline", "last")),
    Chapter("How do x and y interact exactly?", 1157, "Products of waves, or sums: two ways to add on a circle, and which of them this network has found.", View("pizza", "last")),
    Chapter("It learns a trig identity?!", 1399, "cos(x + y) by hand: set the waves, and see which answers come out right.", View("build")),
    Chapter("Putting the pieces together & excluded loss", 1598, "Take the circuit away at every step, and see what is left.", View("measures", "cleanup")),
    Chapter("Final thoughts", 1944, "Does it happen elsewhere? Three other tasks whose losses fall off a cliff.", View("elsewhere")),
)  # fmt: skip


def chapters() -> None:
    """Every chapter: its time, what can be done here, and the link to it."""
    for chapter in CHAPTERS:
        minutes, seconds = divmod(chapter.at, 60)
        when = f"[{minutes}:{seconds:02}]({ADDRESS}&t={chapter.at}s)"
        st.markdown(f"**{chapter.title}**, {when}  \n{chapter.here}")
        link(chapter.view)
