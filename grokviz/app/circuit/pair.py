"""The pair in view: two numbers, kept in the address, chosen by sliders, on a map, by hand or by a question."""

import re

import numpy as np
import streamlit as st
from jaxtyping import Bool

from grokviz.app import sentences
from grokviz.app.circuit import snapshots
from grokviz.app.circuit.snapshots import View
from grokviz.app.session import address, keys
from grokviz.circuit.questions import from_the_worst, learned_last, least_sure
from grokviz.study import Study
from grokviz.tasks.pairs import names_of, operation_of

EXTRAS = ("a", "b")


def current(study: Study) -> tuple[int, int]:
    """The pair in the address, or one that the run never saw. What the address gets wrong is mended."""
    p = study.run.config.p
    if address.extra("a") is None and address.extra("b") is None:
        return usual(study.task.is_test, study)
    fallback = usual(study.task.is_test, study)
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


def choose_if_any(study: Study, a: int, b: int) -> None:
    """The same for numbers from the browser, which may be none of this run."""
    if min(a, b) >= 0 and max(a, b) < study.run.config.p:
        choose(a, b)


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


def find_buttons(study: Study) -> None:
    """Three pairs worth a look, one click away each."""
    with st.container(horizontal=True):
        st.button("A pair it gets wrong", on_click=_find_wrong, args=(study,))
        st.button("The pair it got right last", on_click=_find_last, args=(study,))
        st.button("The pair it is least sure of", on_click=_find_least_sure, args=(study,))


def _view(study: Study) -> View:
    """The step in view over all pairs, computed when a button asks for it."""
    return snapshots.inside(address.handle(), study.index_at(address.current().step))


def _find_wrong(study: Study) -> None:
    view = _view(study)
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


def _find_least_sure(study: Study) -> None:
    found = least_sure(_view(study).margin)
    if found is None:
        address.notice("This network has no finite answers to compare.")
    else:
        choose(*found)


def usual(seen: Bool[np.ndarray, "p p"], study: Study) -> tuple[int, int]:
    """The first of these pairs, from the middle of the table on, that has a place in the group."""
    p = study.run.config.p
    order = snapshots.order(study)
    in_group = np.zeros_like(seen)
    in_group[np.ix_(order.a, order.b)] = True
    seen = seen & in_group if (seen & in_group).any() else seen
    cells = np.flatnonzero(np.roll(seen.ravel(), -(p // 3 * p + p // 2)))
    a, b = divmod((int(cells[0]) + p // 3 * p + p // 2) % (p * p), p)
    return a, b
