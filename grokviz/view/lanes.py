"""A race as a picture: a lane a trick, one below the other, over one axis of steps.

In a lane: how many of the unseen pairs are right, from its floor (0 %) to its ceiling (100 %); the plateau from memorising to
grokking tinted; a dot on the floor where each seed has grokked. Whatever moves is a dataset of its own, so that lanes that
are still running fill without being drawn anew.
"""

from collections.abc import Sequence
from typing import NamedTuple

import altair as alt
import pandas as pd

from grokviz.view.charts import Figure, step_axis
from grokviz.view.palette import palette, quiet, series_colours

LANE_HEIGHT, AXIS_HEIGHT = 80, 46  # pixels
CEILING = 0.54  # of the height of a lane: above it stands its name
TOP, FLOOR = alt.Y("top:Q", axis=None), alt.Y("floor:Q", axis=None)
TOLD = [
    alt.Tooltip("trick:N", title="lane"),
    alt.Tooltip("step:Q", format=",d"),
    alt.Tooltip("right:Q", title="% of unseen pairs right", format=".0f"),
]
STYLE: dict = {"baseline": "top", "fontSize": 13}
DATASETS = ("lines", "plateaus", "dots", "names")


class Line(NamedTuple):
    """Per cent of the unseen pairs right, of one seed."""

    steps: Sequence[int]
    percent: Sequence[float]
    is_main: bool = True  # the others are thin


class Lane(NamedTuple):
    name: str
    result: str  # in a few letters, at its right end
    lines: Sequence[Line]
    plateau: tuple[int, int] | None = None  # from memorising to grokking
    dots: Sequence[int] = ()  # steps


def rows_of(lanes: Sequence[Lane]) -> dict[str, pd.DataFrame]:
    """The datasets of `lanes_chart`."""
    lines, plateaus, dots, names = [], [], [], []
    for number, lane in enumerate(lanes):
        floor = len(lanes) - 1.0 - number
        names.append((lane.name, lane.result, floor))
        if lane.plateau:
            plateaus.append((*lane.plateau, floor, floor + CEILING))
        dots += [(step, floor, lane.name) for step in lane.dots]
        for seed, line in enumerate(lane.lines):
            lines += [
                (f"{number}-{seed}", lane.name, step, floor + CEILING * right / 100, right, line.is_main)
                for step, right in zip(line.steps, line.percent, strict=True)
            ]
    return {
        "lines": pd.DataFrame(lines, columns=["line", "trick", "step", "height", "right", "main"]),
        "plateaus": pd.DataFrame(plateaus, columns=["start", "end", "floor", "ceiling"]),
        "dots": pd.DataFrame(dots, columns=["step", "floor", "trick"]),
        "names": pd.DataFrame(names, columns=["trick", "result", "floor"]),
    }


def height_of(count: int) -> int:
    """Pixels of so many lanes with their axis."""
    return LANE_HEIGHT * count + AXIS_HEIGHT


def lanes_chart(count: int, last_step: int, description: str, dark: bool = False) -> Figure:
    """So many lanes, empty: `rows_of` fills them."""
    y = alt.Y("height:Q", axis=None, scale=alt.Scale(domain=[-0.08, count], nice=False))
    x, colour = step_axis(last_step), series_colours(dark)["test"]
    lines = alt.Chart(alt.NamedData("lines")).encode(x=x, y=y, detail="line:N", tooltip=TOLD)
    layers = [
        *_scenery(last_step, dark),
        lines.transform_filter("!datum.main").mark_line(strokeWidth=1, opacity=0.45, color=colour, clip=True),
        lines.transform_filter("datum.main").mark_line(strokeWidth=2.4, color=colour, clip=True),
        alt.Chart(alt.NamedData("dots"))
        .mark_circle(size=46, color=colour, opacity=0.9)
        .encode(x=x, y=FLOOR, tooltip=TOLD[:2]),
        *_words(dark),
    ]
    return (
        alt.layer(*layers)
        .properties(
            height=height_of(count),
            description=description,
            padding={"left": 5, "right": 8, "top": 5, "bottom": 5},
            datasets={name: [] for name in DATASETS},
        )
        .configure_view(stroke=None)
        .configure_axis(domain=False, ticks=False)
    )


def _scenery(last_step: int, dark: bool) -> list[alt.Chart]:
    """The plateau, floor and ceiling of every lane."""
    tint = palette()["phases"]["memorisation"]["dark" if dark else "light"]
    names = alt.Chart(alt.NamedData("names"))
    return [
        alt.Chart(alt.NamedData("plateaus"))
        .mark_rect(color=tint)
        .encode(x=step_axis(last_step, "start:Q"), x2="end:Q", y=FLOOR, y2="ceiling:Q"),
        names.mark_rule(color=quiet(dark), opacity=0.45).encode(y=FLOOR),
        names.transform_calculate(ceiling=f"datum.floor + {CEILING}")
        .mark_rule(color=quiet(dark), opacity=0.25, strokeDash=[2, 4])
        .encode(y=alt.Y("ceiling:Q", axis=None)),
    ]


def _words(dark: bool) -> list[alt.Chart]:
    """The name and the result of every lane, above its curve."""
    above = alt.Chart(alt.NamedData("names")).transform_calculate(top="datum.floor + 0.86")
    colour = series_colours(dark, text=True)["test"]
    return [
        above.mark_text(align="left", x=0, color=quiet(dark), **STYLE).encode(y=TOP, text="trick:N"),
        above.mark_text(align="right", x=alt.expr("width"), color=colour, fontWeight="bold", **STYLE).encode(
            y=TOP, text="result:N"
        ),
    ]
