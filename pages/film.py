"""Beside a film: the chapters of Welch Labs' film on grokking, each with a view to try it in."""

from grokviz.app import shell

MENU = {
    "title": "Beside the film",
    "section": "Read",
    "place": 3,
    "icon": "movie",
    "help": "Welch Labs' film on grokking, chapter by chapter, with your own hands.",
}

shell.guard()

import streamlit as st  # noqa: E402

from grokviz.app.lessons import film  # noqa: E402

shell.article(
    "Beside the film",
    f"[The most complex model we actually understand]({film.ADDRESS}) is a film by Welch Labs, of December 2025, about the very network "
    "that this site is about. Stop it at a chapter, and try here what it tells.",
)
with shell.column():
    film.chapters()
    st.caption(
        "The film, its chapters and their times are by Welch Labs, and so is its account, that of a vacation included; GrokViz has no part "
        "in it. Their network and the one here were trained apart, on the same task, so their frequencies need not be the same. Chapters about "
        "other things are left out."
    )
shell.foot(
    "The film ends with what is not understood. Next, the phases of a run in your own hand; or see what happens when the examples are "
    "taken away.",
    "timeline",
    "ungrok",
)
