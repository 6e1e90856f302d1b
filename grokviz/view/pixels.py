"""Small pictures as arrays of pixels, for where a chart would be too much."""

import numpy as np
from jaxtyping import UInt8

from grokviz.config import RunConfig
from grokviz.tasks.pairs import build_task
from grokviz.view.palette import palette

SIDE = 380  # pixels, at most where that can be


def split_picture(config: RunConfig, dark: bool = False) -> UInt8[np.ndarray, "side side 3"]:
    """The table of all a ∘ b, row a, column b: the pairs to be trained on in the colour of their answer, the others
    blank."""
    task = build_task(config)
    colours = np.array([rgb(colour) for colour in palette()["cividis"]], dtype=float)
    place = task.answers / (config.p - 1) * (len(colours) - 1)
    shown = np.stack([np.interp(place, range(len(colours)), colours[:, i]) for i in range(3)], axis=-1)
    blank = rgb("#23262C" if dark else "#EFECE5")
    picture = np.where(task.is_train[..., None], shown, blank).astype(np.uint8)
    scale = max(1, SIDE // config.p)
    return picture.repeat(scale, axis=0).repeat(scale, axis=1)


def rgb(colour: str) -> tuple[int, ...]:
    """The three channels, 0 to 255, of a colour written #rrggbb."""
    return tuple(bytes.fromhex(colour.lstrip("#")))
