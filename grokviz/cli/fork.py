"""`python -m grokviz fork RUN --out DIR`: go on from a snapshot under other settings, or with fewer pairs."""

import argparse
from pathlib import Path

from grokviz.cli.common import snapshot_index, train_to_the_end
from grokviz.config import CHANGEABLE, SETTINGS
from grokviz.errors import RunError
from grokviz.runs import fork, library
from grokviz.runs.folder import Run, open_any
from grokviz.runs.fork import NO_FORK_OF_SEQUENCES
from grokviz.settings import flag_of

MAY_DIFFER = ("frac_train", *CHANGEABLE)
MORE = 1_600  # steps, unless the command says how many


def add_command(command) -> None:
    """Adds `fork` to the parser."""
    sub = command("fork", make_fork, "go on from a snapshot under other settings, or with fewer pairs")
    sub.add_argument("run", help="a run folder, or the name of a run in `list`")
    sub.add_argument("--step", default="last", help="the snapshot nearest to this step, or last")
    for name in MAY_DIFFER:
        sub.add_argument(flag_of(SETTINGS[name]), dest=name, type=float, help=SETTINGS[name].help)
    sub.add_argument(
        "--steps", type=int, default=MORE, help=f"how many steps to go on for; {MORE:,} unless given"
    )
    sub.add_argument("--device", default="auto", help="auto, cpu or cuda")
    sub.add_argument("--title", help="what to call the run")
    sub.add_argument("--out", required=True, type=Path, help="the run folder")


def make_fork(options: argparse.Namespace) -> None:
    """Raises `RunError` when the run cannot be trained on, or there is something in the folder."""
    from grokviz.engine.provenance import provenance

    parent = open_any(library.locate(options.run))
    if not isinstance(parent, Run):
        raise RunError(NO_FORK_OF_SEQUENCES)
    step = int(parent.steps[snapshot_index(parent, options.step)])
    at = fork.forked_at(parent, step)
    wanted = {name: value for name in MAY_DIFFER if (value := getattr(options, name)) is not None}
    config = fork.config_of_fork(parent, step, fork.asked_for(parent, step, options.steps, **wanted))
    title = options.title or f"{parent.title or parent.path.name}, forked at {step:,}"
    fork.write_fork(options.out, parent, at, config, provenance(config, options.device), title)
    train_to_the_end(options.out, options.device, config.steps)
