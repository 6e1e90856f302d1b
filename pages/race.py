"""Optimisers and tricks from the same start on the same pairs."""

from grokviz.app import shell

MENU = {
    "title": "The race",
    "section": "Make",
    "place": 3,
    "icon": "sports_score",
    "help": "Optimisers and tricks from the same start on the same pairs.",
}

shell.guard()

import streamlit as st  # noqa: E402

from grokviz.app.explorer import page  # noqa: E402
from grokviz.app.race import lanes, live  # noqa: E402

shell.article(
    "The race to understand",
    "Six tricks that are to hurry grokking, beside the usual way of training and one in which nothing makes it understand. All "
    "start from the same weights and are shown the same pairs, each with the best of a few learning rates.",
)
lanes.bundled()
with shell.column():
    st.markdown(
        "Look at three things. *When* a lane reaches the ceiling. *How it gets there*: with a long plateau, or with a short one because "
        "unseen questions come right almost as soon as the known ones, which is not the same as growing the general solution faster. "
        "And *whether it stays*: a large learning rate is quick, and may throw a network off again that had understood."
    )
    st.header("What each of them does", anchor=False)
    lanes.tricks()
    st.header("Settings and results", anchor=False)
lanes.table()
with shell.column():
    st.header("What was published, and what was seen here", anchor=False)
    st.markdown(
        "Papers race on other networks, with other data, and against other baselines, often one without weight decay. So "
        "no figure here should be expected to agree with theirs; what may agree is the order."
    )
    lanes.published()
    st.header("Your own race", anchor=False)
live.show()
shell.foot(
    "A race says which is fast, not what it has found. Next, open one of its runs, or train one with settings of your own.",
    "train",
    "timeline",
    controls=page.plain_controls,
)
