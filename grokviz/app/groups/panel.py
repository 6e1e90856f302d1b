"""What moves with the step on the page of groups: blocks and loss, the table with one neuron, and the two accounts."""

import re

import numpy as np
import pandas as pd
import streamlit as st

from grokviz import wording
from grokviz.app import sentences, shell
from grokviz.app.explorer import figures
from grokviz.app.explorer.page import film_key
from grokviz.app.groups import inside
from grokviz.app.groups.inside import Inside
from grokviz.app.session import address, cache, keys
from grokviz.circuit import cosets
from grokviz.circuit.interventions import Outcome
from grokviz.errors import NoRunError, RunError
from grokviz.runs.summary import Card
from grokviz.study import Study
from grokviz.tasks import named_groups, subgroup_words
from grokviz.tasks.pairs import COMPOSE, names_of, operation_of
from grokviz.view import block_chart, tables
from grokviz.view.film import component
from grokviz.view.pictures import Kind, Words
from grokviz.view.pictures import cosets as picture

EXTRAS = ("neuron",)
SHADES = (
    ("#E69F00", "#F2B233"),
    ("#DDE6EE", "#2B3C4A"),
    ("#56B4E9", "#4A9CCB"),
    ("#009E73", "#1FA884"),
    ("#CC79A7", "#C97FAA"),
)
OTHERS = ("#C9C6BE", "#55585E")
WRONG = ("#6E6A62", "#0E0F11")
ROOM = 310  # pixels, of the figure with its sentence
TABLE = 960  # pixels, of a table
OFFERED = 60  # neurons in the list


def groups_here() -> dict[str, Card]:
    """The runs that compose the elements of a group, by name, those first in which the order matters."""
    found = [
        c
        for c in cache.cards()
        if c.problem is None and c.n_snapshots and c.config and c.config.operation == COMPOSE
    ]
    found.sort(key=lambda card: bool(card.config and named_groups.commutes(card.config.group)))
    return {card.id: card for card in found}


def have_a_group_in_view() -> bool:
    """Whether there is a run of a group to show; if another run is in view, the first of them takes its place."""
    here = groups_here()
    if not here:
        return False
    try:
        if address.current().run not in here:
            address.open_run(next(iter(here)))
    except NoRunError:
        return False
    return True


def picker() -> None:
    """A list of the runs of groups."""
    here = groups_here()
    keys.RUN.set(address.current().run)
    st.selectbox(
        "Run", list(here), key=keys.RUN, format_func=lambda id: sentences.plain(here[id].title, 100),
        on_change=lambda: address.open_run(keys.RUN.value() or next(iter(here))),
    )  # fmt: skip
    st.caption(sentences.as_text(here[address.current().run].sentence))


def panel(study: Study) -> None:
    """Below the film."""
    if study.run.config.operation != COMPOSE:
        st.info("This run composes no group. Choose one above.")
        return
    index = study.index_at(address.current().step)
    try:
        now = inside.inside(address.handle(), index)
        last = inside.inside(address.handle(), len(study.timeline.steps) - 1)
    except RunError as error:
        st.error(sentences.as_text(str(error)), icon=":material/folder_off:")
        return
    if named_groups.commutes(study.run.config.group):
        st.caption("In the group of this run the order does not matter. All else below holds of it as well.")
    _blocks(study)
    _neurons(study, now, last)
    _accounts(study, index, now)


def _blocks(study: Study) -> None:
    group = inside.group_of(study)
    with shell.column():
        st.header("Each fall is a representation that has risen", anchor=False)
        st.markdown(
            "As waves are to a clock, **representations** are to a group: a way to write its elements as matrices, so that one "
            "after the other becomes a product of matrices. There are only so many that cannot be taken apart "
            f"({len(group.blocks)} of {named_groups.pretty(study.run.config.group)}). Here is how strongly its answers are made of "
            "each, below the loss on pairs it never saw."
        )
    names = [block.name for block in group.blocks][1:]
    if keys.IS_PLAIN.get(False):
        _plain_rises(study, names)
    else:
        shown = {"kind": "rises", "id": "rises", "title": "How strong is each representation?"}
        component.panels([shown], film_key(), key="group-rises", room=ROOM)
    with shell.column():
        st.markdown(_when(study, names))
        st.caption(
            "**How to read this.** Strength is how far all logits together point along the character $\\chi(a\\,b\\,c^{-1})$ of each block, scaled to length 1, along the "
            "axis of the loss curves above; "
            "coloured are the key blocks. Chughtai et al. 2023 ([arXiv 2302.03025](https://arxiv.org/abs/2302.03025)) found that "
            "every network learns some of them, and not always the same."
        )


def _plain_rises(study: Study, names: list[str]) -> None:
    t = study.timeline
    strengths = pd.DataFrame({
        "step": np.repeat(t.steps, len(names)),
        "block": names * len(t.steps),
        "is_key": np.tile([k + 1 in t.key_freqs for k in range(len(names))], len(t.steps)),
        "strength": t.trig_coefficients.ravel().astype(float),
    })  # fmt: skip
    where = (
        tables.bands(study.phases, study.last_step),
        address.current().step,
        study.last_step,
        figures.is_dark(),
    )
    st.altair_chart(block_chart.rises(strengths, *where), key="group-rises-plain")


def _when(study: Study, names: list[str]) -> str:
    """When each key block had half of the strength it ends with, and what the test loss was."""
    t = study.timeline
    parts = []
    for k in t.key_freqs:
        strength = t.trig_coefficients[:, k - 1]
        at = int(np.argmax(strength >= strength[-1] / 2))
        parts.append(
            (
                int(t.steps[at]),
                f"**{names[k - 1]}** at step {int(t.steps[at]):,}, test loss {wording.readable(float(t.test_loss[at]))}",
            )
        )
    if not parts:
        return "No block is key in this run: it has found no circuit that we know of."
    return "Half of its final strength has " + "; ".join(text for _, text in sorted(parts)) + "."


def _neurons(study: Study, now: Inside, last: Inside) -> None:
    config = study.run.config
    with shell.column():
        st.header("Noise that becomes steps", anchor=False)
        st.markdown(
            f"Below are all {config.p:,} × {config.p:,} questions, row a, column b, and one of {config.d_mlp} neurons: bars at the left "
            "are what it sees of a, bars above what it sees of b. In the order of their numbers that is noise. **Press the "
            "button**: rows and columns go into the order of the [cosets](glossary#subgroup) of a subgroup: elements that differ "
            "only by something that this neuron does not care about."
        )
        neuron = _chosen(study, last)
    _table_beside(study, now, last, neuron)
    with shell.column():
        st.markdown(_of_neuron(study, now, last, neuron))
        st.caption(
            "Rows are ordered by right cosets *Hg* (first something of *H*, then *g*), columns by left cosets *gK* of a conjugate "
            "subgroup *K*, each from the highest bars to the lowest, both as the neuron is in the last snapshot. Colours: right "
            "answers of one kind *HgK*, which is the group's own pattern; dark: wrong answers. The bars are the network's. After Stander et al. 2024 ([arXiv 2312.06581](https://arxiv.org/abs/2312.06581)). Attention "
            "mixes a and b: what a neuron sees of a is here its mean over all b, and likewise of b."
        )


def _table_beside(study: Study, now: Inside, last: Inside, neuron: int) -> None:
    """All questions and one neuron, which the button puts in order."""
    group, config, known = inside.group_of(study), study.run.config, inside.known_cosets(study)
    h, k = known[last.fit.left[neuron]], known[last.fit.right[neuron]]
    number = subgroup_words.double_cosets(group, h.subgroup, k.subgroup)
    cells, kinds = _cells(
        study, now, number, subgroup_words.double_coset_words(group, h.subgroup, k.subgroup)
    )
    left, right = last.sides.left[:, neuron], last.sides.right[:, neuron]
    picture.table(
        picture.Cells(cells, kinds),
        (
            picture.Side(now.sides.left[:, neuron], cosets.ordered(h.right, left), h.right),
            picture.Side(now.sides.right[:, neuron], cosets.ordered(k.left, right), k.left),
        ),
        names_of(config),
        Words(
            f"All {config.p} x {config.p} questions and neuron {neuron}",
            "Point at a row, a column or a square.",
        ),
        picture.Buttons("Order by cosets", "Order by number"),
        key="group-table",
        question=operation_of(config).question("{a}", "{b}"),
        scale=float(max(np.abs(left).max(), np.abs(right).max())),
    )


def _chosen(study: Study, last: Inside) -> int:
    """The neuron in the address, or the one that varies most of those on the largest cosets but the halves."""
    known = inside.known_cosets(study)
    orders = np.array([known[h].order for h in last.fit.left])
    size = np.where(last.sides.live, (last.sides.left**2).sum(axis=0), 0)
    half = 2 * orders >= inside.group_of(study).n
    ranked = np.lexsort((-size, -np.where(half, 1, orders))).tolist()
    text = address.extra("neuron")
    chosen = ranked[0]
    if text is not None:
        if re.fullmatch(r"[0-9]{1,5}", text) and int(text) < study.run.config.d_mlp:
            chosen = int(text)
        else:
            address.notice(f"The link names a neuron that is not here ({sentences.plain(text, 20)}).")
            address.set_extra("neuron", None)
    options = list(dict.fromkeys([chosen, *ranked[:OFFERED]]))
    keys.NEURON.set(chosen)
    words = {m: "no cosets" if orders[m] == 1 else f"cosets of {orders[m]} elements" for m in options}
    st.selectbox(
        "Neuron", options, key=keys.NEURON, format_func=lambda m: f"no. {m}: {words[m]}",
        on_change=lambda: address.set_extra("neuron", str(keys.NEURON.value())),
    )  # fmt: skip
    return chosen


def _cells(study: Study, now: Inside, number: np.ndarray, words: list[str]) -> tuple[np.ndarray, list[Kind]]:
    """Of every pair the kind of its answer, or that it is wrong."""
    shown = min(len(words), len(SHADES))
    kinds = [Kind(words[i], *SHADES[i]) for i in range(shown)]
    if len(words) > shown:
        kinds.append(Kind("answers of other kinds", *OTHERS))
    kinds.append(Kind("wrong at this step", *WRONG))
    cells = np.minimum(number[study.task.answers], len(kinds) - 2)
    return np.where(now.outcome.is_right, cells, len(kinds) - 1).astype(np.uint8), kinds


def _of_neuron(study: Study, now: Inside, last: Inside, neuron: int) -> str:
    group, known = inside.group_of(study), inside.known_cosets(study)
    h, k = known[last.fit.left[neuron]], known[last.fit.right[neuron]]
    inner = [
        float(cosets.within(side[:, neuron : neuron + 1], coset)[0])
        for side, coset in ((now.sides.left, h.right), (now.sides.right, k.left))
    ]
    if h.order == 1:
        return f"**Neuron {neuron}** is constant on the cosets of no subgroup, even at the end of this run."
    return (
        f"**Neuron {neuron}**, at this step: within the cosets of {subgroup_words.named(group, h.subgroup)} varies "
        f"{wording.percent(inner[0])} of what it sees of a; within those of {subgroup_words.named(group, k.subgroup)}, "
        f"{wording.percent(inner[1])} of what it sees of b. Both together explain {wording.percent(float(now.sides.additive[neuron]))} of "
        "what it sees."
    )


def _accounts(study: Study, index: int, now: Inside) -> None:
    with shell.column():
        st.header("Two accounts of one network", anchor=False)
        st.markdown(
            "**Representations.** Chughtai, Chan and Nanda say: it writes a and b as matrices, multiplies them, and reads off the "
            "answer. **Cosets.** Stander, Yu, Fan and Biderman say: each neuron only asks in which coset a and b are, and the answers "
            "are what is left when all have spoken. Here both are measured on the same network, at the step in view."
        )
    with st.container(width=TABLE):
        st.table(_measured(study, index, now), hide_index=True)
    with shell.column():
        st.caption(
            "Restricted keeps of the answers only the key blocks, excluded takes them away. A neuron counts as on cosets when less "
            "than 1 % of the variance of what it sees of a lies within them; the largest such subgroup counts, for on single elements "
            "everything is constant."
        )
        st.subheader("What does each predict, and what happens?", anchor=False)
        here = address.current()
        st.button(
            f"Try it at step {here.step:,}", type="primary", icon=":material/experiment:",
            on_click=lambda: keys.ACCOUNTS_AT.set((here.run, here.step)),
        )  # fmt: skip
        if keys.ACCOUNTS_AT.get(None) != (here.run, here.step):
            st.caption("Six changes to the hidden layer, all pairs asked again after each.")
            return
    found = inside.trials(address.handle(), index, tuple(study.timeline.key_freqs))
    with st.container(width=TABLE):
        st.table(_table(found, now.outcome), hide_index=True)
    with shell.column():
        st.caption(
            "Loss over all pairs. Neither account speaks of everything, and both may hold: a function that is constant on cosets is "
            "also made of matrix elements. Which of them says what the network *does* is disputed, and these few cuts do not settle it."
        )


def _measured(study: Study, index: int, now: Inside) -> pd.DataFrame:
    t, known = study.timeline, inside.known_cosets(study)
    names = [block.name for block in inside.group_of(study).blocks]
    keys_named = ", ".join(names[k] for k in t.key_freqs) or "none"
    n_live = int(now.sides.live.sum())
    found = cosets.counts(now.fit, now.sides.live, known)
    on = [f"{many} ({order})" for order, many in found.items() if order > 1]
    rows = [
        ("representations", "key blocks", keys_named),
        ("representations", "share of the answers they explain", wording.percent(float(t.logit_fve[index]))),
        (
            "representations",
            "restricted loss, all pairs",
            wording.readable(float(t.restricted_loss_all[index])),
        ),
        (
            "representations",
            "excluded loss, training pairs",
            wording.readable(float(t.excluded_loss_train[index])),
        ),
        ("cosets", "neurons that vary", f"{n_live} of {study.run.config.d_mlp}"),
        ("cosets", "constant on cosets (of so many elements)", ", ".join(on) or "none"),
        ("cosets", "share of those that vary", wording.percent(1 - found.get(1, 0) / max(n_live, 1))),
    ]
    return pd.DataFrame(rows, columns=["account", "measured", "here"])


def _table(found: list, before: Outcome) -> pd.DataFrame:
    rows = [("Nothing", "–", "–", wording.readable(before.all_loss), wording.percent(before.accuracy))]
    rows += [
        (
            trial.question,
            trial.representations,
            trial.cosets,
            wording.readable(o.all_loss),
            wording.percent(o.accuracy),
        )
        for trial, o in found
    ]
    return pd.DataFrame(rows, columns=["what is changed", "representations", "cosets", "loss", "right"])
