"""The pair in view: two numbers, kept in the address, chosen by sliders, on a map, by hand or by a question."""

import re

import numpy as np
import streamlit as st

from grokviz.app import sentences
from grokviz.app.circuit import snapshots
from grokviz.app.circuit.snapshots import View
from grokviz.app.session import address, keys
from grokviz.circuit.questions import from_the_worst, learned_last, least_sure
from grokviz.runs.imported import UNKNOWN
from grokviz.study import Study
from grokviz.tasks.pairs import NO_ANSWER, names_of, operation_of
from grokviz.view import pictures
from grokviz.view.charts import RESULTS

EXTRAS = ("a", "b")
DARK_RESULTS = ("#F58A46", "#4FB3EE", "#5A3F30", "#2B3C4A")


def current(study: Study) -> tuple[int, int]:
    """The pair in the address, or one that the run never saw. What the address gets wrong is mended."""
    p = study.run.config.p
    if address.extra("a") is None and address.extra("b") is None:
        return _default(study)
    fallback = _default(study)
    found = []
    for name, instead in zip(EXTRAS, fallback, strict=True):
        text = address.extra(name)
        if text is None:
            found.append(instead)
            continue
        if not re.fullmatch(r"[0-9]{1,6}", text):
            address.notice(f"The link names as {name} what is no number (“{sentences.plain(text, 40)}”).")
            address.set_extra(name, str(instead))
            found.append(instead)
        elif int(text) >= p:
            address.notice(f"The link names {name} = {int(text)}, and the numbers go up to {p - 1}.")
            address.set_extra(name, str(p - 1))
            found.append(p - 1)
        else:
            found.append(int(text))
    return found[0], found[1]


def choose(a: int, b: int) -> None:
    """Have another pair in view."""
    address.set_extra("a", str(a))
    address.set_extra("b", str(b))


def question(study: Study, a: int | str, b: int | str) -> str:
    """What the network is asked, as it is written: 14 + 100."""
    return operation_of(study.run.config).question(a, b)


def written(study: Study, number: int) -> str:
    """A number as it is written: the elements of a group have names."""
    return operation_of(study.run.config).written(number)


def places(study: Study, a: int, b: int) -> tuple[int, int] | None:
    """Where the pair stands in the order of sums; None where it has no place (0 in a product)."""
    order = snapshots.order(study)
    i, j = np.flatnonzero(order.a == a), np.flatnonzero(order.b == b)
    return (int(i[0]), int(j[0])) if len(i) and len(j) else None


def sliders(study: Study, key: str) -> None:
    """a and b on two sliders; of a group, in two lists."""
    p, pair = study.run.config.p, current(study)
    for name, value, column in zip(EXTRAS, pair, st.columns(2), strict=True):
        widget = keys.number(key, name)
        widget.set(value)
        if names := names_of(study.run.config):
            column.selectbox(
                name, list(range(p)), format_func=names.__getitem__, key=widget, on_change=_slid, args=(key,)
            )
        else:
            column.slider(name, 0, p - 1, key=widget, on_change=_slid, args=(key,))


def _slid(key: str) -> None:
    choose(keys.number(key, "a").value(), keys.number(key, "b").value())


def result_map(study: Study, view: View, key: str) -> None:
    """All pairs, right or wrong, trained on or never seen; a click chooses one."""
    task, p = study.task, study.run.config.p
    cells = np.where(task.is_train, 0, 1) + np.where(view.outcome.is_right, 0, 2)
    cells = np.where(task.answers == NO_ANSWER, 4, cells)
    kinds = [
        pictures.Kind(
            name if study.run.config.split != UNKNOWN else name.removeprefix("trained on, "), light, dark
        )
        for (name, light), dark in zip(RESULTS.items(), DARK_RESULTS, strict=True)
    ]
    kinds.append(pictures.Kind("no answer", "#FFFFFF", "#000000"))
    shown = 5 if (cells == 4).any() else 4
    pictures.pair_map(
        cells.astype(np.uint8),
        kinds[:shown],
        current(study),
        pictures.Words(
            f"All {p} x {p} questions: right or wrong, trained on or never seen",
            "One square a question. Click one, or press the arrow keys.",
        ),
        key=key,
        question=question(study, "{a}", "{b}"),
        names=names_of(study.run.config),
        on_pick=lambda a, b: choose(a, b) if max(a, b) < p and min(a, b) >= 0 else None,
    )


def find_buttons(study: Study, view: View) -> None:
    """Three pairs worth a look, one click away each."""
    with st.container(horizontal=True):
        st.button("A pair it gets wrong", on_click=_find_wrong, args=(view,))
        st.button("The pair it got right last", on_click=_find_last, args=(study,))
        st.button("The pair it is least sure of", on_click=_find_least_sure, args=(view,))


def _find_wrong(view: View) -> None:
    wrong = [pair for pair in from_the_worst(view.margin) if not view.outcome.is_right[pair]]
    if not wrong:
        address.notice("At this step it gets every pair right. Move to an earlier one.")
        return
    turn = keys.WORST_PAIR.get(-1) + 1  # pressed again, the next
    keys.WORST_PAIR.set(turn)
    choose(*wrong[turn % len(wrong)])


def _find_last(study: Study) -> None:
    found = learned_last(study.timeline.is_right)
    if found is None:
        address.notice("In this run no pair went from wrong to right for good.")
        return
    a, b, since = found
    choose(a, b)
    step = int(study.timeline.steps[since])
    address.notice(f"{question(study, a, b)} is right for good only since step {step:,}.")


def _find_least_sure(view: View) -> None:
    found = least_sure(view.margin)
    if found is None:
        address.notice("This network has no finite answers to compare.")
    else:
        choose(*found)


def _default(study: Study) -> tuple[int, int]:
    """The first pair it never saw, from the middle of the table on, and that has a place in the group."""
    p, seen = study.run.config.p, study.task.is_test
    order = snapshots.order(study)
    in_group = np.zeros_like(seen)
    in_group[np.ix_(order.a, order.b)] = True
    seen = seen & in_group if (seen & in_group).any() else seen
    cells = np.flatnonzero(np.roll(seen.ravel(), -(p // 3 * p + p // 2)))
    a, b = divmod((int(cells[0]) + p // 3 * p + p // 2) % (p * p), p)
    return a, b
