"""The only place where the golden tests touch GrokViz: whatever moves or gets another name is followed here.

The command line and the files come first; modules are imported where neither says enough. What these functions
return keeps the names of version 1: a name that has changed since is mapped back here.
"""

import contextlib
import functools
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

BUNDLED = ("mod113-paper", "mod59-quick", "mod59-no-decay")


# The command line


def said(*arguments: object) -> str:
    """What a command of `python -m grokviz` prints. Raises `AssertionError` when it is refused."""
    from grokviz import cli

    out, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        code = cli.main([str(argument) for argument in arguments])
    assert code == 0, error.getvalue()
    return out.getvalue()


def measure_json(run: str | Path, step: int | str = "last", key_freqs: str | None = None) -> dict[str, Any]:
    """`measure RUN --step STEP --json`"""
    more = [] if key_freqs is None else ["--key-freqs", key_freqs]
    return json.loads(said("measure", run, "--step", step, *more, "--json"))


def phases_json(run: str | Path) -> dict[str, Any]:
    """`phases RUN --json`"""
    return json.loads(said("phases", run, "--json"))


def inspect_json(run: str | Path) -> dict[str, Any]:
    """`inspect RUN --json`, without the path."""
    found = json.loads(said("inspect", run, "--json"))
    del found["path"]
    return found


def list_json() -> list[dict[str, Any]]:
    """`list --json`"""
    return json.loads(said("list", "--json"))


def train_to_end(run: Path) -> None:
    """Go on with a training where it was left, to its end."""
    said("train", "--resume", "--out", run)


# Run folders


def path_of(run: str | Path) -> Path:
    """The folder of a run by the name of a bundled one, or by its path."""
    from grokviz.runs import library

    return library.locate(str(run))


def log_rows(run: str | Path) -> dict[str, np.ndarray]:
    """The columns of the log as float64, NaN where a value was not measured."""
    from grokviz.runs.folder import open_run

    log = open_run(path_of(run)).log
    return {str(name): log[name].to_numpy(np.float64) for name in log.columns}


def weights(run: str | Path) -> list[tuple[int, dict[str, np.ndarray]]]:
    """Step and weights of every snapshot, float32, under the names of TransformerLens."""
    from grokviz.runs.folder import iter_weights, open_run

    opened = open_run(path_of(run))
    return list(zip(opened.steps.tolist(), iter_weights(opened), strict=True))


def train_on(run: Path, steps: int) -> None:
    """Make of a finished run one with more steps, and train it to their end."""
    import dataclasses

    from grokviz.runs import write
    from grokviz.runs.folder import open_run

    write.reopen(run, dataclasses.replace(open_run(run).config, steps=steps))
    train_to_end(run)


def import_zip(file: Path, root: Path, name: str) -> Path:
    """Take the run in a zip into a folder of runs. Its own folder."""
    from grokviz.runs import bundle

    with open(file, "rb") as source:
        return bundle.import_zip(source, root, name).path


def job(run: Path) -> dict[str, Any]:
    """What the app was asked to do with a run, and how its training ended: reason and sentence."""
    from grokviz.jobs import files

    found = files.read(run)
    ended = files.ended(run)
    return {
        "wanted": found.wanted,
        "device": found.device,
        "settings": dict(found.settings),
        "ended": ended and (ended.why, str(ended.error or "")),
    }


# What is measured and what is drawn


@functools.lru_cache(maxsize=4)
def _study(run: str | Path) -> Any:
    from grokviz import study
    from grokviz.runs.folder import open_run

    return study.load(open_run(path_of(run)))


def timeline_series(run: str | Path) -> dict[str, np.ndarray]:
    """Every series of the timeline by its name of version 1; one for each matrix under `name.matrix`."""
    t = _study(run).timeline
    series = {name: t[name] for name in t.series if name not in ("answers", "sum_squared_weights_per_matrix")}
    per_matrix = t["sum_squared_weights_per_matrix"].T
    series |= {
        f"sum_squared_weights_per_matrix.{m}": row for m, row in zip(t.matrices, per_matrix, strict=True)
    }
    return series | {
        "steps": t.steps,
        "key_freqs": np.asarray(t.key_freqs),
        "neurons": t.neurons,
        "right_probability": t.right_probability,
        "is_right": t.is_right,
    }


def decoded_blob(run: str | Path, part: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header of a part (core or maps) of what the film plays, and its arrays as numbers."""
    from grokviz.view import frames

    found = _study(run)
    if part == "core":
        blob = frames.timeline_blob(found.run, found.timeline, found.task, found.phases)
    else:
        blob = frames.maps_blob(found.run, found.timeline)
    return dict(frames.read_header(blob)), frames.read_arrays(blob)
