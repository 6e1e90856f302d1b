"""A timeline as the bytes the film plays: `[u32 header length][JSON header][arrays]`, little-endian.

Every array starts on a 4-byte boundary; the header gives its dtype, shape, offset (from the first byte
after the header), and the scale and shift that turn what is stored back into numbers:
value = stored * scale + shift. What follows exactly from a small table is not sent as pictures: the
browser computes attention maps from the scores of "=" and neuron maps from the neuron tables.

The core plays the strip and most panels; the maps (neurons, 2-D spectrum) and the table of sums and distances follow
when asked for, and frequencies and heads that were chosen when they are.
"""

import hashlib
import json
import math
import struct
from collections.abc import Mapping, Sequence
from typing import TypedDict

import numpy as np
from jaxtyping import Int, Shaped, UInt8

from grokviz.config import SETTINGS, RunConfig, to_json
from grokviz.measures import registry
from grokviz.measures.clock_pizza import MEANS_NOTHING
from grokviz.measures.declaration import why_nothing
from grokviz.measures.encoding import Stored
from grokviz.measures.phases import Phases
from grokviz.models.spec import Shapes
from grokviz.runs.folder import Run
from grokviz.study.race import race
from grokviz.study.timeline import Timeline
from grokviz.tasks.pairs import Task, names_of, operation_of

FORMAT = 1
PARTS = ("core", "maps", "distances")

# The p x p pictures are the bulk of a part: a run with more snapshots than fit plays every other one.
MAX_PICTURE_BYTES = 8_000_000
LIVE_PICTURE_BYTES = 500_000  # of a run that is being trained: it is sent again and again
MAX_CURVE_POINTS = 1_500
MAX_NEURONS = 4  # two by two like the heads: as many as can be looked at, and as fit into 6 MB

CORE_PICTURES = ("spectrum_W_E", "spectrum_W_L", "ring", "answers", "recites", "attention_scores")
NEURON_PICTURES = ("neuron_tables", "neuron_constants", "neuron_freq", "neuron_fve")
LOG_COLUMNS = ("train_loss", "test_loss", "train_accuracy", "test_accuracy")
PHASES = ("memorised_at", "circuit_from", "cleanup_from", "cleanup_to", "grokked_at")


class ArrayEntry(TypedDict):
    """Where an array lies in a blob, and how numbers are made of it."""

    dtype: str
    shape: list[int]
    offset: int
    scale: float
    shift: float
    axes: list[str]  # behind that of the snapshots, as the measure declares them; none of what is no series


class GroupEntry(TypedDict):
    """The group that the answers are the product of. Series over its elements and blocks are in their order."""

    name: str
    is_cyclic: bool  # block k is frequency k, and elements go around its clock in their order
    tokens: list[int]  # the number that stands for each element, in the place of a
    tokens_b: list[int]  # and in that of b
    root: int | None  # where element i is the i-th power of it
    blocks: list[str]  # names, that of the constant first
    sizes: list[int]  # functions in each


class Header(TypedDict):
    """What a blob says of itself. The maps have `neurons`, and what was chosen `freqs` and `heads`, in place of what the core
    tells of the run."""

    format: int
    part: str
    id: str
    p: int
    steps: list[int]
    key_freqs: list[int]
    arrays: dict[str, ArrayEntry]
    title: str
    sentence: str
    finished: bool
    operation: str
    names: list[str]
    group: GroupEntry | None
    no_group: str
    planned_steps: int
    changes: list[tuple[int, str]]
    d_mlp: int
    n_heads: int
    attention_rate: float
    phases: dict[str, int | None]
    bands: list[tuple[str, int, int | None]]
    race: dict[str, int | None]
    measures: list[dict[str, object]]
    silent: dict[str, str]
    adds_from: dict[str, float]
    neurons: list[int]
    freqs: list[int]
    heads: list[int]


def timeline_blob(run: Run, timeline: Timeline, task: Task, phases: Phases) -> bytes:
    """The core part: every measure with one number a snapshot, and the curves, spectra, rings, answers and attention
    scores of a run. At p = 113 with 150 snapshots about 3 MB. Texts travel as data and are never markup.
    """
    kept = kept_of(run, timeline)
    scalars = [measure for measure in registry.scalars() if measure.name in timeline.series]
    arrays = {measure.name: _float32(timeline[measure.name][kept]) for measure in scalars}
    arrays |= _pictures(timeline, CORE_PICTURES, kept)
    if "trig_coefficients" in timeline.series:
        arrays |= {"trig_coefficients": _float32(timeline["trig_coefficients"][kept])}
    arrays |= {
        "table": Stored(task.answers.astype(np.int16)),
        "side": Stored(_sides(task)),
    }
    if task.taught is not None:
        arrays |= {"taught": Stored(task.taught.astype(np.int16))}
    log = run.log.iloc[thinned(len(run.log), MAX_CURVE_POINTS)]
    arrays |= {f"log_{name}": _float32(log[name].to_numpy()) for name in ("step", *LOG_COLUMNS)}
    about = {
        "title": run.title,
        "sentence": run.sentence,
        "finished": run.finished,
        "operation": operation_of(run.config).label,
        "names": list(names_of(run.config)),
        "group": _group(task),
        "no_group": "" if task.places else task.no_group,
        "planned_steps": run.config.steps,
        "changes": changes_in_words(run.config),
        "d_mlp": run.config.d_mlp,
        "n_heads": run.config.model.n_heads,
        "attention_rate": 0.0 if run.config.architecture == "mlp" else run.config.attention_rate,
        "phases": {name: getattr(phases, name) for name in PHASES},
        "bands": [list(band) for band in phases.bands],
        "race": race(timeline)._asdict(),
        "measures": declarations(timeline, task, run.config.shapes),
        "silent": silent(timeline, task, run.config.shapes),
        "adds_from": dict(zip(("accuracy", "circularity"), MEANS_NOTHING, strict=True)),
    }
    return _pack("core", run, timeline, kept, arrays, about)


def maps_blob(run: Run, timeline: Timeline, drawn: Timeline | None = None) -> bytes:
    """The maps part: neuron tables and the 2-D Fourier spectrum of the logits of the same run. The neurons are those of
    `drawn`, where other ones were chosen."""
    kept, drawn = kept_of(run, timeline), drawn or timeline
    arrays = {
        name: stored._replace(top=None)
        for name, stored in _pictures(timeline, ("logit_spectrum_2d",), kept).items()
    }
    neurons = drawn.neurons[:MAX_NEURONS].tolist()
    for name, stored in _pictures(drawn, NEURON_PICTURES if neurons else (), kept).items():
        values = stored.values[:, :MAX_NEURONS]
        arrays[name] = _float32(values) if values.dtype == np.float64 else stored._replace(values=values)
    return _pack("maps", run, timeline, kept, arrays, {"neurons": neurons})


def distances_blob(run: Run, timeline: Timeline, task: Task) -> bytes:
    """The part with the logit of the right answer by sum and distance, where there are such."""
    kept = kept_of(run, timeline)
    found = timeline.series.get("right_logits")
    arrays = {} if found is None else {"right_logits": _snapshots(found, kept)}
    return _pack(
        "distances", run, timeline, kept, arrays, {"n": task.places.n if task.places else run.config.p}
    )


def chosen_blob(
    run: Run, timeline: Timeline, freqs: Sequence[int], heads: Sequence[int], rings: Stored | None
) -> bytes:
    """The part that says which frequencies and heads were chosen to be drawn, with the rings of these frequencies."""
    kept = kept_of(run, timeline)
    arrays = {} if rings is None else {"ring": _snapshots(rings, kept)}
    return _pack("chosen", run, timeline, kept, arrays, {"freqs": list(freqs), "heads": list(heads)})


def _sides(task: Task) -> UInt8[np.ndarray, "p p"]:
    """1 trained on, 2 never seen, 3 both where nobody knows, 4 trained on before and no more, 5 trained on with a wrong label;
    0 without an answer. js/kit/sides.js."""
    sides = task.is_train * 1 + task.is_test * 2 + task.is_wrong * 4
    return (sides if task.is_removed is None else sides + task.is_removed * 4).astype(np.uint8)


def declarations(timeline: Timeline, task: Task, shapes: Shapes) -> list[dict[str, object]]:
    """What the film is told of every measure with one number a snapshot: the panels that plot them loop over it."""
    return [
        {
            "name": m.name,
            "title": m.title,
            "unit": m.unit,
            "label": m.label or m.title,
            "percent": m.percent,
            "log": m.log,
            "needs_keys": m.needs_keys,
            "group": m.group or m.name,
            "nothing": why_nothing(m, task, timeline.key_freqs, shapes),
        }
        for m in registry.scalars()
    ]


def silent(timeline: Timeline, task: Task, shapes: Shapes) -> dict[str, str]:
    """The pictures that are not drawn of this run, each with the reason: what their panels say instead."""
    whys = {
        m.name: why_nothing(m, task, timeline.key_freqs, shapes) for m in registry.measures() if m.drawn_only
    }
    return {name: why for name, why in whys.items() if why and name not in timeline.series}


def timeline_id(run: Run, timeline: Timeline) -> str:
    """Sixteen hex digits that change whenever anything the blobs show can change."""
    digest = hashlib.blake2b(digest_size=8)
    digest.update(json.dumps([to_json(run.config), run.title, run.sentence, registry.version()]).encode())
    digest.update(repr((run.finished, timeline.key_freqs, timeline.neurons.tolist())).encode())
    if (
        not run.finished
    ):  # its curves go on between two snapshots: every few per cent of the log are worth sending
        digest.update(str(round(30 * math.log1p(len(run.log)))).encode())
    for values in (timeline.steps, timeline["train_loss"], timeline["test_loss"]):
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def read_header(blob: bytes) -> Header:
    """The JSON header of a blob."""
    (length,) = struct.unpack_from("<I", blob)
    return json.loads(blob[4 : 4 + length])


def read_arrays(blob: bytes) -> dict[str, np.ndarray]:
    """The arrays of a blob as the browser sees them: stored * scale + shift."""
    (length,) = struct.unpack_from("<I", blob)
    arrays = {}
    for name, entry in read_header(blob)["arrays"].items():
        dtype = np.dtype(entry["dtype"])
        count = int(np.prod(entry["shape"], dtype=int))
        stored = np.frombuffer(blob, dtype, count, offset=4 + length + entry["offset"])
        if (entry["scale"], entry["shift"]) != (1, 0):
            stored = stored * entry["scale"] + entry["shift"]
        arrays[name] = stored.reshape(entry["shape"])
    return arrays


def changes_in_words(config: RunConfig) -> list[tuple[int, str]]:
    """Step and words of every change of a setting while the run was trained."""
    return [(step, f"{SETTINGS[name].label.lower()} {value:g}") for step, name, value in config.changes]


def kept_of(run: Run, timeline: Timeline) -> Int[np.ndarray, " kept"]:
    """Which snapshots of a run its film plays."""
    most = MAX_PICTURE_BYTES if run.finished else LIVE_PICTURE_BYTES
    return kept_snapshots(len(timeline.steps), run.config.p, most)


def kept_snapshots(n: int, p: int, most_bytes: int = MAX_PICTURE_BYTES) -> Int[np.ndarray, " kept"]:
    """Which of n snapshots are sent: all, or as many as fit, evenly, with the first and the last."""
    return thinned(n, max(2, most_bytes // (p * p)))


def thinned(n: int, at_most: int) -> Int[np.ndarray, " kept"]:
    """Up to `at_most` indices out of 0..n-1, evenly, the first and the last among them."""
    return np.unique(np.rint(np.linspace(0, n - 1, min(n, at_most))).astype(int)) if n else np.arange(0)


def _group(task: Task) -> GroupEntry | None:
    if task.places is None:
        return None
    places, group = task.places, task.places.group
    return {
        "name": group.name,
        "is_cyclic": group.is_cyclic,
        "tokens": places.a.tolist(),
        "tokens_b": places.b.tolist(),
        "root": places.root,
        "blocks": [block.name for block in group.blocks],
        "sizes": [block.size for block in group.blocks],
    }


def _pictures(
    timeline: Timeline, names: tuple[str, ...], kept: Int[np.ndarray, " kept"]
) -> dict[str, Stored]:
    """Those of the series that the timeline has: some say nothing of a run that is the product of no group."""
    return {name: _snapshots(timeline.series[name], kept) for name in names if name in timeline.series}


def _snapshots(stored: Stored, kept: Int[np.ndarray, " kept"]) -> Stored:
    """These snapshots of a series, byte for byte as they are stored."""
    return stored if len(kept) == len(stored.values) else stored._replace(values=stored.values[kept])


def _float32(values: Shaped[np.ndarray, "..."]) -> Stored:
    """Numbers that the cache keeps exactly, for a browser."""
    return Stored(np.asarray(values, np.float32))


def _pack(
    part: str,
    run: Run,
    timeline: Timeline,
    kept: Int[np.ndarray, " kept"],
    arrays: dict[str, Stored],
    about: dict[str, object],
) -> bytes:
    header = {
        "p": run.config.p,
        "steps": [int(step) for step in timeline.steps[kept]],
        "key_freqs": list(timeline.key_freqs),
        **about,
    }
    return pack(part, timeline_id(run, timeline), header, arrays)


def pack(part: str, id: str, about: Mapping[str, object], arrays: Mapping[str, Stored]) -> bytes:
    """A part of a run as bytes, with its table of contents. `id` is that of the film it belongs to."""
    declared = {measure.name: measure for measure in registry.measures()}
    chunks, entries, offset = [], {}, 0
    for name, (values, scale, shift, _) in arrays.items():
        little = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"), copy=False)
        entries[name] = {
            "dtype": values.dtype.name,
            "shape": list(values.shape),
            "offset": offset,
            "scale": scale,
            "shift": shift,
            "axes": list(declared[name].axes) if name in declared else [],
        }
        chunk = little.tobytes()
        chunk += bytes(-len(chunk) % 4)
        chunks.append(chunk)
        offset += len(chunk)
    header = {"format": FORMAT, "part": part, "id": id, **about, "arrays": entries}
    text = json.dumps(header, allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    return b"".join([struct.pack("<I", len(text)), text, *chunks])
