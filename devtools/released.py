"""Weights that others have published, for tests that land in published figures. They are not part of this repository.

Put the files into a folder and name it in the environment variable GROKVIZ_RELEASED; without it those tests are skipped.
They are `s5_mlp_seed2.pt` and `s5_transformer_seed1.pt` with their `_cfg.json` (bilal-chughtai/rep-theory-mech-interp), and
`pizza_model_p99zdpze5l.pt` with `pizza_config_p99zdpze5l.json` (fjzzq2002/pizza).
"""

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("GROKVIZ_RELEASED", "released-weights"))
needs_released = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the released weights are not here: name their folder in GROKVIZ_RELEASED"
)


def released(name: str) -> Path:
    """The file of that name."""
    return FOLDER / name
