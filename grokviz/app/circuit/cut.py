"""Cuts in the snapshot in view: the controls, what they do, and the paper's experiments."""

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from grokviz import wording
from grokviz.app import shell
from grokviz.app.circuit import control, experiment_table, pair, snapshots
from grokviz.app.circuit import follow as following
from grokviz.app.circuit.snapshots import View
from grokviz.app.explorer import figures
from grokviz.app.session import address, keys
from grokviz.circuit.cuts import MODES, NO_CUTS, SEEDS, SKIPS, Choice, Cuts, format_cuts, parse_cuts
from grokviz.circuit.interventions import Outcome
from grokviz.circuit.stages import follow
from grokviz.errors import CutsError
from grokviz.runs import library
from grokviz.study import Study
from grokviz.tasks.pairs import NO_ANSWER, names_of
from grokviz.view import bars, pictures

EXTRAS = (*pair.EXTRAS, "cuts")
PLACES = {
    "embedding": "In the embedding",
    "neurons": "In the neurons: waves of a + b",
    "directions": "In the neurons: what $W_L$ reads",
    "logits": "In the logits: waves of a + b",
    "spectrum": "In the logits: all products of waves of a and b",
}
DAMAGE = (  # up to this change of probability, in words; colours in light and dark
    (-0.5, "lost: over 50 points less likely", ("#C4500A", "#F58A46")),
    (-0.05, "5 to 50 points less likely", ("#F2B98C", "#80502F")),
    (0.05, "about as before", ("#ECEAE5", "#2A2D33")),
    (0.5, "5 to 50 points more likely", ("#9CC3E0", "#2C5877")),
    (1.01, "gained: over 50 points more likely", ("#0B62A0", "#4FB3EE")),
)


def current(study: Study) -> Cuts:
    """The cuts in the address; items that this network cannot have are left out, with a notice."""
    text = address.extra("cuts") or ""
    freqs = len(snapshots.order(study).group.blocks) - 1
    try:
        return parse_cuts(text, study.run.config, freqs)
    except CutsError as error:
        address.notice(f"The link names a cut that cannot be made here; the others are kept. {error}")
    kept: list[str] = []
    for item in text[:4000].split("."):
        try:
            parse_cuts(".".join([*kept, item]), study.run.config, freqs)
        except CutsError:
            continue
        kept.append(item)
    cuts = parse_cuts(".".join(kept), study.run.config, freqs)
    address.set_extra("cuts", format_cuts(cuts) or None)
    return cuts


def make(cuts: Cuts) -> None:
    """Have these cuts in view; the ones before can be had back."""
    before = address.extra("cuts") or ""
    if format_cuts(cuts) != before:
        keys.CUT_HISTORY.first(list).append(before)
        address.set_extra("cuts", format_cuts(cuts) or None)


def _undo() -> None:
    address.set_extra("cuts", keys.CUT_HISTORY.value().pop() or None)


def cut_panel(study: Study) -> None:
    """Below the film: what is cut, what that does to all pairs and to the pair in view, the experiments."""
    index = study.index_at(address.current().step)
    cuts = current(study)
    with shell.column():
        following.order_note(study, "Its neurons, heads and weights can be cut all the same.")
    controls, effect = st.columns([6, 6], gap="large")
    with controls:
        st.subheader("What do you want to cut?", anchor=False)
        _controls(study, cuts)
    whole, cut = snapshots.inside(address.handle(), index), snapshots.inside(address.handle(), index, cuts)
    with effect:
        st.subheader("What does it do?", anchor=False)
        st.markdown(_sentence(study, cuts, whole.outcome, cut.outcome))
        st.dataframe(_before_and_after(whole.outcome, cut.outcome), hide_index=True, height="content")
        beside = control.beside(index, cuts, whole.outcome, cut.outcome)
        _damage_map(study, whole, cut)
        pair.sliders(study, "cut")
    _pair_after(study, cut, cuts)
    table = None
    if study.task.places is not None:
        with shell.column():
            table = _experiments(study, index, whole)
    if beside:  # now the page stands
        control.fill(beside, index)
    if table:
        experiment_table.fill(table, index)


def _controls(study: Study, cuts: Cuts) -> None:
    with st.container(horizontal=True):
        st.button("Undo", icon=":material/undo:", on_click=_undo, disabled=not keys.CUT_HISTORY.get(None))
        st.button(
            "Reset", icon=":material/restart_alt:", on_click=make, args=(NO_CUTS,), disabled=cuts == NO_CUTS
        )
    frequencies, neurons, heads, shapes, noise = st.tabs(
        ["Frequencies", "Neurons", "Heads", "Shapes", "Noise"]
    )
    options = _frequencies(study)
    with frequencies:
        if not options:
            st.caption(f"{study.task.no_group} So there are no waves to cut.")
        for name, label in PLACES.items() if options else ():
            _choice(name, label, options, cuts)
    with neurons:
        if options:
            _several("clusters", "Silence all neurons of a frequency", options, cuts)
        _several("silence", "Silence single neurons", list(range(study.run.config.d_mlp)), cuts)
    with heads:
        if not study.run.config.model.has_attention:
            st.info(
                "This network has no heads, and no way around them or its neurons.", icon=":material/info:"
            )
        every = list(range(study.run.config.n_heads if study.run.config.model.has_attention else 0))
        _several("heads", "Silence heads", [h for h in every if h not in cuts.means], cuts)
        _several(
            "means",
            "Have heads write their mean over all pairs",
            [h for h in every if h not in cuts.heads],
            cuts,
        )
        _several("skips", "Remove the way around", list(SKIPS) if every else [], cuts)
    with shapes:
        _shapes(options, cuts)
    with noise:
        _noise(cuts)


def _frequencies(study: Study) -> dict[int, str]:
    """What can be cut, those in view first, and how it is written: frequencies as numbers, blocks by name."""
    if study.task.places is None:
        return {}
    first = snapshots.waves(address.handle()).freqs
    rest = [k for k in range(1, len(study.task.places.group.blocks)) if k not in first]
    return {k: snapshots.block_name(study, k).removeprefix("k = ") for k in (*first, *rest)}


def _shapes(options: dict[int, str], cuts: Cuts) -> None:
    if not options:
        st.caption("There is no known shape to put in the place of a part.")
        return
    _flag("polynomial", "Neurons as polynomials of degree 2 in the waves of their frequency", cuts)
    _flag("linear", "Attention as waves of one frequency, without its softmax", cuts)
    _several("waves", "Logits as nothing but fitted waves of", options, cuts)


def _choice(name: str, label: str, options: dict[int, str], cuts: Cuts) -> None:
    choice = getattr(cuts, name)
    freqs, mode = keys.cut(name), keys.cut_mode(name)
    freqs.set(list(choice.freqs) if choice else [])
    picked, how = st.columns([3, 2], vertical_alignment="bottom")
    picked.multiselect(
        label,
        list(options),
        format_func=options.__getitem__,
        key=freqs,
        on_change=_changed_choice,
        args=(name, cuts),
        placeholder="none",
        select_all=False,
    )
    if choice:
        mode.set(choice.mode)
        how.segmented_control(
            f"{label}: how",
            MODES,
            key=mode,
            format_func=lambda mode: "remove" if mode == "drop" else "keep only",
            on_change=_changed_choice,
            args=(name, cuts),
            label_visibility="collapsed",
        )


def _changed_choice(name: str, cuts: Cuts) -> None:
    freqs = tuple(sorted(keys.cut(name).value()))
    mode = keys.cut_mode(name).get(None) or "drop"
    make(replace(cuts, **{name: Choice(mode, freqs) if freqs else None}))


def _several(name: str, label: str, options: list | dict[int, str], cuts: Cuts) -> None:
    key = keys.cut(name)
    key.set(list(getattr(cuts, name)))
    st.multiselect(
        label,
        list(options),
        format_func=options.__getitem__ if isinstance(options, dict) else str,
        key=key,
        on_change=_changed,
        args=(name, cuts),
        placeholder="none",
        select_all=False,
    )


def _flag(name: str, label: str, cuts: Cuts) -> None:
    key = keys.cut(name)
    key.set(getattr(cuts, name))
    st.toggle(label, key=key, on_change=_changed, args=(name, cuts))


def _changed(name: str, cuts: Cuts) -> None:
    value = keys.cut(name).value()
    make(replace(cuts, **{name: value if isinstance(value, bool) else tuple(sorted(value))}))


def _noise(cuts: Cuts) -> None:
    level, seed = cuts.noise or (0, 0)
    keys.CUT_NOISE.set(min(level, 100))
    st.slider(
        "Noise on every weight, in % of the size of its matrix",
        0,
        100,
        key=keys.CUT_NOISE,
        on_change=lambda: make(_with_noise(cuts, keys.CUT_NOISE.value(), seed)),
    )
    st.button(
        "Another sample",
        icon=":material/casino:",
        disabled=not level,
        on_click=lambda: make(_with_noise(cuts, level, (seed + 1) % SEEDS)),
    )


def _with_noise(cuts: Cuts, level: int, seed: int) -> Cuts:
    return replace(cuts, noise=(level, seed) if level else ())


def _sentence(study: Study, cuts: Cuts, before: Outcome, after: Outcome) -> str:
    if cuts == NO_CUTS:
        return (
            f"Nothing is cut yet. Choose something on the left{', or one of the experiments below' * bool(study.task.places)}. "
            "Everything here follows, at any step of the training."
        )
    return (
        f"The loss on pairs it never saw goes from {wording.readable(before.test_loss)} to "
        f"**{wording.readable(after.test_loss)}**, and {wording.percent(after.test_accuracy)} of them are right instead of "
        f"{wording.percent(before.test_accuracy)}."
    )


def _before_and_after(before: Outcome, after: Outcome) -> pd.DataFrame:
    rows = [
        (name, form(getattr(before, field)), form(getattr(after, field)))
        for name, field, form in (
            ("Train loss", "train_loss", wording.readable),
            ("Test loss", "test_loss", wording.readable),
            ("Loss over all pairs", "all_loss", wording.readable),
            ("Train accuracy", "train_accuracy", wording.percent),
            ("Test accuracy", "test_accuracy", wording.percent),
        )
    ]
    return pd.DataFrame(rows, columns=["", "whole", "cut"])


def _damage_map(study: Study, whole: View, cut: View) -> None:
    change = cut.outcome.probability - whole.outcome.probability
    cells = np.searchsorted([limit for limit, _, _ in DAMAGE[:-1]], change, side="left")
    cells = np.where(study.task.answers == NO_ANSWER, 2, cells)
    p = study.run.config.p
    pictures.pair_map(
        cells.astype(np.uint8),
        [pictures.Kind(word, *colours) for _, word, colours in DAMAGE],
        pair.current(study),
        pictures.Words(
            f"The damage to all {p} x {p} answers",
            "How probable the right answer is with the cuts, against before. Click a square to look at that pair.",
        ),
        key="cut-map",
        question=pair.question(study, "{a}", "{b}"),
        names=names_of(study.run.config),
        on_pick=lambda a, b: pair.choose(a, b) if min(a, b) >= 0 and max(a, b) < p else None,
    )


def _pair_after(study: Study, cut: View, cuts: Cuts) -> None:
    a, b = pair.current(study)
    left, right = st.columns([5, 6], gap="large")
    with left:
        following.answer_panel(study, cut, a, b, key="cut")
    found = pair.places(study, a, b)
    if study.task.places is None:
        return
    with right:
        circles = "Its circles, with the cuts" if cuts != NO_CUTS else "Its circles"
        st.subheader(circles if snapshots.is_clock(study) else "Its circles", anchor=False)
        if not snapshots.is_clock(study):
            st.info(f"{study.task.places.group.name} is no clock: its blocks have no circles.")
        elif found is None:
            st.info("0 has no place on the circles of a product.")
        else:
            following.sum_rings(
                study, cut.stages, follow(cut.stages, *found, snapshots.centred_logits(cut, *found)), "cut"
            )
    if found is not None:
        following.waves_stage(
            study,
            cut,
            follow(cut.stages, *found, snapshots.centred_logits(cut, *found)),
            "cut",
            numbered=False,
        )


def _experiments(study: Study, index: int, whole: View) -> DeltaGenerator | None:
    """The paper's experiments, where they are asked for: the place of their table, to be drawn with its controls."""
    here = address.current()
    st.header("The paper's experiments", anchor=False)
    st.markdown(
        "If the circuit is what it seems, taking out a key frequency must hurt, taking out everything else must not, and replacing "
        "a part by its formula should hardly be felt. These are the experiments of Nanda et al., on this network at this step."
    )
    st.button(
        f"Make them all at step {here.step:,}",
        type="primary",
        icon=":material/experiment:",
        on_click=lambda: keys.EXPERIMENTS_AT.set((here.run, here.step)),
    )
    if keys.EXPERIMENTS_AT.get(None) != (here.run, here.step):
        return None
    found = snapshots.perform(address.handle(), index)
    table = st.empty()
    experiment_table.show(table, found)
    st.caption(experiment_table.CAPTION)
    names = [experiment.question for experiment, _ in found]
    st.selectbox(
        "Make one of these cuts above",
        list(range(len(found))),
        index=None,
        key=keys.EXPERIMENT,
        format_func=names.__getitem__,
        on_change=_make_experiment,
        args=([experiment.cuts for experiment, _ in found],),
    )
    _each_frequency(index, whole)
    if here.run == library.DEFAULT_RUN and index == len(study.timeline.steps) - 1:
        st.markdown(_DIFFERENCES)
    return table


def _each_frequency(index: int, whole: View) -> None:
    waves = snapshots.waves(address.handle())
    st.subheader("Each frequency in turn", anchor=False)
    losses = bars.ablations(
        snapshots.ablations(address.handle(), index), waves.freqs if waves.are_key else ()
    )
    st.altair_chart(bars.ablations_chart(losses, whole.outcome.all_loss, waves.freqs, figures.is_dark()))
    st.caption(
        "**How to read this.** One bar a frequency: the loss without its products of waves in the logits, all else left as it is. Those in colour are the key "
        "frequencies. The dashed line is the whole network. Section 4.4 of the paper: there, too, only the key frequencies matter."
    )


def _make_experiment(cuts: list[Cuts]) -> None:
    chosen = keys.EXPERIMENT.value()
    if chosen is not None:  # or cleared
        make(cuts[chosen])


_DIFFERENCES = """
**Where this network differs from the paper's, and why.** It was trained by the same recipe from other initial weights, with other
training pairs, and settled on 7, 11, 14, 22 and 38. Two pairs of these are octaves: 14 is twice 7, and 22 is twice 11. The ReLU
of a neuron of frequency 7 also makes a little of 14, and the network uses it. A polynomial of degree 2 has no such
overtone, so here it costs a factor of three where the paper's network lost 3 %. And one head, number 0, follows
three frequencies at once (its best explains 65 %; in the paper every head has one that explains 97.9 % or more), so that attention by
a single wave breaks it, while the paper's network even gained. What does agree: nothing but the key waves is needed, leaving the
rest out *lowers* the loss, and without them little is left.
"""
