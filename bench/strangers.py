"""What a visitor of a shared machine can ask that is large: seconds of a core and memory of a process of its own, for the
largest network that such a machine trains. Below it what is expected of them, by which they are sent there."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from bench.table import Row
from devtools import ROOT
from grokviz.config import RunConfig
from grokviz.forecast import looking
from grokviz.forecast.looking import Cost
from grokviz.hosting import Limits
from grokviz.runs import write
from grokviz.runs.log import LOG_COLUMNS

SNAPSHOTS = 12  # measured; the most that may be asked for is reckoned from them
MEASURE = """
import importlib, json, resource, sys, time
module, name, arguments = json.loads(sys.argv[1])
function = getattr(importlib.import_module(module), name)
if name == "cut_of_run":
    from grokviz.circuit.cuts import Cuts
    arguments = [*arguments[:2], Cuts(polynomial=True, noise=(5, 0), heads=(0,)), (1, 2, 3, 4, 5)]
empty, begin = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
function(*arguments, on_progress=lambda done, total: None)
spent = time.process_time() - begin
print(json.dumps([spent, 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - empty)]))
"""


def rows() -> list[Row]:
    largest = Limits()
    config = RunConfig(
        p=largest.p, d_model=largest.d_model, d_mlp=largest.d_mlp, steps=SNAPSHOTS, max_snapshots=SNAPSHOTS
    )
    inside = "grokviz.circuit.inside"
    with tempfile.TemporaryDirectory() as folder:
        path = str(_run(Path(folder), config))
        measured = {
            "measures of a snapshot": (_spent("grokviz.study", "measure_and_keep", path), looking.SNAPSHOT),
            "a cut with noise, polynomials and a head": (_spent(inside, "cut_of_run", path, 0), looking.CUT),
            "the paper's experiments": (_spent(inside, "experiments_on_run", path, 0, [7, 11, 14, 22, 38]), looking.EXPERIMENTS),
            "every frequency in turn": (_spent(inside, "ablations_of_run", path, 0), looking.ABLATIONS),
        }  # fmt: skip
    cost, _ = measured["measures of a snapshot"]
    each = Cost(cost.seconds / SNAPSHOTS, cost.bytes)
    measured["measures of a snapshot"] = each, looking.SNAPSHOT
    most = 2 * largest.max_snapshots
    found = [
        Row(
            f"p = {config.p}: {what}", f"{_words(real)}; expected {_words(looking.of_each(expected, config))}"
        )
        for what, (real, expected) in measured.items()
    ]
    said = f"{most * each.seconds:.0f} s of a core, {each.bytes / 1e6:.0f} MB"
    return [*found, Row(f"p = {config.p}: a run of {most} snapshots, the costliest thing to ask", said)]


def _run(root: Path, config: RunConfig) -> Path:
    """A finished run of random weights."""
    path, rng = root / "run", np.random.default_rng(0)
    write.create_run(path, config, {})
    for step in range(SNAPSHOTS):
        write.append_log(path, [dict.fromkeys(LOG_COLUMNS, 0.5) | {"step": step}])
        weights = {name: rng.normal(size=shape) / 8 for name, shape in config.shapes.items()}
        write.write_snapshot(path, step, {name: array.astype(np.float32) for name, array in weights.items()})
    write.finish(path)
    return path


def _spent(module: str, name: str, *arguments: object) -> Cost:
    command = [sys.executable, "-c", MEASURE, json.dumps([module, name, arguments])]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return Cost(*json.loads(done.stdout))


def _words(cost: Cost) -> str:
    return f"{cost.seconds:.2f} s, {cost.bytes / 1e6:.0f} MB"


if __name__ == "__main__":
    for row in rows():
        print(*row, sep=" | ")
