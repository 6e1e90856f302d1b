"""How the fixtures were made, from commit 378c77a (version 0.1.0), the last before modules were moved:

    git worktree add ../v1 378c77a && cp -r tests/golden ../v1/tests && cd ../v1
    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python -m tests.golden.make_golden

The fixture of mod113-paper was made so once more when that run was bundled with 120 snapshots in place of 50: the same
training, whose losses are equal to the last bit; with the weights that its copy at a byte a weight is read as, in stacks,
which that commit can read.

It imports that commit's modules and is kept as a record; it runs nowhere else. Whoever mends a fault that changes a
golden value edits that value and says so in the commit.

What version 1 stores rounded is kept as it was measured, before any rounding, with the tolerance of that rounding:
half a step of the cache of the timeline and, in a blob, half a step of the blob on top. So storage that rounds twice
passes, as does one that rounds once by either of the two rules. That version 1 itself is within the tolerance is
checked when the fixtures are made.
"""
# pyright: reportMissingImports=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportArgumentType=false

import json
from pathlib import Path

import numpy as np
from grokviz.analysis import timeline as timelines

from grokviz import study
from grokviz.runs import folder
from grokviz.tasks import build_task
from grokviz.view import frames
from tests.golden import access
from tests.golden.make_folders import make_folders
from tests.golden.reference import array_faults, describe, rows_kept, weights_digest

FIXTURES = Path(__file__).with_name("fixtures")
STEPS = {
    "mod113-paper": ("0", "1420", "9660", "last"),
    "mod59-quick": ("0", "96", "1200", "1860", "last"),
    "mod59-no-decay": ("0", "72", "last"),
}
FLOAT32 = 1e-6  # relative: what is computed or sent in float32
EXACT = (
    "steps",
    "key_freqs",
    "neurons_per_freq",
    "is_right",
    "neurons",
    "neuron_freq",
    "table",
    "side",
    "log_step",
)
FLOAT16_STEP = 2.0**-11  # half of it, relative


def measured(run: folder.Run) -> timelines.Timeline:
    """The timeline from the weights: nothing rounded yet."""
    last = folder.read_weights(run, len(run.steps) - 1)
    return timelines.analyse(run.steps.tolist(), folder.iter_weights(run), last, build_task(run.config))


def tolerance_in_cache(name: str, value: np.ndarray) -> np.ndarray | float:
    """Half a step of how the cache stores a series, or of how a blob sends it, whichever is larger."""
    if name in EXACT:
        return 0.0
    if name == "ring":
        return 0.5 / 32767
    if name == "right_probability":
        return 0.5 / 127
    if name == "logit_spectrum_2d":
        half = 10 ** (0.5 * frames.DECADES_OF_SPECTRUM / 255)
        floor = value.max() * 10**-frames.DECADES_OF_SPECTRUM * half  # what is below may be sent as nothing
        log_step = np.where(value < floor, floor, value * (half - 1))
        return np.maximum(root_tolerance(value), log_step)
    if name in ("attention_scores", "neuron_tables"):
        return np.abs(value) * FLOAT16_STEP + np.abs(value).max() * 0.5 / 32767
    return FLOAT32 * np.abs(value)


def root_tolerance(spectrum: np.ndarray) -> np.ndarray:
    """Of the 2-D spectrum in the cache: half of 1/255 of its root, of the largest of the snapshot."""
    scale = spectrum.max(axis=(1, 2), keepdims=True)
    return scale * (np.sqrt(spectrum / scale) / 255 + 0.25 / 255**2)


def log_spectrum(spectrum: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The 2-D spectrum as a blob means it, and how far the cache and the blob may be off: in decades."""
    top, off = spectrum.max(), root_tolerance(spectrum)
    floor = 10.0**-frames.DECADES_OF_SPECTRUM

    def decades(values: np.ndarray) -> np.ndarray:
        return np.log10(np.clip(values / top, floor, 1))

    middle = decades(spectrum)
    spread = np.maximum(decades(spectrum + off) - middle, middle - decades(spectrum - off))
    return middle, spread + 0.5 * frames.DECADES_OF_SPECTRUM / 255


def blob_truth(
    name: str, run: folder.Run, exact: timelines.Timeline
) -> tuple[np.ndarray, np.ndarray | float]:
    """What an array of a blob means, and how far it may be off."""
    if name == "answers_right":
        return exact.is_right, 0.0
    if name == "answers_probability":
        return exact.right_probability, 0.5 / 127 + 0.5 / 255
    if name == "logit_spectrum_2d":
        return log_spectrum(exact.logit_spectrum_2d)
    if name in ("table", "side"):
        task = build_task(run.config)
        return (task.answers if name == "table" else task.is_train * 1 + task.is_test * 2), 0.0
    if name.startswith("log_"):
        rows = frames.thinned(len(run.log), frames.MAX_CURVE_POINTS)
        values = run.log[name.removeprefix("log_")].to_numpy()[rows]
        return values, 0.0 if name in EXACT else FLOAT32 * np.abs(values)
    value = getattr(exact, name)
    if name.startswith("neuron_"):
        value = value[:, : frames.MAX_NEURONS]
    if name in EXACT:
        return value, 0.0
    if name == "ring":
        return value, 1.0 / 32767
    return value, tolerance_in_cache(name, value)


def checked(
    name: str, found: np.ndarray, truth: np.ndarray, tolerance: np.ndarray | float
) -> dict[str, np.ndarray]:
    truth = np.asarray(truth, np.float64)
    if np.any(tolerance):
        tolerance = tolerance + FLOAT32 * np.abs(truth)  # the arithmetic of storing and reading
    off = np.abs(np.asarray(found, np.float64) - truth) - tolerance
    assert (off <= 0).all(), (name, off.max())
    kept = describe(truth, tolerance)
    assert array_faults(found, kept) == [], name
    return kept


def arrays_of(name: str, run: folder.Run) -> dict[str, np.ndarray]:
    """Every array of the timeline and of both blobs of a bundled run, as it is kept."""
    exact, kept = measured(run), {}
    for series, found in access.timeline_series(name).items():
        matrices, _, matrix = series.partition(".")
        truth = getattr(exact, matrices)
        truth = np.asarray(truth[matrix] if matrix else truth)
        kept[f"timeline/{series}"] = checked(series, found, truth, tolerance_in_cache(series, truth))
    for part in frames.PARTS:
        _, arrays = access.decoded_blob(name, part)
        if part == "core":
            answers = arrays.pop("answers").astype(int)
            arrays |= {"answers_right": answers >> 7, "answers_probability": (answers & 127) / 127}
        for array, found in arrays.items():
            kept[f"{part}/{array}"] = checked(array, found, *blob_truth(array, run, exact))
    return {f"{array}/{value}": v for array, values in kept.items() for value, v in values.items()}


def header_of(name: str, part: str) -> dict:
    header, _ = access.decoded_blob(name, part)
    return {key: value for key, value in header.items() if key not in ("format", "id", "arrays")}


def make_bundled() -> None:
    golden = {}
    for name, steps in STEPS.items():
        run = folder.open_run(access.path_of(name))
        assert folder.read_timeline_cache(run, study.TIMELINE_VERSION) is not None
        np.savez_compressed(FIXTURES / f"{name}.npz", **arrays_of(name, run))
        golden[name] = {
            "headers": {part: header_of(name, part) for part in frames.PARTS},
            "measures": {step: access.measure_json(name, step) for step in steps},
            "phases": access.phases_json(name),
            "inspect": access.inspect_json(name),
            "log": rows_kept(access.log_rows(name)),
            "weights": weights_digest(access.weights(name)),
        }
    golden["mod59-quick"]["measures_under_9_and_15"] = access.measure_json("mod59-quick", 1860, "9,15")
    (FIXTURES / "bundled.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    FIXTURES.mkdir(exist_ok=True)
    make_bundled()
    make_folders()
