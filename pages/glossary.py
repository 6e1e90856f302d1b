"""Every word in a sentence or two."""

from grokviz.app import shell

shell.guard()

import streamlit as st  # noqa: E402

from grokviz.app.glossary import WORDS  # noqa: E402

shell.article(
    "Words", "Every term that is used on these pages, in the order in which you are likely to meet it."
)
with shell.column():
    for word, meaning in WORDS.items():
        st.markdown(f"**{word}.** {meaning}")
shell.foot()
