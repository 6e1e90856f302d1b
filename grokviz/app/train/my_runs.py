"""The runs of whoever is looking: how the one in view is doing, what can be done with it, and all the others."""

import time
from pathlib import Path

import streamlit as st

from grokviz import wording
from grokviz.app import sentences, shell
from grokviz.app.explorer import page
from grokviz.app.session import address, cache, keys, visitor
from grokviz.app.train import actions
from grokviz.app.train.form import about, forecast
from grokviz.errors import RunError
from grokviz.forecast import speed
from grokviz.jobs import machine, supervisor
from grokviz.jobs.files import seen
from grokviz.jobs.supervisor import Status
from grokviz.runs import library
from grokviz.runs.summary import Card
from grokviz.study import Study

BUSY = ("queued", "starting", "training", "measuring", "leaving")
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
    """The run of mine that is in view: the one chosen, else the one the address names, else the newest."""
    by_id = {card.id: card for card in cards}
    wanted = keys.MY_RUN.get(None) or st.query_params.get("run")
    return by_id.get(wanted or "") or (cards[0] if cards else None)


def status_of(run: Path) -> Status:
    return supervisor.status(run, library.trained())


def desk(card: Card) -> None:
    """One run of mine: its state, its buttons, its film."""
    keys.MY_RUN.set(card.id)
    busy = status_of(card.path).state in BUSY
    with shell.column():
        st.header(sentences.as_text(card.title), anchor=False)
    with st.container():
        st.fragment(_state, run_every=0.7 if busy else None)(card.path)
    if card.n_snapshots or busy:
        st.fragment(_film, run_every=1.5 if busy else None)(card.path)
    actions.actions(card)


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
        view(run)


def view(run: str) -> None:
    """Put a run of mine into view."""
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
    pace = _pace(run, step) if status.state == "training" else None
    parts = [
        f"step {step:,} of at most {config.steps:,}"
        if config.stop == "cleanup"
        else f"step {step:,} of {config.steps:,}"
    ]
    if pace:
        parts.append(f"{pace:,.0f} steps a second" if pace >= 10 else f"{pace:.1f} steps a second")
        expected = forecast(config).grok_step
        if expected and not study.phases.grokked and step < expected < config.steps:
            parts.append(f"{about((expected - step) / pace)} to grokking, if it is like others")
        elif step < config.steps:
            parts.append(f"{about((config.steps - step) / pace)} to the last step")
    if (device := study.run.provenance.get("device", "cpu")) != "cpu":
        parts.append(sentences.as_text(f"on {device}"))
    st.progress(min(1.0, step / config.steps), text=" · ".join(parts))


def _pace(run: Path, step: int) -> float | None:
    """Steps a second over the last few looks; at first, what was measured of this machine."""
    looks = keys.PACE.first(dict).setdefault(run.name, [])
    if looks and step < looks[-1][1]:
        looks.clear()  # it was resumed from an earlier step
    looks.append((time.monotonic(), step))
    del looks[:-12]
    (begin, first), (end, last) = looks[0], looks[-1]
    if end - begin > 1 and last > first:
        return (last - first) / (end - begin)
    rate, config = machine.rate(library.trained()), cache.load(run.name).run.config
    return 1_000 / speed.seconds(config, rate, 1_000) if rate else None


def _film(run: Path) -> None:
    """The film of the run, which grows while it is trained."""
    if not run.is_dir():
        return
    if cache.load_if_any(run.name) is None:
        with st.container(height=420, border=False):
            st.caption("The film begins with the first snapshot.")
        return
    if address.current().run != run.name:
        address.open_run(run.name)
    page.explorer(panels=("rings", "answers", "embedding", "logits"))
