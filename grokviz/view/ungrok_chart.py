"""Ungrokking as two figures: the cliff over the share of pairs that are kept, and the way down for one share."""

import altair as alt
import pandas as pd

from grokviz.view.charts import Figure, end_labels
from grokviz.view.palette import palette, quiet

LEVELS = [0, 0.25, 0.5, 0.75, 1]
NEVER, REMOVED, TRAIN, CONTROL = "never seen", "removed", "trained on", "no decay"
SERIES = {NEVER: "test", REMOVED: "apart", TRAIN: "train", CONTROL: "second"}  # to the colours of the house
HEIGHT = 340


def _style(name: str, dark: bool, text: bool = False) -> str:
    shade = ("dark" if dark else "light") + ("Text" if text else "")
    return palette()["series"][SERIES[name]][shade]


def _share(title: str, field: str = "accuracy:Q") -> alt.Y:
    return alt.Y(
        field,
        title=title,
        scale=alt.Scale(domain=[0, 1.02]),
        axis=alt.Axis(values=LEVELS, format="%", gridOpacity=0.4),
    )


def cliff_chart(ends: pd.DataFrame, chosen: float, steps: int, dark: bool = False) -> Figure:
    """share, seed, accuracy: a dot a seed, a line through the medians, and a rule at the share that is chosen."""
    colour, x_axis = (
        _style(NEVER, dark),
        alt.Axis(format="%", values=[0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.35], grid=False),
    )
    x = alt.X(
        "share:Q",
        title="share of all pairs that it goes on with",
        scale=alt.Scale(domain=[0, 0.37]),
        axis=x_axis,
    )
    y = _share("right, of the pairs never seen")
    medians = ends.groupby("share", as_index=False)["accuracy"].median()
    here = medians.query("share == @chosen")
    tooltip = [alt.Tooltip("share:Q", format=".0%"), alt.Tooltip("accuracy:Q", format=".1%")]
    return _finish(
        [
            alt.Chart(here).mark_rule(color=quiet(dark), strokeDash=[2, 3]).encode(x=x),
            alt.Chart(medians).mark_line(color=colour, strokeWidth=2).encode(x=x, y=y),
            alt.Chart(ends)
            .mark_circle(color=colour, size=36, opacity=0.45)
            .encode(x=x, y=y, tooltip=tooltip),
            alt.Chart(here).mark_circle(color=colour, size=130, opacity=1).encode(x=x, y=y, tooltip=tooltip),
        ],
        f"Accuracy on pairs never seen after {steps:,} more steps, by the share of pairs that were kept.",
        right=14,
    )


def descent_chart(curves: pd.DataFrame, steps: int, dark: bool = False) -> Figure:
    """step, accuracy, series, seed: medians of the seeds in strong lines, each seed in a thin one."""
    x = alt.X("step:Q", title="steps since the others were taken away", scale=alt.Scale(domain=[0, steps], nice=False), axis=alt.Axis(grid=False, tickCount=5, format=",d"))  # fmt: skip
    y = _share("right answers")
    names = [name for name in SERIES if name in set(curves["series"])]
    medians = curves.groupby(["series", "step"], as_index=False)["accuracy"].median()
    scale = alt.Scale(domain=names, range=[_style(name, dark) for name in names])
    dashes = alt.Scale(
        domain=names, range=[palette()["series"][SERIES[name]]["dash"] or [1, 0] for name in names]
    )
    look = {
        "color": alt.Color("series:N", scale=scale, legend=None),
        "strokeDash": alt.StrokeDash("series:N", scale=dashes, legend=None),
    }
    tooltip = ["series:N", alt.Tooltip("step:Q", format=",d"), alt.Tooltip("accuracy:Q", format=".1%")]
    thin = alt.Chart(curves).mark_line(strokeWidth=1, opacity=0.3).encode(x=x, y=y, detail="seed:N", **look)
    lines = alt.Chart(medians).mark_line(strokeWidth=2.2).encode(x=x, y=y, tooltip=tooltip, **look)
    texts = {name: _style(name, dark, text=True) for name in names}
    ends = end_labels(pd.DataFrame(medians), "accuracy", texts)
    words = f"Accuracy over {steps:,} steps after the fork: {', '.join(names)}."
    return _finish([thin, lines, ends], words, right=86)


def _finish(layers: list, description: str, right: int) -> Figure:
    return (
        alt.layer(*layers)
        .resolve_scale(color="independent", strokeDash="independent")
        .properties(
            height=HEIGHT, description=description, padding={"right": right, "left": 5, "top": 8, "bottom": 5}
        )
        .configure_view(stroke=None)
        .configure_axis(domain=False, ticks=False)
    )
