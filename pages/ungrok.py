"""Ungrokking: take most of its examples away, and a network may lose the rule that it had found."""

from grokviz.app import shell

MENU = {
    "title": "Ungrokking",
    "section": "Make",
    "place": 4,
    "icon": "trending_down",
    "help": "Take most of its examples away, and it may lose the rule.",
}

shell.guard()

import streamlit as st  # noqa: E402

from grokviz.app.train import ungrok  # noqa: E402

shell.article(
    "Can it forget what it has understood?",
    "This network has [grokked](glossary#grokking): it answers every question, also those that it never saw. Now it goes on training, "
    "with **fewer of the pairs** that it knows already. Nothing new is shown, nothing is wrong, and on what it is shown it makes no "
    "mistake. Move the slider.",
)
ungrok.room()

with shell.column():
    st.header("Why there is an edge", anchor=False)
    st.markdown(
        "Inside, two ways to answer compete: a *memory*, which costs a little more for every pair it holds, and the *rule*, which costs "
        "the same however many pairs there are. [Weight decay](glossary#weight-decay) charges for both. With many pairs the memory "
        "is the dearer one, and the network comes to the rule. That is grokking. With very few pairs the memory is the cheaper one, "
        "and the network goes back. That is *ungrokking*.\n\n"
        "So there is a critical number of pairs, at which both cost the same. Weight decay does not move it; it only sets how "
        "fast the network gets there. Without any, there is nobody to charge, and nothing happens."
    )
    st.markdown(
        "**Look at the dashed orange line again.** Whoever watches only the questions that a network practises on sees a flat "
        "line, before, during and after."
    )
    st.caption(
        "The account, the word and the first such experiments are of Varma, Shah, Kenton, Kramár and Kumar 2023, "
        "[Explaining grokking through circuit efficiency](https://arxiv.org/abs/2309.02390). The figures here are of the networks "
        "of GrokViz, and of one modulus."
    )

shell.foot(
    "The fork that you make is a run like any other: on the page Train you can drag through its fall. Next to it stands the form for "
    "a network of your own.",
    "train",
    "timeline",
)
