"""The loss curves of a run as one small SVG: on its card in the library, and larger on its model card."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from grokviz.measures.phases import Phases
from grokviz.view.frames import thinned
from grokviz.view.palette import palette
from grokviz.wording import superscript

POINTS = 240  # of a curve
FLOOR = 1e-9  # a loss below is drawn there
QUIET = {False: "#6E6A62", True: "#A19C93"}


def loss_svg(
    log: pd.DataFrame, phases: Phases, last_step: int, dark: bool = False,
    width: int = 360, height: int = 120, labels: bool = False,
) -> str:  # fmt: skip
    """Train and test loss on a log scale over the phases; `labels` adds axes and the names of the lines."""
    left, right, top, bottom = (52, 52, 12, 34) if labels else (2, 2, 4, 4)
    shade = "dark" if dark else "light"
    rows = log.iloc[thinned(len(log), 4_000)]
    losses = rows[["train_loss", "test_loss"]].to_numpy(float)
    seen = np.clip(losses[np.isfinite(losses)], FLOOR, None)
    low, high = (math.log10(seen.min()), math.log10(seen.max())) if len(seen) else (-1.0, 1.0)
    low, high = (low - 0.15, high + 0.15) if high - low < 0.5 else (low, high)

    def x(step: float) -> float:  # as in the timeline: early steps wider
        return round(left + (width - left - right) * math.sqrt(min(max(step, 0) / max(last_step, 1), 1)), 1)

    def y(loss: float) -> float:
        share = (math.log10(max(loss, FLOOR)) - low) / (high - low)
        return round(height - bottom - (height - top - bottom) * share, 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    ]
    for name, start, end in phases.bands:
        a, b = x(start), x(last_step if end is None else end)
        fill = palette()["phases"][name][shade]
        parts.append(
            f'<rect x="{a}" y="0" width="{max(b - a, 0):.1f}" height="{height - bottom}" fill="{fill}"/>'
        )
    if labels:
        parts += _axes(low, high, last_step, x, y, width, height, left, right, bottom, QUIET[dark])
    for column, name in (("test_loss", "test"), ("train_loss", "train")):
        known = rows[np.isfinite(rows[column])]
        spread = np.linspace(0, 1, POINTS) ** 2 * max(len(known) - 1, 0)  # evenly along the axis
        known = known.iloc[np.unique(np.rint(spread).astype(int)) if len(known) else []]
        style = palette()["series"][name]
        dash = f' stroke-dasharray="{" ".join(map(str, style["dash"]))}"' if style["dash"] else ""
        line = " ".join(f"{x(s)},{y(v)}" for s, v in zip(known["step"], known[column], strict=True))
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{style[shade]}" stroke-width="2" '
            f'stroke-linejoin="round"{dash}/>'
        )
    if labels and len(rows):
        ends = [
            (n, float(rows[f"{n}_loss"].dropna().iloc[-1]))
            for n in ("test", "train")
            if rows[f"{n}_loss"].notna().any()
        ]
        parts += _names(ends, y, width - right + 6, height - bottom - 2, shade)
    return "".join(parts) + "</svg>"


def _names(ends: Sequence[tuple[str, float]], y, x: float, lowest: float, shade: str) -> list[str]:
    """The name of each line at its end, kept apart."""
    parts, below = [], lowest + 15.0
    for name, loss in sorted(ends, key=lambda end: -y(end[1])):
        below = min(y(loss) + 4, below - 15)
        colour = palette()["series"][name][shade + "Text"]
        parts.append(_text(x, below, name, colour, "start"))
    return parts


def _axes(low, high, last_step, x, y, width, height, left, right, bottom, colour) -> list[str]:
    every = max(1, math.ceil((high - low) / 5))
    parts = []
    for power in range(math.ceil(low), math.floor(high) + 1):
        if power % every == 0:
            at = y(10.0**power)
            parts.append(
                f'<line x1="{left}" x2="{width - right}" y1="{at}" y2="{at}" stroke="{colour}" opacity="0.2"/>'
            )
            parts.append(_text(left - 6, at + 4, f"10{superscript(power)}", colour, "end"))
    for share in (0, 0.1, 0.3, 0.6, 1):
        step = round(share * last_step)
        parts.append(_text(x(step), height - bottom + 16, f"{step:,}", colour, "middle"))
    parts.append(_text((left + width - right) / 2, height - 3, "training step", colour, "middle"))
    return parts


def _text(x: float, y: float, text: str, colour: str, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-family="sans-serif" font-size="12" '
        f'text-anchor="{anchor}">{text}</text>'
    )
