"""The timeline kept with its run: read where it fits, written after measuring.

The file carries its own table of contents: of every series its axes and encoding, and the version of the
declaration it was measured under. What does not fit the run or these declarations is measured anew; a new measure that says
nothing of a run changes nothing for it.
"""

import hashlib
import json
import math
from pathlib import Path

import numpy as np

from grokviz.config import RunConfig
from grokviz.measures import registry
from grokviz.measures.declaration import Measure
from grokviz.measures.encoding import Stored
from grokviz.runs import folder, write
from grokviz.runs.folder import Run
from grokviz.study.timeline import Timeline
from grokviz.tasks.pairs import Task


def read(run: Run, task: Task) -> Timeline | None:
    """The timeline kept with a run, or None where there is none that fits it."""
    kept = folder.read_timeline_cache(run)
    if kept is None:
        return None
    arrays, meta = kept
    if meta.get("places", PLAIN_SUMS) != places_name(task):
        return None  # measured in another order of the numbers, or before theirs was known
    found = _decode(arrays, meta.get("contents", ""), tuple(sorted(run.config.shapes)))
    return found if found is not None and fits(found, run, task) else None


FIRST = 1  # the version of every measure when files did not say it
PLAIN_SUMS = "sums"  # the numbers added as they stand, which is all that was known before others were


def places_name(task: Task) -> str:
    """What tells apart in which order of the numbers, and under which blocks, measures of the circuit were taken."""
    places = task.places
    if places is None:
        return "none"
    if places.group.is_cyclic and places.is_plain:
        return PLAIN_SUMS
    digest = hashlib.blake2b(digest_size=4)
    for numbers in (places.group.product, places.a, places.b, places.c):
        digest.update(np.ascontiguousarray(numbers, "<i8").tobytes())
    return f"{places.group.name} {digest.hexdigest()}"


def keep(run: Run | Path, timeline: Timeline, task: Task) -> None:
    """Keep a timeline with its run. Raises `RunError` when it takes over 48 MB or the folder cannot be written."""
    arrays = {"steps": timeline.steps, "key_freqs": np.array(timeline.key_freqs, np.int16)}
    arrays |= {"neurons": timeline.neurons}
    arrays |= {name: stored.values for name, stored in timeline.series.items()}
    meta = {
        "contents": json.dumps(contents(timeline)),
        "places": places_name(task),
    }
    write.write_timeline_cache(run, arrays, meta)


def contents(timeline: Timeline) -> dict[str, dict]:
    """Of every series of a timeline its axes, and how numbers are made of what is stored."""
    return {
        name: {
            **_declared(registry.by_name(name)),
            "scale": stored.scale,
            "shift": stored.shift,
            "top": stored.top,
        }
        for name, stored in timeline.series.items()
    }


def _declared(measure: Measure) -> dict[str, object]:
    """What of a declaration decides whether what was measured still holds."""
    return {"axes": list(measure.axes), "encoding": measure.encoding.name, "version": measure.version}


def _decode(arrays: dict[str, np.ndarray], text: str, matrices: tuple[str, ...]) -> Timeline | None:
    try:
        table = json.loads(text)
        for name, entry in table.items():
            declared = _declared(registry.by_name(name))
            if {"version": FIRST} | {key: entry[key] for key in declared.keys() & entry.keys()} != declared:
                return None
        series = {
            name: Stored(arrays[name], float(entry["scale"]), float(entry["shift"]), _top(entry["top"]))
            for name, entry in table.items()
        }
        keys = tuple(arrays["key_freqs"].reshape(-1).tolist())
        return Timeline(arrays["steps"], keys, arrays["neurons"], series, matrices)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None  # a table of contents that was altered


def _top(value: object) -> float | None:
    return None if value is None else float(str(value))


def axis_sizes(config: RunConfig, task: Task, keys: int, neurons: int) -> dict[str, int]:
    """How long every axis is in a run; those of a group where one is known."""
    p = config.p
    n, blocks = (task.places.n, len(task.places.group.blocks)) if task.places else (0, 1)
    return {
        "frequency": blocks - 1,
        "key": keys,
        "matrix": len(config.shapes),
        "a": p,
        "b": p,
        "component": n,
        "number": n,
        "sum": p,
        "distance": p,
        "plane": 2,
        "head": config.model.n_heads,
        "source": 2 * p + 1,
        "neuron": neurons,
    }


def fits(timeline: Timeline, run: Run, task: Task) -> bool:
    """Whether a timeline is one of this run: its steps, keys and neurons, and every declared series in its shape."""
    c, keys, neurons = run.config, timeline.key_freqs, timeline.neurons
    if not np.array_equal(timeline.steps, run.steps) or len(set(keys)) < len(keys):
        return False
    if neurons.ndim != 1 or neurons.dtype.kind not in "iu":
        return False
    if not all(0 <= neuron < c.d_mlp for neuron in neurons.tolist()):
        return False
    declared = {m.name: m for m in registry.measures() if registry.says_something(m, task, c.shapes)}
    sizes = axis_sizes(c, task, len(keys), len(neurons))
    if not all(type(k) is int and 1 <= k <= sizes["frequency"] for k in keys):
        return False
    return timeline.series.keys() == declared.keys() and all(
        stored.values.shape == (len(run.steps), *(sizes[axis] for axis in declared[name].axes))
        and stored.values.dtype == declared[name].encoding.dtype
        and all(math.isfinite(x) for x in (stored.scale, stored.shift, stored.top or 0.0))
        for name, stored in timeline.series.items()
    )
