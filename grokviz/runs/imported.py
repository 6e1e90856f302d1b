"""What is known of a run that was made of a foreign file, and what is not: its provenance, read with care.

The record of a run travels, so what it says here may be anything.
"""

from collections.abc import Mapping

from grokviz import installation
from grokviz.config import RunConfig
from grokviz.runs.record import Config, Provenance

UNKNOWN = "unknown"  # of a split


def stated(config: RunConfig, provenance: Provenance, setting: str) -> float | None:
    """A setting of the training as the file of the run says it, in our range or not; None where it says nothing."""
    beyond = provenance.get("out_of_range")
    if isinstance(beyond, Mapping) and setting in beyond:
        try:
            return float(beyond[setting])
        except (TypeError, ValueError, OverflowError):
            return None
    unknown = provenance.get("unknown")
    if isinstance(unknown, list) and setting in unknown:
        return None
    return getattr(config, setting)


NO_TORCH = (
    "Nothing is trained here: PyTorch is not installed on this machine. Everything else works; to train, run GrokViz "
    "where it is, with make run."
)


def why_not_trainable(config: Config, provenance: Provenance) -> str:
    """A sentence when nobody can train the run on as it was trained; "" when one can."""
    if not installation.has("torch"):
        return NO_TORCH
    if not isinstance(config, RunConfig):
        return ""
    if config.split == UNKNOWN:
        return "Which pairs this run was trained on is not known, so it cannot be trained on."
    if config.read_at != "=":
        return 'This network is shown a and b alone, and GrokViz trains those that are shown an "=" as well.'
    beyond = provenance.get("out_of_range")
    if isinstance(beyond, Mapping) and beyond:
        names = ", ".join(str(name)[:20] for name in list(beyond)[:5])
        return f"This run was trained with settings out of the range of GrokViz ({names}), so it cannot be trained on."
    return ""
