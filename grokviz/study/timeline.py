"""The timeline: everything the scrubber draws, for every snapshot of a run, computed in one pass."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from grokviz.measures.circuit import check_key_freqs, key_frequencies, logit_map, neuron_frequencies
from grokviz.measures.fourier import fourier_basis, frequency_norms, logit_spectrum_2d
from grokviz.measures.progress import measure_activations
from grokviz.models.forward import Weights, attention_tables, forward, widen
from grokviz.tasks.pairs import Task

N_NEURONS = 6  # whose activation maps the scrubber draws


@dataclass(frozen=True)
class Timeline:
    """n snapshots of one run. The measures have the names and definitions of `Measures`."""

    steps: Int[np.ndarray, " n"]
    key_freqs: tuple[int, ...]

    accuracy: Float[np.ndarray, " n"]
    train_accuracy: Float[np.ndarray, " n"]
    test_accuracy: Float[np.ndarray, " n"]
    train_loss: Float[np.ndarray, " n"]
    test_loss: Float[np.ndarray, " n"]
    all_loss: Float[np.ndarray, " n"]
    restricted_loss_all: Float[np.ndarray, " n"]
    restricted_loss_test: Float[np.ndarray, " n"]
    excluded_loss_train: Float[np.ndarray, " n"]
    excluded_loss_train_per_freq: Float[np.ndarray, "n keys"]
    gini_W_E: Float[np.ndarray, " n"]
    gini_W_L: Float[np.ndarray, " n"]
    sum_squared_weights: Float[np.ndarray, " n"]
    sum_squared_weights_per_matrix: dict[str, Float[np.ndarray, " n"]]
    neurons_per_freq: Int[np.ndarray, "n half_p"]  # column k-1 counts the neurons of frequency k
    frac_neurons_over_085: Float[np.ndarray, " n"]
    logit_fve: Float[np.ndarray, " n"]
    trig_coefficients: Float[np.ndarray, "n half_p"]

    spectrum_W_E: Float[np.ndarray, "n half_p"]
    spectrum_W_L: Float[np.ndarray, "n half_p"]
    ring: Float[np.ndarray, "n keys p 2"]  # see `ring_points`; per key, the largest radius of all steps is 1
    right_probability: Float[np.ndarray, "n p p"]  # of the right answer; 0 where there is none
    is_right: Bool[np.ndarray, "n p p"]
    attention_scores: Float[np.ndarray, "n heads sources"]  # sources: a = 0..p-1, b = 0..p-1, "="
    logit_spectrum_2d: Float[np.ndarray, "n p p"]

    # Activation maps of a few neurons before the ReLU, with attention A = softmax of three of the scores:
    # pre[a, b] = constant + sum_h A_h[a,b,0] table[h,a] + A_h[a,b,1] table[h,p+b] + A_h[a,b,2] table[h,2p]
    neurons: Int[np.ndarray, " m"]
    neuron_tables: Float[np.ndarray, "n m heads sources"]
    neuron_constants: Float[np.ndarray, "n m"]
    neuron_freq: Int[np.ndarray, "n m"]
    neuron_fve: Float[np.ndarray, "n m"]


class Measured(NamedTuple):
    """The snapshots of a run that have been measured so far, under keys and neurons that hold for all of them."""

    key_freqs: tuple[int, ...]
    neurons: Int[np.ndarray, " m"]
    rows: list[dict]


def analyse(
    steps: Sequence[int],
    weights: Iterable[Weights],
    final_weights: Weights,
    task: Task,
    key_freqs: Sequence[int] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Timeline:
    """The timeline of a run: one forward pass a snapshot, and one of the final weights before.

    The final weights choose the key frequencies, unless given, and the neurons to be drawn; both hold for
    all steps. `on_progress(done, total)` is called after every snapshot. A snapshot that is not finite (a
    run that diverged) gives measures that are not finite.
    Raises `ValueError` when steps and weights differ in number, or there are none.
    """
    measured = choose(final_weights, key_freqs)
    for done in measure_more(measured, weights, task):
        if on_progress:
            on_progress(done, len(steps))
    return assemble(steps, measured)


@np.errstate(over="ignore", invalid="ignore")  # a run that diverged is measured, not refused
def choose(final_weights: Weights, key_freqs: Sequence[int] | None = None) -> Measured:
    """Nothing measured yet, under the key frequencies (unless given) and neurons that these weights choose."""
    final = forward(final_weights)
    p = final_weights["W_U"].shape[1]
    keys = key_frequencies(final.logits) if key_freqs is None else check_key_freqs(key_freqs, p)
    return Measured(keys, choose_neurons(*neuron_frequencies(final.post), keys), [])


def measure_more(measured: Measured, weights: Iterable[Weights], task: Task) -> Iterator[int]:
    """Measures further snapshots, and yields after each how many there are."""
    keys, neurons, rows = measured
    for row in _rows_in_pairs(weights, lambda snapshot: _row(widen(snapshot), task, keys, neurons)):
        rows.append(row)
        yield len(rows)


def assemble(steps: Sequence[int], measured: Measured) -> Timeline:
    """The timeline of what has been measured. Raises `ValueError` unless that is one snapshot a step, and some."""
    keys, neurons, rows = measured
    if len(rows) != len(steps) or not rows:
        raise ValueError(
            f"Got {len(steps)} steps and {len(rows)} snapshots of weights. Give one step for every snapshot, "
            "and at least one."
        )
    columns: dict[str, Any] = {name: _stack([row[name] for row in rows]) for name in rows[0]}
    columns["ring"] = _to_unit_discs(columns["ring"])
    return Timeline(steps=np.array(steps), key_freqs=keys, neurons=neurons, **columns)


def _rows_in_pairs(weights: Iterable[Weights], row: Callable[[Weights], dict]) -> Iterator[dict]:
    """The row of every snapshot in order, two at a time: numpy leaves the interpreter to the other thread."""
    with _one_thread_a_product(), ThreadPoolExecutor(max_workers=2) as pool:
        waiting: deque[Future[dict]] = deque()
        for snapshot in weights:
            waiting.append(pool.submit(row, snapshot))
            if len(waiting) > 2:  # as many in memory as are being worked on, and the next
                yield waiting.popleft().result()
        yield from (future.result() for future in waiting)


def _one_thread_a_product() -> AbstractContextManager:
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:  # not among what measuring needs: without it the same comes out, more slowly
        return nullcontext()
    return threadpool_limits(1, "blas")


def choose_neurons(
    freq: Int[np.ndarray, " d_mlp"], fve: Float[np.ndarray, " d_mlp"], key_freqs: Sequence[int]
) -> Int[np.ndarray, " m"]:
    """The best explained neuron of each key frequency, then the best explained of the rest: six at most."""
    by_fve = np.argsort(-fve, kind="stable")
    of_keys = [n for k in key_freqs for n in by_fve[freq[by_fve] == k][:1]]
    return np.array(list(dict.fromkeys([*of_keys, *by_fve]))[:N_NEURONS])


def ring_points(W_E: Float[np.ndarray, "p d_model"], k: int) -> Float[np.ndarray, "p 2"]:
    """The numbers as points in the plane in which the embedding turns with frequency k.

    The plane is spanned by u = W_E' cos_k and v = W_E' sin_k. Its axes are the orthonormal pair nearest to
    them, Q = A (A'A)^(-1/2) with A = [u v] (symmetric orthonormalisation), which favours neither. A number
    is placed by what the others say of the plane: its own part of u and v is left out, A_a = A - W_E[a]
    [cos_k(a) sin_k(a)], so that random weights give a cloud and not half a circle. The points are
    W_E[a] A_a (A'A)^(-1/2). For k = p/2 there is no sine and y is 0. NaN where W_E is not finite.
    """
    points = np.zeros((len(W_E), 2))
    waves = fourier_basis(len(W_E))[2 * k - 1 : 2 * k + 1]
    plane = W_E.T @ waves.T
    if not np.isfinite(plane).all():
        return points + np.nan
    _, singular, right = np.linalg.svd(plane, full_matrices=False)
    spans = singular > 1e-6 * np.linalg.norm(W_E)  # a direction that is only rounding has no axis
    to_axes = right.T * np.divide(spans, singular, where=spans, out=np.zeros_like(singular)) @ right
    own = np.square(W_E).sum(axis=1, keepdims=True) * waves.T
    points[:, : len(waves)] = (W_E @ plane - own) @ to_axes
    return points


def _row(
    weights: Weights, task: Task, key_freqs: tuple[int, ...], neurons: Int[np.ndarray, " m"]
) -> dict[str, object]:
    """One snapshot: the value of every field of the timeline that has one for each step."""
    activations = forward(weights)
    measures, results = measure_activations(weights, activations, task, key_freqs)
    p = len(results.loss)
    W_E, W_in = weights["W_E"][:p].astype(np.float64), weights["W_in"][:, neurons]
    scores, values, resid_pre = attention_tables(weights)
    row = measures._asdict()
    del row["key_freqs"]
    row["neurons_per_freq"] = np.array([measures.neurons_per_freq.get(k, 0) for k in range(1, p // 2 + 1)])
    return row | {
        "spectrum_W_E": frequency_norms(W_E).astype(np.float32),
        "spectrum_W_L": frequency_norms(logit_map(weights).T).astype(np.float32),
        "ring": np.array([ring_points(W_E, k) for k in key_freqs]).reshape(-1, p, 2),
        "right_probability": np.nan_to_num(np.exp(-results.loss)).astype(np.float32),
        "is_right": results.is_right,
        "attention_scores": scores.astype(np.float32),
        "logit_spectrum_2d": logit_spectrum_2d(activations.logits).astype(np.float32),
        "neuron_tables": np.moveaxis(values @ W_in, 2, 0).astype(np.float32),
        "neuron_constants": (resid_pre @ W_in + weights["b_in"][neurons]).astype(np.float32),
        "neuron_freq": results.neuron_freq[neurons],
        "neuron_fve": results.neuron_fve[neurons],
    }


def _stack(values: list) -> np.ndarray | dict[str, np.ndarray]:
    """One field over all steps, along a new first axis."""
    if isinstance(values[0], dict):
        return {key: np.array([value[key] for value in values]) for key in values[0]}
    return np.array(values)


def _to_unit_discs(rings: Float[np.ndarray, "n keys p 2"]) -> Float[np.ndarray, "n keys p 2"]:
    """One scale for each key over all steps: its largest finite radius becomes 1."""
    radius = np.linalg.norm(rings, axis=3)
    largest = radius.max(axis=(0, 2), where=np.isfinite(radius), initial=0)
    return (rings / np.where(largest > 0, largest, 1)[:, None, None]).astype(np.float32)


def timeline_to_arrays(timeline: Timeline) -> dict[str, np.ndarray]:
    """The timeline as named arrays, small enough to cache: about 44 kB a snapshot of p = 113.

    What is only drawn is rounded: probabilities to 1/255, rings to 1/32767, the 2-D spectrum to 0.4 % of
    its largest value (finer for small ones), scores and tables to float16. Measures and flags are exact.
    """
    arrays = {}
    for name, value in vars(timeline).items():
        if isinstance(value, dict):
            arrays |= {f"{name}.{key}": item for key, item in value.items()}
        else:
            arrays[name] = value
    spectrum = np.nan_to_num(timeline.logit_spectrum_2d, posinf=0)
    scale = spectrum.max(axis=(1, 2), keepdims=True)
    root = np.sqrt(spectrum / np.where(scale > 0, scale, 1))  # the root leaves more levels to small values
    return arrays | {
        "key_freqs": np.array(timeline.key_freqs, dtype=np.int16),
        "ring": np.rint(np.nan_to_num(timeline.ring) * 32767).astype(np.int16),
        "right_probability": np.rint(timeline.right_probability * 255).astype(np.uint8),
        "is_right": np.packbits(timeline.is_right.reshape(len(timeline.steps), -1), axis=1),
        "logit_spectrum_2d": np.rint(root * 255).astype(np.uint8),
        "logit_spectrum_2d_scale": scale,
        "attention_scores": _to_float16(timeline.attention_scores),
        "neuron_tables": _to_float16(timeline.neuron_tables),
        "neurons_per_freq": timeline.neurons_per_freq.astype(np.int16),
    }


def timeline_from_arrays(arrays: dict[str, np.ndarray]) -> Timeline:
    """The timeline back from `timeline_to_arrays`.

    Raises `ValueError` when an array is missing or unknown, as in a cache of another version.
    """
    values: dict = {"sum_squared_weights_per_matrix": {}}
    for name, value in arrays.items():
        field, _, key = name.partition(".")
        if key and field in values:
            values[field][key] = value
        else:
            values[name] = value
    expected = {field.name for field in fields(Timeline)} | {"logit_spectrum_2d_scale"}
    if values.keys() != expected:
        wrong = ", ".join(sorted(values.keys() ^ expected))
        raise ValueError(f"These arrays are no timeline of this version: {wrong}. Analyse the run again.")
    n, p, _ = values["right_probability"].shape
    scale = values.pop("logit_spectrum_2d_scale")
    bits = np.unpackbits(values["is_right"], axis=1, count=p * p)
    return Timeline(
        **values
        | {
            "key_freqs": tuple(values["key_freqs"].tolist()),
            "ring": values["ring"].astype(np.float32) / 32767,
            "right_probability": values["right_probability"].astype(np.float32) / 255,
            "is_right": bits.reshape(n, p, p).astype(bool),
            "logit_spectrum_2d": (values["logit_spectrum_2d"].astype(np.float32) / 255) ** 2 * scale,
            "attention_scores": values["attention_scores"].astype(np.float32),
            "neuron_tables": values["neuron_tables"].astype(np.float32),
            "neurons_per_freq": values["neurons_per_freq"].astype(np.int64),
        }
    )


def _to_float16(x: np.ndarray) -> np.ndarray:
    largest = float(np.finfo(np.float16).max)
    return np.clip(np.nan_to_num(x), -largest, largest).astype(np.float16)
