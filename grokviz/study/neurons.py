"""Any neurons of a run at every snapshot, as the few that its timeline keeps."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from grokviz.measures import registry
from grokviz.measures.snapshot import Snapshot
from grokviz.runs import folder
from grokviz.runs.folder import Run
from grokviz.study.timeline import Timeline
from grokviz.tasks.pairs import build_task


def of_last(run: Run) -> tuple[Int[np.ndarray, " d_mlp"], Float[np.ndarray, " d_mlp"]]:
    """Of every neuron of the last snapshot, the frequency that explains it best and the share that it explains."""
    weights = folder.read_weights(run, len(run.steps) - 1)
    return Snapshot(weights, build_task(run.config)).neuron_fit


def with_neurons(run: Run, timeline: Timeline, neurons: Sequence[int]) -> Timeline:
    """The timeline with these neurons in place of those it draws, measured at every snapshot of the run.

    Raises `ValueError` when there is none, or no such neuron.
    """
    d_mlp = run.config.d_mlp
    if not neurons or not all(0 <= n < d_mlp for n in neurons):
        raise ValueError(f"Got neurons {list(neurons)[:8]}, expected some of 0 to {d_mlp - 1}.")
    chosen, task = np.array(neurons), build_task(run.config)
    drawn = [name for name in timeline.series if registry.by_name(name).axes[:1] == ("neuron",)]
    rows = []
    for weights in folder.iter_weights(run):
        snapshot = Snapshot(weights, task, timeline.key_freqs, chosen)
        rows.append({name: registry.by_name(name).compute(snapshot) for name in drawn})
    found = {
        name: registry.by_name(name).encoding.encode(np.array([row[name] for row in rows])) for name in drawn
    }
    return dataclasses.replace(timeline, neurons=chosen, series={**timeline.series, **found}, _numbers={})
