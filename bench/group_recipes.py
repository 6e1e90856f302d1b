"""The search for recipes of groups: `python -m bench.group_recipes` trains what docs/group-recipes.csv lacks of the
trials below, all seeds of a trial together, and writes the part on groups of docs/recipes.md, losers included.

Steps are the same on every machine, up to rounding. Seconds are of one processor, of all seeds of a trial divided by
their number, evaluation included: on a machine that did other things besides, and so an upper bound.
"""

import csv
import statistics
import sys
import time
from pathlib import Path
from typing import NamedTuple

import torch

from bench.recipes import DOCS, GOAL
from bench.together import looks
from grokviz.config import RunConfig, of_group
from grokviz.tasks.named_groups import about

CSV = DOCS / "group-recipes.csv"
HEADING = "\n## Groups\n"
SETTINGS = ("architecture", "frac_train", "lr", "weight_decay", "d_model", "d_mlp")
TRANSFORMER, MLP = "transformer", "mlp"


class Trial(NamedTuple):
    group: str
    architecture: str
    frac_train: float
    seeds: int = 5
    most_steps: int = 3_000
    most_seconds: float = 120  # of one processor, all seeds together
    lr: float = 5e-3
    weight_decay: float = 2.0
    d_model: int = 64
    d_mlp: int = 256

    def configs(self, seeds: list[int]) -> list[RunConfig]:
        names = {name: getattr(self, name) for name in SETTINGS}
        return [
            RunConfig(**of_group(self.group), **names, seed=seed, steps=self.most_steps) for seed in seeds
        ]


class Row(NamedTuple):
    """One seed of a trial."""

    group: str
    architecture: str
    frac_train: float
    lr: float
    weight_decay: float
    d_model: int
    d_mlp: int
    seed: int
    memorised: int | None  # step with 99 % of the training pairs right
    test_accuracy: float | None  # then
    grokked: int | None  # step with 99 % of the others right
    at_the_end: float  # test accuracy when the trial ended
    steps: int
    seconds: float


TRIALS: tuple[Trial, ...] = (
    Trial("C_6xC_10", TRANSFORMER, 0.4, most_seconds=40),
    Trial("S_3", TRANSFORMER, 0.8, most_steps=2_000, most_seconds=15),
    Trial("D_12", TRANSFORMER, 0.7, most_seconds=60),
    Trial("D_12", TRANSFORMER, 0.85, most_seconds=40),
    Trial("S_4", TRANSFORMER, 0.75, most_seconds=60),
    Trial("S_4", TRANSFORMER, 0.9, most_seconds=40),
    Trial("D_30", TRANSFORMER, 0.5, most_seconds=80),
    Trial("A_5", TRANSFORMER, 0.6, most_seconds=100),
    Trial("S_5", TRANSFORMER, 0.5, most_seconds=300, seeds=1),
    Trial("Dic_6", TRANSFORMER, 0.85, most_seconds=40),
    Trial("Dic_15", TRANSFORMER, 0.5, most_seconds=80),
    Trial("C_6xC_10", MLP, 0.4),
    Trial("S_3", MLP, 0.8, most_steps=20_000),
    Trial("S_3", MLP, 0.9, most_steps=20_000),
    Trial("D_12", MLP, 0.7),
    Trial("D_12", MLP, 0.5, most_steps=10_000),
    Trial("Dic_6", MLP, 0.85),
    Trial("Dic_6", MLP, 0.7, most_steps=10_000),
    Trial("S_4", MLP, 0.85),
    Trial("S_4", MLP, 0.7),
    Trial("D_30", MLP, 0.5),
    Trial("D_30", MLP, 0.4),
    Trial("Dic_15", MLP, 0.5),
    Trial("Dic_15", MLP, 0.4),
    Trial("A_5", MLP, 0.6),
    Trial("A_5", MLP, 0.5),
    Trial("S_5", MLP, 0.5, most_seconds=600),
)


def key(trial: Trial | Row) -> tuple[str | int | float, ...]:
    """What makes a trial: its group and its settings."""
    return trial.group, *(getattr(trial, name) for name in SETTINGS)


def train(trial: Trial, seeds: list[int]) -> list[Row]:
    """These seeds together, until the last has grokked or the trial has had its steps or seconds."""
    configs = trial.configs(seeds)
    memorised: list[tuple[int, float] | None] = [None] * len(configs)
    grokked: list[int | None] = [None] * len(configs)
    ends, begin = [0.0] * len(configs), time.process_time()
    step = 0
    for step, found in looks(configs, trial.most_steps, every=20, first=10):
        for i, (_, _, right, test, _) in enumerate(found):
            ends[i] = round(test, 4)
            if memorised[i] is None and right >= GOAL:
                memorised[i] = step, ends[i]
            if grokked[i] is None and test >= GOAL:
                grokked[i] = step
        if all(grokked) or time.process_time() - begin > trial.most_seconds:
            break
    seconds = round((time.process_time() - begin) / len(configs), 1)
    rows = []
    for i, seed in enumerate(seeds):
        at, right = memorised[i] or (None, None)
        rows.append(Row._make([*key(trial), seed, at, right, grokked[i], ends[i], step, seconds]))
    return rows


def read() -> list[Row]:
    def cell(name: str, text: str) -> str | int | float | None:
        if name in ("group", "architecture"):
            return text
        return None if text == "" else float(text) if "." in text else int(text)

    if not CSV.exists():
        return []
    with CSV.open(newline="") as file:
        rows = [{name: cell(name, text) for name, text in row.items()} for row in csv.DictReader(file)]
    return [Row(**row) for row in rows]  # pyright: ignore[reportArgumentType]


def write(rows: list[Row]) -> None:
    with CSV.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(Row._fields)
        table.writerows(rows)


def line(rows: list[Row]) -> str:
    """One line of the table: medians over seeds; a seed that did not grok counts as later than any."""
    late = float("inf")
    memorised = statistics.median_high([r.memorised or late for r in rows])
    grokked = statistics.median_high([r.grokked or late for r in rows])
    below = [GOAL - r.test_accuracy for r in rows if r.test_accuracy is not None]
    steps = sorted(r.grokked for r in rows if r.grokked)
    first = rows[0]
    done = f"{steps[0]:,} to {steps[-1]:,}" if steps else f"not in {first.steps:,}"
    cells = [
        first.group, first.architecture, *(f"{getattr(first, name):g}" for name in SETTINGS[1:]),
        f"{memorised:,.0f}" if memorised < late else "not",
        f"{100 * statistics.median(below):.0f}" if below else "",
        f"{grokked:,.0f} ({done})" if grokked < late else done, f"{len(steps)} of {len(rows)}",
        " ".join(f"{100 * r.at_the_end:.0f}" for r in rows), f"{first.seconds:.0f} s",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def text(rows: list[Row]) -> str:
    """The part of docs/recipes.md."""
    by_trial: dict[tuple, list[Row]] = {}
    for row in rows:
        by_trial.setdefault(key(row), []).append(row)
    order = {name: i for i, name in enumerate(dict.fromkeys(t.group for t in TRIALS))}
    trials = sorted(by_trial.values(), key=lambda found: (order.get(found[0].group, 99), key(found[0])[1:]))
    names = dict.fromkeys(found[0].group for found in trials)
    head = [
        "group",
        *SETTINGS,
        "memorised",
        "points below",
        "grokked",
        "seeds",
        "% right at the end",
        "seconds a seed",
    ]
    return "\n".join([
        HEADING,
        "Written by `python -m bench.group_recipes`: composing the elements of "
        + "; ".join(f"{name}, {about(name)}" for name in names) + ". Columns as above; *architecture*: the one-layer transformer, or mlp: two embeddings and one hidden layer; *% right at the end*: of the unseen pairs, "
        "seed by seed, when the trial ended; *seconds a seed*: of one processor, until the last of the seeds had grokked or the "
        "trial ended, on a machine that did other things besides: an upper bound.",
        "", f"| {' | '.join(head)} |", "|" + "---|" * len(head), *map(line, trials), "",
    ])  # fmt: skip


def main() -> None:
    torch.set_num_threads(1)
    rows = read()
    for trial in TRIALS:
        known = {row.seed for row in rows if key(row) == key(trial)}
        if seeds := [seed for seed in range(trial.seeds) if seed not in known]:
            rows += train(trial, seeds)
            write(rows)
            print(line(rows[-len(seeds) :]), file=sys.stderr, flush=True)
    path = Path(DOCS / "recipes.md")
    before = path.read_text("utf-8").split(HEADING)[0]
    path.write_text(before + text(rows), "utf-8")


if __name__ == "__main__":
    main()
