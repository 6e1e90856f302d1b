"""Any neurons and frequencies of a run at every snapshot, as the few that its timeline keeps."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from grokviz.measures import registry
from grokviz.measures.encoding import Stored
from grokviz.measures.snapshot import Snapshot
from grokviz.runs import folder
from grokviz.runs.folder import Run
from grokviz.study.timeline import Timeline
from grokviz.tasks.pairs import build_task


def neuron_fits(run: Run) -> tuple[Int[np.ndarray, " d_mlp"], Float[np.ndarray, " d_mlp"]]:
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


def rings_of(run: Run, freqs: Sequence[int]) -> Stored:
    """The numbers in the plane of each of these frequencies, at every snapshot: what the measure "ring" says of key ones.

    Raises `ValueError` when there is none, or no such frequency.
    """
    task, ring = build_task(run.config), registry.by_name("ring")
    most = len(task.places.group.blocks) - 1 if task.places else 0
    if not freqs or not all(1 <= k <= most for k in freqs):
        raise ValueError(f"Got frequencies {list(freqs)[:8]}, expected some of 1 to {most}.")
    points = [ring.compute(Snapshot(weights, task, tuple(freqs))) for weights in folder.iter_weights(run)]
    return ring.encoding.encode(np.array(points))
