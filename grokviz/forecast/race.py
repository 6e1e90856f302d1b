"""Optimisers and tricks from the same start on the same pairs, as `python -m bench.race` saw them run.

Its results stand beside this file, with the accuracies over the steps; in words in docs/race.md.
"""

import dataclasses
import functools
import json
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from grokviz.config import RunConfig
from grokviz.forecast.recipes import fast_preset

FILE = Path(__file__).with_name("race.json")
P = 59
STEPS = 1_500
SEEDS = range(5)
GOAL = 0.99  # of the pairs: from here on it has memorised, or grokked


class Trick(NamedTuple):
    """What is done otherwise than by plain AdamW. `settings` are those that make it what it is; `label` and `words` are
    for people, `published` says what its authors saw."""

    label: str
    words: str
    published: str
    source: tuple[str, str]  # name and address
    settings: Mapping[str, float | str]


TRICKS = {
    "adamw": Trick(
        "AdamW",
        "Every weight is corrected by its gradient and pulled a little towards zero. The usual way, and the one to beat.",
        "The network of Nanda et al. (p = 113, 30 % of the pairs) groks near step 10,000 with a rate of 0.001 and a decay of 1.",
        ("Loshchilov and Hutter 2019", "https://arxiv.org/abs/1711.05101"),
        {},
    ),
    "no_decay": Trick(
        "Without weight decay",
        "AdamW without the pull towards zero. Nothing makes remembering expensive.",
        "Without weight decay that network never groks.",
        ("Nanda et al. 2023", "https://arxiv.org/abs/2301.05217"),
        {"weight_decay": 0.0},
    ),
    "muon": Trick(
        "Muon",
        "Every matrix is moved equally far in all of its directions, so that weak directions of the gradient count as much as strong ones.",
        "Over seven tasks grokking came after 103 epochs in place of 153.",
        ("Tveit et al. 2025", "https://arxiv.org/abs/2504.16041"),
        {"optimizer": "muon"},
    ),
    "grokfast": Trick(
        "Grokfast, running mean",
        "What the gradients of many steps have in common is added twice more: the slow part, in which the general solution grows.",
        "910 in place of 39,890 steps, for multiplication mod 97 with Adam that had no weight decay.",
        ("Lee et al. 2024", "https://arxiv.org/abs/2405.20233"),
        {"optimizer": "grokfast"},
    ),
    "grokfast_ma": Trick(
        "Grokfast, last 100 steps",
        "The same with the mean of the last 100 gradients, five times; before there are 100, nothing is added.",
        "790 in place of 39,890 steps, in the same setting.",
        ("Lee et al. 2024", "https://arxiv.org/abs/2405.20233"),
        {"optimizer": "grokfast_ma"},
    ),
    "perpendicular": Trick(
        "Perpendicular gradient",
        "From the gradient of each matrix the part along the matrix itself is taken away, and what is left is made as long again: no step merely shouts louder.",
        "97 % of the unseen pairs as soon as all others are known, at epoch 110 of a network of three layers (p = 113, 40 %).",
        ("Prieto et al. 2025", "https://arxiv.org/abs/2501.04697"),
        {"optimizer": "perpendicular", "perpendicular_rescale": "yes", "weight_decay": 0.0},
    ),
    "stablemax": Trick(
        "StableMax",
        "The loss takes another function than the softmax, which grows like a line and not like an exponential: gradients do not vanish when the network is sure.",
        "It makes grokking possible without weight decay; it does not make it fast.",
        ("Prieto et al. 2025", "https://arxiv.org/abs/2501.04697"),
        {"loss": "stablemax"},
    ),
    "sphere": Trick(
        "On a sphere",
        "After every step all weights are scaled so that their norm stays a fixed part of what it was at the start. There is no room to remember much.",
        "At 0.8 of the first norm that network has 99 % of the unseen pairs at step 290, when it has memorised.",
        ("Liu, Michaud and Tegmark 2023", "https://arxiv.org/abs/2210.01117"),
        {"optimizer": "sphere", "weight_decay": 0.0},
    ),
}


def config_of(settings: Mapping[str, float | str], seed: int, p: int = P, steps: int = STEPS) -> RunConfig:
    """The fast preset with these settings, for so many steps. Raises `ConfigError` when one is out of range."""
    base = dataclasses.replace(fast_preset(p), seed=seed, steps=steps, stop="steps")
    return dataclasses.replace(base, **dict(settings))  # pyright: ignore[reportArgumentType]


class Outcome(NamedTuple):
    """What became of one seed; accuracies are shares of the pairs."""

    seed: int
    memorised: int | None  # first step with 99 % of the training pairs right
    test_accuracy: float | None  # then
    grokked: int | None  # first step with 99 % of the others right
    lowest_after: float | None  # test accuracy since
    at_the_end: float  # and at the last step


class Run(NamedTuple):
    """An outcome and how it came about: per cent right at the steps of `Race.looked_at`."""

    outcome: Outcome
    train: tuple[int, ...]
    test: tuple[int, ...]


class Lane(NamedTuple):
    """A trick with its best settings of those that were tried."""

    trick: str
    settings: Mapping[str, float | str]  # that differ from those of the fast preset
    tried: int  # settings
    runs: tuple[Run, ...]  # a seed each

    @property
    def median(self) -> Run:
        """The run whose grokking lies in the middle; one that did not grok counts as later than any, by its accuracy."""
        ordered = sorted(self.runs, key=lambda run: lateness(run.outcome))
        return ordered[len(ordered) // 2]

    @property
    def done(self) -> int:
        """How many of its seeds grokked."""
        return sum(run.outcome.grokked is not None for run in self.runs)

    @property
    def grokked(self) -> int | None:
        """Median step; None where fewer than half of the seeds did."""
        return self.median.outcome.grokked

    @property
    def memorised(self) -> float | None:
        """Median step over the seeds that did."""
        found = [run.outcome.memorised for run in self.runs if run.outcome.memorised is not None]
        return statistics.median(found) if found else None


class Race(NamedTuple):
    p: int
    frac_train: float
    steps: int
    looked_at: tuple[int, ...]
    lanes: tuple[Lane, ...]


def lateness(outcome: Outcome) -> tuple[float, float]:
    """To sort by: the step of grokking, and then what is missing at the end."""
    return (outcome.grokked if outcome.grokked is not None else float("inf")), -outcome.at_the_end


@functools.cache
def race() -> Race:
    """The race that is bundled."""
    return from_json(json.loads(FILE.read_text("utf-8")))


def from_json(values: dict) -> Race:
    lanes = tuple(
        Lane(lane["trick"], lane["settings"], lane["tried"], tuple(
            Run(Outcome(*(run[name] for name in Outcome._fields)), tuple(run["train"]), tuple(run["test"]))
            for run in lane["runs"]
        ))
        for lane in values["lanes"]
    )  # fmt: skip
    return Race(values["p"], values["frac_train"], values["steps"], tuple(values["looked_at"]), lanes)
