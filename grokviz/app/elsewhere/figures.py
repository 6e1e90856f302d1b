"""The figures of the page “It happens elsewhere”: all of them show one step, and move with it in the browser."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from grokviz import wording
from grokviz.app import sentences, shell
from grokviz.app.elsewhere import asked, link, runs
from grokviz.app.session import keys
from grokviz.app.session.cache import RunHandle
from grokviz.errors import BadInputError, RunError
from grokviz.measures.sequences import BEGINS, ENDS, Cliff
from grokviz.runs.folder import SequenceRun
from grokviz.study.sequences import cliffs
from grokviz.tasks.sequences import SEQUENCE_TASKS
from grokviz.view import elsewhere
from grokviz.view.elsewhere import Axes, Line, Plateau, Question, Words
from grokviz.view.film import component

TASKS = tuple(SEQUENCE_TASKS)
Viewed = tuple[RunHandle, SequenceRun]
READ_AS = {
    "skip-trigrams": "Bars: how much the last place, ⊣, looks at each token. Below it: its answer.",
    "digits": "A guess that is struck out is wrong.",
    "repeats": "Tinted: characters that follow as they did before. Under each, what the network says.",
}


def show(data: dict, key: str) -> None:
    component.show_figure(data, key, keys.ELSEWHERE_STEP.set)


def three_cliffs() -> None:
    """The mean loss of all three tasks, each with its plateau, and the bar that moves every figure of the page."""
    found = {task: runs.in_view(task) for task in TASKS}
    lines, plateaus, falls, last = [], {}, [], 1
    for i, (task, viewed) in enumerate(found.items()):
        if not viewed:
            continue
        run = viewed[1]
        steps = run.logged["step"]
        lines.append(Line(SEQUENCE_TASKS[task].title, steps, run.logged["test_loss"], i, strong=True))
        plateau = elsewhere.plateau_of(run)
        plateaus[plateau.name] = plateau
        if fall := cliffs(run)[""]:
            falls.append((fall, i))
        last = max(last, run.last_step)
    if not lines:
        st.info("No run of these tasks is here. Train one below: skip trigrams take a few seconds.")
        return
    axes = Axes(5.4, last, "test loss, in nats", tuple(plateaus.values()), tuple(falls))
    words = Words(
        "Test loss of three tasks over the steps of their training",
        "Drag along the curves, move the bar, or press play. A band is a cliff: from the last step at which the loss is at "
        f"{wording.percent(BEGINS)} of its plateau to the first at {wording.percent(ENDS)}.",
    )
    show(elsewhere.curves(lines, axes, words, link.step()), "elsewhere-cliffs")
    with shell.column():
        st.markdown(" ".join(_fell(found[task], task) for task in TASKS if found[task]))


def _fell(viewed: Viewed | None, task: str) -> str:
    if not viewed:
        return ""
    fall: Cliff | None = cliffs(viewed[1])[""]
    title = SEQUENCE_TASKS[task].title
    if not fall:
        return f"**{title}** has no cliff yet."
    return f"**{title}** falls from step {fall.begins:,} to {fall.ends:,}, within {wording.plural(fall.length, 'step') if fall.length < 11 else f'{fall.length:,} steps'}."


def losses(viewed: Viewed, key: str) -> None:
    """The loss of every part of a task."""
    show(losses_of(viewed[1]), f"elsewhere-losses-{key}")


def losses_of(run: SequenceRun, slider_from: int | None = None) -> dict:
    """The same as data; with `slider_from` under a bar of its own."""
    lines = elsewhere.losses_of(run)
    top = min(1.5 * run.config.question.plateau, 1.08 * max(float(np.nanmax(line.values)) for line in lines))
    fall = cliffs(run)[""]
    axes = Axes(
        top,
        run.last_step if run.finished else run.config.steps,
        "test loss, in nats",
        (elsewhere.plateau_of(run),),
        ((fall, elsewhere.MEAN),) if fall else (),
    )
    words = Words(
        f"Losses of {SEQUENCE_TASKS[run.config.task].title.lower()} over the steps",
        "Each thin line is one part of the answers, the thick one all of them. Beside each name its loss at the step in view.",
    )
    return elsewhere.curves(lines, axes, words, slider_from)


def written_out(viewed: Viewed, question: Question) -> None:
    """A sequence, with what the network answers."""
    show(written_of(viewed, question), _key("tokens", viewed, question))


def written_of(viewed: Viewed, question: Question) -> dict:
    """The same as data."""
    words = Words(
        "The sequence, and what the network says to it at the step in view", READ_AS[viewed[1].config.task]
    )
    return elsewhere.tokens(viewed[1], question, runs.said(viewed[0], question), words)


def _key(kind: str, viewed: Viewed, question: Question) -> str:
    """The name of a figure of a sequence."""
    return f"elsewhere-{kind}-{viewed[1].config.task}-{hash(tuple(question.tokens.tolist()))}"


def scores(viewed: Viewed) -> None:
    """What its best heads do."""
    show(scores_of(viewed), f"elsewhere-scores-{viewed[1].config.task}")
    if found := runs.scores(viewed[0]):
        last = wording.percent(float(found[0].values[-1].max()))
        st.caption(
            f"The best head of the first layer ends with {last} of its attention on the token before. Where several heads share that "
            "work, no single one scores high."
        )


def scores_of(viewed: Viewed) -> dict:
    """The same as data."""
    words = Words(
        "What the heads do, over the steps",
        "Mean share of the attention of the head that does most of it in the end, over sequences that it has never seen.",
    )
    return elsewhere.scores(runs.scores(viewed[0]), viewed[1].steps, words)


def attention_maps(viewed: Viewed, question: Question) -> None:
    """Where the two heads of an induction circuit look, on a sequence."""
    show(maps_of(viewed, question), _key("maps", viewed, question))


def maps_of(viewed: Viewed, question: Question) -> dict:
    """The same as data."""
    words = Words(
        "Attention of one sequence",
        "A row is a token that looks back, a column one that is looked at; the brighter the more, by the square root. Point at a cell.",
    )
    return elsewhere.maps(viewed[1], question, runs.said(viewed[0], question), runs.scores(viewed[0]), words)


def of_run(viewed: Viewed, question: Question | None, step: int) -> list[dict]:
    """All figures of a run, under one bar: for a page that stands alone."""
    found = [losses_of(viewed[1], step)]
    if question:
        found.append(written_of(viewed, question))
    if viewed[1].config.task == "repeats":
        found += [scores_of(viewed), *([maps_of(viewed, question)] if question else [])]
    return found


def toy() -> None:
    """The two parts of the toy, and its loss."""
    handle = runs.bundled("skip-trigrams-toy")
    if not handle:
        return
    try:
        run, (QK, OV) = runs.opened(handle), runs.toy_parts(handle)
    except RunError as error:
        st.error(sentences.as_text(str(error)), icon=":material/folder_off:")
        return
    left, right = st.columns([6, 5], gap="large")
    with left:
        words = Words(
            "The two parts of the toy",
            "Columns are tokens: ⊢ and ⊣ begin and end, a to j mean nothing, A to J are asked for. Rows of OV are answers. Point at a cell.",
        )
        show(elsewhere.parts(run, QK, OV, words), "elsewhere-parts")
    with right:
        losses((handle, run), "toy")


def of_two_sides(run: SequenceRun, key: str) -> None:
    """Losses of the sequences that a run is trained on, and of others."""
    steps, plateau = run.logged["step"], elsewhere.plateau_of(run)
    sides = [
        Line("never seen", steps, run.logged["test_loss"], 0, strong=True),
        Line("trained on", steps, run.logged["train_loss"], 1, strong=True, dashed=True),
    ]
    top = 1.15 * max(plateau.at, *(float(np.nanmax(line.values)) for line in sides))
    words = Words(
        "Losses of both sides over the steps", "Dashed: sequences that it trains on. Solid: others."
    )
    axes = Axes(top, max(1, run.last_step), "loss, in nats", (Plateau(plateau.at, plateau.name),))
    show(elsewhere.curves(sides, axes, words), f"elsewhere-sides-{key}")


def ask(make: Callable[[], Question]) -> Question | None:
    """What was written, as a question; None, and why, where it cannot be asked."""
    try:
        return make()
    except BadInputError as error:
        st.warning(sentences.as_text(str(error)), icon=":material/edit:")
        return None


def ask_trigram(viewed: Viewed) -> Question | None:
    """A field for letters with one capital among them."""
    config = viewed[1].config
    text = st.text_input(
        "Write letters from a to j, and one capital among them",
        link.text("letters"),
        key=keys.TRIGRAM,
        max_chars=80,
    )
    return ask(lambda: asked.trigram(config, text))


def ask_sum(viewed: Viewed) -> Question | None:
    """Two fields for numbers."""
    config = viewed[1].config
    left, right = st.columns(2)
    x = left.text_input("First number", link.text("x"), key=keys.SUM_X, max_chars=12)
    y = right.text_input("Second number", link.text("y"), key=keys.SUM_Y, max_chars=12)
    return ask(lambda: asked.digits(config, x.strip(), y.strip()))


def ask_text(viewed: Viewed) -> Question | None:
    """A field for a text in which something comes again."""
    config = viewed[1].config
    written = st.text_input(
        "Write something in which a part comes again", link.text("text"), key=keys.REPEATED, max_chars=120
    )
    return ask(lambda: asked.text(config, written))
