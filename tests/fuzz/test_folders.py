"""Run folders, damaged by accident and on purpose: each is shown or refused by one `RunError`, soon and in little memory.

On purpose means that every checksum is made to fit again, so that only the content can tell. `make fuzz` tries 10,000
folders; a test run 120 of each kind.
"""

import io
import json
import os
import random
import resource
import shutil
import time
import zlib
from pathlib import Path

import numpy as np
import pytest

import grokviz
from grokviz import study as studies
from grokviz.app import sentences
from grokviz.config import RunConfig
from grokviz.errors import RunError
from grokviz.runs import bundle, catalog, folder, storage, tensors, write
from grokviz.runs.compact import compact
from grokviz.runs.log import LOG, LOG_COLUMNS
from grokviz.runs.record import RUN
from grokviz.study import Growing, Study
from grokviz.view import frames, tables
from tests.fuzz.mutations import mutated, mutated_value

pytestmark = pytest.mark.slow

MUTATIONS = int(os.environ.get("GROKVIZ_FUZZ", "600")) // 5  # of each kind
SECONDS, BYTES = 3.0, 300_000_000  # of one folder, at most
P, KEYS, STEPS = 11, (2, 4), (0, 7, 40)
VALUES = (np.nan, np.inf, -np.inf, 0.0, -1.0, 3e38, 65504.0, 1e-30)
OVERFLOWS = (
    "overflow encountered",
    "invalid value encountered",
    "divide by zero",
)  # of weights no training reaches
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def bases(tmp_path_factory, clock_weights, random_weights) -> dict[str, Files]:
    """The files of a run that adds with two frequencies: as it is trained, packed with its timeline, at a byte a weight,
    and recorded by somebody's own loop, which logged little."""
    root = tmp_path_factory.mktemp("bases")
    final = clock_weights(P, KEYS, np.float32)
    shapes = {"d_model": final["W_U"].shape[0], "n_heads": 1, "d_mlp": len(final["b_in"])}
    first = random_weights(P, np.float32, **shapes)
    config = RunConfig(p=P, frac_train=0.5, steps=STEPS[-1], max_snapshots=9, log_every=1, **shapes)
    for name in ("live", "packed"):
        write.create_run(root / name, config, {"device": "cpu"}, "Small", "A small run.")
        for step in STEPS:
            share = step / STEPS[-1]
            rows = [step, *np.exp([-9 * share, -5 * share]), min(3 * share, 1), share**2, 9.9]
            write.append_log(root / name, [dict(zip(LOG_COLUMNS, rows, strict=True))])
            weights = {key: (1 - share) * first[key] + share * final[key] for key in final}
            write.write_snapshot(root / name, step, weights)
    write.finish(root / "packed")
    with grokviz.record(root / "recorded", config, is_train=np.eye(P) > 0) as recorder:
        for step in STEPS:
            recorder.log(step, train_loss=9.0 - step / 5)
            recorder.snapshot(step, final if step else first)
            recorder.log(step + 1)
    compact(folder.open_run(root / "packed"), root / "compact")
    for name in ("packed", "compact", "recorded"):
        studies.load(folder.open_run(root / name), keep=True)
    return {name: files_of(root / name) for name in ("live", "packed", "compact", "recorded")}


def files_of(path: Path) -> Files:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def weights_name(files: Files, rng: random.Random) -> str:
    return rng.choice([name for name in files if name.startswith("snapshots")])


def sealed(record: dict) -> bytes:
    """run.json with the checksum that fits."""
    record.pop("crc32", None)
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return json.dumps({**record, "crc32": zlib.crc32(text.encode(errors="replace"))}).encode(errors="replace")


def damaged_record(files: Files, rng: random.Random) -> None:
    files[RUN] = mutated(files[RUN], rng)


def forged_record(files: Files, rng: random.Random) -> None:
    record = json.loads(files[RUN])
    part = rng.choice(("config", "config", "packed", None))
    if part and record[part]:
        record[part] = mutated_value(record[part], rng)
    else:
        record = mutated_value(record, rng)
    files[RUN] = sealed(record) if isinstance(record, dict) else json.dumps(record).encode()


def damaged_log(files: Files, rng: random.Random) -> None:
    files[LOG] = mutated(files[LOG], rng)


def forged_log(files: Files, rng: random.Random) -> None:
    rows = [json.loads(line) for line in files[LOG].splitlines()]
    for _ in range(rng.choice((1, 1, 3))):
        row = rng.choice(rows)
        if rng.random() < 0.5:
            row[rng.choice(LOG_COLUMNS)] = rng.choice(
                (None, 0, -1, 1e308, -1e308, 5e-324, 0.5, 10**9, 99_999_999, True)
            )
        else:
            rows = mutated_value(rows, rng)
            rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        if not rows:
            break
    files[LOG] = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    record = json.loads(files[RUN])
    if record["packed"]:
        record["packed"]["log"] = {"size": len(files[LOG]), "checksum": zlib.crc32(files[LOG])}
        files[RUN] = sealed(record)


def damaged_weights(files: Files, rng: random.Random) -> None:
    name = weights_name(files, rng)
    files[name] = mutated(files[name], rng)


def forged_weights(files: Files, rng: random.Random) -> None:
    """Values that no training writes, under checksums that fit; or another header."""
    name = weights_name(files, rng)
    if rng.random() < 0.3:
        files[name] = other_header(files[name], rng)
        return
    arrays, meta = content(files[name])
    key = rng.choice([key for key in arrays if key != "steps"])
    arrays[key] = arrays[key].copy()
    flat = arrays[key].reshape(-1)
    with np.errstate(over="ignore"):
        value = rng.choice(VALUES if flat.dtype != np.int8 else (-128, 127, 0))
        flat[rng.randrange(flat.size) :: rng.choice((1, 7, flat.size))] = value
    if "steps" not in arrays:
        files[name] = tensors.seal(arrays, {k: v for k, v in meta.items() if k != "crc32"})
        return
    files[name] = tensors.encode(arrays, meta)
    record, steps = json.loads(files[RUN]), arrays.pop("steps").tolist()
    stacks = unrolled(arrays) if record["packed"].get("deltas") else arrays
    record["packed"]["checksums"] = [
        tensors.checksum({k: a[row] for k, a in stacks.items()}, {"step": str(step)})
        for row, step in enumerate(steps)
    ]
    files[RUN] = sealed(record)


@np.errstate(over="ignore", invalid="ignore")
def unrolled(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The stacks of weights that the changes of a file add up to."""
    stacks = {}
    for name in (name for name in arrays if "." not in name):
        known = [arrays[name].astype(np.float32)]
        for change, scale in zip(arrays[f"{name}.changes"], arrays[f"{name}.scales"], strict=True):
            known.append(known[-1] + change * scale[..., None])
        stacks[name] = np.array(known).astype(arrays[name].dtype)
    return stacks


def forged_timeline(files: Files, rng: random.Random) -> None:
    """A cache of the right fingerprint and version, whose arrays are of other shapes, types, values and names."""
    name = folder.TIMELINE
    if name not in files:
        return
    arrays, meta = content(files[name])
    meta.pop("crc32")
    for _ in range(rng.choice((1, 1, 2, 4))):
        key = rng.choice(list(arrays))
        arrays[key] = other_array(arrays[key], rng)
        if (way := rng.random()) < 0.05:
            del arrays[key]
        elif way < 0.1:
            arrays[key + rng.choice(("x", ".W_E", "."))] = arrays[key]
        elif way < 0.15:
            meta = {k: str(mutated_value(v, rng)) for k, v in meta.items()}
        if not arrays:
            break
    files[name] = tensors.seal(arrays, meta)


def other_array(array: np.ndarray, rng: random.Random) -> np.ndarray:
    match rng.randrange(8):
        case 0:
            return array[:-1] if array.ndim else array.reshape(1)
        case 1:
            return np.concatenate([array, array]) if array.ndim else array.reshape(1, 1)
        case 2:
            return array.reshape(-1)
        case 3:
            return array[..., None]
        case 4:
            return array[..., :0] if array.ndim else array
        case 5:
            return array.astype(rng.choice(list(tensors.DTYPES.values())))
        case 6:
            changed = array.copy()
            with np.errstate(all="ignore"):
                if changed.size:
                    changed.reshape(-1)[rng.randrange(changed.size)] = np.array(rng.choice(VALUES)).astype(
                        array.dtype
                    )
            return changed
    return array.T


def mixed_folder(files: Files, rng: random.Random) -> None:
    """Files that are missing, empty, exchanged, of another run, or there without anybody's asking."""
    names = list(files)
    one, other = rng.choice(names), rng.choice(names)
    match rng.randrange(6):
        case 0:
            del files[one]
        case 1:
            files[one] = b""
        case 2:
            files[one], files[other] = files[other], files[one]
        case 3:
            files[
                rng.choice(("snapshots-1.safetensors", "snapshots/00000003.safetensors", "x", LOG + ".tmp"))
            ] = files[one]
        case 4:
            files[f"{one}/inside"] = files.pop(one)  # a folder where a file should be
        case 5:
            for damage in (damaged_weights, damaged_log, forged_timeline):
                damage(files, rng)


def content(data: bytes) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    length = int.from_bytes(data[:8], "little")
    entries = json.loads(data[8 : 8 + length])
    meta = entries.pop("__metadata__", {})
    body = data[8 + length :]
    return {
        key: np.frombuffer(body[slice(*entry["data_offsets"])], tensors.DTYPES[entry["dtype"]]).reshape(
            entry["shape"]
        )
        for key, entry in entries.items()
    }, meta


def other_header(data: bytes, rng: random.Random) -> bytes:
    length = int.from_bytes(data[:8], "little")
    header = json.dumps(mutated_value(json.loads(data[8 : 8 + length]), rng)).encode()
    return len(header).to_bytes(8, "little") + header + data[8 + length :]


KINDS = {
    "record": (damaged_record, forged_record, forged_record, forged_record),
    "log": (damaged_log, forged_log),
    "weights": (damaged_weights, forged_weights),
    "timeline": (forged_timeline,),
    "folder": (mixed_folder,),
}


@pytest.mark.filterwarnings(*(f"ignore:{said}" for said in OVERFLOWS))
@pytest.mark.parametrize("kind", KINDS)
def test_damaged_folders_are_shown_or_refused(kind, bases, tmp_path, monkeypatch):
    monkeypatch.setattr(storage.os, "fsync", lambda descriptor: None)
    shown, slowest, most = 0, 0.0, 0
    for seed in range(MUTATIONS):
        rng = random.Random(f"{kind} {seed}")
        files = dict(bases[rng.choice(("packed", "compact", "recorded", "live"))])
        rng.choice(KINDS[kind])(files, rng)
        path = lay(tmp_path / "runs" / "one", files)
        begun, before = time.process_time(), peak()
        try:
            look_at(path, thoroughly=seed % 5 == 0)
            shown += 1
        except RunError as error:
            said = str(error)
            if not 10 < len(said) < 700:
                raise AssertionError(f"{kind} {seed} says {said!r}") from error
        except Exception as error:
            raise AssertionError(f"{kind} {seed} raises {type(error).__name__}: {error}") from error
        slowest, most = max(slowest, time.process_time() - begun), max(most, peak() - before)
    assert slowest < SECONDS
    assert most < BYTES
    assert shown > 0  # the damage is not always fatal


def lay(path: Path, files: Files) -> Path:
    shutil.rmtree(path, ignore_errors=True)
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def look_at(path: Path, thoroughly: bool = True) -> None:
    """What the pages and commands make of a run, short of drawing it."""
    (card,) = catalog.list_runs(path.parent)
    assert card.problem is None or isinstance(card.problem, str)
    run = folder.open_run(path)
    study = studies.load(run) if run.shards else Growing().look(run)
    study.phases.summary()
    frames.timeline_blob(run, study.timeline, study.task, study.phases)
    frames.maps_blob(run, study.timeline)
    say(study, len(study.timeline.steps) - 1)
    if thoroughly:
        say(study, 0)
        for table in (tables.losses, tables.curves_csv, tables.measures_csv):
            table(study)
        for table in (tables.spectrum, tables.answers):
            table(study, 0)
        tables.bands(study.phases, study.last_step)
        studies.load(run)
        bundle.export_zip(run, io.BytesIO())


def say(study: Study, index: int) -> None:
    for caption in (sentences.loss_caption, sentences.key_sentence, sentences.spectrum_caption):
        caption(study)
    for words in (sentences.at_step, sentences.circuit_sentence, sentences.measure_table):
        words(study, index)


def peak() -> int:
    """The most memory that this process has held so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
