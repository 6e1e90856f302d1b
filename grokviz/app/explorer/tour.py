"""The guided tour: five moments of the run in view, found from its own phases."""

import streamlit as st

from grokviz import wording
from grokviz.app import sentences
from grokviz.app.session import address, cache, keys
from grokviz.errors import NoRunError, RunError
from grokviz.runs import library
from grokviz.study import Study
from grokviz.view.film.assets import Moment

MOST = 0.8  # of the logits: where waves explain that much the rings are those of a clock


def stops(study: Study) -> list[Moment]:
    """Five moments that a grokking run has, fewer for one that does not grok; every figure is measured."""
    t, phases = study.timeline, study.phases

    found = [Moment("Nothing yet", int(t.steps[0]), _untrained(study, 0))]
    if phases.memorised:
        i = study.index_at(phases.memorised.step)
        found.append(Moment("By heart", int(t.steps[i]), _by_heart(study, i)))
    if phases.circuit and phases.cleanup:
        i = study.index_at((phases.circuit.step + phases.cleanup.step) / 2)
        found.append(Moment("In secret", int(t.steps[i]), _in_secret(study, i)))
    if phases.grokked:
        i = study.index_at(phases.grokked.step)
        found.append(Moment("The insight", int(t.steps[i]), _insight(study, i)))
    found.append(Moment("At the end", int(t.steps[-1]), _end(study, len(t.steps) - 1)))
    return found


def choose_moment(study: Study) -> None:
    """The tour beside plain controls: a moment that is chosen is where every chart goes."""
    found = stops(study)
    names = [stop.name for stop in found]
    chosen = st.segmented_control("Moments of this run", names, key=keys.TOUR)
    moved = chosen != keys.TOUR_AT.get(None)
    keys.TOUR_AT.set(chosen)
    if chosen is None:
        return
    stop = found[names.index(chosen)]
    st.markdown(f"**Step {stop.step:,}.** {stop.sentence}")
    if moved:
        address.go_to(stop.step)


def offer_the_run_of_the_story() -> None:
    """The words of the story are about one run: with another in view, a way back to it."""
    try:
        study = address.study()
    except (NoRunError, RunError):
        return  # the explorer says why
    ids = {card.id for card in cache.cards()}
    if address.current().run == library.DEFAULT_RUN or library.DEFAULT_RUN not in ids:
        return
    text, button = st.columns([3, 1], vertical_alignment="center", width=720)
    text.caption(
        f"The words of this page are about another run; in view is “{sentences.as_text(study.run.title)}”."
    )
    button.button("Show theirs", on_click=address.open_run, args=(library.DEFAULT_RUN,), width="stretch")


def _untrained(study: Study, i: int) -> str:
    test = wording.percent(float(study.timeline.test_accuracy[i]))
    return f"The network has just been made, of random numbers. It guesses: {test} of its answers are right, and nothing in it is in order."


def _by_heart(study: Study, i: int) -> str:
    train, test = (
        wording.percent(float(x[i])) for x in (study.timeline.train_accuracy, study.timeline.test_accuracy)
    )
    return f"It answers {train} of the questions that it practises on, and {test} of those it has never seen. It recites."


def _in_secret(study: Study, i: int) -> str:
    t = study.timeline
    test = wording.percent(float(t.test_accuracy[i]))
    if not len(t.key_freqs):
        return f"So far it answers {test} of the questions that it has never seen."
    share = wording.percent(float(t.logit_fve[i]))
    return (
        f"Still it answers only {test} of the questions that it has never seen. But look at the dots: inside, a few {sentences.wave(study)}s "
        f"have begun to grow, and explain {share} of what it computes."
    )


def _insight(study: Study, i: int) -> str:
    t = study.timeline
    said = f"Suddenly it answers {wording.percent(float(t.test_accuracy[i]))} of the questions that it has never seen."
    has_rings = bool(t.key_freqs) and not sentences.has_blocks(study) and float(t.logit_fve[i]) >= MOST
    return said + " The dots have moved into rings." * has_rings


def _end(study: Study, i: int) -> str:
    t = study.timeline
    test = wording.percent(float(t.test_accuracy[i]))
    if not study.phases.grokked:
        return (
            f"At the end it answers {test} of the questions that it has never seen: this run has not grokked."
        )
    if not t.key_freqs:
        return f"It answers {test} of the questions that it has never seen, by nothing that we can name."
    share, waves = (
        wording.percent(float(t.logit_fve[i])),
        wording.plural(len(t.key_freqs), sentences.wave(study)),
    )
    return f"It answers {test} of the questions that it has never seen, and {waves} explain {share} of what it computes."
