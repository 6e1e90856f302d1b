"""The numbers on the rings of the key frequencies, as a chart."""

import math

import altair as alt
import pandas as pd

from grokviz.view.charts import OTHER

ACROSS = 3  # rings in a row
SIDE = 190  # pixels
CORNERS = 90  # of the circle around


def rings_chart(rings: pd.DataFrame, is_clock: bool) -> alt.ConcatChart:
    """A table of `tables.rings`. On a clock the dots are coloured by their place on a perfect one, and joined in that
    order."""
    keys = list(dict.fromkeys(rings["key"]))
    scale = alt.Scale(domain=[-1.08, 1.08])
    x, y = (alt.X("x:Q", axis=None, scale=scale), alt.Y("y:Q", axis=None, scale=scale))
    angles = [2 * math.pi * i / CORNERS for i in range(CORNERS + 1)]
    around = [
        {"key": key, "corner": i, "x": math.cos(angle), "y": math.sin(angle)}
        for key in keys
        for i, angle in enumerate(angles)
    ]
    thin = {"strokeWidth": 1, "color": OTHER}
    layers = [
        alt.Chart(pd.DataFrame(around)).mark_line(opacity=0.6, **thin).encode(x=x, y=y, order="corner:O")
    ]
    if is_clock:
        layers.append(alt.Chart(rings).mark_line(opacity=0.7, **thin).encode(x=x, y=y, order="turn:Q"))
    colour = alt.Color("turn:Q", legend=None, scale=alt.Scale(scheme="rainbow", domain=[0, 1]))
    dots = alt.Chart(rings).mark_circle(size=36, opacity=1)
    layers.append(dots.encode(x=x, y=y, color=colour, tooltip=["number:Q"]))
    words = f"The numbers in the planes of {', '.join(keys)}: a circle in order once the run has grokked."
    parts = [
        alt.layer(*(layer.transform_filter(alt.datum.key == key) for layer in layers)).properties(
            width=SIDE, height=SIDE, title=alt.TitleParams(key, anchor="middle", orient="bottom", fontSize=13)
        )
        for key in keys
    ]
    return alt.concat(*parts, columns=ACROSS).properties(description=words).configure_view(stroke=None)
