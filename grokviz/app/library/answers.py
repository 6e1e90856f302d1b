"""A form made of questions: what a file does not say, and only a person may know."""

from collections.abc import Mapping

import streamlit as st

from grokviz.config import SETTINGS
from grokviz.errors import Question
from grokviz.models.spec import RATE

CHOICES = {"unknown": "not known"}
SPLIT_HELP = (
    "paper: Python's random.shuffle, as the paper's code. seeded: as GrokViz. Not known is an answer: losses are then "
    "of all pairs."
)


def ask(questions: tuple[Question, ...], said: Mapping[str, object], button: str) -> dict | None:
    """The fields and a button; what was answered once it is pressed. `said` is what stands in the fields at first."""
    with st.form("what_is_known", border=False):
        columns = st.columns(max(len(questions), 1))
        answers = {
            q.setting: _field(q, said.get(q.setting), column)
            for q, column in zip(questions, columns, strict=False)
        }
        if st.form_submit_button(button):
            return answers
    return None


def _field(question: Question, said: object, column) -> object:
    about = SETTINGS.get(question.setting)
    label = about.asked[0] if about else question.setting
    if question.choices:
        index = question.choices.index(said) if said in question.choices else 0
        return column.selectbox(
            label,
            question.choices,
            index,
            format_func=lambda choice: CHOICES.get(choice, choice),
            help=SPLIT_HELP if question.setting == "split" else question.words,
        )
    if question.setting == "seed":
        value = said if isinstance(said, int) and 0 <= said < 2**32 else 0
        return int(column.number_input(label, 0, 2**32 - 1, value, help=question.words))
    low, high = (about.within if about else None) or (0.01, 0.99)
    first = 1.0 if question.setting == RATE else 0.3
    value = said if isinstance(said, float) and low <= said <= high else first
    return float(column.number_input(label, low, high, value, 0.05, help=question.words))
