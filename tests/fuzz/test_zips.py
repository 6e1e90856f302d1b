"""Zips of a run, damaged by accident and on purpose: each is imported whole or refused by one `RunError`, and leaves nothing.

`make fuzz` tries 2,000; a test run 120.
"""

import io
import os
import random
import shutil
import time
import zipfile

import pytest

from grokviz.errors import RunError
from grokviz.runs import bundle, folder, storage
from grokviz.runs.record import RUN
from tests.fuzz.mutations import mutated
from tests.fuzz.test_folders import BYTES, KINDS, OVERFLOWS, SECONDS, bases, look_at, peak

pytestmark = pytest.mark.slow

__all__ = ["bases"]  # the fixture
ZIPS = int(os.environ.get("GROKVIZ_FUZZ", "600")) // 5
NAMES = (
    "../out",
    "/etc/x",
    "a\\b",
    "c:x",
    "run.json ",
    "RUN.JSON",
    "x" * 300,
    "\u202erun.json",
    "a/b/run.json",
    "a.zip",
    "con",
    "",
)


def zipped(files: dict[str, bytes], rng: random.Random) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def damaged(files: dict[str, bytes], rng: random.Random) -> bytes:
    """The zip's own bytes, most often where its list of members is."""
    data = zipped(files, rng)
    at = data.index(b"PK\x01\x02") if rng.random() < 0.7 else 0
    return data[:at] + mutated(data[at:], rng)


def forged(files: dict[str, bytes], rng: random.Random) -> bytes:
    """A sound zip of a run that is not."""
    rng.choice([change for changes in KINDS.values() for change in changes])(files, rng)
    return zipped(files, rng)


def renamed(files: dict[str, bytes], rng: random.Random) -> bytes:
    """Members of other names, more of them, or none."""
    for _ in range(rng.choice((1, 2, 80))):
        name = rng.choice(NAMES) or f"text-{rng.random()}.txt"
        files[name] = rng.choice([*files.values(), b"\0" * 300_000])
    if rng.random() < 0.3:
        files.pop(RUN)
    return zipped(files, rng)


@pytest.mark.filterwarnings("ignore:Duplicate name", *(f"ignore:{said}" for said in OVERFLOWS))
def test_damaged_zips_are_imported_or_refused(bases, tmp_path, monkeypatch):
    monkeypatch.setattr(storage.os, "fsync", lambda descriptor: None)
    imported, slowest, most = 0, 0.0, 0
    for seed in range(ZIPS):
        rng = random.Random(f"zip {seed}")
        base = dict(bases["packed"])
        base.pop(folder.TIMELINE)
        data = rng.choice((damaged, forged, renamed))(base, rng)
        begun, before = time.process_time(), peak()
        try:
            run = bundle.import_zip(io.BytesIO(data), tmp_path, f"run-{seed}")
            look_at(run.path, thoroughly=False)
            imported += 1
            shutil.rmtree(run.path)
        except RunError:
            pass
        except Exception as error:
            raise AssertionError(f"zip {seed} raises {type(error).__name__}: {error}") from error
        slowest, most = max(slowest, time.process_time() - begun), max(most, peak() - before)
        assert not os.listdir(tmp_path)
    assert slowest < SECONDS
    assert most < BYTES
    assert 0 < imported < ZIPS
