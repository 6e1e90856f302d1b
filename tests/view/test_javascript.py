"""The film's JavaScript: the unit tests of its pure parts, its style and its types, by node."""

import json
import shutil
import subprocess

import numpy as np
import pytest

from devtools import ROOT
from devtools.made_up_run import run_like
from grokviz.view.film.assets import bundle
from grokviz.view.frames import maps_blob, read_arrays, timeline_blob

TESTS = sorted(ROOT.glob("tests/view/js/*.test.js"))
TOOLS = ROOT / "node_modules/.bin"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("node"), reason="these tests need node (20 or newer)"),
]
needs_tools = pytest.mark.skipif(not TOOLS.exists(), reason="needs eslint and TypeScript: run npm ci")


def run(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_pure_parts():
    assert TESTS
    run("node", "--test", *TESTS)


ENTRIES = sorted(
    path for name in ("mount", "site", "widget") for path in (ROOT / "grokviz/view").rglob(f"js/{name}.js")
)


@pytest.mark.parametrize(
    "entry", ENTRIES, ids=lambda entry: entry.relative_to(ROOT / "grokviz/view").as_posix()
)
def test_files_that_are_sent_together_share_no_name(entry, tmp_path):
    (tmp_path / "bundle.mjs").write_text(bundle(entry), "utf-8")
    run("node", "--check", tmp_path / "bundle.mjs")


def test_the_browser_reads_what_python_wrote(tmp_path):
    made, timeline, task, phases = run_like(p=13, n=5, keys=(2, 5), neurons=2)
    for blob in (timeline_blob(made, timeline, task, phases), maps_blob(made, timeline)):
        (tmp_path / "blob").write_bytes(blob)
        read = json.loads(run("node", "tests/view/js/decode.js", tmp_path / "blob"))
        written = read_arrays(blob)
        assert list(read) == list(written)
        for name, values in written.items():
            expected = values[-1] if len(values) == len(timeline.steps) else values
            np.testing.assert_allclose(read[name], np.ravel(expected), rtol=1e-6, atol=1e-6, err_msg=name)


@needs_tools
def test_style():
    run(TOOLS / "eslint", ".")


@needs_tools
def test_types():
    run(TOOLS / "tsc")
