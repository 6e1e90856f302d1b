"""Sentences and captions that are made from a run's own numbers."""

import re

import pandas as pd

from grokviz.study import Study
from grokviz.view.charts import SUPERSCRIPT

LOSS_CAPTION = (
    "**How to read this.** Loss is how surprised the network is by the right answer: 4.7 is blind guessing among "
    "113 answers, every step down the axis is ten times less surprised. *Restricted* keeps only the circuit, "
    "*excluded* takes it away. The grey line is the step you are at."
)
ANSWERS_CAPTION = (
    "**How to read this.** One square a question: row a, column b. Orange is a pair the network trains on, blue one "
    "that it has never seen; strong where its answer is right, pale where it is wrong."
)
GINI_CAPTION = (
    "**How to read this.** 0 means that all frequencies are equally strong, 1 that a single one is left. "
    "It rises while the network settles on few frequencies."
)
MEASURES_CAPTION = (
    "Computed from the stored weights of this step. The page *Measures* says what each one means."
)


def readable(value: float) -> str:
    """A number as people read it: 12,400, 0.061, 2.4 × 10⁻⁷."""
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        digits = 0 if abs(value) >= 1000 else max(0, 2 - len(str(int(abs(value)))) + (abs(value) < 1) * 2)
        return f"{value:,.{digits}f}" if value else "0"
    if value != value or abs(value) == float("inf"):
        return "not finite"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(SUPERSCRIPT)}"


def percent(share: float) -> str:
    return "100 %" if share == 1 else f"{100 * share:.1f} %"


def listed(numbers: list[int]) -> str:
    """14, 35 and 41."""
    words = [str(n) for n in numbers]
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def plain(text: str, at_most: int = 1000) -> str:
    """A text from outside on one line, without characters that are invisible or turn others round."""
    line = "".join(c for c in " ".join(text.split()) if c.isprintable())
    return line if len(line) <= at_most else line[: at_most - 1] + "…"


def as_text(text: str) -> str:
    """A text from outside, with everything that Markdown or HTML would act on made harmless."""
    return re.sub(r"([\\`*_{}\[\]<>()#+\-.!|$~:&])", r"\\\1", plain(text))


def at_step(study: Study, index: int) -> str:
    """What is happening at a snapshot, in one sentence made of its measures."""
    t, phases = study.timeline, study.phases
    step = int(t.steps[index])
    train, test = percent(float(t.train_accuracy[index])), percent(float(t.test_accuracy[index]))
    phase = phases.phase_at(step)
    so_far = f"Step {step:,}: {train} of the training pairs are right, and {test} of those it has never seen."
    if phase == "circuit formation" and len(t.key_freqs):
        excluded, whole = (readable(float(x[index])) for x in (t.excluded_loss_train, t.train_loss))
        return (
            f"{so_far} Without its key frequencies the training loss would be {excluded} instead of {whole}."
        )
    if phase == "cleanup":
        return f"{so_far} The squared weights add up to {readable(float(t.sum_squared_weights[index]))}, and fall."
    return so_far


def spectrum_caption(study: Study) -> str:
    keys = list(study.timeline.key_freqs)
    how = "**How to read this.** One bar a frequency: how strongly the matrix varies with that wave over the numbers. "
    if not keys:
        return how + "This run has no key frequency: no circuit has formed."
    return how + f"Blue are the key frequencies of this run, {listed(keys)}."


def measure_table(study: Study, index: int) -> pd.DataFrame:
    """The measures of one snapshot, in words and readable numbers."""
    t = study.timeline
    loss = {
        "Train loss": t.train_loss,
        "Test loss": t.test_loss,
        "Restricted loss, all pairs": t.restricted_loss_all,
        "Restricted loss, test pairs": t.restricted_loss_test,
        "Excluded loss, train pairs": t.excluded_loss_train,
        "Gini coefficient of the embedding": t.gini_W_E,
        "Gini coefficient of neurons to logits": t.gini_W_L,
        "Sum of squared weights": t.sum_squared_weights,
    }
    share = {
        "Train accuracy": t.train_accuracy,
        "Test accuracy": t.test_accuracy,
        "Logits explained by the key waves": t.logit_fve,
        "Neurons with one frequency": t.frac_neurons_over_085,
    }
    rows = [(name, percent(float(v[index]))) for name, v in share.items()]
    rows += [(name, readable(float(v[index]))) for name, v in loss.items()]
    return pd.DataFrame(rows, columns=["measure", "value"])
