"""Sentences and captions that are made from a run's own numbers."""

import math
import re

import numpy as np
import pandas as pd

from grokviz.config import RunConfig
from grokviz.measures import registry
from grokviz.measures.circuit import attention_single_frequency_fve
from grokviz.models.forward import attention_pattern
from grokviz.runs.imported import UNKNOWN
from grokviz.study import Study
from grokviz.tasks.pairs import operation_of, task_of
from grokviz.wording import listed, percent, readable

ANSWERS_CAPTION = (
    "**How to read this.** One square a question: row a, column b. Orange is a pair the network trains on, blue one "
    "that it has never seen; strong where its answer is right, pale where it is wrong."
)
READ_CURVES = (
    "**How to read these figures.** Each shares its axis with the loss curves above: one step, one place. Bands are the "
    "phases of this run. The line with dots is the step in view; drag it, on any of them."
)
GINI_CAPTION = (
    "**How to read this.** 0 means that all frequencies are equally strong, near 1 that a few carry everything. "
    "It rises when the network settles on few frequencies."
)
MEASURES_CAPTION = (
    "Computed from the stored weights of this step. The page *Measures* says what each one means."
)

ALL_PAIRS = (
    "Which pairs this run was trained on is not known: what is called train and test here is of all pairs."
)


def task(config: RunConfig) -> str:
    """The question that a run is asked: a + b mod 113."""
    return task_of(config)


def which_group(config: RunConfig) -> str:
    """In which order the numbers stand in all measures and figures, where it is not their own; or why in none."""
    operation = operation_of(config)
    places = operation.places(config.p)
    if places is None:
        return operation.why_no_group(config.p)
    if places.root is not None:
        return (
            f"Modulo {config.p} every number but 0 is a power of {places.root}, and a product adds the exponents. So in all "
            f"measures and figures the waves are those of the exponents, modulo {places.n}; 0 has no place in them."
        )
    if operation.addition and operation.addition.sign_b < 0:
        return "To take b away is to add its opposite: in all measures and figures b runs backwards."
    return ""


def loss_caption(study: Study) -> str:
    p = study.run.config.p
    return (
        f"**How to read this.** Loss is how surprised the network is by the right answer: {math.log(p):.1f} is "
        f"blind guessing among {p} answers, and each line down is a hundred times less surprised. *Restricted* "
        f"keeps only the circuit, *excluded* takes it away.{which_labels(study)} The grey line is the step you are at."
    )


def which_labels(study: Study) -> str:
    """Of a run with wrong labels, by which of them each loss is counted; else nothing."""
    if not study.run.config.wrong_labels:
        return ""
    return (
        " Some of its training labels are wrong: train and excluded loss are of the labels that it is trained on, test and "
        "restricted loss of the true answers."
    )


def plain(text: str, at_most: int = 1000) -> str:
    """A text from outside on one line, without characters that are invisible or turn others round."""
    line = "".join(c for c in " ".join(text.split()) if c.isprintable())
    return line if len(line) <= at_most else line[: at_most - 1] + "…"


def as_text(text: str) -> str:
    """A text from outside, with everything that Markdown or HTML would act on made harmless."""
    escaped = re.sub(r"([\\`*_{}\[\]<>()#+\-.!|$~:&])", r"\\\1", plain(text))
    # Streamlit makes links, emoji and icons even of what is escaped: an invisible joiner breaks them up.
    return re.sub(r"(?i)([:@]|www)", "\\1\u2060", escaped)


def at_step(study: Study, index: int) -> str:
    """What is happening at a snapshot, in one sentence made of its measures."""
    t, phases = study.timeline, study.phases
    step = int(t.steps[index])
    train, test = percent(float(t.train_accuracy[index])), percent(float(t.test_accuracy[index]))
    phase = phases.phase_at(step)
    so_far = f"Step {step:,}: {train} of the training pairs are right, and {test} of those it has never seen."
    if study.run.config.split == UNKNOWN:
        return f"Step {step:,}: {train} of all pairs are right. Which of them it was trained on is not known."
    if phase == "circuit formation" and len(t.key_freqs):
        excluded, whole = (readable(float(x[index])) for x in (t.excluded_loss_train, t.train_loss))
        return f"{so_far} Without its key {frequencies(study)} the training loss would be {excluded} instead of {whole}."
    if phase == "cleanup":
        return f"{so_far} The squared weights add up to {readable(float(t.sum_squared_weights[index]))}."
    return so_far


def spectrum_caption(study: Study) -> str:
    said = frequency(study)
    how = f"**How to read this.** One bar a {said}: how strongly the matrix varies with that {wave(study)} over the numbers. "
    if not study.timeline.key_freqs:
        return how + f"This run has no key {said}."
    return how + f"Those in colour are the key {frequencies(study)} of this run, {key_names(study)}."


def wave(study: Study) -> str:
    """What its answers are built of, in a word: of a group that is no clock, blocks of functions."""
    return "block" if has_blocks(study) else "wave"


def frequency(study: Study) -> str:
    """By what these are told apart."""
    return "block" if has_blocks(study) else "frequency"


def frequencies(study: Study) -> str:
    """The same, of several."""
    return "blocks" if has_blocks(study) else "frequencies"


def has_blocks(study: Study) -> bool:
    """Whether it computes in a group that is no clock, whose functions fall into blocks and not into waves."""
    return study.task.places is not None and not study.task.places.group.is_cyclic


def key_names(study: Study) -> str:
    """The key frequencies in words: 9, 15 and 17; of a group that is no clock, its blocks by name."""
    return listed(study.key_names)


def key_sentence(study: Study) -> str:
    """Which frequencies are key in this run, or what it means that none is."""
    if study.timeline.key_freqs:
        root = study.task.places and study.task.places.root
        return f"Here: {key_names(study)}{f', of the exponents of {root}' if root else ''}."
    if study.task.places is None:
        return f"Here: none. {study.task.no_group}"
    return f"Here: none, so the measures that need key {frequencies(study)} say nothing about this run."


def circuit_sentence(study: Study, index: int) -> str:
    """How much of the circuit's parts single frequencies explain at a snapshot, measured."""
    t, places = study.timeline, study.task.places
    if places is None:
        return f"**No circuit to measure.** {study.task.no_group}"
    attention = ""
    if "attention_scores" in t.series and study.run.config.attention_rate > 0:
        pattern = np.moveaxis(attention_pattern(t.attention_scores[index].astype(np.float64)), 0, 2)
        in_group = np.moveaxis(places.pairs(pattern), 2, 0)
        shares = attention_single_frequency_fve(in_group, places.group)[1]
        heads = ", ".join(percent(float(share)) for share in shares)
        attention = f" One {frequency(study)} explains {heads} of the variance of attention, head by head;"
    follow, n = float(t.frac_neurons_over_085[index]), study.run.config.d_mlp
    neurons = f"{round(follow * n)} of {n}" if math.isfinite(follow) else f"nobody knows how many of {n}"
    waves = "key blocks" if has_blocks(study) else "waves of the key frequencies"
    return (
        f"**Measured at step {int(t.steps[index]):,}.**{attention} {neurons} neurons follow one {frequency(study)}; the {waves} "
        f"explain {percent(float(t.logit_fve[index]))} of the variance of the logits."
    )


def measure_table(study: Study, index: int) -> pd.DataFrame:
    """The measures of one snapshot, in words and readable numbers."""
    t = study.timeline
    rows = [
        (measure.title, (percent if measure.percent else readable)(float(t[measure.name][index])))
        for measure in registry.scalars()
        if measure.name in t.series
    ]
    return pd.DataFrame(rows, columns=["measure", "value"])


def no_attention(study: Study) -> str:
    """Why this run has no such stage, in a sentence; "" where it has one."""
    config = study.run.config
    if not config.model.has_attention:
        return (
            "This network has no such stage: it is a two-layer network without attention. Each neuron sees a number for $a$ and one for "
            "$b$, and adds them up."
        )
    if config.attention_rate == 0:
        return (
            "This network has no such choice to make: at the attention rate 0 every token gets attention 1, whatever it is. What heads "
            "write of $a$ and of $b$ is added up."
        )
    return ""
