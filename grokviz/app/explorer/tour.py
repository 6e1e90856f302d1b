"""The guided tour: five moments of the run in view, found from its own phases."""

from typing import NamedTuple

import streamlit as st

from grokviz import wording
from grokviz.app import sentences
from grokviz.app.explorer import page
from grokviz.app.session import address, cache, keys
from grokviz.errors import NoRunError, RunError
from grokviz.runs import library
from grokviz.study import Study


class Stop(NamedTuple):
    name: str
    step: int
    sentence: str


def stops(study: Study) -> list[Stop]:
    """Five moments that a grokking run has, fewer for one that does not grok; every figure is measured."""
    t, phases = study.timeline, study.phases

    found = [Stop("Nothing yet", int(t.steps[0]), _untrained(study, 0))]
    if phases.memorised:
        i = study.index_at(phases.memorised.step)
        found.append(Stop("By heart", int(t.steps[i]), _by_heart(study, i)))
    if phases.circuit and phases.cleanup:
        i = study.index_at((phases.circuit.step + phases.cleanup.step) / 2)
        found.append(Stop("In secret", int(t.steps[i]), _in_secret(study, i)))
    if phases.grokked:
        i = study.index_at(phases.grokked.step)
        found.append(Stop("The insight", int(t.steps[i]), _insight(study, i)))
    found.append(Stop("At the end", int(t.steps[-1]), _end(study, len(t.steps) - 1)))
    return found


def tour() -> None:
    """A row of stops: choosing one takes every figure there, and says what to look at.

    The story is told of the paper's run: with another in view, it offers to go back.
    """
    with st.container(key=page.TOUR):
        _tour()


def _tour() -> None:
    try:
        found = stops(address.study())
        _offer_the_run_of_the_story()
    except (NoRunError, RunError):
        return  # the explorer says why
    names = [stop.name for stop in found]
    chosen = st.segmented_control(
        "Moments of this run",
        names,
        key=keys.TOUR,
        help="Each takes the curves and panels below to one moment.",
    )
    moved = chosen != keys.TOUR_AT.get(None)
    keys.TOUR_AT.set(chosen)
    text = st.empty()
    if chosen is None:
        text.markdown(":gray[Choose a moment, or drag through the curves as you like.]")
        return
    stop = found[names.index(chosen)]
    text.markdown(f"**Step {stop.step:,}.** {stop.sentence}")
    if moved:
        address.go_to(stop.step, play=True)


def _offer_the_run_of_the_story() -> None:
    study, ids = address.study(), {card.id for card in cache.cards()}
    if address.current().run == library.DEFAULT_RUN or library.DEFAULT_RUN not in ids:
        return
    text, button = st.columns([3, 1], vertical_alignment="center", width=720)
    text.caption(
        f"The words of this page are about another run; in view is “{sentences.as_text(study.run.title)}”."
    )
    button.button("Show theirs", on_click=address.open_run, args=(library.DEFAULT_RUN,), width="stretch")


def _untrained(study: Study, i: int) -> str:
    loss = wording.readable(float(study.timeline.test_loss[i]))
    return f"Random weights. The test loss is {loss}, close to the price of blind guessing. Nothing is in order yet."


def _by_heart(study: Study, i: int) -> str:
    train, test = (
        wording.percent(float(x[i])) for x in (study.timeline.train_accuracy, study.timeline.test_accuracy)
    )
    return f"{train} of the training pairs are right, but only {test} of the others. It recites."


def _in_secret(study: Study, i: int) -> str:
    t = study.timeline
    test, share = wording.percent(float(t.test_accuracy[i])), wording.percent(float(t.logit_fve[i]))
    if not len(t.key_freqs):
        return f"So far {test} of the unseen pairs are right."
    loss, without = (wording.readable(float(x[i])) for x in (t.train_loss, t.excluded_loss_train))
    return (
        f"So far {test} of the unseen pairs are right. Inside, waves grow: they explain {share} of the variance "
        f"of its logits. Take them away, and the training loss rises from {loss} to {without}."
    )


def _insight(study: Study, i: int) -> str:
    test = wording.percent(float(study.timeline.test_accuracy[i]))
    return f"{test} of the pairs that it has never seen are right."


def _end(study: Study, i: int) -> str:
    t = study.timeline
    test, share = wording.percent(float(t.test_accuracy[i])), wording.percent(float(t.logit_fve[i]))
    if not study.phases.grokked:
        return f"At the last snapshot {test} of the unseen pairs are right: this run has not grokked."
    return f"{test} of the unseen pairs are right, and waves of {len(t.key_freqs)} frequencies explain {share} of the variance of its logits."
