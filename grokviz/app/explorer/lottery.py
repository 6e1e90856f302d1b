"""Which frequencies win, and when that was decided: the race as a section of a page, told of the run in view."""

import streamlit as st

from grokviz import wording
from grokviz.app import sentences, shell
from grokviz.app.session import address
from grokviz.errors import NoRunError, RunError
from grokviz.study import Study
from grokviz.study.race import race, winners_ahead
from grokviz.view.film import component

ROOM = 460  # pixels, of the figure with its sentence


def section(film_key: str) -> None:
    """The race of the run in view, below the film of this key; nothing where no frequency has won."""
    try:
        study = address.study()
    except (NoRunError, RunError):
        return  # the explorer says why
    words = telling(study)
    if not words:
        return
    with shell.column():
        st.header("It was decided long before", anchor=False)
        st.markdown(words)
    component.panels([{"kind": "film", "id": "race"}], film_key, key="race", room=ROOM)


def telling(study: Study) -> str:
    """The race in words, every figure from this run; empty where there is nothing to tell."""
    found, phases, keys = race(study.timeline), study.phases, study.timeline.key_freqs
    if found.ahead is None:
        return ""
    steps, n = study.timeline.steps, study.timeline["trig_coefficients"].shape[1]
    ahead = winners_ahead(study.timeline["trig_coefficients"], keys)
    parts = [
        f"There are {n} {sentences.frequencies(study)} that it could use, and all of them begin as noise. In the end "
        f"{wording.in_words(len(keys))} of them do the work. When is it settled which?"
    ]
    if found.open is not None:
        i = study.index_at(found.open)
        told = wording.in_words(int(ahead[i]))
        parts.append(
            f"At step {found.open:,} {told} of the {wording.in_words(len(keys))} strongest would win: nobody could have told."
        )
    parts.append(
        f"At step {found.ahead:,} the winners are all in front for the first time{_for_good(found.ahead, found.decided)}."
    )
    decided = found.decided if found.decided is not None else found.ahead
    if phases.memorised and decided < phases.memorised.step:
        parts.append("It does not even know its training pairs by heart then.")
    if phases.grokked and decided < phases.grokked.step:
        parts.append(
            f"Only at step {phases.grokked.step:,} are 99 % of the questions right that it has never seen: the race was over "
            f"after {wording.percent(decided / phases.grokked.step)} of that way."
        )
    parts.append(f"(Seen at the {len(steps)} steps whose weights are kept.)")
    return " ".join(parts)


def _for_good(ahead: int, decided: int | None) -> str:
    if decided is None:
        return ""
    return ", and for good" if decided == ahead else f", and from step {decided:,} on for good"
