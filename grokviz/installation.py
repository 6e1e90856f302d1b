"""Where this GrokViz lies, in a clone of its repository or installed as a package, and what is installed with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from grokviz.errors import MissingPackageError

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


EXTRAS = {  # package, as it is imported -> the extra of GrokViz that installs it
    "altair": "notebook",
    "anywidget": "notebook",
    "huggingface_hub": "hub",
    "latex2mathml": "site",
    "pandas": "notebook",
    "ray": "sweep",
    "streamlit": "app",
    "torch": "train",
    "tqdm": "hub",
    "vl_convert": "figure",
}


def has(package: str) -> bool:
    """Whether a package is installed. It is not imported for that."""
    return find_spec(package) is not None


def require(package: str) -> None:
    """Raises `MissingPackageError` unless this package of `EXTRAS` is installed."""
    if not has(package):
        raise MissingPackageError(
            f"This needs {package}, which is not installed.",
            mend=f"Install it with: pip install 'grokviz[{EXTRAS[package]}]'.",
        )


@contextmanager
def missing_packages_are_named() -> Iterator[None]:
    """Within it, a package of `EXTRAS` that cannot be imported is a `MissingPackageError`."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name in EXTRAS:
            require(error.name)
        raise
