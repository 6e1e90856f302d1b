"""What the address of the page “It happens elsewhere” keeps: the step in view, what was written, and runs of the visitor."""

import streamlit as st

from grokviz.app.elsewhere import asked
from grokviz.app.session import address, keys
from grokviz.tasks.sequences import SEQUENCE_TASKS

START = 200  # the step at which the page begins: the middle of the first cliff
WRITTEN = {
    "letters": (keys.TRIGRAM, asked.TRIGRAM),
    "x": (keys.SUM_X, asked.SUM[0]),
    "y": (keys.SUM_Y, asked.SUM[1]),
    "text": (keys.REPEATED, asked.TEXT),
}  # each with its field, and what it holds at first
LONGEST = 120


def step() -> int:
    """Where the figures begin: where they have come to rest last, or where the link says."""
    named = address.extra("at") or ""
    from_link = int(named) if named.isascii() and named.isdigit() and len(named) < 9 else START
    return keys.ELSEWHERE_STEP.get(from_link)


def text(name: str) -> str:
    """What a field holds at first: what the link says, or the example."""
    return (address.extra(name) or WRITTEN[name][1])[:LONGEST]


def keep() -> None:
    """Write the address: what is not as the page begins."""
    address.set_extra("at", str(step()) if step() != START else None)
    for name, (field, example) in WRITTEN.items():
        written = field.get(address.extra(name) or example)
        address.set_extra(name, written if written != example else None)
    names = ("at", *WRITTEN, *SEQUENCE_TASKS, address.FEW)
    wanted = {name: value for name in names if (value := address.extra(name)) is not None}
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)
