"""The commands that take runs in and give them away: import, publish, space. Their flags, and what they do."""

import argparse
from pathlib import Path

from grokviz.config import OPERATIONS


def add_commands(command) -> None:
    """Adds them to the parser; `command(name, function, text)` makes one."""
    sub = command("import", import_run, "make a run of a file of another project, or of one on the Hub")
    sub.add_argument("file", help="a .pth or .safetensors file, or owner/name[@revision][/file] on the Hub")
    sub.add_argument("--out", required=True, type=Path, help="the run folder, new")
    sub.add_argument("--operation", choices=OPERATIONS, metavar="OP", help="where the file does not say it")
    sub.add_argument("--frac-train", type=float, help="share of the pairs that were trained on")
    sub.add_argument("--split", choices=("paper", "seeded"), help="how they were drawn")
    sub.add_argument("--seed", type=int, help="with which seed")
    sub.add_argument("--snapshots", type=int, default=150, help="how many checkpoints to keep at most")
    sub.add_argument("--title", default="", help="what to call the run")


def import_run(options: argparse.Namespace) -> None:
    from grokviz.importers.convert import import_file

    given = {name: getattr(options, name) for name in ("operation", "frac_train", "split", "seed")}
    said = import_file(
        Path(options.file), options.out, given, {}, options.title, options.snapshots, on_progress=_progress()
    )
    print("\n".join(summary(said)))


def summary(provenance: dict) -> list[str]:
    """What an import found out, and how, a line each."""
    known = provenance["known"]
    return [
        f"{provenance['file']}: {provenance['imported']}, in the layout of {provenance['layout']}; "
        f"{provenance['kept']} kept.",
        f"Operation: {known['operation']}.",
        f"Split: {known['split']}.",
        *provenance["notes"],
    ]


def _progress():
    """A bar on standard error for each stage."""
    from tqdm import tqdm

    bars: dict = {}

    def show(what: str, done: int, total: int) -> None:
        if what not in bars:
            for bar in bars.values():
                bar.close()
            bars[what] = tqdm(total=total, desc=what, dynamic_ncols=True, disable=None)
        bars[what].update(done - bars[what].n)

    return show
