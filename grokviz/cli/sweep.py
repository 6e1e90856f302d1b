"""`python -m grokviz sweep`: many runs, what became of each, and when it groks."""

import argparse
import dataclasses
import sys
from collections import Counter
from pathlib import Path

from grokviz import installation, wording
from grokviz.cli import flags
from grokviz.errors import BadInputError
from grokviz.sweeps import grid, outcomes
from grokviz.sweeps.grid import Sweep
from grokviz.sweeps.outcomes import Outcome
from grokviz.sweeps.rules import FATES, RULES

PARQUET = "outcomes.parquet"
ENGINES = ("local", "ray")
MAX_SEEDS = 1_000


def add_command(command) -> None:
    """Adds `sweep` to the parser."""
    sub = command(
        "sweep", sweep, "train every combination of some settings, and write down what became of each"
    )
    sub.add_argument(
        "--grid", nargs="+", metavar="NAME=VALUES", help="such as frac_train=0.15:0.8:8 weight_decay=0,0.5,1"
    )
    sub.add_argument(
        "--seeds", type=int, metavar="N", help="of each combination N runs, with seeds 0 to N - 1"
    )
    sub.add_argument(
        "--keep", nargs="+", metavar="NAME=VALUES", help="run folders of the runs with these values, or all"
    )
    flags.add(sub)
    sub.add_argument("--title", help="what to call the sweep")
    sub.add_argument("--out", required=True, type=Path, help="the folder of the sweep")
    sub.add_argument("--engine", default="local", choices=ENGINES, help="this machine, or a Ray cluster")
    sub.add_argument(
        "--workers", type=int, default=0, metavar="N", help="processes; as many as cores unless told"
    )
    sub.add_argument("--device", default="auto", help="auto, cpu or cuda")
    sub.add_argument("--resume", action="store_true", help="go on with the sweep in --out where it stopped")


def sweep(options: argparse.Namespace) -> None:
    """Progress on standard error, a row a cell on standard output."""
    from grokviz.sweeps import runners  # these need torch

    if options.resume:
        _refuse_settings(options)
    else:
        runners.begin(options.out, _wanted(options))
    if options.workers < 0:
        raise BadInputError(f"--workers {options.workers} should be 1 or more, or 0 for one a core.")
    for now in runners.run(options.out, runners.How(options.engine, options.device, options.workers)):
        _say(now.done, now.total, now.seconds_left, now.new)
    _conclude(options.out)


def _refuse_settings(options: argparse.Namespace) -> None:
    given = [flags.FLAGS[name] for name in flags.given(options)]
    given += [
        f"--{name}"
        for name in ("grid", "seeds", "keep", "preset", "title")
        if getattr(options, name) is not None
    ]
    if given:
        raise BadInputError(f"--resume takes every setting from the sweep in --out; leave out {given[0]}.")


def _wanted(options: argparse.Namespace) -> Sweep:
    """The sweep that the flags describe."""
    if not options.grid:
        raise BadInputError(
            "There is nothing to vary.", "Expected --grid with settings and values.", grid.HOW
        )
    axes, seeds = grid.parse_grid(options.grid), 1 if options.seeds is None else options.seeds
    if not 1 <= seeds <= MAX_SEEDS:
        raise BadInputError(f"--seeds {seeds} should be from 1 to {MAX_SEEDS:,}.")
    first = {name: values[0] for name, values in axes}
    settings = flags.settings(options)
    if both := [name for name in first if name in settings]:
        raise BadInputError(
            f"{both[0]} is in --grid, and {flags.FLAGS[both[0]]} says it too.", mend="Leave one of them out."
        )
    base = flags.config(options.preset, settings | ({"p": first["p"]} if "p" in first else {}))
    if "p" not in first and any(name in first for name in ("operation",)):
        base = dataclasses.replace(base, operation=str(first["operation"]))
    first_seed = settings.get("seed", 0)
    listed = tuple(range(first_seed, first_seed + seeds))
    keep = None if options.keep is None else grid.parse_keep(options.keep, axes, listed)
    return Sweep(base, axes, listed, keep, options.title or "")


def _say(done: int, total: int, left: float | None, new: tuple[Outcome, ...]) -> None:
    told = Counter(RULES["ratio"].judge(outcome).name for outcome in new)
    words = ", ".join(f"{many} {name}" for name, many in told.items())
    rest = f", about {wording.duration(left)} left" if left else ""
    print(
        f"{done:,} of {total:,} runs{rest}{f': {words}' if words else ''}",
        file=sys.stderr,
        flush=True,
    )


def _conclude(folder: Path) -> None:
    """A line a cell; and the table as Parquet where that can be written."""
    found, of = outcomes.read(folder), grid.read(folder)
    names = [name for name, _ in of.grid]
    print("\t".join([*names, *(rule.title for rule in RULES.values()), "memorised", "grokked"]))
    for i, cell in enumerate(of.cells):
        seeds = [o for o in found if o.run // len(of.seeds) == i]
        letters = ["".join(rule.judge(o).letter for o in seeds) for rule in RULES.values()]
        steps = [
            " ".join(str(s) if s is not None else "–" for s in column)
            for column in zip(*((o.memorised, o.grokked) for o in seeds), strict=True)
        ]
        print("\t".join([*(str(value) for value in cell.values()), *letters, *steps]))
    print("; ".join(f"{fate.letter} {fate.name}" for fate in FATES), file=sys.stderr)
    if installation.has("pyarrow"):
        import pyarrow as pa
        import pyarrow.parquet as pq

        configs = {o.run: of.config(o.run) for o in found}
        pq.write_table(pa.Table.from_pylist(outcomes.as_rows(found, configs)), folder / PARQUET)
    print(f"{folder} holds the outcomes of {len(found):,} runs.", file=sys.stderr)
