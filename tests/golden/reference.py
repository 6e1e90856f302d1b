"""What is kept of a value of version 1, and how a value of now is held against it.

Of a large array: shape, sums over each entry of the first axis, least, most, and samples spread over the whole
array, with the tolerance of each. What is exact is kept with tolerance 0 and a digest of all of it.
"""

import hashlib
import math
from typing import Any

import numpy as np

SAMPLES = 300
FLOATS = 1e-9  # relative, of the numbers of the command line; in a list, of its largest


def sample_indices(size: int) -> np.ndarray:
    """Up to `SAMPLES` flat indices, spread evenly over all axes by the golden ratio."""
    if size <= SAMPLES:
        return np.arange(size)
    return np.unique((np.arange(SAMPLES) * 0.6180339887498949 % 1 * size).astype(np.int64))


def digest(array: np.ndarray) -> np.ndarray:
    """SHA-256 of the whole numbers of an array, whatever type holds them: 32 bytes."""
    whole = np.ascontiguousarray(array).astype("<i8")
    return np.frombuffer(hashlib.sha256(whole.tobytes()).digest(), np.uint8)


def describe(array: np.ndarray, tolerance: np.ndarray | float) -> dict[str, np.ndarray]:
    """What is kept of an array whose entries may be off by `tolerance`, which has its shape or is one number."""
    values = np.asarray(array, np.float64)
    allowed = np.broadcast_to(np.asarray(tolerance, np.float64), values.shape)
    assert np.isfinite(values).all()
    index = sample_indices(values.size)
    rows = (values.shape[0], -1) if values.size else (0, 1)
    kept = {
        "shape": np.array(values.shape),
        "sums": values.reshape(rows).sum(axis=1),
        "sums_tolerance": allowed.reshape(rows).sum(axis=1),
        "ends": np.array([values.min(), values.max()]) if values.size else np.zeros(0),
        "ends_tolerance": np.array(allowed.max(initial=0)),
        "samples": values.reshape(-1)[index],
        "samples_tolerance": allowed.reshape(-1)[index],
    }
    return kept if allowed.any() else kept | {"digest": digest(array)}


def array_faults(array: np.ndarray, kept: dict[str, np.ndarray]) -> list[str]:
    """In what an array differs from what was kept of it: a sentence each, none when it agrees."""
    values = np.asarray(array, np.float64)
    if list(values.shape) != kept["shape"].tolist():
        return [f"shape {list(values.shape)}, expected {kept['shape'].tolist()}"]
    found = {
        "sums": values.reshape((values.shape[0], -1) if values.size else (0, 1)).sum(axis=1),
        "ends": np.array([values.min(), values.max()]) if values.size else np.zeros(0),
        "samples": values.reshape(-1)[sample_indices(values.size)],
    }
    faults = []
    for name, now in found.items():
        slack = FLOATS * np.abs(kept[name]).max(initial=0) if "digest" not in kept else 0
        off = np.abs(now - kept[name]) - (kept[f"{name}_tolerance"] + slack)
        if not (off <= 0).all():  # also when something is not finite
            worst = int(np.argmax(np.where(np.isnan(off), np.inf, off)))
            allowed = float(np.broadcast_to(kept[f"{name}_tolerance"], off.shape)[worst])
            faults.append(
                f"{name}[{worst}] is {now[worst]!r}, expected {kept[name][worst]!r} within {allowed:.3g}"
            )
    if not faults and "digest" in kept and not np.array_equal(digest(array), kept["digest"]):
        faults.append("its entries differ where they were not sampled")
    return faults


def json_faults(found: Any, kept: Any, where: str = "", scale: float = 0.0) -> list[str]:
    """In what a JSON value differs from the one that was kept. More keys than there were are no fault."""
    if isinstance(kept, dict) and isinstance(found, dict):
        missing = [f"{where}.{key} is missing" for key in kept if key not in found]
        return missing + [
            fault
            for key in kept
            if key in found
            for fault in json_faults(found[key], kept[key], f"{where}.{key}")
        ]
    if isinstance(kept, list) and isinstance(found, list) and len(kept) == len(found):
        scale = max([abs(x) for x in kept if isinstance(x, float)], default=0.0)
        pairs = enumerate(zip(found, kept, strict=True))
        return [fault for i, (f, k) in pairs for fault in json_faults(f, k, f"{where}[{i}]", scale)]
    if isinstance(kept, float) and isinstance(found, int | float) and not isinstance(found, bool):
        if math.isclose(found, kept, rel_tol=FLOATS, abs_tol=FLOATS * scale):
            return []
    elif found == kept and isinstance(found, bool) == isinstance(kept, bool):
        return []
    return [f"{where} is {found!r}, expected {kept!r}"]


def rows_kept(columns: dict[str, np.ndarray]) -> dict[str, Any]:
    """What is kept of a log: how many rows, twenty of them, and a digest of each column of float64."""
    n = len(columns["step"])
    shown = sorted({round(i * (n - 1) / 19) for i in range(20)}) if n else []
    plain = {name: [None if np.isnan(x) else float(x) for x in v[shown]] for name, v in columns.items()}
    sums = {name: hashlib.sha256(v.astype("<f8").tobytes()).hexdigest() for name, v in columns.items()}
    return {"rows": n, "shown": shown, "columns": plain, "digests": sums}


def weights_digest(snapshots: list[tuple[int, dict[str, np.ndarray]]]) -> str:
    """SHA-256 of every step, name and weight, as float32."""
    sha = hashlib.sha256()
    for step, snapshot in snapshots:
        sha.update(str(step).encode())
        for name in sorted(snapshot):
            sha.update(name.encode() + snapshot[name].astype("<f4").tobytes())
    return sha.hexdigest()
