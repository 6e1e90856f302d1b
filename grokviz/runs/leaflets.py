"""The texts that travel with a run: what is what, and a script that trains it again."""

import dataclasses
from collections.abc import Sequence

from grokviz.config import RunConfig
from grokviz.runs.folder import DEEP, AnyRun, shard_name
from grokviz.runs.log import LOG
from grokviz.runs.record import RUN

README, REPRODUCE = "README.txt", "reproduce.py"


def reproduce(run: AnyRun) -> str:
    """A script that trains the run again: same split, same first weights, same course up to rounding."""
    config, kind = run.config, type(run.config)
    recipe = "Nanda et al. 2023" if isinstance(config, RunConfig) else "skip trigrams"
    defaults = kind()
    changed = {f.name: getattr(config, f.name) for f in dataclasses.fields(config)}
    changed = {name: value for name, value in changed.items() if value != getattr(defaults, name)}
    settings = "".join(f"\n    {name}={value!r}," for name, value in changed.items())
    device = "cpu" if run.provenance.get("device") == "cpu" else "auto"
    # Texts of a run come from anywhere: they enter the script as literals only.
    return f'''"""Trains this run again with GrokViz: the same split, the same first weights, and, on a machine like
the one it was trained on, the same losses.

Put it into the folder of GrokViz, beside app.py, and there:

    .venv/bin/python reproduce.py [new folder]
"""

import sys
from pathlib import Path

from grokviz import worker
from {kind.__module__} import {kind.__name__}

# Every setting that is not the default; the defaults are the recipe of {recipe}.
config = {kind.__name__}({settings}{chr(10) if settings else ""})
path = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/again")

worker.start(path, config, device={device!r}, title={run.title!r}, sentence={run.sentence!r})
for row in worker.run(path, device={device!r}):
    print(
        f"step {{row.step:>7,}}   loss {{row.train_loss:.2e}} train, {{row.test_loss:.2e}} test   "
        f"accuracy {{row.train_accuracy:.1%}} train, {{row.test_accuracy:.1%}} test"
    )
'''


ABOUT = {
    "losses.csv": "losses, accuracies and squared weights, a row a logged step",
    "measures.csv": "what GrokViz measured of every snapshot",
    "deep.csv": "measures that take their time, of the snapshots that were measured",
}


def readme(run: AnyRun, extra: Sequence[str] = (), has_deep: bool = False) -> str:
    """What is what in the zip of a packed run, and how to load it."""
    shards = [shard_name(n) for n in range(len(run.shards))]
    files = {
        RUN: "what the run is: every setting, and where and when it was trained",
        LOG: "losses and accuracies as they were logged, a line of JSON a step",
        **dict.fromkeys(shards, "weights: every parameter of several snapshots, and their steps"),
        **({DEEP: "what was measured of it when it was asked for"} if has_deep else {}),
        **{name: ABOUT.get(name, "more about it") for name in extra},
        REPRODUCE: "trains the run again",
    }
    listing = "\n".join(f"    {name:24} {text}" for name, text in files.items())
    texts = (one_line(text) for text in (run.title or "A run", run.sentence))
    about = "\n".join(text for text in texts if text)
    opener, example = _example(run)
    first, last = int(run.steps[0]), int(run.steps[-1])
    return f"""{about}

{len(run.steps)} snapshots from step {first:,} to {last:,} of a network trained with GrokViz.

{listing}

To look at it: upload this zip in GrokViz, on the page "Train your own". Or unpack it into a folder of
GrokViz's runs/, named in lower-case letters and digits, and it is in the library of runs.

To load it with GrokViz:

    from grokviz.runs.folder import {opener}, read_weights
    run = {opener}("the folder of this file")
    weights = read_weights(run, len(run.steps) - 1)   # of the last snapshot, by name

Or without, each parameter a stack of snapshots, in the names and shapes of TransformerLens:

    from safetensors.numpy import load_file
    stacks = load_file("snapshots-0.safetensors")     # {example}
"""


def _example(run: AnyRun) -> tuple[str, str]:
    """What opens such a run, and what a stack of it looks like."""
    if isinstance(run.config, RunConfig):
        return "open_run", 'stacks["W_E"] is [snapshots, p + 1, d_model]'
    name, shape = next(iter(run.config.shapes.items()))
    return "open_sequences", f'stacks["{name}"] is {[len(run.steps), *shape]}'


def one_line(text: str) -> str:
    """The text without what a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)
