"""A snapshot with its cuts, and experiments on it: from a run folder, in whatever process."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from grokviz.circuit import experiments, interventions
from grokviz.circuit.cuts import Cuts
from grokviz.circuit.experiments import Experiment
from grokviz.circuit.interventions import Outcome
from grokviz.circuit.questions import margins
from grokviz.circuit.stages import Stages, read_stages
from grokviz.models.forward import Activations, forward
from grokviz.runs.folder import open_run, read_weights
from grokviz.tasks.groups import Places, cyclic, plainly
from grokviz.tasks.pairs import Task, build_task

Progress = Callable[[int, int], None]


class Inside(NamedTuple):
    """A snapshot with its cuts: losses and accuracies in float64, the stages and logits in float32."""

    outcome: Outcome
    stages: Stages
    logits: np.ndarray
    margin: np.ndarray


@np.errstate(over="ignore", invalid="ignore")  # a network that diverged is shown, not refused
def look_inside(
    whole: Activations,
    cuts: Cuts,
    order: Places,
    freqs: tuple[int, ...],
    task: Task,
    owners: np.ndarray | None = None,
) -> Inside:
    """Cuts in a network in float64, measured in float64 and pictured in float32, which takes half as long."""
    cut = interventions.run(whole.weights, cuts, order, whole, owners)
    names = ("pattern", "post", "logits")
    single = replace(cut, **{name: getattr(cut, name).astype(np.float32) for name in names})
    return Inside(
        interventions.outcome(cut.logits, task),
        read_stages(single, order, freqs),
        single.logits,
        margins(single.logits, task.answers),
    )


# The same of a run folder: what a process of its own is asked for. None says how far it is, it is one piece of work.


class _Opened(NamedTuple):
    whole: Activations
    order: Places
    task: Task


def _open(path: str, index: int) -> _Opened:
    run = open_run(path)
    task = build_task(run.config)
    return _Opened(forward(read_weights(run, index, np.float64)), places_or_numbers(task), task)


def places_or_numbers(task: Task) -> Places:
    """Which number stands for which element of the group; where none is known, the numbers as they are."""
    return task.places or plainly(cyclic(len(task.answers)))


def cut_of_run(path: str, index: int, cuts: Cuts, freqs: tuple[int, ...], on_progress: Progress) -> Inside:
    """`look_inside` at a snapshot."""
    whole, order, task = _open(path, index)
    owners = interventions.neuron_owners(whole, order) if cuts.polynomial or cuts.clusters else None
    return look_inside(whole, cuts, order, freqs, task, owners)


def experiments_on_run(
    path: str, index: int, keys: tuple[int, ...], on_progress: Progress
) -> list[tuple[Experiment, Outcome]]:
    """The paper's experiments on a snapshot."""
    whole, order, task = _open(path, index)
    return experiments.perform(whole.weights, task, order, keys, whole)


def ablations_of_run(path: str, index: int, on_progress: Progress) -> np.ndarray:
    """Loss without each frequency in turn, at a snapshot."""
    whole, order, task = _open(path, index)
    return experiments.ablate_each_frequency(whole.logits, task, order)
