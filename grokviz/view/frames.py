"""A timeline as the bytes the film plays: `[u32 header length][JSON header][arrays]`, little-endian.

Every array starts on a 4-byte boundary; the header gives its dtype, shape, offset (from the first byte
after the header), and the scale and shift that turn what is stored back into numbers:
value = stored * scale + shift. What follows exactly from a small table is not sent as pictures: the
browser computes attention maps from the scores of "=" and neuron maps from the neuron tables.

Two parts: the core plays the strip and most panels; the maps (neurons, 2-D spectrum) follow when asked for.
"""

import hashlib
import json
import math
import struct
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from grokviz.config import SETTINGS, to_json
from grokviz.tasks.pairs import Task, operation_label

FORMAT = 1
PARTS = ("core", "maps")

# The p x p pictures are the bulk of a part: a run with more snapshots than fit plays every other one.
MAX_PICTURE_BYTES = 8_000_000
LIVE_PICTURE_BYTES = 500_000  # of a run that is being trained: it is sent again and again
MAX_CURVE_POINTS = 1_500
MAX_NEURONS = 4  # two by two like the heads: as many as can be looked at, and as fit into 6 MB
DECADES_OF_SPECTRUM = 3.0

# `Timeline` fields with one number a snapshot, sent as they are.
MEASURES = (
    "train_accuracy",
    "test_accuracy",
    "train_loss",
    "test_loss",
    "restricted_loss_all",
    "restricted_loss_test",
    "excluded_loss_train",
    "gini_W_E",
    "gini_W_L",
    "sum_squared_weights",
    "logit_fve",
    "frac_neurons_over_085",
)
LOG_COLUMNS = ("train_loss", "test_loss", "train_accuracy", "test_accuracy")
PHASES = ("memorised_at", "circuit_from", "cleanup_from", "cleanup_to", "grokked_at")


def timeline_blob(run: Any, timeline: Any, task: Task, phases: Any) -> bytes:
    """The core part: curves, measures, spectra, rings, answers and attention scores of a run.

    At p = 113 with 150 snapshots about 3 MB. `run` and `phases` may be any objects with the fields of
    `Run` and `Phases`; texts travel as data and are never markup.
    """
    keep = _kept(run, timeline)
    arrays = {name: _float32(getattr(timeline, name)[keep]) for name in MEASURES}
    arrays |= {
        "spectrum_W_E": _float32(timeline.spectrum_W_E[keep]),
        "spectrum_W_L": _float32(timeline.spectrum_W_L[keep]),
        "ring": _int16(timeline.ring[keep]),
        "answers": _stored(pack_answers(timeline.right_probability[keep], timeline.is_right[keep])),
        "attention_scores": _int16(timeline.attention_scores[keep]),
        "table": _stored(task.answers.astype(np.int16)),
        "side": _stored((task.is_train * 1 + task.is_test * 2).astype(np.uint8)),
    }
    log = run.log.iloc[thinned(len(run.log), MAX_CURVE_POINTS)]
    arrays |= {f"log_{name}": _float32(log[name].to_numpy()) for name in ("step", *LOG_COLUMNS)}
    about = {
        "title": str(run.title),
        "sentence": str(run.sentence),
        "finished": bool(run.finished),
        "operation": operation_label(run.config.operation),
        "planned_steps": int(run.config.steps),
        "changes": changes_in_words(run.config),
        "d_mlp": int(run.config.d_mlp),
        "n_heads": int(timeline.attention_scores.shape[1]),
        "phases": {name: _int_or_none(getattr(phases, name, None)) for name in PHASES},
        "bands": [list(band) for band in phases.bands],
    }
    return _pack("core", run, timeline, keep, arrays, about)


def maps_blob(run: Any, timeline: Any) -> bytes:
    """The maps part: neuron tables and the 2-D Fourier spectrum of the logits of the same run."""
    keep = _kept(run, timeline)
    arrays = {"logit_spectrum_2d": quantised_spectrum(timeline.logit_spectrum_2d[keep])}
    neurons = [int(j) for j in timeline.neurons[:MAX_NEURONS]]
    if neurons:
        arrays |= {
            "neuron_tables": _int16(timeline.neuron_tables[keep, :MAX_NEURONS]),
            "neuron_constants": _float32(timeline.neuron_constants[keep, :MAX_NEURONS]),
            "neuron_freq": _stored(timeline.neuron_freq[keep, :MAX_NEURONS].astype(np.int16)),
            "neuron_fve": _float32(timeline.neuron_fve[keep, :MAX_NEURONS]),
        }
    return _pack("maps", run, timeline, keep, arrays, {"neurons": neurons})


def timeline_id(run: Any, timeline: Any) -> str:
    """Sixteen hex digits that change whenever anything the blobs show can change."""
    digest = hashlib.blake2b(digest_size=8)
    digest.update(json.dumps([to_json(run.config), str(run.title), str(run.sentence)]).encode())
    digest.update(repr((bool(run.finished), tuple(timeline.key_freqs), list(timeline.neurons))).encode())
    if (
        not run.finished
    ):  # its curves go on between two snapshots: every few per cent of the log are worth sending
        digest.update(str(round(30 * math.log1p(len(run.log)))).encode())
    for name in ("steps", "train_loss", "test_loss"):
        digest.update(np.ascontiguousarray(getattr(timeline, name)).tobytes())
    return digest.hexdigest()


def read_header(blob: bytes) -> dict[str, Any]:
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


def pack_answers(probability: Float[np.ndarray, "n p p"], is_right: np.ndarray) -> UInt8[np.ndarray, "n p p"]:
    """One byte a pair: the top bit says right, the other seven the probability in 127ths (NaN is 0)."""
    level = np.nan_to_num(probability) * 127 + 0.5
    return level.clip(0, 127).astype(np.uint8) | (is_right.astype(np.uint8) << 7)


def quantised_spectrum(spectrum: Float[np.ndarray, "n p p"]) -> tuple[np.ndarray, float, float]:
    """log10(value / largest) over three decades in 255 steps; 0 is a thousandth of the largest, or less."""
    top = np.nanmax(spectrum, initial=0.0) or 1.0
    with np.errstate(divide="ignore"):
        decades = np.log10(np.nan_to_num(spectrum).astype(np.float32) / np.float32(top))
    level = (1 + decades / DECADES_OF_SPECTRUM).clip(0, 1) * 255
    scale = DECADES_OF_SPECTRUM / 255
    return np.rint(level).astype(np.uint8), scale, -DECADES_OF_SPECTRUM


def changes_in_words(config: Any) -> list[tuple[int, str]]:
    """Step and words of every change of a setting while the run was trained."""
    return [
        (step, f"{SETTINGS[name].label.lower()} {value:g}")
        for step, name, value in getattr(config, "changes", ())
    ]


def _kept(run: Any, timeline: Any) -> np.ndarray:
    n, p, _ = timeline.right_probability.shape
    return kept_snapshots(n, p, MAX_PICTURE_BYTES if run.finished else LIVE_PICTURE_BYTES)


def kept_snapshots(n: int, p: int, most_bytes: int = MAX_PICTURE_BYTES) -> np.ndarray:
    """Which of n snapshots are sent: all, or as many as fit, evenly, with the first and the last."""
    return thinned(n, max(2, most_bytes // (p * p)))


def thinned(n: int, at_most: int) -> np.ndarray:
    """Up to `at_most` indices out of 0..n-1, evenly, the first and the last among them."""
    return np.unique(np.rint(np.linspace(0, n - 1, min(n, at_most))).astype(int)) if n else np.arange(0)


Stored = tuple[np.ndarray, float, float]  # what is sent, scale, shift


def _stored(values: np.ndarray) -> Stored:
    return values, 1, 0


def _float32(values: np.ndarray) -> Stored:
    return np.asarray(values, np.float32), 1, 0


def _int16(values: np.ndarray) -> Stored:
    """Sixteen bits over the range of the whole array, symmetric about 0 so that 0 stays 0."""
    values = np.nan_to_num(np.asarray(values, np.float32))
    scale = float(np.abs(values).max(initial=0)) / 32767 or 1.0
    return np.rint(values / scale).astype(np.int16), scale, 0


def _int_or_none(value: Any) -> int | None:
    return None if value is None else int(value)


def _pack(
    part: str, run: Any, timeline: Any, keep: np.ndarray, arrays: dict[str, Stored], about: dict
) -> bytes:
    header: dict[str, Any] = {
        "format": FORMAT,
        "part": part,
        "id": timeline_id(run, timeline),
        "p": int(timeline.right_probability.shape[1]),
        "steps": [int(step) for step in np.asarray(timeline.steps)[keep]],
        "key_freqs": [int(k) for k in timeline.key_freqs],
        **about,
        "arrays": {},
    }
    chunks, offset = [], 0
    for name, (stored, scale, shift) in arrays.items():
        little = np.ascontiguousarray(stored).astype(stored.dtype.newbyteorder("<"), copy=False)
        header["arrays"][name] = {
            "dtype": stored.dtype.name,
            "shape": list(stored.shape),
            "offset": offset,
            "scale": scale,
            "shift": shift,
        }
        chunk = little.tobytes()
        chunk += bytes(-len(chunk) % 4)
        chunks.append(chunk)
        offset += len(chunk)
    text = json.dumps(header, allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    return b"".join([struct.pack("<I", len(text)), text, *chunks])
