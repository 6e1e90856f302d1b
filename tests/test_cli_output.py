"""What a terminal cannot show is replaced, and a reader that has gone is no fault."""

import os
import subprocess
import sys

import pytest

from devtools import ROOT

PHASES = [sys.executable, "-m", "grokviz", "phases", "mod113-paper"]
LIST = [sys.executable, "-m", "grokviz", "list"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("encoding", "dash"), [("latin-1", "?"), ("cp1252", "–"), ("ascii", "?"), ("utf-8", "–")]
)
def test_what_a_terminal_cannot_show_is_replaced(encoding, dash, tmp_path):
    """A dash stands where an event did not happen: latin-1 has none."""
    code = (
        "from grokviz import cli, study; from grokviz.measures.phases import Phases\n"
        "study.phases_of = lambda run: Phases()\n"
        "raise SystemExit(cli.main(['phases', 'mod59-quick']))"
    )
    env = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert f"cleanup          {dash}".encode(encoding) in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("command", [PHASES, LIST, [*LIST[:3], "inspect", "mod59-quick", "--json"]])
def test_a_closed_pipe_ends_quietly(command):
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout
    assert child.stderr
    child.stdout.close()
    assert child.stderr.read() == b""
    assert child.wait() == 141
    child.stderr.close()


def test_a_refusal_into_a_closed_pipe_ends_quietly():
    command = f"{sys.executable} -m grokviz phases nothing-here 2>&1 >/dev/null | true"
    done = subprocess.run(
        ["bash", "-c", f"{command}; echo ${{PIPESTATUS[0]}}"], cwd=ROOT, capture_output=True
    )
    assert done.stderr == b""
    assert int(done.stdout) in (2, 141)
