"""A sheet for teachers: ten questions, their answers, and links for a class."""

from grokviz.app import shell

MENU = {
    "title": "For teachers",
    "section": "Read",
    "place": 4,
    "icon": "assignment",
    "help": "Ten questions with answers, and links that fill the form for a class.",
}

shell.guard()

import streamlit as st  # noqa: E402

from grokviz.app.explorer.page import ASKS  # noqa: E402
from grokviz.app.lessons import teacher  # noqa: E402

shell.article(
    "Ten questions for a class",
    "For a lesson of forty-five minutes: twenty with [the course](course), ten with these questions, the rest with a network of one's own. "
    "To have it on paper, print this page; the answers stand at its end.",
)
with shell.column():
    teacher.questions()
    with st.container(key=ASKS):
        st.header("Links for everybody", anchor=False)
        st.markdown(
            "Each fills in the form of the page Train, and a class that opens it trains the same network. On that page a button gives "
            "the link to whatever you have chosen yourself."
        )
        teacher.links()
    st.header("Answers", anchor=False)
    teacher.answers()
    st.caption(
        "The figures of questions 1 to 3 are of the bundled run mod 113 (Nanda et al. 2023); that of question 9 is measured on the page "
        "Ungrokking."
    )
shell.foot(
    "Then let them predict what their own network will do. Whoever is nearest at the step of grokking has won.",
    "train",
    "ungrok",
)
