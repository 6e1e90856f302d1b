"""Measures beyond the paper: those that take their time, asked for here, and drawn where they have been measured."""

from collections.abc import Mapping

import streamlit as st

from grokviz import hosting, wording
from grokviz.app import sentences, shell
from grokviz.app.explorer import figures
from grokviz.app.session import address, budget, cache, keys, visitor
from grokviz.errors import HostingError, NoRunError, RunError
from grokviz.jobs import deepening, files
from grokviz.jobs.processes import Status
from grokviz.measures.deep.declaration import Deep
from grokviz.measures.deep.registry import deep_measures
from grokviz.study import Study, deep
from grokviz.study.deep import Kept
from grokviz.view import deep_charts, tables

BUSY = ("queued", "running")
LOOK_SECONDS = 1.0


def figures_of(study: Study) -> None:
    """What has been measured of the run in view, each with its settings and what must not be claimed of it."""
    kept = kept_of(study)
    with shell.column():
        st.header("Beyond the paper", anchor=False)
        st.markdown(
            "These take their time: they shake the weights, round them, or take them apart, snapshot by snapshot. So they are "
            "computed once, when somebody asks, and kept with the run."
        )
    for measure in deep_measures():
        _section(measure, kept.get(measure.name), study)


def kept_of(study: Study) -> Mapping[str, Kept]:
    """What is kept of the deep measures of a run: read again when its folder changes."""
    return cache.DEEP.get(address.handle(), lambda: deep.read(study.run))


def _section(measure: Deep, kept: Kept | None, study: Study) -> None:
    telling = measure.telling
    st.subheader(telling.question, anchor=measure.name)
    what, notice = st.columns(2, gap="large")
    what.markdown(f"**{measure.title}.** {telling.words}")
    what.latex(telling.formula)
    notice.markdown(f"**What to notice.** {telling.notice}")
    notice.markdown(f"**What it does not say.** {telling.claims}")
    if reason := measure.applies(study.run.config):
        st.info(reason)
        return
    if kept is None:
        st.caption("Not measured yet: the button is at the end of this page.")
        return
    figures.draw_at(_spec(measure, kept, study), address.current().step, f"deep-{measure.name}")
    st.caption(
        " ".join(
            [f"**How to read this.** {_how(measure)}", _settings(measure, study), f"Source: {telling.source}"]
        )
    )


def _how(measure: Deep) -> str:
    words = [f"A point for each snapshot that was measured; the rule is at step {address.current().step:,}."]
    if any(one.axes == ("chain",) for one in measure.series):
        words.append("The line is the mean of three chains, the band reaches from the lowest to the highest.")
    if measure.of_minima:
        words.append("Grey triangles: before 99 % of the training pairs are right.")
    return " ".join(words)


def _settings(measure: Deep, study: Study) -> str:
    if not measure.settings:
        return ""
    n = int(study.task.is_train.sum())
    told = ", ".join(f"{name} = {_plain(value)}" for name, value in measure.settings.items())
    return f"Measured with {told}; n = {n:,} training pairs."


def _plain(value: float | str) -> str:
    return value if isinstance(value, str) else wording.readable(value) if value < 1 else f"{value:,.0f}"


def _spec(measure: Deep, kept: Kept, study: Study) -> dict:
    def make() -> dict:
        bands = tables.bands(study.phases, study.last_step)
        rows = deep_charts.rows_of(measure, kept, study)
        return figures.spec_of(
            deep_charts.deep_chart(rows, bands, study.last_step, measure, figures.is_dark())
        )

    return cache.CURVES.get(("deep", measure.name, figures.is_dark(), address.handle()), make)


# Asking for it


def ask() -> None:
    """Below the figures: what is still to be measured, how long that takes, and the button; or how far it is."""
    try:
        study = address.study()
    except (RunError, NoRunError):
        return  # the explorer says so
    with shell.column():
        now = deepening.status(study.run.path, visitor.root())
        busy = now is not None and now.state in BUSY
        st.fragment(_state, run_every=LOOK_SECONDS if busy else None)(study)


def _state(study: Study) -> None:
    root = visitor.root()
    now = deepening.status(study.run.path, root)
    state = now.state if now else ""
    was = keys.DEEPENING_WAS.get(None)
    keys.DEEPENING_WAS.set((str(study.run.path), state))
    if was is not None and was[0] == str(study.run.path) and was[1] in BUSY and state not in BUSY:
        st.rerun()  # the whole page: there are figures now
    if now and state in BUSY:
        _under_way(now, study)
        return
    if now and (why := str(now.error or now.sentence)):
        st.caption(sentences.as_text(why))
    _offer(study)


def _under_way(now: Status, study: Study) -> None:
    files.seen(deepening.path_of(study.run.path, visitor.root()))
    if most := hosting.limits():
        budget.SECONDS.charge(budget.payer(), LOOK_SECONDS * deepening.share(most) * (now.state == "running"))
    progress = now.progress
    if now.state == "queued":
        text = f"Number {now.place} in the queue." if now.place else "In the queue."
    else:
        left = (progress.total - progress.done) / progress.rate if progress.rate > 0 else 0
        text = f"{progress.what}{f' · about {wording.duration(left)} left' if left else ' …'}"
    st.progress(min(1.0, progress.done / max(progress.total, 1)), text=text)
    st.button(
        "Stop", icon=":material/stop:", on_click=deepening.cancel, args=(study.run.path, visitor.root())
    )
    st.caption("You can leave this page. What is measured is kept, also when you stop.")


def _offer(study: Study) -> None:
    missing = deep.missing(study.run, deep_measures(), kept_of(study))
    if missing and (why := _why_not(study)):
        st.caption(why)
    elif missing:
        seconds = cache.DEEP.get((address.handle(), "seconds"), lambda: deep.seconds_for(study.run, missing))
        seconds /= deepening.share(hosting.limits())
        st.button(
            f"Measure what is missing (about {wording.duration(seconds)})",
            icon=":material/straighten:",
            type="primary",
            on_click=_start,
            args=(study,),
        )
        st.caption(f"On the command line: `python -m grokviz deepen {study.run.path.name}`.")
    elif kept_of(study):
        st.caption("All of these are measured.")
    if kept := dict(kept_of(study)):
        st.download_button(
            "What was measured, as CSV",
            budget.taking(lambda: deep_charts.deep_csv(study, kept, deep_measures())),
            f"{study.run.path.name}-deep.csv",
            "text/csv",
            icon=":material/table:",
            on_click="ignore",
        )


def _why_not(study: Study) -> str:
    if not study.run.finished:
        return "Once its training has finished, this run can be measured here."
    if hosting.is_hosted() and study.run.path.parent != visitor.root():
        return (
            "On this shared machine only runs of your own are measured like this. On a machine of your own: "
            f"`python -m grokviz deepen {study.run.path.name}`."
        )
    return ""


def _start(study: Study) -> None:
    try:
        with budget.charged():  # who has nothing left has to wait
            deepening.start(study.run.path, visitor.root(), hosting.limits())
    except (HostingError, RunError) as error:
        address.notice(str(error))
