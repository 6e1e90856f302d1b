"""The model card of a run on sequences: its task, where its losses fall, what its heads have come to do, how to load it."""

from grokviz.hub.card import FIGURE, RECORDED, head, here_and_how, table
from grokviz.measures.sequences import BEGINS, ENDS
from grokviz.runs.folder import SequenceRun
from grokviz.sequence_config import SEQUENCE_SETTINGS, SequenceConfig
from grokviz.study.sequences import cliffs, scores
from grokviz.tasks.sequences import SEQUENCE_TASKS
from grokviz.wording import percent, plural

TAGS = ("phase-change", "mechanistic-interpretability", "grokviz")
SOURCE = (
    "The tasks and networks are those of Nanda and Lieberum 2022, "
    "[A Mechanistic Interpretability Analysis of Grokking](https://www.alignmentforum.org/posts/N6WM6hs7RQMKDhYjB)."
)


def sequence_card(run: SequenceRun, repo: str, licence: str) -> str:
    """The README.md of the repository, its metadata first. Every number in it is read or computed from the run."""
    c, kind = run.config, SEQUENCE_TASKS[run.config.task]
    parts = ["all", *(part.label for part in c.question.parts)]
    falls = [
        (part, "–", "–") if fall is None else (part, f"{fall.begins:,}", f"{fall.ends:,}")
        for part, fall in zip(parts, cliffs(run).values(), strict=True)
    ]
    heads = [
        (f"layer {s.layer + 1}, head {s.best + 1} {s.name}", f"{s.values[-1, s.best]:.3f}")
        for s in scores(run)
    ]
    name = next(iter(c.shapes))
    return "\n".join([
        *head(run, repo, licence, TAGS),
        f"{_network(c)} learns **{kind.title.lower()}** ({kind.question}) from {_data(c)}. {RECORDED}", "",
        f"![Train and test loss over the steps]({FIGURE})", "",
        "Loss on a logarithmic scale; dashed: the sequences of the next step, solid: others.", "",
        *here_and_how(run, repo, f'    weights["{name}"][-1]  # at weights["steps"][-1]'),
        "## Cliffs", "",
        f"Guessing costs ln {c.question.guesses} = {c.question.plateau:.3f}. A cliff is from the last step at which the test "
        f"loss is at {percent(BEGINS)} of that to the first at {percent(ENDS)}.", "",
        *table(("part of the answers", "from step", "to step"), falls), "",
        *(["## Heads at the last snapshot", "", *table(("head", "share of its attention"), heads), ""] if heads else []),
        "## Config", "", *table(("setting", "value"), [(f"`{n}`", str(getattr(c, n))) for n in SEQUENCE_SETTINGS]), "",
        "## Source", "", SOURCE, "",
    ])  # fmt: skip


def _network(c: SequenceConfig) -> str:
    if c.network == "toy":
        return "A toy of two parts, QK and OV,"
    kind = f"{c.d_mlp} neurons" if c.d_mlp else "attention only"
    return f"A transformer of {plural(c.n_layers, 'layer')} ({kind}, width {c.d_model})"


def _data(c: SequenceConfig) -> str:
    return f"{c.n_train:,} fixed sequences" if c.n_train else "endless data"
