"""The shelf of runs on sequences, which the page “It happens elsewhere” shows: those that came with GrokViz, and a visitor's."""

import streamlit as st

from grokviz.app import sentences
from grokviz.app.elsewhere import runs
from grokviz.app.library import publish
from grokviz.app.library.cards import grid, made_by, removal
from grokviz.app.session import cache, keys, visitor
from grokviz.errors import RunError
from grokviz.jobs import requests
from grokviz.runs.folder import SequenceRun
from grokviz.runs.summary import Card
from grokviz.tasks.sequences import SEQUENCE_TASKS
from grokviz.view import thumbnail


def shelf() -> None:
    """Every run on sequences, on a card."""
    cards = [card for card in cache.all_cards() if card.task]
    if not cards:
        return
    st.subheader("On sequences", anchor=False)
    if text := keys.SAID.get(None):
        keys.SAID.forget()
        st.warning(sentences.as_text(text))
    grid([lambda card=card: _card(card) for card in cards])


def _card(card: Card) -> None:
    name = sentences.plain(card.title, 60)
    handle = runs.handle_of(card.path)
    try:
        run = runs.opened(handle) if handle else None
    except RunError as error:
        run = None
        st.caption(sentences.as_text(sentences.plain(str(error), 300)))
    if run is None:
        return
    with st.container(gap="xsmall"):
        dark = st.context.theme.type == "dark"
        picture = thumbnail.loss_svg(run.log, (), run.last_step, dark)
        st.image(picture, width="stretch", alt=f"Losses of {name}")
        st.markdown(f"**{sentences.as_text(name)}**")
        st.markdown(sentences.as_text(sentences.plain(card.sentence)))
    with st.container(gap="xsmall"):
        st.caption(f"{sentences.as_text(facts(card, run))}  \n{made_by(card)}")
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Open", key=f"open-{card.path.parent.name}-{card.id}"):
                runs.show(card.task, card.id)
            if card.path.parent == visitor.root():
                if card.finished:
                    publish.button(card.id)
                _deletion(card)
            removal(card)


def facts(card: Card, run: SequenceRun) -> str:
    """Task, data, weight decay, steps and size, in one line."""
    c = run.config
    data = f"{c.n_train:,} sequences" if c.n_train else "endless data"
    return " · ".join([
        SEQUENCE_TASKS[c.task].title, data, f"weight decay {c.weight_decay:g}", f"{card.last_step:,} steps",
        f"{card.n_snapshots} snapshots", f"{card.size_bytes / 1e6:.1f} MB",
    ])  # fmt: skip


def _deletion(card: Card) -> None:
    with st.popover("Delete", type="tertiary"):
        st.caption("To have it again it must be trained again: the same settings give the same run.")
        st.button("Delete this run", key=f"delete-{card.id}", on_click=_delete, args=(card,))


def _delete(card: Card) -> None:
    try:
        requests.delete(card.path)
    except RunError as error:
        keys.SAID.set(str(error))
