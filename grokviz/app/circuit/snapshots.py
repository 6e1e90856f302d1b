"""The inside of a snapshot, with or without cuts: computed once, shared by every visitor, read-only."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import streamlit as st

from grokviz.app.session import cache
from grokviz.circuit import experiments, interventions
from grokviz.circuit.cuts import NO_CUTS, Cuts
from grokviz.circuit.interventions import Outcome
from grokviz.circuit.questions import margins
from grokviz.circuit.stages import Stages, read_stages
from grokviz.measures.circuit import key_frequencies, trig_coefficients
from grokviz.measures.reindex import SumOrder, logits_on_sums, sum_order
from grokviz.models.forward import Activations, forward
from grokviz.runs.folder import read_weights
from grokviz.study import Study
from grokviz.tasks.pairs import OPERATIONS, Task

N_STRONGEST = 5  # waves to show of a run that has no key frequency


class Waves(NamedTuple):
    """The frequencies that the pages follow in a run, in the order in which its operation is addition."""

    freqs: tuple[int, ...]
    are_key: bool  # False: the run has no key frequency, and these are merely the strongest at its end


class Scales(NamedTuple):
    """What counts as full size in the pictures of a run, at every step: taken from its last snapshot."""

    ring: np.ndarray  # of each frequency
    turned: np.ndarray
    wave: float
    total: float


class Inside(NamedTuple):
    """A snapshot with its cuts: losses and accuracies in float64, the stages and logits in float32."""

    outcome: Outcome
    stages: Stages
    logits: np.ndarray
    margin: np.ndarray


def order(study: Study) -> SumOrder:
    """The order of the numbers in which the operation of the run is addition."""
    return sum_order(study.run.config.operation, study.run.config.p)


def waves(run_id: str) -> Waves:
    """Its key frequencies; for an operation other than addition, found after the numbers are reordered."""
    return _waves(run_id, *_address(run_id))


def scales(run_id: str) -> Scales:
    """Full sizes for the pictures of a run."""
    return _scales(run_id, *_address(run_id))


def inside(run_id: str, index: int, cuts: Cuts = NO_CUTS) -> Inside:
    """One snapshot from the inside, with these parts of it cut."""
    return _inside(run_id, *_address(run_id), index, cuts)


def perform(run_id: str, index: int) -> list[tuple[experiments.Experiment, Outcome]]:
    """The paper's experiments on one snapshot."""
    return _perform(run_id, *_address(run_id), index)


def ablations(run_id: str, index: int) -> np.ndarray:
    """Loss without each frequency in turn."""
    return _ablations(run_id, *_address(run_id), index)


def _address(run_id: str) -> tuple[str, int]:
    """What the caches hold a run by: it changes when a snapshot is added or the run is another of that name."""
    study = cache.load(run_id)
    return str(study.run.path), int(study.timeline.steps[-1])


def sum_sign(study: Study) -> str:
    """What stands between a and b in the order in which the operation is a sum: − where b is taken away."""
    way = OPERATIONS[study.run.config.operation].addition
    return "−" if way and way.sign_b < 0 and order(study).is_sum else "+"


@st.cache_resource(max_entries=16, show_spinner=False)
def _waves(run_id: str, path: str, last: int) -> Waves:
    study = cache.load(run_id)
    adds = OPERATIONS[study.run.config.operation].is_plain_addition
    if keys := tuple(study.timeline.key_freqs) if adds else ():
        return Waves(keys, True)
    logits = logits_on_sums(_whole(run_id, path, last, len(study.timeline.steps) - 1).logits, order(study))
    if keys := key_frequencies(logits):
        return Waves(keys, True)
    strongest = 1 + np.argsort(-np.nan_to_num(trig_coefficients(logits)), kind="stable")[:N_STRONGEST]
    return Waves(tuple(sorted(strongest.tolist())), False)


@st.cache_resource(max_entries=16, show_spinner=False)
def _scales(run_id: str, path: str, last: int) -> Scales:
    study = cache.load(run_id)
    s = inside(run_id, len(study.timeline.steps) - 1).stages
    means = np.linalg.norm(s.turned, axis=3).reshape(len(s.freqs), -1)
    sizes = np.linalg.norm(s.coefficients, axis=3) * np.sqrt(2 / s.order.n)
    at_least = 1e-6  # of a network that does nothing
    return Scales(
        ring=np.maximum(
            _large(np.linalg.norm(s.rings, axis=2)), np.maximum(np.nan_to_num(s.radius), at_least)
        ),
        turned=np.maximum(_large(means), at_least),
        wave=float(max(_large(sizes).max(initial=0), at_least)),
        total=float(max(np.nan_to_num(np.quantile(s.logits, 0.999)), at_least)),
    )


def _large(sizes: np.ndarray) -> np.ndarray:
    """What nine in ten of each row stay below."""
    return np.nan_to_num(np.quantile(sizes, 0.9, axis=1)) if sizes.size else np.zeros(len(sizes))


@st.cache_resource(max_entries=2, show_spinner=False)  # about 65 MB each for p = 113
def _whole(run_id: str, path: str, last: int, index: int) -> Activations:
    """The uncut network in float64."""
    return forward(read_weights(cache.load(run_id).run, index, np.float64))


@st.cache_resource(max_entries=16, show_spinner=False)
def _owners(run_id: str, path: str, last: int, index: int) -> np.ndarray:
    """The frequency of every neuron of the uncut network."""
    return interventions.neuron_owners(_whole(run_id, path, last, index), order(cache.load(run_id)))


@st.cache_resource(max_entries=12, show_spinner=False)  # about 7 MB each for p = 113
def _inside(run_id: str, path: str, last: int, index: int, cuts: Cuts) -> Inside:
    study = cache.load(run_id)
    freqs = _waves(run_id, path, last).freqs
    whole = _whole(run_id, path, last, index)
    owners = _owners(run_id, path, last, index) if cuts.polynomial or cuts.clusters else None
    return look_inside(whole, cuts, order(study), freqs, study.task, owners)


@np.errstate(over="ignore", invalid="ignore")  # a network that diverged is shown, not refused
def look_inside(
    whole: Activations,
    cuts: Cuts,
    order: SumOrder,
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


@st.cache_resource(max_entries=8, show_spinner="Cutting one thing after the other …")
def _perform(run_id: str, path: str, last: int, index: int) -> list:
    study, keys = cache.load(run_id), _waves(run_id, path, last)
    whole = _whole(run_id, path, last, index)
    freqs = keys.freqs if keys.are_key else ()
    return experiments.perform(whole.weights, study.task, order(study), freqs, whole)


@st.cache_resource(max_entries=8, show_spinner="Taking out one frequency after the other …")
def _ablations(run_id: str, path: str, last: int, index: int) -> np.ndarray:
    study = cache.load(run_id)
    return experiments.ablate_each_frequency(
        _whole(run_id, path, last, index).logits, study.task, order(study)
    )
