"""The loss curves of a run as one small SVG: on its card in the library, and larger on its model card."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from grokviz.view.frames import thinned
from grokviz.view.palette import palette
from grokviz.wording import superscript

POINTS = 240  # of a curve
FLOOR = 1e-9  # a loss below is drawn there
Band = tuple[str, int, int | None]  # a phase, and from which step to which
QUIET = {False: "#6E6A62", True: "#A19C93"}


class _Frame(NamedTuple):
    """Where the curves are drawn: the size of the picture, its margins, and the range of both axes."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    last_step: int
    low: float  # log10 of the loss at the lower edge
    high: float

    def x(self, step: float) -> float:  # as in the timeline: early steps wider
        share = math.sqrt(min(max(step, 0) / max(self.last_step, 1), 1))
        return round(self.left + (self.width - self.left - self.right) * share, 1)

    def y(self, loss: float) -> float:
        share = (math.log10(max(loss, FLOOR)) - self.low) / (self.high - self.low)
        return round(self.height - self.bottom - (self.height - self.top - self.bottom) * share, 1)


def loss_svg(
    log: pd.DataFrame, bands: Sequence[Band], last_step: int, dark: bool = False,
    width: int = 360, height: int = 120, labels: bool = False,
) -> str:  # fmt: skip
    """Train and test loss on a log scale over the bands of phases; `labels` adds axes and the names of the lines."""
    rows = log.iloc[thinned(len(log), 4_000)]
    margins = (52, 52, 12, 34) if labels else (2, 2, 4, 4)
    frame = _Frame(width, height, *margins, last_step, *_range(rows))
    shade = "dark" if dark else "light"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    ]
    for name, start, end in bands:
        a, b = frame.x(start), frame.x(last_step if end is None else end)
        fill = palette()["phases"][name][shade]
        parts.append(
            f'<rect x="{a}" y="0" width="{max(b - a, 0):.1f}" height="{height - frame.bottom}" fill="{fill}"/>'
        )
    if labels:
        parts += _axes(frame, QUIET[dark])
    parts += [_line(rows, name, frame, shade) for name in ("test", "train")]
    if labels and len(rows):
        parts += _names(rows, frame, shade)
    return "".join(parts) + "</svg>"


def _range(rows: pd.DataFrame) -> tuple[float, float]:
    """The decades of loss that are shown, at least half a one."""
    losses = rows[["train_loss", "test_loss"]].to_numpy(float)
    seen = np.clip(losses[np.isfinite(losses)], FLOOR, None)
    low, high = (math.log10(seen.min()), math.log10(seen.max())) if len(seen) else (-1.0, 1.0)
    return (low - 0.15, high + 0.15) if high - low < 0.5 else (low, high)


def _line(rows: pd.DataFrame, name: str, frame: _Frame, shade: str) -> str:
    """One curve, its points evenly along the axis."""
    column = f"{name}_loss"
    known = rows[np.isfinite(rows[column])]
    spread = np.linspace(0, 1, POINTS) ** 2 * max(len(known) - 1, 0)
    known = known.iloc[np.unique(np.rint(spread).astype(int)) if len(known) else []]
    style = palette()["series"][name]
    dash = f' stroke-dasharray="{" ".join(map(str, style["dash"]))}"' if style["dash"] else ""
    line = " ".join(f"{frame.x(s)},{frame.y(v)}" for s, v in zip(known["step"], known[column], strict=True))
    return (
        f'<polyline points="{line}" fill="none" stroke="{style[shade]}" stroke-width="2" '
        f'stroke-linejoin="round"{dash}/>'
    )


def _names(rows: pd.DataFrame, frame: _Frame, shade: str) -> list[str]:
    """The name of each line at its end, kept apart."""
    lasts = {name: rows[f"{name}_loss"].dropna() for name in ("test", "train")}
    ends = {name: float(losses.iloc[-1]) for name, losses in lasts.items() if len(losses)}
    parts, below = [], frame.height - frame.bottom + 13.0
    for name, loss in sorted(ends.items(), key=lambda end: -frame.y(end[1])):
        below = min(frame.y(loss) + 4, below - 15)
        colour = palette()["series"][name][shade + "Text"]
        parts.append(_text(frame.width - frame.right + 6, below, name, colour, "start"))
    return parts


def _axes(frame: _Frame, colour: str) -> list[str]:
    every = max(1, math.ceil((frame.high - frame.low) / 5))
    end = frame.width - frame.right
    parts = []
    for power in range(math.ceil(frame.low), math.floor(frame.high) + 1):
        if power % every == 0:
            at = frame.y(10.0**power)
            parts.append(
                f'<line x1="{frame.left}" x2="{end}" y1="{at}" y2="{at}" stroke="{colour}" opacity="0.2"/>'
            )
            parts.append(_text(frame.left - 6, at + 4, f"10{superscript(power)}", colour, "end"))
    for share in (0, 0.1, 0.3, 0.6, 1):
        step = round(share * frame.last_step)
        parts.append(_text(frame.x(step), frame.height - frame.bottom + 16, f"{step:,}", colour, "middle"))
    parts.append(_text((frame.left + end) / 2, frame.height - 3, "training step", colour, "middle"))
    return parts


def _text(x: float, y: float, text: str, colour: str, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-family="sans-serif" font-size="12" '
        f'text-anchor="{anchor}">{text}</text>'
    )
