"""One snapshot and all that its measures share: one forward pass, and every intermediate result once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar, cast

import numpy as np
from jaxtyping import Bool, Float, Int

from grokviz.measures.circuit import check_keys, logit_map, neuron_frequencies
from grokviz.measures.fourier import product_marginal
from grokviz.models.forward import Activations, Weights, completed, cross_entropy, forward, widen
from grokviz.tasks.groups import Group, Places
from grokviz.tasks.pairs import Task, over_elements

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Weights, task and key frequencies, and what follows from them, computed when it is first asked for.

    Key frequencies are blocks of the group of the task, by their number: what is computed of the circuit is in the
    order of its elements. `neurons` are the few that are drawn. Raises `ValueError` when the weights and the task differ
    in p, or a key frequency is none.
    """

    weights: Weights
    task: Task
    key_freqs: tuple[int, ...] = ()
    neurons: Int[np.ndarray, " m"] = field(default_factory=lambda: np.zeros(0, np.int64))
    _shared: dict[Callable, object] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.task.answers.shape != (self.p, self.p):
            n = len(self.task.answers)
            raise ValueError(
                f"The weights answer mod {self.p}, the task has {n} x {n} pairs. "
                "Build the task from the config that the weights were trained with."
            )
        keys = check_keys(self.key_freqs, self.group) if self.key_freqs else ()
        object.__setattr__(self, "key_freqs", keys)

    def share(self, function: Callable[["Snapshot"], T]) -> T:
        """`function` of this snapshot, computed once for all measures that ask for it."""
        if function not in self._shared:
            self._shared[function] = function(self)
        return cast(T, self._shared[function])

    @property
    def p(self) -> int:
        return self.weights["W_U"].shape[1]

    @property
    def places(self) -> Places:
        """The group that the answers are the product of. Raises `ValueError` where none is known."""
        if self.task.places is None:
            raise ValueError(f"{self.task.no_group} Measure it without key frequencies.")
        return self.task.places

    @property
    def group(self) -> Group:
        return self.places.group

    @cached_property
    def wide(self) -> Weights:
        """The weights in float32 or wider, under the names of a transformer whatever the network is."""
        return completed(widen(self.weights))

    @cached_property
    def activations(self) -> Activations:
        return forward(self.wide)

    @property
    def logits(self) -> Float[np.ndarray, "p p p"]:
        return self.activations.logits

    @cached_property
    def pair_loss(self) -> Float[np.ndarray, "p p"]:
        """Loss of every pair, NaN where there is no answer."""
        return cross_entropy(self.logits, self.task.answers)

    @cached_property
    def label_loss(self) -> Float[np.ndarray, "p p"]:
        """Loss of every pair by the label that it is trained on, where that is not its answer: `Task.labels`."""
        return self.pair_loss if self.task.taught is None else cross_entropy(self.logits, self.task.labels)

    @cached_property
    def is_as_taught(self) -> Bool[np.ndarray, "p p"]:
        """The label that a pair is trained on is the likeliest."""
        if self.task.taught is None:
            return self.is_right
        return (self.logits.argmax(axis=2) == self.task.labels) & ~np.isnan(self.label_loss)

    @cached_property
    def is_right(self) -> Bool[np.ndarray, "p p"]:
        """The right answer is the likeliest. argmax calls the first NaN the largest, as if 0 were the answer of a
        network that diverged: that is not right."""
        return (self.logits.argmax(axis=2) == self.task.answers) & ~np.isnan(self.pair_loss)

    @cached_property
    def cube(self) -> Float[np.ndarray, "n n n"]:
        """The logits of all pairs of elements, for all answers that are one."""
        return self.places.cube(self.logits)

    @cached_property
    def elements(self) -> Task:
        """The task with elements in place of numbers."""
        return over_elements(self.task, self.places)

    @cached_property
    def sums(self) -> Float[np.ndarray, "n n"]:
        """Mean logits over the pairs of each sum, or product: all that the measures of the circuit need of the logits."""
        return product_marginal(self.cube, self.group)

    @cached_property
    def logit_map(self) -> Float[np.ndarray, "d_mlp p"]:
        """W_L = W_out W_U."""
        return logit_map(self.wide)

    @cached_property
    def neuron_fit(self) -> tuple[Int[np.ndarray, " d_mlp"], Float[np.ndarray, " d_mlp"]]:
        """Of every neuron, the frequency that explains it best and the share of its variance it explains."""
        return neuron_frequencies(self.places.pairs(self.activations.post), self.group)
