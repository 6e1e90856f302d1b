"""Timelines as GrokViz 0.1 kept them, version "3": of the bundled runs, and of runs in people's folders.

They hold what the measures of `VERSION` give, stored by other rules: read as they are, and turned into ours.
"""

import numpy as np

from grokviz.measures import registry
from grokviz.measures.encoding import LOG_OF_LARGEST, SCALED, Stored, pack_answers
from grokviz.runs.folder import Run
from grokviz.study.timeline import Timeline

NAME = "3"
VERSION = "763d0206"  # `registry.version()` of the declarations that such a timeline holds
TYPES = {
    "right_probability": "uint8",
    "is_right": "uint8",
    "logit_spectrum_2d": "uint8",
    "logit_spectrum_2d_scale": "float32",
    "attention_scores": "float16",
    "neuron_tables": "float16",
    "neuron_freq": "int64",
}  # of what is turned into something else
PER_MATRIX = "sum_squared_weights_per_matrix"


def read(arrays: dict[str, np.ndarray], run: Run) -> Timeline | None:
    """The timeline of such a cache; None where our declarations ask for other measures, or it does not fit."""
    if registry.version() != VERSION or any(
        arrays[name].dtype != kind for name, kind in TYPES.items() if name in arrays
    ):
        return None
    try:
        return _read(arrays, run)
    except (ValueError, TypeError, KeyError, IndexError):
        return None  # arrays of other shapes or types, as after an alteration


def _read(arrays: dict[str, np.ndarray], run: Run) -> Timeline:
    n, p, matrices = len(run.steps), run.config.p, tuple(sorted(run.config.shapes))
    found = dict(arrays)
    probability = found.pop("right_probability").astype(np.float32) / 255
    is_right = np.unpackbits(found.pop("is_right"), axis=1, count=p * p).reshape(n, p, p)
    root = found.pop("logit_spectrum_2d").astype(np.float32) / 255
    series = {
        "answers": Stored(pack_answers(probability, is_right)),
        "logit_spectrum_2d": LOG_OF_LARGEST.encode(root**2 * found.pop("logit_spectrum_2d_scale")),
        "ring": Stored(found.pop("ring"), 1 / 32767),
        "attention_scores": SCALED.encode(found.pop("attention_scores")),
        "neuron_tables": SCALED.encode(found.pop("neuron_tables")),
        "neuron_freq": Stored(found.pop("neuron_freq").astype(np.int16)),
        PER_MATRIX: Stored(np.stack([found.pop(f"{PER_MATRIX}.{name}") for name in matrices], axis=1)),
    }
    steps, neurons = found.pop("steps"), found.pop("neurons")
    keys = tuple(found.pop("key_freqs").tolist())
    series |= {name: Stored(values) for name, values in found.items()}
    return Timeline(steps, keys, neurons, series, matrices)
