"""What can be done with a run of mine: while it is trained, and afterwards."""

import dataclasses
import io
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import streamlit as st

from grokviz import hosting
from grokviz.app import sentences
from grokviz.app.explorer import figures
from grokviz.app.session import address, budget, cache, keys, uploads, visitor
from grokviz.app.train import widgets
from grokviz.config import CHANGEABLE
from grokviz.errors import ConfigError, HostingError, RunError
from grokviz.jobs import requests
from grokviz.jobs.supervisor import Status
from grokviz.runs import bundle, library
from grokviz.runs.folder import open_run
from grokviz.runs.imported import why_not_trainable
from grokviz.runs.summary import Card
from grokviz.study import Study
from grokviz.view import tables

REFUSALS = (RunError, ConfigError, HostingError)


def attempt(act, *arguments, **settings):
    """Do it, or say in a quiet notice why not."""
    try:
        return act(*arguments, **settings)
    except REFUSALS as error:
        address.notice(str(error))
        return None


def controls(run: Path, status: Status) -> None:
    """The buttons of a run that is not finished."""
    row = st.container(horizontal=True, horizontal_alignment="right")
    with row:
        if status.state in ("paused", "failed"):
            _button("Resume", "play_arrow", requests.resume, run, primary=True)
        if status.state in ("starting", "training"):
            _button("Pause", "pause", requests.pause, run)
        if status.state == "queued":
            _button("Leave the queue", "close", requests.pause, run)
        if status.state in ("training", "paused"):
            _settings(run)
            _button("Finish here", "flag", requests.keep, run)
        if status.state in ("queued", "starting", "training", "paused", "failed"):
            _button("Discard", "delete", _discard, run)


def _button(label: str, icon: str, act, run: Path, primary: bool = False) -> None:
    st.button(
        label, icon=f":material/{icon}:", type="primary" if primary else "secondary", key=f"{label}-{run.name}",
        on_click=attempt, args=(act, run),
    )  # fmt: skip


def _discard(run: Path) -> None:
    requests.discard(run)
    keys.MY_RUN.forget()


def _settings(run: Path) -> None:
    """Learning rate and weight decay to go on with."""
    with st.popover("Change", icon=":material/tune:"):
        config = open_run(run).config
        now = config.at(int(1e8))
        st.caption(
            "From the next logged step on. The change is recorded in the run and marked on its time axis."
        )
        wanted = {
            name: widgets.number(name, f"{name}-{run.name}", value=getattr(now, name)) for name in CHANGEABLE
        }
        st.button(
            "Apply", type="primary", key=f"apply-{run.name}", on_click=attempt, args=(requests.change, run),
            kwargs=wanted,
        )  # fmt: skip


def actions(card: Card) -> None:
    """What can be done with a run that is not being trained at the moment."""
    _undo()
    study = cache.load_if_any(card.id)
    if study is None:
        return
    st.subheader("What next?", anchor=False)
    reason = why_not_trainable(study.run.config, study.run.provenance)
    if reason:
        st.caption(sentences.as_text(reason))
    with st.container(horizontal=True):
        if card.finished and not reason:
            _train_on(card, study)
        if not reason:
            _fork(card, study)
        if card.finished:
            _rename(card)
            _download(card, study)
            st.button("Delete", icon=":material/delete:", on_click=attempt, args=(_delete, card.path))
    _compare(study)


def _train_on(card: Card, study: Study) -> None:
    last = study.last_step
    with st.popover("Train on", icon=":material/fast_forward:"):
        steps = st.number_input(
            "Up to step", last + 1, 10_000_000, last + max(500, last // 2), 500, key=f"on-{card.id}"
        )
        st.button("Train on", type="primary", key=f"go-on-{card.id}", on_click=attempt,
                  args=(requests.extend, card.path, int(steps), hosting.limits()))  # fmt: skip


def _fork(card: Card, study: Study) -> None:
    step = study.step_at(address.current().step)
    now = study.run.config.at(step)
    with st.popover(f"Fork at step {step:,}", icon=":material/call_split:"):
        st.caption(
            "A new run with the same past up to the step in view, and another future. Only weights are stored, so its optimiser starts anew there."
        )
        wanted = {
            name: widgets.number(name, f"fork-{name}-{card.id}", value=getattr(now, name))
            for name in CHANGEABLE
        }
        more = st.number_input(
            "Steps to go on for",
            50,
            1_000_000,
            max(500, study.last_step - step),
            500,
            key=f"fork-steps-{card.id}",
        )
        st.button("Fork", type="primary", key=f"fork-go-{card.id}", on_click=attempt,
                  args=(fork_of, study, step, wanted, int(more)))  # fmt: skip


def fork_of(study: Study, step: int, wanted: Mapping[str, float], more: int) -> None:
    """Start a fork of a run at a step, in my folder, under other values of what is `CHANGEABLE`; put it into view."""
    now = study.run.config.at(step)
    config = dataclasses.replace(now, steps=step + more, stop="steps", **wanted)
    title = f"{study.run.title or study.run.path.name}, forked at {step:,}"
    run = requests.fork(study.run, step, visitor.root(), config, title, hosting.limits())
    keys.MY_RUN.set(run.name)


def _rename(card: Card) -> None:
    with st.popover("Rename", icon=":material/edit:"):
        title = st.text_input("Title", sentences.plain(card.title, 80), max_chars=80, key=f"title-{card.id}")
        st.button(
            "Rename",
            type="primary",
            key=f"rename-{card.id}",
            on_click=attempt,
            args=(requests.rename, card.path, title),
        )


def _download(card: Card, study: Study) -> None:
    def zipped() -> bytes:
        data = io.BytesIO()
        extra = {"losses.csv": tables.curves_csv(study), "measures.csv": tables.measures_csv(study)}
        bundle.export_zip(study.run, data, extra)
        return data.getvalue()

    why_not = budget.why_no_bytes()
    st.download_button("Download", budget.taking(zipped), f"{card.id}.zip", "application/zip", icon=":material/download:",
                       on_click="ignore", disabled=bool(why_not),
                       help=why_not or "Settings, weights, curves, and the Python that trains it again, as one zip.")  # fmt: skip


def _delete(run: Path) -> None:
    keys.TRASH.set(requests.delete(run))
    keys.MY_RUN.forget()


def _undo() -> None:
    bin = keys.TRASH.get(None)
    if bin is None or not bin.is_dir():
        return
    with st.container(horizontal=True, vertical_alignment="center", width=720):
        st.caption("The run is deleted. For ten minutes you can have it back.")
        st.button("Undo", icon=":material/undo:", on_click=attempt, args=(_restore, bin))


def _restore(bin: Path) -> None:
    keys.MY_RUN.set(requests.restore(bin).name)
    keys.TRASH.forget()


def upload() -> None:
    """Take a zip that was downloaded here or elsewhere."""
    limits = hosting.limits()
    megabytes = limits.upload_mb if limits else 250
    try:
        uploads.ask(megabytes)
    except HostingError as error:
        st.info(str(error), icon=":material/hourglass_top:")
        return
    file = st.file_uploader("A run as a zip", "zip", key="upload", max_upload_size=megabytes)
    if file is not None and keys.UPLOADED.get(None) != file.file_id:
        keys.UPLOADED.set(file.file_id)
        root = visitor.root()
        try:
            if why := uploads.refusal(file.file_id):
                raise HostingError(why)
            requests.make_room(root, limits)
            run_id = requests.free_id(root, file.name)
            check = partial(hosting.check, most=limits) if limits else lambda config: None
            run = bundle.import_zip(file, root, run_id, megabytes * 1_000_000, check)
        except REFUSALS as error:
            st.error(sentences.as_text(str(error)), icon=":material/folder_off:")
        else:
            keys.MY_RUN.set(run.path.name)
            st.rerun()


def _compare(study: Study) -> None:
    """Beside the bundled run that is most like it."""
    other = _kin(study)
    if other is None:
        return
    with st.expander(
        f"Compare with the bundled run “{sentences.plain(other.run.title, 60)}”",
        icon=":material/compare_arrows:",
    ):
        figures.compared_losses(study, other)
        st.caption(
            "**How to read this.** Loss on a log scale over training steps: yours in strong lines, the bundled run's in "
            "pale ones. Where two lines of a colour differ, the settings or the luck of the seed made the difference."
        )


def _kin(study: Study) -> Study | None:
    mine = study.run.config
    bundled = [c for c in cache.cards() if c.path.parent == library.BUNDLED and c.config and not c.problem]
    if not bundled or study.run.path.parent == library.BUNDLED:
        return None

    def distance(card: Card) -> tuple:
        other = card.config
        assert other
        alike = (other.weight_decay > 0) != (mine.at(0).weight_decay > 0)
        return other.operation != mine.operation, alike, abs(other.p - mine.p)

    return cache.load(min(bundled, key=distance).id)
