"""A network made by hand: its waves are chosen here, and it is asked every question at once."""

import re
from typing import NamedTuple

import pandas as pd
import streamlit as st

from grokviz import wording
from grokviz.app import sentences, shell
from grokviz.app.circuit import snapshots
from grokviz.app.explorer import figures
from grokviz.app.session import address, cache, keys
from grokviz.app.session.bounded import kept
from grokviz.circuit import handmade
from grokviz.circuit.interventions import outcome
from grokviz.circuit.questions import margins
from grokviz.config import RunConfig
from grokviz.errors import NoRunError, RunError
from grokviz.models.forward import forward
from grokviz.study import Study
from grokviz.tasks.numbers import SMALLEST_MODULUS
from grokviz.tasks.pairs import build_task
from grokviz.view import bars, pictures

EXTRAS = ("waves",)
LARGEST = 40.0  # of an amplitude
SIZES = 8  # as many frequencies as the search goes up to
ROUNDING = 1e-9  # of all amplitudes: logits closer than this are equal, and differ by rounding
GOAL = 1e-6  # the loss that counts as sure


class Built(NamedTuple):
    """What the hand-made network answers: its waves alone, and its neurons with all they add to them."""

    ideal: handmade.Ideal
    loss: float
    accuracy: float  # a tie is not right, whichever way rounding decides it
    margin: float  # of the pair it is least sure of; 0 where that is a tie


def build_panel(study: Study) -> None:
    """Below the film: choose waves, see what they answer, and how few would do."""
    p, trained = _modulus(study), _trained(study)
    with shell.column():
        _what_is_built(study, p)
        if trained and len(trained) < (uses := len(snapshots.waves(address.handle()).freqs)):
            few = wording.in_words(len(trained))
            st.caption(
                f"The run in view uses {uses} waves. Here are the {few} strongest: more are not built."
            )
    chosen = _current(study, trained)
    controls, effect = st.columns([5, 7], gap="large")
    with controls:
        st.subheader(f"Choose your waves, modulo {p}", anchor=False)
        _controls(study, chosen, trained)
    with effect:
        st.subheader("What does it answer?", anchor=False)
        if not chosen:
            st.info("Without a wave there is no answer: all are equally likely. Choose a frequency.")
        else:
            _answers(p, chosen)
    with shell.column():
        _compare(study, chosen, trained)


def _modulus(study: Study) -> int:
    """Modulo what the answers of the run are sums: a product modulo a prime p is a sum modulo p - 1."""
    places = study.task.places
    adds = places is not None and places.group.is_cyclic and places.n >= SMALLEST_MODULUS
    return places.n if places and adds else study.run.config.p


def _what_is_built(study: Study, p: int) -> None:
    """What the network made here has to do with that of the run, where it does not simply add the same numbers."""
    places = study.task.places
    if places is None:
        st.info(f"{study.task.no_group} What is built here adds modulo {p} instead.", icon=":material/info:")
    elif not places.group.is_cyclic:
        st.info(
            f"The answers of this run are products in a group that is no clock, {places.group.name}: waves alone cannot make "
            f"them. What is built here adds modulo {p} instead.",
            icon=":material/info:",
        )
    elif places.root is not None:
        st.info(
            f"What is built here adds modulo {p}. Call its numbers i by the powers {places.root} to the i, and it multiplies "
            f"modulo {study.run.config.p}: the waves below are those of the run in view.",
            icon=":material/cached:",
        )


def _trained(study: Study) -> dict[int, float]:
    """Frequency -> amplitude of the trained network at its last snapshot, if it adds up numbers; else nothing. Of more than
    can be built the strongest."""
    run, places = address.handle(), study.task.places
    waves = snapshots.waves(run)
    if not waves.are_key or places is None or not places.group.is_cyclic or places.n < SMALLEST_MODULUS:
        return {}
    sizes = snapshots.inside(run, len(study.timeline.steps) - 1).stages.wave_size
    strongest = sorted(zip(waves.freqs, sizes, strict=True), key=lambda wave: -float(wave[1]))
    kept = sorted(strongest[: handmade.MAX_WAVES])
    return {k: round(min(max(float(size), 0), LARGEST), 1) for k, size in kept}


def _current(study: Study, trained: dict[int, float]) -> dict[int, float]:
    """Frequency -> amplitude in the address, 7x4.6-11x8; the trained ones when there is nothing there."""
    text, half = address.extra("waves"), _modulus(study) // 2
    if text is None:
        return dict(trained) or {1: 8.0, min(2, half): 8.0}
    found: dict[int, float] = {}
    items = text[:400].split("-") if text and text != "none" else []
    for item in items[: handmade.MAX_WAVES]:
        match = re.fullmatch(r"([0-9]{1,3})x([0-9]{1,2}(?:\.[0-9])?)", item)
        if match and 1 <= int(match[1]) <= half and float(match[2]) <= LARGEST:
            found[int(match[1])] = float(match[2])
    if len(found) < len(items):
        address.notice(
            f"The link names a wave that cannot be built modulo {_modulus(study)}. The others are here."
        )
        _set(found)
    return found


def _set(waves: dict[int, float]) -> None:
    address.set_extra("waves", "-".join(f"{k}x{size:g}" for k, size in waves.items()) or "none")


def _controls(study: Study, chosen: dict[int, float], trained: dict[int, float]) -> None:
    half = _modulus(study) // 2
    keys.BUILD_FREQS.set(list(chosen))
    st.multiselect(
        "Frequencies",
        list(range(1, half + 1)),
        key=keys.BUILD_FREQS,
        max_selections=handmade.MAX_WAVES,
        select_all=False,
        on_change=lambda: _set({k: chosen.get(k, 8.0) for k in keys.BUILD_FREQS.value()}),
    )
    for k, size in chosen.items():
        key = keys.amplitude(k)
        key.set(size)
        st.slider(
            f"Amplitude of k = {k}", 0.0, LARGEST, step=0.1, key=key, on_change=_resize, args=(chosen, k)
        )
    with st.container(horizontal=True):
        st.button("As trained", on_click=_set, args=(trained,), disabled=not trained)
        st.button(
            "Best set of this size",
            on_click=_set_best,
            args=(study, chosen),
            disabled=not 0 < len(chosen) <= min(SIZES, half),
        )
        st.button(
            "One wave less", on_click=_set, args=(dict(list(chosen.items())[:-1]),), disabled=not chosen
        )


def _resize(chosen: dict[int, float], k: int) -> None:
    _set(chosen | {k: round(keys.amplitude(k).value(), 1)})


def _set_best(study: Study, chosen: dict[int, float]) -> None:
    size = round(sum(chosen.values()) / len(chosen), 1)
    _set(dict.fromkeys(handmade.best_set(_modulus(study), len(chosen)).freqs, size))


@kept(cache.HAND_MADE)
def _built(p: int, waves: tuple[tuple[int, float], ...]) -> Built:
    freqs, sizes = [k for k, _ in waves], [size for _, size in waves]
    task = build_task(RunConfig(p=p))
    logits = forward(handmade.network(p, freqs, sizes)).logits
    margin = margins(logits, task.answers)
    margin[abs(margin) < ROUNDING * sum(sizes)] = 0
    return Built(
        handmade.ideal(p, freqs, sizes),
        outcome(logits, task).all_loss,
        float((margin > 0).mean()),
        float(margin.min()),
    )


def _answers(p: int, chosen: dict[int, float]) -> None:
    built = _built(p, tuple(chosen.items()))
    ideal = built.ideal
    alike = f"The right answer and the one {ideal.rival} further on look exactly alike. "
    st.markdown(
        (alike if not ideal.is_right else "")
        + f"Waves alone: margin **{wording.signed(ideal.margin)}** nats, loss **{wording.readable(ideal.loss)}**, the same for every pair. "
        f"As a network of {handmade.N_PHASES * len(chosen)} neurons: **{wording.percent(built.accuracy)}** of the pairs are right, "
        f"loss {wording.readable(built.loss)}, and for the pair it is least sure of "
        + (
            f"the margin is {wording.signed(built.margin)}."
            if built.margin
            else "the right answer and another are as high: a tie, which is not right."
        )
    )
    shift = p // 2  # the right answer in the middle
    highest = max(max(chosen.values()), 1e-6)
    lanes = [
        pictures.lane(f"k = {k}", index, one, one, highest)
        for index, (k, size) in enumerate(chosen.items())
        for one in [_centred(handmade.ideal(p, (k,), (size,)).wave, shift)]
    ]
    summed = _centred(ideal.wave, shift)
    total = pictures.lane("sum", 0, summed, summed, max(float(ideal.wave[0]), 1e-6))
    pictures.waves(
        lanes,
        total,
        pictures.Answers(range(-shift, p - shift), "answer c − (a + b)", shared=False),
        pictures.Words(
            "The chosen waves over c − (a + b), and their sum",
            "Every pair gets these waves, its own right answer in the middle. Point at them to read them.",
        ),
        key="build-waves",
        right=pictures.Peak(shift, "the right answer"),
        winner=pictures.Peak(shift, "wins")
        if ideal.is_right
        else pictures.Peak((ideal.rival + shift) % p, "as high"),
    )


def _centred(wave, shift: int):
    """The wave over c - (a + b) with 0 in the middle; a wave of cosines is the same both ways."""
    return wave[[(d - shift) % len(wave) for d in range(len(wave))]]


def _compare(study: Study, chosen: dict[int, float], trained: dict[int, float]) -> None:
    p = _modulus(study)
    sizes = list(range(1, min(SIZES, p // 2) + 1))
    st.header("How few waves suffice?", anchor=False)
    lone = handmade.best_set(p, 1)
    amplitude = sum(chosen.values()) / len(chosen) if chosen else 8.0
    enough = handmade.fewest(p, amplitude, GOAL, sizes) if amplitude else None
    st.markdown(
        f"**One wave is enough to be right**, with infinite care: modulo {p} a single cosine is highest at the right answer alone. But the next "
        f"answer is only {wording.readable(lone.margin)} of its amplitude below. Waves of different speeds disagree everywhere "
        "else, and that is what makes an answer stand out. "
        + (
            f"With amplitude {amplitude:.1f} each, **{enough}** well-chosen waves bring the loss below {wording.readable(GOAL)}."
            if enough
            else f"With amplitude {amplitude:.1f} each, not even {sizes[-1]} well-chosen waves bring the loss below {wording.readable(GOAL)}."
        )
    )
    st.altair_chart(bars.suffice_chart(_suffice(p, tuple(sizes), tuple(trained)), figures.is_dark()))
    tried = f"every set of up to {handmade.SEARCHED} was tried; beyond, frequencies were exchanged one at a time until none did better"
    st.caption(
        f"**How to read this.** All waves have amplitude 1. *Best*: {tried}. *Typical*: the median of {handmade.N_RANDOM} sets drawn at random. "
        "Waves alone, without neurons."
    )
    if trained:
        ours = handmade.ideal(p, list(trained), list(trained.values()))
        even = handmade.ideal(p, list(trained), [1.0] * len(trained)).margin
        best = handmade.best_set(p, min(len(trained), p // 2))
        place_of = "above" if even > best.typical else "below"
        st.markdown(
            f"**What training chose.** {wording.listed(list(trained))}, with amplitudes {', '.join(f'{size:.1f}' for size in trained.values())}. As waves alone that is a "
            f"margin of {wording.readable(ours.margin)} nats and a loss of {wording.readable(ours.loss)}. With equal amplitudes its margin would be {even:.2f} each: "
            f"{place_of} the {best.typical:.2f} of a typical set of {len(trained)}, and below the {best.margin:.2f} of the best, "
            f"{wording.listed(list(best.freqs))}."
            if even < best.margin - 1e-9
            else f"**What training chose.** {wording.listed(list(trained))}: the best set of its size."
        )
    st.caption(
        "Why several frequencies: appendix B of [Nanda et al. 2023](https://arxiv.org/abs/2301.05217). The network made here is ours: one head that attends evenly, "
        f"{handmade.N_PHASES} ReLU neurons a frequency."
    )


@kept(cache.SUFFICIENT)
def _suffice(p: int, sizes: tuple[int, ...], trained: tuple[int, ...]) -> pd.DataFrame:
    rows = []
    for size in sizes:
        best = handmade.best_set(p, size)
        rows.append(("best", size, best.margin, wording.listed(list(best.freqs))))
        rows.append(("typical", size, best.typical, ""))
    if trained:
        margin = handmade.ideal(p, trained, [1.0] * len(trained)).margin
        rows.append(("this run", len(trained), margin, wording.listed(list(trained))))
    return pd.DataFrame(rows, columns=["series", "size", "margin", "freqs"])


def page() -> None:
    """The whole page, outside of the film: nothing here moves with the step."""
    try:
        study = address.study()
    except NoRunError as error:
        st.info(str(error))
        return
    except RunError as error:
        st.error(sentences.as_text(str(error)), icon=":material/folder_off:")
        return
    address.remember_extras(EXTRAS)
    build_panel(study)
