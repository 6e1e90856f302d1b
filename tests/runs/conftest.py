"""A small run whose every number is known: at step s, weights and log are functions of s."""

import json
import zlib
from pathlib import Path

import numpy as np
import pytest

from grokviz.config import RunConfig
from grokviz.runs import folder, storage, write
from grokviz.runs.log import LOG_COLUMNS

STEPS = (0, 3, 10, 40, 100)


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch):
    """Waiting for the disk guards against power cuts, which no test here makes."""
    monkeypatch.setattr(storage.os, "fsync", lambda descriptor: None)


@pytest.fixture
def config() -> RunConfig:
    return RunConfig(p=5, d_model=8, n_heads=2, d_mlp=16, frac_train=0.5, steps=100, max_snapshots=9)


@pytest.fixture
def weights_at(config):
    def make(step: int) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(step)
        return {name: rng.normal(size=shape).astype(np.float32) for name, shape in config.shapes.items()}

    return make


@pytest.fixture
def row_at():
    return lambda step: dict(zip(LOG_COLUMNS, [step, 1 / (step + 3), 0.1 + step, 0.5, 1.0, 9.9], strict=True))


@pytest.fixture
def live(tmp_path, config, weights_at, row_at) -> Path:
    """A run in training: `STEPS` as snapshots, a log row each, a resume file."""
    path = tmp_path / "live"
    write.create_run(path, config, {"device": "cpu"}, title="Small", sentence="A small run.")
    for step in STEPS:
        write.append_log(path, [row_at(step)])
        write.write_snapshot(path, step, weights_at(step))
    write.write_resume(path, {"moment.W_E": np.arange(6, dtype=np.float32)}, {"step": STEPS[-1]})
    return path


@pytest.fixture
def packed(live, monkeypatch) -> Path:
    """The same run, packed into three files of two, two and one snapshots, with a timeline."""
    one = folder.open_run(live).config.n_parameters * 2 + 8
    with monkeypatch.context() as patch:
        patch.setattr(write, "MAX_FILE", write.HEADER_ROOM + 2 * one + 1)
        write.pack(live)
    write.write_timeline_cache(
        live, {"loss": np.linspace(0, 1, 7), "keys": np.array([3, 5])}, {"version": "v1"}
    )
    return live


@pytest.fixture
def forge():
    """Change run.json of a run and make its checksum right again, as an attacker would."""

    def change(path: Path, edit) -> None:
        record = json.loads((path / "run.json").read_text())
        edit(record)
        record.pop("crc32", None)
        text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        record["crc32"] = zlib.crc32(text.encode())
        (path / "run.json").write_text(json.dumps(record))

    return change
