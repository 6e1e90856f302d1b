"""GrokViz: train, record, measure and scrub the grokking of modular arithmetic.

A run is a folder: training writes it, measures read it, the film plays it.

>>> import grokviz
>>> run = grokviz.open("mod59-quick")
>>> run.phases.grokked_at
1860
>>> sorted(run.measure(step=1860))[:2]
['accuracy', 'all_loss']
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.2.0"

if TYPE_CHECKING:
    from grokviz import charts
    from grokviz.api import OpenRun, film, open, record, train
    from grokviz.config import RunConfig
    from grokviz.forecast.presets import PRESETS

__all__ = ["PRESETS", "OpenRun", "RunConfig", "charts", "film", "open", "record", "train"]
_HOMES = {
    "PRESETS": "forecast.presets",
    "RunConfig": "config",
    "OpenRun": "api",
    "film": "api",
    "open": "api",
    "record": "api",
    "train": "api",
}


def __getattr__(name: str) -> object:
    """What is asked for, imported only then: browsing needs no PyTorch, and measuring neither pandas nor Streamlit."""
    if name == "charts":
        return import_module("grokviz.charts")
    if name in _HOMES:
        return getattr(import_module(f"grokviz.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'grokviz' has no attribute {name!r}")
