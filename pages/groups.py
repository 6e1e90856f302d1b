"""A group that does not commute: shuffles of five cards."""

from grokviz.app import shell

MENU = {
    "title": "A group that does not commute",
    "section": "Look inside",
    "place": 7,
    "icon": "shuffle",
    "help": "Shuffles of five cards: two accounts of what a network does with them.",
}

shell.guard()

import streamlit as st  # noqa: E402

from grokviz.app.explorer import page  # noqa: E402
from grokviz.app.groups import panel  # noqa: E402

shell.article(
    "A group that does not commute",
    "Take five cards. There are 120 ways to shuffle them. Do one shuffle, then another: together they are again one of "
    "the 120. And here the order matters: swap the first two cards, then the second and the third; or the other way "
    "round, and the cards lie differently. Mathematicians call this a **group**, and this one S₅. A network that is "
    "shown some of the 14,400 answers learns those by heart, and later all of them.",
)
if panel.have_a_group_in_view():
    with shell.column():
        panel.picker()
    page.explorer(panels=(), below=panel.panel, extras=panel.EXTRAS, layout="strip")
    with shell.column():
        st.header("How shuffles are written", anchor=False)
        st.markdown(
            "**(1 2 3)** moves the card at place 1 to place 2, that at 2 to 3, and that at 3 to 1; **(1 2)(4 5)** swaps two pairs; "
            "**e** leaves all in place. “(1 2), then (2 3)” does (1 2) first. Other groups do other things one after the other: "
            "$D_{12}$ turns and flips a polygon of twelve corners, and the clock of the other pages is a group as well, "
            "one in which the order does not matter."
        )
else:
    st.info(
        "There is no run of a group here yet. Train one: `python -m grokviz train --group S_5 --preset fast --out runs/s5`"
    )
shell.foot(
    "You have seen one network in two languages. Next, train one of your own: on shuffles, on a polygon, or on a clock.",
    "train",
    "follow",
    controls=page.plain_controls,
)
