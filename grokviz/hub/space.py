"""The app on a Space of the Hub: what is pushed there. The Dockerfile and the card of the Space are in deploy/space."""

from pathlib import Path

from grokviz.hub.publish import Parcel, check_name

HOME = Path(__file__).parents[2]
SINGLE = ("app.py", "requirements.txt", "LICENSE", ".streamlit/config.toml")
FOLDERS = ("grokviz", "pages", "checkpoints")
OWN = ("Dockerfile", "README.md")  # of deploy/space


def space_files() -> dict[str, Path]:
    """Name on the Space -> file here: the app, its bundled runs, and what makes it a Space."""
    files = {name: HOME / name for name in SINGLE}
    for folder in FOLDERS:
        for path in sorted((HOME / folder).rglob("*")):
            if (
                path.is_file()
                and "__pycache__" not in path.parts
                and not path.name.endswith((".pyc", ".tmp"))
            ):
                files[path.relative_to(HOME).as_posix()] = path
    return files | {name: HOME / "deploy" / "space" / name for name in OWN}


def space_parcel(repo: str, private: bool = False) -> Parcel:
    """All of it, ready to be sent. Raises `RunError` unless `repo` is owner/name."""
    check_name(repo)
    return Parcel(repo, "space", private, {**space_files()})
