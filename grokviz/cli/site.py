"""The commands that put GrokViz where others can see it: freeze, a static site; space, a Space of the Hub."""

import argparse
import re
import tempfile
from pathlib import Path

from grokviz.errors import BadInputError
from grokviz.runs import library
from grokviz.runs.catalog import list_runs

TITLE = "GrokViz"


def add_commands(command) -> None:
    """Adds them to the parser; `command(name, function, text)` makes one."""
    sub = command("freeze", freeze_site, "write the reading pages as a static site, for any server of files")
    sub.add_argument("--out", required=True, type=Path, help="the folder of the site, new")
    sub.add_argument("--address", default="", help="where it will stand, such as https://you.github.io/site")
    _add_choice(sub)

    sub = command("space", push_space, "put a site, or the whole app, on a Space of the Hub")
    sub.add_argument("repo", help="owner/name, new or yours")
    sub.add_argument(
        "--docker",
        action="store_true",
        help="the whole app, which needs a paid plan; else a free static site",
    )
    _add_choice(sub)
    sub.add_argument("--private", action="store_true", help="only for you to see")
    sub.add_argument("--yes", action="store_true", help="send without asking")


def _add_choice(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--runs", help="names or folders, with commas; without it the bundled runs")
    sub.add_argument("--title", default=TITLE, help="what to call the site")


def freeze_site(options: argparse.Namespace) -> None:
    if options.address and not re.fullmatch(r"https?://[^\s<>\"]{1,300}", options.address):
        raise BadInputError(
            "--address should be an address of the web.", mend="Such as https://you.github.io/site."
        )
    size = _freeze(options, options.out, options.address)
    print(f"{options.out}: {size / 1e6:.1f} MB. Look at it: python -m http.server --directory {options.out}")


def push_space(options: argparse.Namespace) -> None:
    from grokviz.cli.share import send
    from grokviz.hub import space

    if options.docker:
        if options.runs:
            raise BadInputError("--docker sends the bundled runs.", mend="Leave out --runs, or --docker.")
        send(space.space_parcel(options.repo, options.private), options.yes)
        return
    space.check_name(options.repo)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "site"
        _freeze(options, out, f"https://{options.repo.replace('/', '-').lower()}.static.hf.space")
        send(space.static_parcel(options.repo, out, options.title, options.private), options.yes)


def _freeze(options: argparse.Namespace, out: Path, address: str) -> int:
    from grokviz.app.freeze.site import freeze

    runs = options.runs.split(",") if options.runs else [card.id for card in list_runs(library.BUNDLED)]
    if not options.title.strip() or len(options.title) > 80:
        raise BadInputError("--title should be a text of 1 to 80 characters.")
    return freeze(out, [run.strip() for run in runs if run.strip()], options.title.strip(), print, address)
