"""Bars of frequencies: what each says for an answer, and what is lost without it.

Data are named, so that a specification is written once a run and only its rows change with the step.
"""

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd
from jaxtyping import Float

from grokviz.view.charts import GREY, KEY_COLOUR, Figure, in_key_colours, log_axis
from grokviz.view.palette import palette, quiet

LOG = alt.Scale(type="log", nice=False)


def ablations(
    losses: Float[np.ndarray, " half_n"], freqs: tuple[int, ...], names: Sequence[str] = ()
) -> pd.DataFrame:
    """frequency, name, loss, role: key or other. `names` where it is written as something else than its number."""
    frequency = np.arange(1, len(losses) + 1)
    role = np.where(np.isin(frequency, list(freqs)), "key", "other")
    name = list(names) or [str(k) for k in frequency]
    return pd.DataFrame({"frequency": frequency, "name": name, "loss": losses, "role": role})


def ablations_chart(losses: pd.DataFrame, whole: float, freqs: tuple[int, ...], dark: bool = False) -> Figure:
    """Loss without each frequency, on a log scale, and the loss of the whole network as a line."""
    lowest = min([*losses["loss"], whole]) / 2
    rows = in_key_colours(losses.assign(floor=lowest), freqs, dark)
    what = "frequency" if rows["name"].tolist() == [str(k) for k in rows["frequency"]] else "block"
    bars = (
        alt.Chart(rows)
        .mark_bar()
        .encode(
            x=alt.X(
                "name:O",
                title=f"{what} taken out",
                sort=None,
                axis=alt.Axis(values=rows["name"][rows["frequency"].isin(freqs)].tolist(), labelAngle=0),
            ),
            y=alt.Y("loss:Q", title="loss over all pairs", scale=LOG, axis=log_axis()),
            y2="floor:Q",
            color=KEY_COLOUR,
            tooltip=[alt.Tooltip("name:O", title=what), "role:N", alt.Tooltip("loss:Q", format=".2~e")],
        )
    )
    line = alt.Chart(pd.DataFrame({"loss": [whole], "name": ["nothing taken out"]}))
    rule = line.mark_rule(strokeDash=[5, 4], color=GREY).encode(y="loss:Q")
    name = line.mark_text(align="left", dx=4, dy=-8, color=quiet(dark), fontSize=12).encode(
        x=alt.value(0), y="loss:Q", text="name:N"
    )
    return (
        alt.layer(bars, rule, name)
        .properties(height=260, description=f"Loss over all pairs with each {what} taken out of the logits.")
        .configure_view(stroke=None)
        .configure_axis(domain=False, ticks=False)
    )


def suffice_chart(margins: pd.DataFrame, dark: bool = False) -> Figure:
    """Margin against number of frequencies. Rows: size, margin, series, place (where the name goes or null)."""
    names = list(dict.fromkeys(margins["series"]))
    shades = (palette()["series"][name]["darkText" if dark else "lightText"] for name in ("plain", "second"))
    ranged = [*shades, quiet(dark)]
    base = alt.Chart(margins).encode(
        x=alt.X("size:Q", title="number of frequencies", axis=alt.Axis(tickMinStep=1, grid=False)),
        y=alt.Y(
            "margin:Q", title="margin, per unit of amplitude", axis=alt.Axis(tickCount=5, gridOpacity=0.4)
        ),
        color=alt.Color("series:N", legend=None, scale=alt.Scale(domain=names, range=ranged[: len(names)])),
        tooltip=["series:N", "size:Q", alt.Tooltip("margin:Q", format=".3f"), "freqs:N"],
    )
    lines = base.mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=34))
    last = alt.Chart(margins.groupby("series", sort=False).tail(1)).encode(
        x="size:Q",
        y="margin:Q",
        text="series:N",
        color=alt.Color("series:N", legend=None, scale=alt.Scale(domain=names, range=ranged[: len(names)])),
    )
    return (
        alt.layer(lines, last.mark_text(align="left", dx=9, fontWeight=600, fontSize=12))
        .properties(
            height=280,
            padding={"right": 120, "left": 5, "top": 5, "bottom": 5},
            description="The margin of the right answer by number of frequencies, best and typical sets.",
        )
        .configure_view(stroke=None)
        .configure_axis(domain=False, ticks=False)
    )


# What a mark of `control_chart` is, and how it is drawn: light and dark enough on either theme.
DRAW, DRAW_OF_KEYS, THE_CUT, WHOLE = "as many at random", "with a key one", "your cut", "nothing cut"
CUT_COLOUR = "#A8487F"  # neither that of a curve nor that of a frequency
MARKS = {
    DRAW: ("circle", GREY),
    DRAW_OF_KEYS: ("triangle-up", GREY),
    THE_CUT: ("diamond", CUT_COLOUR),
    WHOLE: ("square", GREY),
}
SMALLEST = 1e-12  # of a loss on a logarithmic axis


def control_chart(rows: pd.DataFrame, kinds: list[str]) -> Figure:
    """The loss of a cut beside those of its random control, on a log scale. Rows: loss, kind; a line for each kind."""
    shown = {kind: MARKS[kind] for kind in kinds}
    names = list(shown)
    low, high = min(rows["loss"].tolist()), max(rows["loss"].tolist())
    base = alt.Chart(rows).encode(
        x=alt.X(
            "loss:Q",
            title="test loss (nats)",
            scale=alt.Scale(type="log", domain=[low / 2, high * 2], nice=False),
            axis=log_axis(),
        ),
        y=alt.Y(
            "kind:N",
            sort=names,
            title=None,
            axis=alt.Axis(labelFontSize=12, labelLimit=200, labelOverlap=False),
        ),
        tooltip=["kind:N", alt.Tooltip("loss:Q", format=".2~e")],
    )
    points = base.mark_point(filled=True, size=90, opacity=0.75).encode(
        shape=alt.Shape(
            "kind:N", legend=None, scale=alt.Scale(domain=names, range=[mark for mark, _ in shown.values()])
        ),
        color=alt.Color(
            "kind:N", legend=None, scale=alt.Scale(domain=names, range=[c for _, c in shown.values()])
        ),
    )
    return (
        alt.layer(points)
        .properties(
            height=26 * len(names) + 62,
            description="The test loss of the cut, of the whole network, and of the same cut with as many others at random.",
        )
        .configure_view(stroke=None)
        .configure_axis(domain=False, ticks=False)
    )
