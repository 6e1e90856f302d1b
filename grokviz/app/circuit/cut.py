"""Cuts: the controls, what they cost at every step of the training, and the paper's experiments."""

from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from grokviz.app import shell
from grokviz.app.circuit import control, experiment_table, live, pair, snapshots, words
from grokviz.app.circuit import follow as following
from grokviz.app.explorer import figures, page
from grokviz.app.session import address, keys
from grokviz.circuit.cuts import MODES, NO_CUTS, SEEDS, SKIPS, Choice, Cuts, format_cuts, parse_cuts
from grokviz.circuit.interventions import Outcome
from grokviz.errors import CutsError
from grokviz.runs import library
from grokviz.study import Study
from grokviz.view import bars
from grokviz.view.film.component import Pick

EXTRAS = (*pair.EXTRAS, "cuts")
NOTHING = "none"  # in the address: nothing is cut, where a link without a word opens with an example


def current(study: Study) -> Cuts:
    """The cuts in the address; items that this network cannot have are left out, with a notice."""
    text = address.extra("cuts")
    if text is None:
        return example(study)
    text = text if text != NOTHING else ""
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
    address.set_extra("cuts", format_cuts(cuts) or NOTHING)
    return cuts


def example(study: Study) -> Cuts:
    """What a newcomer sees cut: the wave that the finished network uses most, out of its answers."""
    strongest = snapshots.strongest(address.handle())
    return NO_CUTS if strongest is None else Cuts(logits=Choice("drop", (strongest,)))


def make(cuts: Cuts) -> None:
    """Have these cuts in view; the ones before can be had back."""
    before, now = address.extra("cuts"), format_cuts(cuts) or NOTHING
    if now != before:
        keys.CUT_HISTORY.first(list).append(before)
        address.set_extra("cuts", now)


def _undo() -> None:
    address.set_extra("cuts", keys.CUT_HISTORY.value().pop())


def cut_panel(study: Study) -> None:
    """Below the film: what is cut, what that costs all pairs and the pair in view, the experiments."""
    cuts, (a, b) = current(study), pair.current(study)
    with st.container(key=page.CHOSEN):
        _effect(study, cuts, a, b)
    live.send_cut(cuts, a, b)
    index = study.index_at(address.current().step)
    with shell.column():
        beside = _at_random(index, cuts)
        table = _experiments(study, index) if study.task.places else None
    if beside:  # now the page stands
        control.fill(beside, index)
    if table:
        experiment_table.fill(table, index)


def _effect(study: Study, cuts: Cuts, a: int, b: int) -> None:
    with shell.column():
        following.order_note(study, "Its neurons, heads and weights can be cut all the same.")
    controls, effect = st.columns([5, 6], gap="large")
    with controls, st.container(key=f"{page.ASKS}-which"):
        st.subheader("What do you want to cut?", anchor=False)
        _controls(study, cuts)
        pair.sliders(study, "cut")
    with effect:
        st.subheader("Which answers does it damage?", anchor=False)
        choose = Pick(("a", "b"), lambda a, b: pair.choose_if_any(study, a, b))
        following.figure("damage", "damage", choose, a=a, b=b, title="The damage to all answers")
        st.caption("How probable the right answer is with the cuts, against before.")
        with st.container(key=f"{page.ASKS}-pair"):
            st.caption("Click a square to look at that pair.")
    st.subheader("What does it cost, at each step of the training?", anchor=False)
    following.figure("cost", "cost", title="What the cut costs", what=words.of_cuts(study, cuts))
    _pair_after(study, a, b)


def _at_random(index: int, cuts: Cuts) -> control.Place | None:
    """Whether chance does as much, at the step in view: ten cuts more, so only where that is asked for."""
    if cuts == NO_CUTS:
        return None
    st.header("Would any other cut do as much?", anchor=False)
    keys.CUT_CONTROL.set(keys.WANTS_CONTROL.get(False))
    st.toggle(
        f"Cut as many others, drawn at random, at step {address.current().step:,}",
        key=keys.CUT_CONTROL,
        on_change=lambda: keys.WANTS_CONTROL.set(keys.CUT_CONTROL.value()),
    )
    if not keys.WANTS_CONTROL.get(False):
        return None
    run = address.handle()
    whole, cut = (snapshots.inside(run, index, one).outcome for one in (NO_CUTS, cuts))
    return control.beside(index, cuts, whole, cut)


def _controls(study: Study, cuts: Cuts) -> None:
    options = _frequencies(study)
    if options:
        st.markdown(
            f"{words.of(study).story} Take one out of its answers, or several, and see at which step of its training that hurts."
        )
        _waves_out(study, options, cuts)
    first = example(study)
    with st.container(horizontal=True):
        st.button("Undo", icon=":material/undo:", on_click=_undo, disabled=not keys.CUT_HISTORY.get(None))
        st.button(
            "Nothing",
            icon=":material/restart_alt:",
            on_click=make,
            args=(NO_CUTS,),
            disabled=cuts == NO_CUTS,
        )
        st.button(
            "An example",
            icon=":material/lightbulb:",
            on_click=make,
            args=(first,),
            disabled=cuts == first,
        )
    if replace(cuts, logits=None) != NO_CUTS or (cuts.logits and cuts.logits.mode == "keep"):
        keys.CUT_ELSEWHERE.set(True)  # once opened it stays so
    is_open = keys.CUT_ELSEWHERE.get(False)
    many = words.of(study).many
    with st.expander(f"Cut elsewhere: other {many}, neurons, heads, formulas, noise", expanded=is_open):
        _elsewhere(study, options, cuts)


def _elsewhere(study: Study, options: dict[int, str], cuts: Cuts) -> None:
    said = words.of(study)
    first = said.many.capitalize()
    frequencies, neurons, heads, shapes, noise = st.tabs([first, "Neurons", "Heads", "Formulas", "Noise"])
    with frequencies:
        if not options:
            st.caption(f"{study.task.no_group} So there are no waves to cut.")
        for name, label in said.places.items() if options else ():
            _choice(name, label, options, cuts)
    with neurons:
        if options:
            _several("clusters", f"Silence all neurons of a {said.key}", options, cuts)
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
        _shapes(said, options, cuts)
    with noise:
        _noise(cuts)


def _frequencies(study: Study) -> dict[int, str]:
    """What can be cut, those in view first, and how it is written: frequencies as numbers, blocks by name."""
    if study.task.places is None:
        return {}
    first = snapshots.waves(address.handle()).freqs
    rest = [k for k in range(1, len(study.task.places.group.blocks)) if k not in first]
    return {k: snapshots.block_name(study, k).removeprefix("k = ") for k in (*first, *rest)}


def _shapes(said: words.CircuitWords, options: dict[int, str], cuts: Cuts) -> None:
    if not options:
        st.caption("There is no known shape to put in the place of a part.")
        return
    _flag("polynomial", said.polynomial, cuts)
    _flag("linear", said.linear, cuts)
    _several("waves", said.fitted, options, cuts)


def _waves_out(study: Study, options: dict[int, str], cuts: Cuts) -> None:
    """The waves that the network uses, each a press away from being taken out of its answers."""
    waves = list(snapshots.waves(address.handle()).freqs)
    out = cuts.logits.freqs if cuts.logits and cuts.logits.mode == "drop" else ()
    keys.CUT_WAVES.set([k for k in waves if k in out])
    st.pills(
        f"{words.of(study).many.capitalize()} to take out of its answers",
        waves,
        selection_mode="multi",
        key=keys.CUT_WAVES,
        format_func=lambda k: f"k = {options[k]}" if options[k].isdigit() else options[k],
        on_change=_take_out,
        args=(cuts,),
    )


def _take_out(cuts: Cuts) -> None:
    freqs = tuple(sorted(keys.CUT_WAVES.value()))
    make(replace(cuts, logits=Choice("drop", freqs) if freqs else None))


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


def _pair_after(study: Study, a: int, b: int) -> None:
    left, right = st.columns([5, 6], gap="large")
    with left:
        following.answer(study, a, b, part="cutpair")
    if study.task.places is None:
        return
    with right:
        said = words.of(study)
        st.subheader(f"The {said.many} of its answer", anchor=False)
        if pair.places(study, a, b) is None:
            st.info("0 has no place on the circles of a product.")
            return
        following.figure(
            "waves",
            "waves",
            title=f"{said.many.capitalize()} over the answers, with the cuts",
            part="cut",
            pair="cutpair",
        )
        st.caption(
            f"Solid: the network with the cuts. Dashed: {said.ideal}, the same for all pairs. The page Follow tells what they are."
        )


def _experiments(study: Study, index: int) -> DeltaGenerator | None:
    """The paper's experiments, where they are asked for: the place of their table, to be drawn with its controls."""
    here = address.current()
    st.header("The paper's experiments", anchor=False)
    st.markdown(
        f"If the circuit is what it seems, taking out a key {words.of(study).key} must hurt, taking out everything else must not, and replacing "
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
    st.caption(experiment_table.caption(words.of(study)))
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
    _each_in_turn(study, index, found[0][1])
    if here.run == library.DEFAULT_RUN and index == len(study.timeline.steps) - 1:
        shares = snapshots.inside(address.handle(), index).stages.head_share.tolist()
        st.markdown(experiment_table.differences(study.timeline.key_freqs, study.run.config.p, shares, found))
    return table


def _each_in_turn(study: Study, index: int, whole: Outcome) -> None:
    waves, said, clock = snapshots.waves(address.handle()), words.of(study), snapshots.is_clock(study)
    st.subheader(f"Each {said.key} in turn", anchor=False)
    lost = snapshots.ablations(address.handle(), index)
    names = () if clock else [block.name for block in snapshots.order(study).group.blocks[1:]]
    losses = bars.ablations(lost, waves.freqs if waves.are_key else (), names)
    st.altair_chart(bars.ablations_chart(losses, whole.all_loss, waves.freqs, figures.is_dark()))
    st.caption(
        f"**How to read this.** One bar a {said.key}: the loss without its {said.products} in the logits, all else left as it is. "
        f"Those in colour are the key {said.keys}. The dashed line is the whole network."
        + " Section 4.4 of the paper: there, too, only the key frequencies matter."
        * clock
    )


def _make_experiment(cuts: list[Cuts]) -> None:
    chosen = keys.EXPERIMENT.value()
    if chosen is not None:  # or cleared
        make(cuts[chosen])
