"""What can be done with a run of mine: while it is trained, and afterwards."""

import io
import itertools
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import streamlit as st

from grokviz import hosting
from grokviz.app import sentences
from grokviz.app.compare import place
from grokviz.app.elsewhere import runs
from grokviz.app.session import address, budget, cache, keys, uploads, visitor
from grokviz.app.train import my_run, widgets
from grokviz.config import CHANGEABLE, SETTINGS, RunConfig
from grokviz.errors import ConfigError, HostingError, RunError
from grokviz.jobs import requests
from grokviz.jobs.supervisor import Status
from grokviz.runs import bundle, fork, library
from grokviz.runs.folder import AnyRun, Run, SequenceRun, open_run
from grokviz.runs.imported import why_not_trainable
from grokviz.runs.log import MAX_STEP
from grokviz.study import Study
from grokviz.tasks.pairs import DRAWN
from grokviz.view import tables

COMPARE = "This run beside the one that comes with GrokViz and is most like it, under one hand."
REFUSALS = (RunError, ConfigError, HostingError)


def attempt(act, *arguments, **settings) -> bool:
    """Do it, or keep to be said why not: whether it was done."""
    try:
        act(*arguments, **settings)
    except REFUSALS as error:
        keys.SAID.set(str(error))
        return False
    return True


def press(act, *arguments, **settings) -> None:
    """`attempt`, for a button."""
    attempt(act, *arguments, **settings)


def say() -> None:
    """What the last press has come to, in a quiet notice. Within a press itself nothing can be drawn."""
    if text := keys.SAID.get(None):
        keys.SAID.forget()
        address.notice(text)


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
        on_click=press, args=(act, run),
    )  # fmt: skip


def _discard(run: Path) -> None:
    requests.discard(run)
    keys.MY_RUN.forget()


def _settings(run: Path) -> None:
    """Learning rate and weight decay to go on with."""
    is_open = keys.popover("change", run.name)
    with st.popover("Change", icon=":material/tune:", key=is_open, on_change="rerun"):
        if not is_open.get(False):
            return
        now = open_run(run).config.at(MAX_STEP)
        st.caption(
            "From the next logged step on. The change is recorded in the run and marked on its time axis."
        )
        wanted = {
            name: widgets.number(name, f"{name}-{run.name}", value=getattr(now, name)) for name in CHANGEABLE
        }
        st.button(
            "Apply", type="primary", key=f"apply-{run.name}", on_click=_change, args=(run, wanted, is_open)
        )


def _change(run: Path, wanted: Mapping[str, float], is_open: keys.Key[bool]) -> None:
    """Ask for it, say so, and close what it was asked in."""
    wanted = {name: keys.Key(f"{name}-{run.name}").get(value) for name, value in wanted.items()}
    if attempt(requests.change, run, **wanted):
        is_open.set(False)
        words = " and ".join(f"{SETTINGS[name].label.lower()} {value:g}" for name, value in wanted.items())
        keys.SAID.set(f"It goes on with {words}.")


def actions(study: Study) -> None:
    """What can be done with a run at the step in view, and when it is finished."""
    run, is_finished = study.run.path, study.run.finished
    st.subheader("What next?", anchor=False)
    reason = why_not_trainable(study.run.config, study.run.provenance)
    if reason:
        st.caption(sentences.as_text(reason))
    with st.container(horizontal=True):
        done = bool(is_finished and not reason and _train_on(study))
        done |= bool(not reason and _fork(study))
        if is_finished:
            done |= _rename(study)
            _download(study)
        _compare(study)
        if is_finished and st.button("Delete", icon=":material/delete:", key=f"delete-{run.name}"):
            done |= attempt(_delete, run)
    say()
    if done:
        st.rerun()  # the whole page: this stands in a part of it that is drawn again for every step


def _train_on(study: Study) -> bool:
    last, id = study.last_step, study.run.path.name
    is_open = keys.popover("on", id)
    with st.popover("Train on", icon=":material/fast_forward:", key=is_open, on_change="rerun"):
        if not is_open.get(False):
            return False
        steps = st.number_input(
            "Up to step", last + 1, 10_000_000, last + max(500, last // 2), 500, key=f"on-{id}"
        )
        if not st.button("Train on", type="primary", key=f"go-on-{id}"):
            return False
        done = attempt(requests.extend, study.run.path, int(steps), hosting.limits())
    if done:
        my_run.put_in_view(id)
    return done


def _fork(study: Study) -> bool:
    """From the step that the film shows: this is drawn again whenever that is another, and a popover whose name
    changed with it would close under the hand."""
    step, id = study.step_at(address.current().step), study.run.path.name
    is_open = keys.popover("fork", id)
    with st.popover("Fork here", icon=":material/call_split:", key=is_open, on_change="rerun"):
        if not is_open.get(False):
            return False
        now = study.run.config.at(step)
        st.caption(
            f"A new run with the same past up to step {step:,}, the one in view, and another future. Only weights are "
            "stored, so its optimiser starts anew there."
        )
        wanted = {
            name: widgets.number(name, f"fork-{name}-{id}", value=getattr(now, name)) for name in CHANGEABLE
        }
        more = st.number_input(
            "Steps to go on for", 50, 1_000_000, max(500, study.last_step - step), 500, key=f"fork-steps-{id}"
        )
        if now.split in DRAWN:
            wanted["frac_train"] = _share_of_fork(now, id)
        pressed = st.button(f"Fork at step {step:,}", type="primary", key=f"fork-go-{id}")
        return pressed and attempt(fork_of, study.run, step, wanted, int(more))


def _share_of_fork(now: RunConfig, id: str) -> float:
    """The share of pairs to go on with: the run's own to the last digit, unless the slider was moved."""
    own = round(100 * now.frac_train)
    share = st.slider(
        SETTINGS["frac_train"].label, 1, 99, own, format="%d %%", key=f"fork-share-{id}",
        help="With fewer, the first of its own pairs are left: what is taken away, it may forget.",
    )  # fmt: skip
    return now.frac_train if share == own else share / 100


def fork_of(run: Run, step: int, wanted: Mapping[str, float], more: int, how: str = "") -> None:
    """Start a fork of a run at a step, in my folder, under other values of what may differ; put it into view."""
    limits = hosting.limits()
    config = fork.asked_for(run, step, more, limits.max_snapshots if limits else None, **wanted)
    title = f"{run.title or run.path.name}, {how or f'forked at {step:,}'}"
    my_run.put_in_view(requests.fork(run, step, visitor.root(), config, title, limits).name)


def _rename(study: Study) -> bool:
    id = study.run.path.name
    is_open = keys.popover("rename", id)
    with st.popover("Rename", icon=":material/edit:", key=is_open, on_change="rerun"):
        if not is_open.get(False):
            return False
        title = st.text_input("Title", sentences.plain(study.run.title, 80), max_chars=80, key=f"title-{id}")
        pressed = st.button("Rename", type="primary", key=f"rename-{id}")
        return pressed and attempt(requests.rename, study.run.path, title)


def _download(study: Study) -> None:
    def zipped() -> bytes:
        data = io.BytesIO()
        extra = {"losses.csv": tables.curves_csv(study), "measures.csv": tables.measures_csv(study)}
        bundle.export_zip(study.run, data, extra)
        return data.getvalue()

    why_not = budget.why_no_bytes()
    st.download_button("Download", budget.taking(zipped), f"{study.run.path.name}.zip", "application/zip", icon=":material/download:",
                       on_click="ignore", disabled=bool(why_not),
                       help=why_not or "Settings, weights, curves, and the Python that trains it again, as one zip.")  # fmt: skip


def _delete(run: Path) -> None:
    keys.TRASH.set(requests.delete(run))
    keys.MY_RUN.forget()


def undo() -> None:
    """A way back for the run that was deleted last."""
    bin = keys.TRASH.get(None)
    if bin is None or not bin.is_dir():
        return
    with st.container(horizontal=True, vertical_alignment="center", width=720):
        st.caption("The run is deleted. For ten minutes you can have it back.")
        st.button("Undo", icon=":material/undo:", on_click=press, args=(_restore, bin))


def _restore(bin: Path) -> None:
    my_run.put_in_view(requests.restore(bin).name)
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
            _tell_apart(run, [card.title for card in cache.cards()])
        except REFUSALS as error:
            st.error(sentences.as_text(str(error)), icon=":material/folder_off:")
        else:
            if isinstance(run, SequenceRun):
                runs.show(run.config.task, run.path.name)
            my_run.put_in_view(run.path.name)
            st.rerun()


def _tell_apart(run: AnyRun, titles: list[str]) -> None:
    """A run that comes back beside the one it was: another title, such as the same with a 2."""
    if run.title and run.title in titles:
        number = next(n for n in itertools.count(2) if f"{run.title} ({n})" not in titles)
        requests.rename(run.path, f"{run.title} ({number})")


def _compare(study: Study) -> None:
    """Beside the bundled run that is most like it, which becomes the baseline."""
    run = study.run.path
    base = None if run.parent == library.BUNDLED else place.kin(run.name, bundled=True)
    if base and st.button("Compare", icon=":material/compare:", key=f"compare-{run.name}", help=COMPARE):
        place.beside(run.name, base)
