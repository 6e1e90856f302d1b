"""Tables that a benchmark wrote beside the code that reads them: JSON, with the command that makes them."""

import json
from pathlib import Path
from typing import Any


def rows(file: Path, name: str) -> list[dict[str, Any]]:
    """The rows of the table of this name, each with tuples for its lists."""
    found: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))[name]
    return [{n: tuple(v) if isinstance(v, list) else v for n, v in row.items()} for row in found]


def command(file: Path) -> str:
    """The command that made the tables."""
    return json.loads(file.read_text("utf-8"))["command"]
