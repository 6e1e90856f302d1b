"""The runs of whoever is looking: how the one in view is doing, what can be done with it, and all the others."""

from pathlib import Path

import streamlit as st

from grokviz import wording
from grokviz.app import bring, sentences, shell
from grokviz.app.explorer import page
from grokviz.app.session import address, cache, keys, visitor
from grokviz.app.train import actions, my_run, pace
from grokviz.app.train.form import about, forecast
from grokviz.errors import RunError
from grokviz.jobs import machine, supervisor
from grokviz.jobs.files import seen
from grokviz.jobs.supervisor import Status
from grokviz.runs import library
from grokviz.runs.summary import Card
from grokviz.study import Study

BUSY = ("training", "measuring", "starting", "queued", "leaving")  # and whose turn it is to be in view
STATE_EVERY, FILM_EVERY = 1.0, 2.0  # seconds between two looks at a run that is being trained
RESTING_EVERY = 3.0  # and at one that rests: another tab may wake it
PANELS = (
    "rings",
    "answers",
    "embedding",
)  # none that needs a second part of the run for every snapshot that comes
STATE_WORDS = {
    "queued": ("Waiting for its turn", "hourglass_empty"),
    "starting": ("Starting", "rocket_launch"),
    "training": ("Training", "directions_run"),
    "measuring": ("Measuring every snapshot", "straighten"),
    "paused": ("Paused", "pause"),
    "failed": ("Failed", "error"),
    "leaving": ("Stopping, to be discarded", "delete"),
    "finished": ("Finished", "check"),
}


def mine() -> list[Card]:
    """My runs, the newest first."""
    root = visitor.root()
    found = [card for card in cache.cards() if card.path.parent == root and card.problem is None]
    return sorted(found, key=lambda card: card.path.stat().st_ctime, reverse=True)


def current(cards: list[Card]) -> Card | None:
    """The run of mine that is in view: the one chosen, else the one the address names, else one that is at work, else the newest."""
    by_id = {card.id: card for card in cards}
    wanted = keys.MY_RUN.get(None) or st.query_params.get("run")
    if found := by_id.get(wanted or ""):
        return found
    unfinished = [card for card in cards if not card.finished]
    states = {card.id: status_of(card.path).state for card in unfinished}
    at_work = [card for state in BUSY for card in unfinished if states[card.id] == state]
    return next(iter([*at_work, *cards]), None)


def status_of(run: Path) -> Status:
    return supervisor.status(run, library.trained())


def desk(card: Card) -> None:
    """One run of mine: its state, its buttons, its film, and what can be done with it."""
    keys.MY_RUN.set(card.id)
    busy = status_of(card.path).state in BUSY
    bring.place(my_run.DESK)
    with shell.column():
        st.header(sentences.as_text(card.title), anchor=False)
    with st.container():
        st.fragment(_state, run_every=STATE_EVERY if busy else RESTING_EVERY)(card.path)
    if card.n_snapshots or busy:
        st.fragment(_film, run_every=FILM_EVERY if busy else None)(card.path)
    actions.undo()


def chooser(cards: list[Card]) -> None:
    """Which of my runs is in view, when there are several."""
    if len(cards) < 2:
        return
    ids = [card.id for card in cards]
    titles = {card.id: sentences.plain(card.title, 60) for card in cards}
    here = current(cards)
    keys.MY_RUN_CHOICE.set(here.id if here else None)
    st.selectbox(
        "Your runs",
        ids,
        key=keys.MY_RUN_CHOICE,
        format_func=lambda id: titles[id],
        on_change=_view_chosen,
    )


def _view_chosen() -> None:
    if run := keys.MY_RUN_CHOICE.value():
        keys.MY_RUN.set(run)


def _state(run: Path) -> None:
    """What the run is doing, with its buttons; looks again while it is being trained."""
    if not run.is_dir():  # discarded, and gone
        keys.MY_RUN.forget()
        st.rerun()
    try:
        status = status_of(run)
        study = cache.load_if_any(run.name)
    except RunError as error:
        st.error(sentences.as_text(str(error)), icon=":material/folder_off:")
        return
    seen(run)
    actions.say()
    if keys.STATE_WAS.get(None) not in (None, (run, status.state)):
        keys.STATE_WAS.set((run, status.state))
        st.rerun()  # the whole page: what can be done with it is another
    keys.STATE_WAS.set((run, status.state))
    name, icon = STATE_WORDS[status.state]
    left, right = st.columns([4, 5], vertical_alignment="center")
    with left:
        st.markdown(f":material/{icon}: **{name}.** {_news(status, study)}")
    with right:
        actions.controls(run, status)
    if status.state in ("starting", "training", "measuring", "paused"):
        _bar(run, status, study)
    if status.note:
        st.caption(sentences.as_text(status.note))


def _news(status: Status, study: Study | None) -> str:
    if status.state == "queued":
        if status.place == 1:
            return "It is next."
        return f"Number {status.place} in the queue. You can leave this page open and look at other runs."
    if why := str(status.error or status.sentence):
        return sentences.as_text(why)
    if status.state == "starting":
        return "A process of its own is loading PyTorch: that takes a few seconds."
    if study is None:
        return ""
    return sentences.as_text(study.phases.summary() if status.state == "finished" else _so_far(study))


def _so_far(study: Study) -> str:
    phases, last = study.phases, study.run.log.iloc[-1]
    test = wording.percent(float(last["test_accuracy"]))
    if phases.grokked:
        return f"It has grokked, at step {phases.grokked.step:,}. Now it cleans up."
    if phases.memorised:
        return f"It knows its training pairs by heart since step {phases.memorised.step:,}, and {test} of the others."
    return f"It is learning its training pairs: {wording.percent(float(last['train_accuracy']))} are right."


def _bar(run: Path, status: Status, study: Study | None) -> None:
    """How far it is, how fast, and how long still."""
    if study is None or not len(study.run.log):
        st.progress(0.0, text="The first step is still to come.")
        return
    config, step = study.run.config, int(study.run.log["step"].iloc[-1])
    is_training = status.state == "training"
    seen = pace.look(keys.PACE.first(dict).setdefault(run.name, []), step, is_training)
    parts = [
        f"step {step:,} of at most {config.steps:,}"
        if config.stop == "cleanup"
        else f"step {step:,} of {config.steps:,}"
    ]
    if is_training:
        parts += _how_long(study, step, seen)
    if (device := study.run.provenance.get("device", "cpu")) != "cpu":
        parts.append(sentences.as_text(f"on {device}"))
    st.progress(min(1.0, step / config.steps), text=" · ".join(parts))


def _how_long(study: Study, step: int, seen: float | None) -> list[str]:
    """Steps a second, as seen or else as other trainings went here, and how long it will go on at that pace."""
    config = study.run.config
    others = machine.seconds(library.trained(), config, 1_000)
    speed = seen or (1_000 / others if others else None)
    if not speed:
        return []
    parts = [f"{speed:,.0f} steps a second" if speed >= 10 else f"{speed:.1f} steps a second"]
    expected = forecast(config.at(step)).grok_step
    if expected and not study.phases.grokked and step < expected < config.steps:
        parts.append(f"{about((expected - step) / speed)} to grokking, if it is like others")
    elif step < config.steps:
        parts.append(f"{about((config.steps - step) / speed)} to the last step")
    return parts


def _film(run: Path) -> None:
    """The film of the run, which grows while it is trained, and what can be done at the step in view."""
    if not run.is_dir() or keys.MY_RUN.get(run.name) != run.name:
        return
    if cache.load_if_any(run.name) is None:
        with st.container(height=420, border=False):
            st.caption("The film begins with the first snapshot.")
        return
    if address.current().run != run.name:
        address.open_run(run.name)
    page.explorer(panels=PANELS, below=_below)


def _below(study: Study) -> None:
    if not study.run.finished:
        st.button(
            "To the newest step",
            icon=":material/last_page:",
            key=f"newest-{study.run.path.name}",
            on_click=lambda: address.go_to(study.last_step),
            help="And along with it while it is trained.",
        )
    actions.actions(study)
