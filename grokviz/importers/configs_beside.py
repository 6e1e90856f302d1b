"""A config in JSON that lies beside a file of weights, as the projects do that save weights alone.

model_p99zdpze5l.pt     config_p99zdpze5l.json     the clock and pizza project
model.pt                cfg.json                   the group project
name.pt                 name_cfg.json, name_config.json, name.json
"""

from pathlib import Path

from grokviz.errors import RunError
from grokviz.runs.storage import read_json


def settings_beside(path: Path) -> tuple[str, dict[str, object]] | None:
    """The name of the config that belongs to this file, and what it says; None where there is none that is JSON."""
    for name in _names(path):
        if (path.parent / name).is_file():
            try:
                return name, read_json(path.parent, name)
            except RunError:
                continue  # something else of that name
    return None


def _names(path: Path) -> list[str]:
    stem = path.stem
    names = [f"{stem}_cfg", f"{stem}_config", stem, stem.replace("model", "config")]
    if stem == "model":
        names += ["cfg", "config"]
    return [f"{name}.json" for name in dict.fromkeys(names)]
