"""The app on a Space of the Hub: what is pushed there. The Dockerfile and the card of the Space are in deploy/space."""

from pathlib import Path

from grokviz.hub.publish import Parcel, check_name
from grokviz.installation import HOME, PACKAGE

SINGLE = ("app.py", "requirements.txt", "LICENSE", ".streamlit/config.toml")
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
    return Parcel(repo, "space", private, {**space_files()})
