"""What a deep measure is: one declaration, read by the file beside the timeline, the command line, the page and the API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from grokviz.config import RunConfig
from grokviz.measures.snapshot import Snapshot
from grokviz.models import gradient
from grokviz.models.forward import Weights
from grokviz.tasks.pairs import Task

# What an axis of a series runs over; how long it is, `axis_sizes` knows of a run.
AXES = {
    "chain": "the chains of a sampler, each from the same weights",
    "trace": "the draws of a chain, in equal stretches",
    "table": "the matrices of weights that have rows and columns, by name",
}
CHAINS, TRACE = 3, 20
EVERY = 1_000  # snapshots: as many as a run may have

Found = Mapping[str, float | np.ndarray]  # by the names of the series


class Series(NamedTuple):
    """A number, or an array over `axes`, of every snapshot that was measured."""

    name: str
    label: str  # of its curve
    axes: tuple[str, ...] = ()
    drawn: bool = True  # in the figure of its measure


class Telling(NamedTuple):
    """A deep measure as the page Measures tells it."""

    question: str
    words: str
    formula: str  # LaTeX
    notice: str
    claims: str  # what must not be claimed of it
    source: str


def everywhere(config: RunConfig) -> str:
    """Nothing speaks against it."""
    return ""


@dataclass(frozen=True, eq=False)
class Subject:
    """One snapshot with all that a deep measure may ask for. `first` are the weights of the first snapshot of the run.

    `tick` is called now and then by what takes its time: whoever measures may end it there, by raising.
    """

    weights: Weights  # float32
    first: Weights
    task: Task
    config: RunConfig
    step: int
    tick: Callable[[], None] = lambda: None
    _pairs: list[gradient.Pairs] = field(default_factory=list, repr=False)

    @cached_property
    def snapshot(self) -> Snapshot:
        """What the other measures know of it."""
        return Snapshot(self.weights, self.task)

    @cached_property
    def train(self) -> gradient.Pairs:
        """The training pairs."""
        return gradient.pairs_of(self.task, self.task.is_train)

    @property
    def train_loss(self) -> float:
        """Mean over the training pairs, in nats."""
        return float(self.snapshot.label_loss[self.task.is_train].mean(dtype=np.float64))


@dataclass(frozen=True)
class Deep:
    """What is computed of a snapshot when it is asked for, what it takes, and how it is told."""

    name: str
    title: str
    series: tuple[Series, ...]
    compute: Callable[[Subject], Found]
    telling: Telling
    unit: str  # beside the axis of its figure
    passes: float  # what a snapshot takes, in gradients over all training pairs
    settings: Mapping[str, float | str] = field(
        default_factory=dict
    )  # that the numbers hang on, as figures print them
    applies: Callable[[RunConfig], str] = everywhere  # why it says nothing of such a run; "" where it does
    most: int = EVERY  # snapshots, evenly chosen
    log: bool = False  # drawn on a logarithmic axis
    percent: bool = False
    of_minima: bool = False  # means what it is called only where the training pairs are known by heart
    order: int = 1_000  # where it is told
    version: int = 1  # raised when what `compute` gives changes: what was kept before is measured anew


def needs_gradient(config: RunConfig) -> str:
    """Why there is no gradient of its loss, in a sentence; "" where there is one."""
    if config.loss != "softmax":
        return "This needs the gradient of the loss, which is written by hand for softmax. This run trains on another."
    return gradient.why_not(config.shapes, getattr(config, "attention_rate", 1.0))


def tables_of(config: RunConfig) -> tuple[str, ...]:
    """The matrices that have rows and columns, by name: the axis "table"."""
    return tuple(name for name, shape in sorted(config.shapes.items()) if len(shape) > 1)


def axis_sizes(config: RunConfig) -> dict[str, int]:
    """How long every axis is in a run."""
    return {"chain": CHAINS, "trace": TRACE, "table": len(tables_of(config))}
