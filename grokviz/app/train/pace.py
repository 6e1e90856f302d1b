"""How fast a training goes, from looks at it: its own steps over its own time, and no pause counted."""

import time
from typing import NamedTuple

KEPT = 12  # looks
PATIENCE = 12.0  # seconds: after a longer gap nobody knows whether it has been training all along


class Look(NamedTuple):
    at: float  # seconds
    step: int


Looks = list[Look]


def look(looks: Looks, step: int, is_training: bool, now: float | None = None) -> float | None:
    """One more look, added to `looks`: the steps a second over the last few, or None while that is not known.

    What was seen before a pause, before a gap of `PATIENCE` or before it was resumed from an earlier step is forgotten.
    """
    at = time.monotonic() if now is None else now
    if looks and (not is_training or step < looks[-1].step or at - looks[-1].at > PATIENCE):
        looks.clear()
    if not is_training:
        return None
    looks.append(Look(at, step))
    del looks[:-KEPT]
    (begin, first), (end, last) = looks[0], looks[-1]
    return (last - first) / (end - begin) if end - begin > 1 and last > first else None
