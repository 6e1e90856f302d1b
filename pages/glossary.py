"""Every word in a sentence or two."""

from grokviz.app import shell

MENU = {
    "title": "Glossary",
    "section": "Read",
    "place": 9,
    "icon": "dictionary",
    "help": "Every word that is used here, in a sentence or two.",
    "aside": True,
}

shell.guard()

import streamlit as st  # noqa: E402

from grokviz.app.glossary import WORDS, slug  # noqa: E402

shell.article(
    "Words", "Every term that is used on these pages, in the order in which you are likely to meet it."
)
with shell.column():
    for word, meaning in WORDS.items():
        st.subheader(word, anchor=slug(word))
        st.markdown(meaning)
shell.foot(
    "That is all the vocabulary there is. The story puts these words in order; the timeline shows what they mean.",
    "story",
    "timeline",
)
