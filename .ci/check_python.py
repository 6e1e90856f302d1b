"""Says in one sentence what is missing before a virtual environment is made. Runs on any Python 3."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        "GrokViz needs Python 3.11 or newer, and {} is Python {}.{}. "
        "Install a newer one and name it: make run PYTHON=python3.12".format(
            sys.executable, *sys.version_info
        )
    )
try:
    import ensurepip  # noqa: F401
    import venv  # noqa: F401
except ImportError:
    sys.exit(
        "This Python has no venv module. On Debian or Ubuntu: sudo apt install python{}.{}-venv. "
        "Then run make again.".format(*sys.version_info)
    )
