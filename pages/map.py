"""When does it grok? Many runs: what became of each, by how much it was shown and how hard its weights were pulled."""

from grokviz.app import shell

MENU = {
    "title": "When does it grok?",
    "section": "Make",
    "place": 2,
    "icon": "grid_on",
    "help": "Many runs on one map: which of them understand, when, and which never.",
}

shell.guard()

import streamlit as st  # noqa: E402

from grokviz.app.explorer.page import ASKS  # noqa: E402
from grokviz.app.map import own, page  # noqa: E402

shell.article(
    "When does it grok?",
    "One run cannot tell. So here are many: the same network with other settings, a cell for each pair of them. In a narrow band "
    "between those that only recite and those that understand at once, they grok.",
)
page.maps()
with shell.column():
    st.header("A slight advantage", anchor=False)
    st.markdown(
        "A network can be right in two ways: it can remember each answer, or find the rule that gives them all. Remembering costs "
        "a little for **each** question it is shown. The rule costs the same however many there are. And weight decay makes a "
        "network pay for all that it carries.\n\n"
        "So with few questions, remembering is cheaper, and it stays with that. With many, the rule is so much cheaper that it is "
        "found at once, and there is nothing to see. In between, **choose an amount of data that gives the general solution a slight "
        "advantage**, and you see grokking: remembering is faster to find, the rule is only just cheaper to keep, and the network "
        "takes its time to change over."
    )
    st.header("What the map cannot say", anchor=False)
    st.markdown(
        "*Memorisation* is not a verdict: it says what had not happened when the steps were over. Give a run ten times as many, and "
        "some of those cells turn. And where the borders lie depends on what is called late, so there are two rules: both are "
        "printed, and you may switch between them."
    )
    st.markdown(
        "The four names, and the rule of 1,000 steps, are those of [Liu, Kitouni, Nolte, Michaud, Tegmark and Williams 2022]"
        "(https://arxiv.org/abs/2205.10343), *Towards Understanding Grokking: An Effective Theory of Representation Learning*. Their "
        "runs had 100,000 steps; these have far fewer, which is why a ratio suits them better. Every map is a sweep, and you can "
        "make larger ones: `python -m grokviz sweep --help`."
    )
with st.container(key=ASKS):
    own.room()
page.remember()
shell.foot(
    "You have seen where it happens. Next, take a cell at the border and watch it, or hold two runs against each other: one that groks, and one that does not.",
    "train",
    "timeline",
    "compare",
)
