"""kill -9 at random moments of training on pairs and on sequences, pausing, packing, forking and importing: nothing is lost, and it goes on.

A test run kills each kind of work twice; `make fuzz` twenty times, which makes a hundred and eighty.
"""

import json
import os
import subprocess
import sys

import pytest

from devtools import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="needs fork and kill -9")]

KILLS = 20 if "GROKVIZ_FUZZ" in os.environ else 2


def test_nothing_is_lost_whenever_it_is_killed(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, str(ROOT / "tests" / "fuzz" / "kills.py"), str(tmp_path), str(KILLS)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200 * KILLS)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert len(told) == 9
    for kind, found in told.items():
        assert found["killed"] == KILLS, kind
        # They fell at different moments, of which an import has few.
        assert found["states"] > KILLS // 5, kind
