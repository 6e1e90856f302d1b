"""What a measure is: one declaration, read by the cache, the film, the tables, the pages and the model card.

To add one, put a file into this folder with `MEASURES = (Measure(...),)`: `registry` finds it. Nothing else names it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from grokviz.measures.encoding import FLOAT64, Encoding
from grokviz.measures.snapshot import Snapshot
from grokviz.models.spec import Shapes
from grokviz.tasks.pairs import Task

Value = float | np.ndarray
LAST = 1_000  # the place of a measure that asks for none

# What an axis behind that of the snapshots runs over. How long it is, `study.timeline.axis_sizes` knows of a run.
AXES = {
    "frequency": "k = 1..n//2; of a group that is not cyclic its blocks, that of the constant left out",
    "key": "the key frequencies, in their order",
    "matrix": "the matrices of weights, by name",
    "a": "the first number",
    "b": "the second number",
    "component": "of the Fourier basis: constant, cos 1, sin 1, ...; the rows of all blocks of a group",
    "number": "0..n-1: the elements of the group",
    "sum": "a + b in the order in which the operation is addition",
    "distance": "a - b in that order",
    "plane": "x and y",
    "head": "the attention heads",
    "source": "what attention goes to: a = 0..p-1, b = 0..p-1, =",
    "neuron": "the few neurons that are drawn",
}


class Article(NamedTuple):
    """A measure as the page Measures tells it: question, name, formula, figure, what to notice, source."""

    question: str
    name: str
    words: str
    formula: str  # LaTeX
    notice: str
    source: str
    beside: tuple[str, ...] = ()  # measures drawn in the same figure


def of_a_group(so: str) -> Callable[[Task], str]:
    """For `applies`: of a task that is the product of no known group it says nothing, and what follows from that."""
    return lambda task: "" if task.places else f"{task.no_group} {so}"


def everywhere(task: Task) -> str:
    """Nothing speaks against it."""
    return ""


def of_any_network(shapes: Shapes) -> str:
    """Nothing speaks against it."""
    return ""


def with_attention(shapes: Shapes) -> str:
    """There are heads, and it is "=" that looks back, so that each gives every number one score."""
    if "W_Q" not in shapes:
        return "This network has no attention: its neurons see a and b at once."
    if shapes["W_pos"][0] < 3:
        return "This network is shown a and b alone, and b looks back at a: scores belong to pairs, not to numbers."
    return ""


@dataclass(frozen=True)
class Measure:
    """What is computed of a snapshot, how it is kept, and how it is told.

    `compute` gives a number, or an array over `axes`. What a Snapshot has is shared by all measures;
    what only a few share goes through `Snapshot.share`.
    """

    name: str
    compute: Callable[[Snapshot], Value]
    title: str = ""  # in tables and on the model card
    unit: str = ""  # beside the axis of its figure: "loss (nats)"
    label: str = ""  # of its curve
    axes: tuple[str, ...] = ()
    encoding: Encoding = FLOAT64
    percent: bool = False  # a share, read as per cent
    log: bool = False  # drawn on a logarithmic axis
    group: str = ""  # curves of one group share a figure of the film
    needs_keys: bool = False  # says nothing of a run without key frequencies
    applies: Callable[[Task], str] = everywhere  # why it says nothing of such a task; "" where it does
    network: Callable[[Shapes], str] = (
        of_any_network  # and of such a network, known by the shapes of its parameters
    )
    drawn_only: bool = False  # a picture: no number of `measure --json`
    json_name: str = ""  # where it is told under another name
    to_json: Callable[[np.ndarray], object] | None = None  # where an array is told otherwise than as a list
    article: Article | None = None
    order: int = LAST  # where tables and pages tell it
    version: int = 1  # raised when what `compute` gives changes: timelines kept before are measured anew

    @property
    def is_scalar(self) -> bool:
        """One number a snapshot: a curve, a row of a table, a column of a CSV."""
        return not self.axes and not self.drawn_only


NO_KEYS = "This run has no key frequency, so there is nothing to keep or take away, and nothing to draw."


def why_nothing(
    measure: Measure, task: Task, key_freqs: tuple[int, ...], shapes: Shapes | None = None
) -> str:
    """Why a measure says nothing of a run, in a sentence for whoever looks at its figure; "" where it does.

    `shapes` are those of the parameters of its network; where they are not given, it is a transformer.
    """
    return (
        (measure.network(shapes) if shapes else "")
        or measure.applies(task)
        or (NO_KEYS if measure.needs_keys and not len(key_freqs) else "")
    )
