"""The blocks of a group over a run, for a page without a film: how strongly the answers hold each character."""

import altair as alt
import pandas as pd

from grokviz.view.charts import Figure, cursor, phase_bands, spread, step_axis
from grokviz.view.palette import palette

HEIGHT = 230  # pixels
QUIET = "#9A978F"


def rises(
    strengths: pd.DataFrame, bands: pd.DataFrame, step: int, last_step: int, dark: bool = False
) -> Figure:
    """The strength of each block: a table of step, block, whether it is key, and strength. Key blocks are coloured
    and named at the end of their line."""
    names = list(dict.fromkeys(strengths["block"]))
    keys = list(dict.fromkeys(strengths.loc[strengths["is_key"], "block"]))
    hues = palette()["frequencies"]["dark" if dark else "light"]
    shades = [hues[keys.index(name) % len(hues)] if name in keys else QUIET for name in names]
    colour = alt.Color("block:N", legend=None, scale=alt.Scale(domain=names, range=shades))
    x, y = step_axis(last_step), alt.Y("strength:Q", title="strength", axis=alt.Axis(tickCount=4))
    tip = ["block:N", alt.Tooltip("step:Q", format=",d"), alt.Tooltip("strength:Q", format=".3~g")]
    lines = alt.Chart(strengths).mark_line(strokeWidth=2).encode(x=x, y=y, color=colour, tooltip=tip)
    last = strengths.loc[strengths["is_key"] & (strengths["step"] == strengths["step"].max())]
    last = last.sort_values("strength")
    last = last.assign(place=spread(last["strength"].to_list(), strengths["strength"].to_list(), False))
    ends = (
        alt.Chart(last)
        .mark_text(align="right", dx=-4, dy=-9, fontWeight=600, fontSize=12)
        .encode(x=x, y="place:Q", text="block:N", color=colour)
    )
    words = f"How strongly the answers hold each block over {last_step:,} steps: {', '.join(names)}."
    return _laid([phase_bands(bands, last_step, dark), lines, ends, cursor(last_step)], step, words)


def _laid(layers: list, step: int, words: str) -> Figure:
    return (
        alt.layer(*layers)
        .resolve_scale(color="independent")
        .properties(
            height=HEIGHT,
            description=words,
            padding={"right": 12, "left": 5, "top": 5, "bottom": 5},
            datasets={"cursor": [{"step": step}]},
        )
        .configure_view(stroke=None)
        .configure_axis(domain=False, ticks=False, minExtent=50)
    )
