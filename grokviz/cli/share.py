"""The commands that take runs in and give them away: import and publish. Their flags, and what they do."""

import argparse
import os
import shutil
import sys
from pathlib import Path

from grokviz.errors import BadInputError, Question, RunError
from grokviz.importers.questions import GIVEN, SPLITS
from grokviz.runs import library
from grokviz.runs.record import Provenance
from grokviz.tasks.pairs import OPERATIONS

SNAPSHOTS, MOST_SNAPSHOTS = 150, 2_000


def add_commands(command) -> None:
    """Adds them to the parser; `command(name, function, text)` makes one."""
    sub = command("import", import_run, "make a run of a file of another project, or of one on the Hub")
    sub.add_argument(
        "file",
        help="a .pth or .safetensors file, the .zip of a run, or owner/name[@revision][/file] on the Hub",
    )
    sub.add_argument("--out", required=True, type=Path, help="the run folder, new")
    sub.add_argument("--operation", choices=OPERATIONS, metavar="OP", help="where the file does not say it")
    sub.add_argument("--frac-train", type=float, help="share of the pairs that were trained on")
    sub.add_argument("--split", choices=SPLITS, help="how they were drawn; unknown is an answer")
    sub.add_argument("--seed", type=int, help="with which seed")
    sub.add_argument(
        "--attention-rate", type=float, help="1, as usual, or less: of networks that are shown no ="
    )
    sub.add_argument(
        "--snapshots", type=int, default=SNAPSHOTS, help="how many checkpoints of a file to keep at most"
    )
    sub.add_argument("--title", default="", help="what to call the run made of a file")

    sub = command("publish", publish_run, "put a run on the Hub, with a model card made from it")
    sub.add_argument("run", help="a run folder, or the name of a run in `list`")
    sub.add_argument("--repo", required=True, help="owner/name, new or yours")
    sub.add_argument("--licence", "--license", help="such as cc-by-4.0; asked for when it is not given")
    sub.add_argument("--private", action="store_true", help="only for you to see")
    sub.add_argument("--yes", action="store_true", help="send without asking")


def flags_for(questions: tuple[Question, ...]) -> str:
    """How the questions are answered here: with which flags."""
    flags = [f"--{q.setting.replace('_', '-')} {'|'.join(q.choices) or 'NUMBER'}" for q in questions]
    return f"Give {' '.join(flags)}."


def import_run(options: argparse.Namespace) -> None:
    given = {name: getattr(options, name) for name in GIVEN}
    if not 2 <= options.snapshots <= MOST_SNAPSHOTS:
        raise BadInputError(
            f"--snapshots {options.snapshots} should be a number from 2 to {MOST_SNAPSHOTS:,}."
        )
    file = Path(options.file)
    if file.is_file() and file.suffix.lower() == ".zip":
        said = _import_zip(file, options.out, given)
    elif file.is_file():
        from grokviz.importers.apart import import_apart

        said = import_apart(
            file, options.out, given, {}, options.title, options.snapshots, on_progress=_progress()
        )
    else:
        snapshots = options.snapshots if options.snapshots != SNAPSHOTS else None
        said = _import_from_hub(options, given | {"title": options.title, "snapshots": snapshots})
    print("\n".join(summary(said)))


def _import_zip(file: Path, out: Path, given: dict) -> dict:
    """A run of GrokViz, on pairs or on sequences, which says itself how it was trained."""
    from grokviz.runs.bundle import import_zip

    if told := sorted(name for name, value in given.items() if value is not None):
        raise BadInputError(
            f"{file.name[:80]} is a run of GrokViz and says itself how it was trained.",
            mend=f"Leave out --{told[0].replace('_', '-')}.",
        )
    with file.open("rb") as source:
        run = import_zip(source, out.parent, out.name)
    return {"file": str(file), **run.provenance}


def _import_from_hub(options: argparse.Namespace, given: dict) -> dict:
    """Opened as the app does, so that both share what was downloaded, then copied to --out."""
    from grokviz.hub import fetch, refs
    from grokviz.runs.folder import open_any

    if options.file.endswith(fetch.WEIGHTS) and options.file.count("/") < 2:
        raise RunError(f"There is no file {options.file[:200]!r}. Check its name.")
    if os.path.lexists(options.out) and not (options.out.is_dir() and not os.listdir(options.out)):
        raise RunError(f"{options.out.name!r} is there already. Choose a new folder.")
    root = library.downloaded()
    root.mkdir(parents=True, exist_ok=True)
    name = fetch.open_ref(
        refs.parse(options.file), root, given, _progress(), endpoint=os.environ.get("HF_ENDPOINT")
    )
    shutil.copytree(root / name, options.out, dirs_exist_ok=True)
    return {"file": options.file, **open_any(options.out).provenance}


def summary(provenance: Provenance) -> list[str]:
    """What an import found out, and how, a line each."""
    said = {name: provenance.get(name, "not told") for name in ("file", "imported", "layout", "kept")}
    if "imported" not in provenance:
        return [f"{said['file']}: a run of GrokViz, as it was trained."]
    known, notes = provenance.get("known"), provenance.get("notes")
    return [
        f"{said['file']}: {said['imported']}, in the layout of {said['layout']}; {said['kept']} kept.",
        *(
            f"{str(what).capitalize()}: {how}."
            for what, how in (known.items() if isinstance(known, dict) else ())
        ),
        *(str(note) for note in (notes if isinstance(notes, list) else ())),
    ]


def publish_run(options: argparse.Namespace) -> None:
    from grokviz.hub import card, publish

    path = library.locate(options.run)
    licence = options.licence or _ask(f"Under which licence ({', '.join(card.LICENCES)})? ", "--licence")
    send(publish.parcel(path, options.repo, licence, options.private), options.yes)


def send(parcel, is_agreed: bool) -> None:
    """Show what will be sent, ask unless that is agreed, and send it."""
    from grokviz.hub import publish

    listing = parcel.listing()
    who = "only you see it" if parcel.private else "everybody sees it"
    print(f"To the {parcel.kind} {parcel.repo}; {who}:")
    for name, size in listing if len(listing) < 20 else []:
        print(f"  {name:28} {size:>12,} bytes")
    print(f"  {len(listing)} files, {sum(size for _, size in listing) / 1e6:.1f} MB")
    if isinstance(card := parcel.files.get("README.md"), bytes):
        print("\n" + card.decode())
    if not is_agreed and _ask("Send this? (yes or no) ", "--yes").lower() not in ("y", "yes"):
        print("Nothing was sent.")
        return
    print(f"Published: {publish.send(parcel, os.environ.get('HF_ENDPOINT'))}")


def _ask(question: str, flag: str) -> str:
    """What the person types. Raises `RunError` where nobody can be asked."""
    if not sys.stdin.isatty():
        raise RunError(f"Nobody is here to be asked: {question.strip()} Say it with {flag}.")
    return input(question).strip()


def _progress():
    """A bar on standard error for each stage."""
    from tqdm import tqdm

    bars: dict = {}

    def show(what: str, done: int, total: int) -> None:
        if what not in bars:
            for bar in bars.values():
                bar.close()
            in_bytes = {"unit": "B", "unit_scale": True} if what == "Downloading" else {}
            bars[what] = tqdm(total=total, desc=what, dynamic_ncols=True, disable=None, **in_bytes)
        bars[what].update(done - bars[what].n)

    return show
