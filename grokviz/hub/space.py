"""GrokViz on a Space of the Hub: what is pushed there.

A static Space is the site that `freeze` writes, and costs nothing. A Docker Space is the whole app; its Dockerfile and
its card are in deploy/space.
"""

import json
from pathlib import Path

from grokviz.hub.publish import Parcel, check_name
from grokviz.installation import HOME, PACKAGE

SINGLE = ("app.py", "requirements.txt", "requirements-browse.txt", "LICENSE", ".streamlit/config.toml")
FOLDERS = {"grokviz": PACKAGE, "pages": HOME / "pages", "checkpoints": HOME / "checkpoints"}
OWN = ("Dockerfile", "README.md")  # of deploy/space


def space_files() -> dict[str, Path]:
    """Name on the Space -> file here: the app, its bundled runs, and what makes it a Space."""
    files = {name: HOME / name for name in SINGLE}
    for name, folder in FOLDERS.items():
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            left_out = {"__pycache__", "_app"} & set(inside.parts) or path.name.endswith((".pyc", ".tmp"))
            if path.is_file() and not left_out:
                files[f"{name}/{inside.as_posix()}"] = path
    return files | {name: HOME / "deploy" / "space" / name for name in OWN}


def space_parcel(repo: str, private: bool = False) -> Parcel:
    """All of it, ready to be sent. Raises `RunError` unless `repo` is owner/name."""
    check_name(repo)
    return Parcel(repo, "space", private, {**space_files()}, sdk="docker")


STATIC_CARD = """---
title: {title}
emoji: 🕰️
colorFrom: blue
colorTo: yellow
sdk: static
app_file: index.html
pinned: false
license: mit
short_description: See a small network memorise, then understand
---

A site made by `python -m grokviz freeze` from runs of [GrokViz](https://arxiv.org/abs/2301.05217): nothing runs behind it.
"""


def static_parcel(repo: str, site: Path, title: str, private: bool = False) -> Parcel:
    """The site in this folder, ready to be sent. Raises `RunError` unless `repo` is owner/name."""
    check_name(repo)
    files: dict[str, bytes | Path] = {
        path.relative_to(site).as_posix(): path for path in sorted(site.rglob("*")) if path.is_file()
    }
    card = STATIC_CARD.format(title=json.dumps(title, ensure_ascii=False))
    return Parcel(repo, "space", private, {**files, "README.md": card.encode()}, sdk="static")
