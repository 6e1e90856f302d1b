"""The article's argument: what few data and weight decay make of the three tasks, as it was measured, and to be tried."""

import statistics

import streamlit as st

from grokviz import installation, wording
from grokviz.app import shell
from grokviz.app.elsewhere import figures, live, runs
from grokviz.app.session import keys
from grokviz.app.session.address import FEW
from grokviz.forecast import few_data
from grokviz.sequence_config import SequenceConfig
from grokviz.tasks.sequences import SEQUENCE_TASKS
from grokviz.view import elsewhere
from grokviz.view.elsewhere import Axes, Line, Plateau, Words

ENDLESS = "endless"
DATA = {
    "skip-trigrams": (ENDLESS, "1000", "300", "100", "30"),
    "digits": (ENDLESS, "1000", "500", "300", "150"),
    "repeats": (ENDLESS, "1024", "512", "256", "128"),
}
DECAYS = (0.0, 0.1, 0.3, 1.0, 3.0)
NAMES = {
    "skip-trigrams": "Skip trigrams",
    "digits": "Sums of three digits",
    "repeats": "Repeats of eight among 32 characters",
}


def measured() -> None:
    """The losses of each task on few data, with weight decay and without, and what they say."""
    for task, column in zip(DATA, st.columns(3, gap="medium"), strict=True):
        with column:
            st.markdown(f"**{NAMES[task]}**")
            figures.show(curves(task), f"elsewhere-few-{task}")
            st.markdown(told(task))
    with shell.column():
        st.caption(
            f"Of {wording.plural(len(few_data.of('digits', True)), 'seed')} the first is drawn; the figures in the text are medians, of two steps the later. Digits and repeats are smaller here than above. "
            f"`{few_data.command()}` trains them."
        )


def curves(task: str) -> dict:
    """The losses of the first seed on both sides, and on others without weight decay."""
    (first, *_), (bare, *_) = few_data.of(task, True), few_data.of(task, False)
    lines = [
        Line("never seen", *few_data.arrays(first, "test"), 0, strong=True),
        Line("trained on", *few_data.arrays(first, "train"), 1, strong=True, dashed=True),
        Line("never seen, without weight decay", *few_data.arrays(bare, "test"), 2),
    ]
    plateau = Plateau(first.plateau, f"guessing: {first.plateau:.2f}")
    axes = Axes(1.15 * max(first.peak, bare.peak, first.plateau), first.at[-1], "loss, in nats", (plateau,))
    name = SEQUENCE_TASKS[task].title.lower()
    return elsewhere.curves(
        lines, axes, Words(f"Losses of {name} on few data", "Solid: sequences that it never sees.")
    )


def told(task: str) -> str:
    """What became of the trainings of a task, with its figures."""
    found, bare = few_data.of(task, True), few_data.of(task, False)
    config = few_data.config(task, decays=True)
    known = few_data.median([one.known_at for one in found])
    peak, without = (
        statistics.median(values) for values in ([one.peak for one in found], [one.test[-1] for one in bare])
    )
    heart = (
        "It does not learn them by heart" if known is None else f"It knows them by heart at step {known:,}"
    )
    return (
        f"{config.n_train} of them, weight decay {config.weight_decay:g}. {heart}; its loss on others is {peak:.2g} at most. "
        f"{_understood(found)} Without weight decay it ends at {without:.2g}. **{_verdict(found)}**"
    )


def _understood(found: tuple[few_data.Outcome, ...]) -> str:
    """When it understood: the median, or seed by seed where some did not."""
    steps = [one.understood_at for one in found]
    half = f"below {wording.percent(few_data.UNDERSTOOD)} of guessing for good from step"
    if None not in steps:
        return f"It is {half} {few_data.median(steps):,} on."
    return " ".join(
        f"Seed {one.seed}: {one.test[-1]:.2g} at the last step, {one.at[-1]:,}."
        if step is None
        else f"Seed {one.seed}: {half} {step:,} on."
        for one, step in zip(found, steps, strict=True)
    )


def _verdict(found: tuple[few_data.Outcome, ...]) -> str:
    grokked = sum(one.groks for one in found)
    if grokked == len(found):
        return "It groks."
    if not grokked:
        return "It hardly groks."
    return f"It groks on {wording.plural(grokked, 'seed')} of {wording.in_words(len(found))}."


def two_sliders() -> None:
    """How many data, how much weight decay: a task trained on them, and the losses of both sides."""
    if not installation.has("torch"):
        return
    with shell.column():
        st.markdown("Try it: few sequences, and then more of them; much weight decay, and none.")
        task = st.segmented_control(
            "Task", tuple(DATA), default="skip-trigrams", key=keys.FEW_TASK, format_func=NAMES.__getitem__
        )
        task = task or "skip-trigrams"
        left, right = st.columns(2)
        usual = few_data.config(task, decays=True)
        data = left.select_slider(
            "Sequences to train on", DATA[task], str(usual.n_train), key=keys.few("data", task)
        )
        decay = right.select_slider("Weight decay", DECAYS, usual.weight_decay, key=keys.few("decay", task))

    def config() -> SequenceConfig:
        few = 0 if data == ENDLESS else int(data)
        return few_data.config(task, decays=True, n_train=few, weight_decay=float(decay))

    live.place(FEW, config)
    if (viewed := runs.in_view(FEW)) and viewed[1].config.task == task:
        found = viewed[1].config
        n = f"{found.n_train:,} sequences" if found.n_train else "endless data"
        with shell.column():
            st.markdown(
                f"Below is {runs.whose(viewed[1].path)}: {SEQUENCE_TASKS[task].title.lower()}, {n}, weight decay "
                f"{found.weight_decay:g}, {found.steps:,} steps."
            )
        figures.of_two_sides(viewed[1], FEW)
