"""The film's JavaScript: the unit tests of its pure parts, its style and its types, by node."""

import shutil
import subprocess

import pytest

from devtools import ROOT

TESTS = sorted(ROOT.glob("tests/view/js/*.test.js"))
TOOLS = ROOT / "node_modules/.bin"

pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="these tests need node (20 or newer)")
needs_tools = pytest.mark.skipif(not TOOLS.exists(), reason="needs eslint and TypeScript: run npm ci")


def run(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_pure_parts():
    assert TESTS
    run("node", "--test", *TESTS)


@needs_tools
def test_style():
    run(TOOLS / "eslint", ".")


@needs_tools
def test_types():
    run(TOOLS / "tsc")
