"""The library: every run, here and on the Hub."""

from grokviz.app import shell

MENU = {
    "title": "Library of runs",
    "section": "Runs",
    "place": 1,
    "icon": "shelves",
    "help": "Every run: those here, and those that others have published.",
}

shell.guard()

import streamlit as st  # noqa: E402

from grokviz.app.library import cards, sequence_cards  # noqa: E402

shell.article(
    "Every run, on one shelf",
    "Runs that come with GrokViz, runs of yours, and runs that others have published on the Hugging Face Hub. "
    "Weights in the formats of the paper's code and of the TransformerLens demo open too; nothing in a file is ever "
    "executed.",
)
cards.open_box()
cards.shelves()
sequence_cards.shelf()
with shell.column():
    st.caption(
        "Dashed orange is the loss on what a network trains on, blue on what it never sees; lower is better, on a "
        "logarithmic scale. Bands are the phases of each run. To publish one of yours: "
        "`python -m grokviz publish RUN --repo owner/name`."
    )
shell.foot(
    "Open one, and the whole of GrokViz shows it. Next, put two of them under one hand.",
    "timeline",
    "compare",
)
