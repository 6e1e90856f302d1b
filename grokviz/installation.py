"""Where this GrokViz lies: in a clone of its repository, or installed as a package."""

from pathlib import Path

PACKAGE = Path(__file__).parent
_IN_WHEEL = PACKAGE / "_app"  # where pyproject.toml puts into a wheel what lies beside the package in a clone
IS_INSTALLED = _IN_WHEEL.is_dir()

# The folder of app.py, pages, the theme and the bundled runs. Processes are started in it: in a clone it is also the
# one from which Python imports this package.
HOME = _IN_WHEEL if IS_INSTALLED else PACKAGE.parent


def runs_folder() -> Path:
    """Where runs trained here lie unless told otherwise: `runs` in a clone, else the user's folder for data."""
    if not IS_INSTALLED:
        return HOME / "runs"
    from platformdirs import user_data_path

    return user_data_path("grokviz", appauthor=False) / "runs"
