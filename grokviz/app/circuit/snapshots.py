"""The inside of a snapshot, with or without cuts: computed once, shared by every visitor, read-only."""

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import NamedTuple, TypeVar

import numpy as np

from grokviz.app.session import apart, cache
from grokviz.app.session.bounded import kept
from grokviz.app.session.cache import RunHandle
from grokviz.circuit import controls, experiments, interventions
from grokviz.circuit import inside as insides
from grokviz.circuit.cuts import NO_CUTS, Cuts
from grokviz.circuit.inside import Inside, look_inside, places_or_numbers
from grokviz.circuit.interventions import Outcome
from grokviz.circuit.stages import Stages
from grokviz.forecast import looking
from grokviz.forecast.looking import Cost
from grokviz.models.forward import Activations, Weights, forward
from grokviz.runs.folder import read_weights
from grokviz.study import Study
from grokviz.tasks.groups import Places
from grokviz.tasks.pairs import operation_of

R = TypeVar("R")

N_STRONGEST = 5  # waves to show of a run that has no key frequency


class Waves(NamedTuple):
    """The frequencies that the pages follow in a run: blocks of the group that its answers are the product of."""

    freqs: tuple[int, ...]
    are_key: bool  # False: the run has no key frequency, and these are merely the strongest at its end


class View(NamedTuple):
    """What is kept of `Inside`: about 3 MB for p = 113, where all logits are 12."""

    outcome: Outcome
    stages: Stages  # without logits
    margin: np.ndarray
    weights: Weights  # of the uncut network


def order(study: Study) -> Places:
    """Which number stands for which element of the group; where none is known, the numbers as they are."""
    return places_or_numbers(study.task)


def is_clock(study: Study) -> bool:
    """The answers are sums of numbers in some order, so that every frequency has a ring to go around on."""
    return study.task.places is not None and study.task.places.group.is_cyclic


def block_name(study: Study, k: int) -> str:
    """A frequency as it is written, "k = 7"; of a group that is no clock, the name of the block."""
    return order(study).group.blocks[k].name


def sum_sign(study: Study) -> str:
    """What stands between a and b in the order in which the operation is a sum: − where b is taken away."""
    way = operation_of(study.run.config).addition
    return "−" if way and way.sign_b < 0 and study.task.places else "+"


def _key(handle: RunHandle, *rest: Hashable) -> Hashable:
    """All of this comes from the weights: a row of the log changes nothing."""
    return (handle.weights, *rest)


@kept(cache.WAVES, key=_key)
def waves(handle: RunHandle) -> Waves:
    """Its key frequencies, or the strongest waves of its last snapshot where it has none."""
    study = cache.study(handle)
    if keys := tuple(study.timeline.key_freqs):
        return Waves(keys, True)
    if study.task.places is None:
        return Waves((), False)
    alpha = np.nan_to_num(study.timeline.trig_coefficients[-1])
    strongest = 1 + np.argsort(-alpha, kind="stable")[:N_STRONGEST]
    return Waves(tuple(sorted(strongest.tolist())), False)


def strongest(handle: RunHandle) -> int | None:
    """Of the frequencies that are followed, the one with the largest wave in the last snapshot; None where there is none."""
    freqs, study = waves(handle).freqs, cache.study(handle)
    if not freqs:
        return None
    alpha = np.nan_to_num(study.timeline.trig_coefficients[-1])
    return max(freqs, key=lambda k: alpha[k - 1])


@kept(cache.NETWORKS, key=_key)
def _whole(handle: RunHandle, index: int) -> Activations:
    """The uncut network in float64."""
    run = cache.study(handle).run
    with apart.in_turn():
        return forward(read_weights(run, index, np.float64))


@kept(cache.OWNERS, key=_key)
def _owners(handle: RunHandle, index: int) -> np.ndarray:
    """The frequency of every neuron of the uncut network."""
    return interventions.neuron_owners(_whole(handle, index), order(cache.study(handle)))


@kept(cache.INSIDES, key=_key)
def inside(handle: RunHandle, index: int, cuts: Cuts = NO_CUTS) -> View:
    """One snapshot from the inside, with these parts of it cut."""
    found = _inside(handle, index, cuts)
    pictures = {name: getattr(found.stages, name).astype(np.float32) for name in ("turned", "coefficients")}
    return View(
        found.outcome,
        replace(found.stages, logits=None, **pictures),
        found.margin,
        read_weights(cache.study(handle).run, index, np.float32),
    )


def _inside(handle: RunHandle, index: int, cuts: Cuts = NO_CUTS) -> Inside:
    study, freqs = cache.study(handle), waves(handle).freqs
    if _is_large(handle, looking.CUT):
        return _apart("Looking inside", looking.CUT, insides.cut_of_run, handle, index, cuts, freqs)
    owners = _owners(handle, index) if cuts.polynomial or cuts.clusters else None
    whole = _whole(handle, index)
    with apart.in_turn():
        return look_inside(whole, cuts, order(study), freqs, study.task, owners)


class Losses(NamedTuple):
    """What is kept of a draw of a random control."""

    test_loss: float
    all_loss: float
    test_accuracy: float


def control(handle: RunHandle, index: int, cuts: Cuts) -> controls.Control:
    """The same cut with as many others: which, not yet what they do."""
    study = cache.study(handle)
    owners = _owners(handle, index) if cuts.clusters and not is_too_large_to_repeat(handle) else None
    parts = controls.parts_of(cuts, study.run.config, len(order(study).group.blocks) - 1, owners)
    return controls.control(cuts, parts, frequencies="frequencies" if is_clock(study) else "blocks")


def is_too_large_to_repeat(handle: RunHandle) -> bool:
    """Whether one cut of this network is a large thing already: on a shared machine it is not made ten times unasked."""
    return _is_large(handle, looking.CUT)


def known_losses(handle: RunHandle, index: int, cuts: Cuts) -> Losses | None:
    """`losses` where they are known."""
    found = cache.LOSSES.peek(_key(handle, index, cuts))
    return found if isinstance(found, Losses) else None


@np.errstate(over="ignore", invalid="ignore")
def losses(handle: RunHandle, index: int, cuts: Cuts) -> Losses:
    """What a snapshot with these parts cut loses. In float64, and without its pictures."""

    def compute() -> Losses:
        study = cache.study(handle)
        owners = _owners(handle, index) if cuts.polynomial or cuts.clusters else None
        whole = _whole(handle, index)
        with apart.in_turn():
            logits = interventions.run(whole.weights, cuts, order(study), whole, owners).logits
        found = interventions.outcome(logits, study.task)
        return Losses(found.test_loss, found.all_loss, found.test_accuracy)

    return cache.LOSSES.get(_key(handle, index, cuts), compute)


def _is_large(handle: RunHandle, cost: Cost) -> bool:
    return apart.is_large(looking.of_each(cost, cache.study(handle).run.config))


def _apart(what: str, cost: Cost, function: Callable[..., R], handle: RunHandle, *arguments: object) -> R:
    """What a function of `circuit.inside` says of the run, computed in a process of its own."""
    costs = looking.of_each(cost, cache.study(handle).run.config)
    return apart.compute(what, costs, function, handle.path, *arguments)


@kept(cache.EXPERIMENTS, key=_key)
def perform(handle: RunHandle, index: int) -> list[tuple[experiments.Experiment, Outcome]]:
    """The paper's experiments on one snapshot."""
    study, keys = cache.study(handle), waves(handle)
    freqs = keys.freqs if keys.are_key else ()
    if _is_large(handle, looking.EXPERIMENTS):
        what = "Cutting one thing after the other"
        return _apart(what, looking.EXPERIMENTS, insides.experiments_on_run, handle, index, freqs)
    whole = _whole(handle, index)
    with apart.in_turn():
        return experiments.perform(whole.weights, study.task, order(study), freqs, whole)


@kept(cache.ABLATIONS, key=_key)
def ablations(handle: RunHandle, index: int) -> np.ndarray:
    """Loss without each frequency in turn."""
    study = cache.study(handle)
    if _is_large(handle, looking.ABLATIONS):
        what = "Taking out one frequency after the other"
        return _apart(what, looking.ABLATIONS, insides.ablations_of_run, handle, index)
    whole = _whole(handle, index)
    with apart.in_turn():
        return experiments.ablate_each_frequency(whole.logits, study.task, order(study))
