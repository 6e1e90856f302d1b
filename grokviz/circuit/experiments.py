"""The experiments of Nanda et al. 2023 on their finished network, as cuts that can be made on any other."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from grokviz.circuit.cuts import NO_CUTS, Choice, Cuts
from grokviz.circuit.interventions import Outcome, outcome, products, run
from grokviz.measures.losses import mean_over
from grokviz.models.forward import Activations, Weights, cross_entropy
from grokviz.tasks.groups import Group, Places
from grokviz.tasks.pairs import NO_ANSWER, Task


class Experiment(NamedTuple):
    """One experiment: its question, the cuts that put it, and what the paper gives for its own network."""

    question: str
    cuts: Cuts
    published: str  # loss over all pairs, as Vega and people write it: "2.48e-7"; "" where there is no figure
    source: str


def experiments(
    key_freqs: Sequence[int], has_attention: bool = True, group: Group | None = None
) -> list[Experiment]:
    """The experiments for a network with these key frequencies, the uncut network first; one without attention is not
    asked what attention does, and of a group that is no clock the questions name its blocks.

    The figure for removing one key frequency at the neurons is the range over the five of the paper's network,
    from the notebook released with it.
    """
    keys = tuple(key_freqs)
    keep, drop = Choice("keep", keys), Choice("drop", keys)
    where = "section 4.4"
    of_both, of_sum, fitted, names = _called(keys, group)
    whole = Experiment("Nothing is cut", NO_CUTS, "2.41e-7", where)
    of_keys = [
        Experiment(f"Only {of_both} in the logits", Cuts(spectrum=keep), "7.24e-8", where),
        Experiment(f"Only {of_sum} in the logits", Cuts(logits=keep), "5.54e-8", where),
        Experiment(f"Logits replaced by one fitted {fitted}", Cuts(waves=keys), "4.7e-8", "section 4.2"),
        Experiment("Neurons along the directions of W_L alone", Cuts(directions=keep), "1.19e-7", where),
        Experiment("Neurons in the null space of these directions", Cuts(directions=drop), "5.27", where),
        *[
            Experiment(f"{name} removed at the neurons", Cuts(neurons=Choice("drop", (k,))), "2.0e-4 to 2.4e-2", "released notebook")
            for k, name in zip(keys, names, strict=True)
        ],
    ]  # fmt: skip
    of_all = [
        Experiment("Neurons replaced by polynomials of degree 2", Cuts(polynomial=True), "2.48e-7", where)
    ]
    of_attention = [
        Experiment("Attention replaced by its linear form", Cuts(linear=True), "2.12e-7", "appendix C.1.3"),
        Experiment("No way around the MLP", Cuts(skips=("mlp",)), "", "appendix A.1"),
    ]
    return [whole, *(of_keys if keys else []), *of_all, *(of_attention if has_attention else [])]


def _called(keys: tuple[int, ...], group: Group | None) -> tuple[str, str, str, list[str]]:
    """What is kept: functions of a and b, and of the answer; what is fitted; and what each key frequency is called."""
    if group is None or group.is_cyclic:
        both, of_sum = (f"waves of {what} of the key frequencies" for what in ("a and b", "a + b"))
        return both, of_sum, "wave for each key frequency", [f"Frequency {k}" for k in keys]
    both, of_sum = (f"functions of {what} in the key blocks" for what in ("a and of b", "the right answer"))
    return both, of_sum, "character for each key block", [f"Block {group.blocks[k].name}" for k in keys]


def perform(
    weights: Weights, task: Task, order: Places, key_freqs: Sequence[int], whole: Activations
) -> list[tuple[Experiment, Outcome]]:
    """Every experiment with what it gives."""
    return [
        (experiment, outcome(run(weights, experiment.cuts, order, whole).logits, task))
        for experiment in experiments(key_freqs, "W_Q" in weights, order.group)
    ]


def ablate_each_frequency(
    logits: Float[np.ndarray, "p p p"], task: Task, order: Places
) -> Float[np.ndarray, " half_n"]:
    """Loss over all pairs without frequency k in the logits, for k = 1..n//2, or without each block.

    The eight components of {1, cos_k, sin_k} x {1, cos_k, sin_k} but the constant are set to 0, as in section 4.4.
    """
    has_answer = task.answers != NO_ANSWER
    index = np.ix_(order.a, order.b)
    grid = logits[index]
    losses = []
    for k in range(1, len(order.group.blocks)):
        cut = logits.copy()
        cut[index] = grid - products(grid, (k,), order.group)
        losses.append(mean_over(cross_entropy(cut, task.answers), has_answer))
    return np.array(losses)
