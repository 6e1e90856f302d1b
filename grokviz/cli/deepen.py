"""`python -m grokviz deepen RUN`: measures that take their time, computed once and kept with the run."""

import argparse
import math
import sys

import numpy as np

from grokviz import wording
from grokviz.measures.deep import registry
from grokviz.measures.deep.declaration import tables_of
from grokviz.runs import library
from grokviz.runs.folder import Run, open_run
from grokviz.study import deep

INTERRUPTED = 130


def add_command(command) -> None:
    """Adds `deepen` to the parser."""
    names = ", ".join(measure.name for measure in registry.deep_measures())
    sub = command("deepen", deepen, "measure what takes its time, and keep it with the run")
    sub.add_argument("run", help="a run folder, or the name of a run in `list`")
    sub.add_argument("--only", metavar="NAMES", help=f"with commas between them: {names}")


def deepen(options: argparse.Namespace) -> int:
    """What is not measured yet is measured; progress goes to standard error, a line a measure to standard output."""
    run = open_run(library.locate(options.run))
    names = [name.strip() for name in (options.only or "").split(",") if name.strip()]
    measures = registry.chosen(names)
    try:
        found = deep.deepen(run, measures, _say)
    except KeyboardInterrupt:
        print("\nStopped. What was measured is kept; the same command goes on from there.", file=sys.stderr)
        return INTERRUPTED
    print(end="\r\x1b[K" if sys.stderr.isatty() else "", file=sys.stderr, flush=True)
    for measure in measures:
        reason = measure.applies(run.config)
        rows = found.get(measure.name)
        said = reason or f"{len(rows.steps) if rows else 0} snapshots"
        print(f"{measure.name:24} {said}")
    return 0


def _say(now: deep.Progress) -> None:
    share = now.done / now.total if now.total else 1.0
    left = f", about {wording.duration(now.seconds_left)} left" if math.isfinite(now.seconds_left) else ""
    text = f"{share:4.0%}  {now.title}, step {now.step:,}{left}"
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    else:
        print(text, file=sys.stderr, flush=True)


def told(run: Run, step: int) -> dict[str, object]:
    """Every deep measure of the snapshot that was measured nearest to a step, with its settings, as plain JSON values.

    What was not measured is not there.
    """
    found: dict[str, object] = {}
    for name, rows in deep.read(run).items():
        measure = registry.chosen([name])[0]
        i = int(abs(rows.steps - step).argmin())
        values = {one.name: _plain(one.axes, rows.series[one.name][i], run) for one in measure.series}
        found[name] = {"step": int(rows.steps[i]), "settings": dict(measure.settings), **values}
    return found


def _plain(axes: tuple[str, ...], value: np.ndarray, run: Run) -> object:
    numbers = [x if math.isfinite(x) else None for x in np.atleast_1d(value).tolist()]
    if axes == ("table",):
        return dict(zip(tables_of(run.config), numbers, strict=True))
    return numbers if axes else numbers[0]
