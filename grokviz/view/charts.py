"""Charts as pure functions from tidy tables to Altair charts.

Domains span the whole timeline, so that scrubbing never rescales an axis. What moves with the step (the
cursor) is a dataset of its own: the rest of the specification stays identical and is not drawn again.
"""

import itertools
import json
import math
from collections.abc import Iterable

import altair as alt
import pandas as pd

from grokviz.view.palette import frequency_colours, palette, quiet, series_colours, series_dashes
from grokviz.wording import superscript

Figure = alt.LayerChart | alt.FacetChart

RESULTS = {
    "trained on, right": "#D55E00",
    "never seen, right": "#0072B2",
    "trained on before, right": "#7B4FA3",
    "trained on, wrong": "#F3D6C2",
    "never seen, wrong": "#C9D8E3",
    "trained on before, wrong": "#DDD0E8",
}
SPECTRUM_WIDTH = 290  # pixels: Vega fits no facet to its column, and this fits a phone
GREY, OTHER = "#8A8A86", "#B9B7B0"  # of marks, and of what has no colour of its own
NAME_LETTER, NAME_HEIGHT = 6.5, 15  # pixels, of the name of a phase
MAX_ROWS = 70_000  # 251 x 251 pairs
alt.data_transformers.enable("default", max_rows=MAX_ROWS)


def step_axis(last_step: int, field: str = "step:Q") -> alt.X:
    """The time axis: real steps, as their square root, which gives the early phases room."""
    scale = alt.Scale(type="sqrt", domain=[0, max(last_step, 1)], nice=False)
    return alt.X(
        field, title="training step", scale=scale, axis=alt.Axis(grid=False, tickCount=7, format=",d")
    )


def phase_bands(bands: pd.DataFrame, last_step: int, dark: bool, named_when_narrow: bool = True) -> Figure:
    """The phases as quiet tints over the whole height, each named at the top; below each other where it is narrow, or
    not at all where a film above it names them."""
    x = step_axis(last_step, "start:Q")
    tint = {name: shades["dark" if dark else "light"] for name, shades in palette()["phases"].items()}
    colour = alt.Color("phase:N", legend=None, scale=_scale(tint))
    tints = alt.Chart(bands).mark_rect().encode(x=x, x2="end:Q", color=colour)
    needed = names_need(bands, last_step)
    names = [
        alt.Chart(bands.iloc[[row]])
        .mark_text(
            align="left",
            baseline="top",
            dx=5,
            dy=alt.expr(f"width < {needed} ? {5 + NAME_HEIGHT * row} : 5"),
            fontSize=12,
            color=quiet(dark),
            opacity=1 if named_when_narrow else alt.expr(f"width < {needed} ? 0 : 1"),
        )
        .encode(x=x, y=alt.value(0), text="phase:N")
        for row in range(len(bands))
    ]
    return alt.layer(tints, *names)


def names_need(bands: pd.DataFrame, last_step: int) -> int:
    """How wide the axis has to be, in pixels, for every phase to be named beside the next one."""
    starts = [math.sqrt(start / max(last_step, 1)) for start in bands["start"]]
    widths = [NAME_LETTER * len(name) + 10 for name in bands["phase"]]
    gaps = [after - before for before, after in itertools.pairwise(starts)]
    return max((math.ceil(w / max(gap, 1e-4)) for w, gap in zip(widths, gaps, strict=False)), default=0)


def cursor(last_step: int) -> alt.Chart:
    """A rule at the step in view, which `finish` fills in."""
    data = alt.NamedData("cursor")  # Altair names other data by their hash, which would change with the step
    return alt.Chart(data).mark_rule(strokeWidth=1.5, color=GREY).encode(x=step_axis(last_step))


def loss_chart(
    losses: pd.DataFrame, bands: pd.DataFrame, step: int, last_step: int, dark: bool = False
) -> Figure:
    """Loss on a log scale over the whole run, phases shaded, a rule at the step."""
    positive = losses.loc[losses["loss"] > 0]
    lines = _loss_lines(positive, last_step, dark)
    return finish(
        [
            phase_bands(bands, last_step, dark),
            lines,
            end_labels(positive, "loss", series_colours(dark, text=True), log=True),
            cursor(last_step),
        ],
        f"Train, test, restricted and excluded loss over {last_step:,} steps, on a log scale.",
        step,
    )


def _loss_lines(positive: pd.DataFrame, last_step: int, dark: bool) -> alt.Chart:
    """One line a series, on a log scale."""
    return (
        alt.Chart(positive)
        .mark_line(strokeWidth=2, clip=True)
        .encode(
            x=step_axis(last_step),
            y=alt.Y("loss:Q", title="loss (nats)", scale=alt.Scale(type="log"), axis=log_axis()),
            color=alt.Color("series:N", scale=_scale(series_colours(dark)), legend=None),
            strokeDash=alt.StrokeDash("series:N", scale=_scale(series_dashes()), legend=None),
            tooltip=["series:N", alt.Tooltip("step:Q", format=",d"), alt.Tooltip("loss:Q", format=".2~g")],
        )
    )


def measure_chart(
    values: pd.DataFrame,
    bands: pd.DataFrame,
    step: int,
    last_step: int,
    title: str,
    log: bool = False,
    dark: bool = False,
) -> Figure:
    """One or a few measures over the whole run, phases shaded, a rule at the step."""
    names = list(dict.fromkeys(values["series"]))
    colours, texts = (_colours_of(names, dark, text) for text in (False, True))
    values = values.loc[values["value"] > 0] if log else values
    scale = alt.Scale(type="log") if log else alt.Scale(zero=True)
    lines = (
        alt.Chart(values)
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=12))
        .encode(
            x=step_axis(last_step),
            y=alt.Y("value:Q", title=title, scale=scale, axis=log_axis() if log else alt.Axis(tickCount=5)),
            color=alt.Color("series:N", scale=_scale(colours), legend=None),
            tooltip=["series:N", alt.Tooltip("step:Q", format=",d"), alt.Tooltip("value:Q", format=".3~g")],
        )
    )
    return finish(
        [
            phase_bands(bands, last_step, dark),
            lines,
            end_labels(values, "value", texts, log),
            cursor(last_step),
        ],
        f"{title}: {', '.join(names)}, over {last_step:,} steps.",
        step,
    )


def _colours_of(names: list[str], dark: bool, text: bool) -> dict[str, str]:
    """A loss has its own colour; of other measures the first is plain, the second paler."""
    series, shade = series_colours(dark, text), ("dark" if dark else "light") + ("Text" if text else "")
    plain = [str(palette()["series"][name][shade]) for name in ("plain", "second")]
    return {name: series.get(name, plain[min(i, 1)]) for i, name in enumerate(names)}


def spectrum_chart(
    spectrum: pd.DataFrame, highest: float, key_freqs: list[int], dark: bool = False
) -> alt.FacetChart:
    """Norm of every frequency in the embedding and in the map from neurons to logits, keys in their own colours."""
    bars = (
        alt.Chart(in_key_colours(spectrum, key_freqs, dark))
        .mark_bar()
        .encode(
            x=alt.X(
                "frequency:O", title="frequency k", axis=alt.Axis(values=list[float](key_freqs), labelAngle=0)
            ),
            y=alt.Y("norm:Q", title="strength", scale=alt.Scale(domain=[0, highest])),
            color=KEY_COLOUR,
            tooltip=["frequency:O", "role:N", alt.Tooltip("norm:Q", format=".3~g")],
        )
        .properties(height=170, width=SPECTRUM_WIDTH)
    )
    return bars.facet(
        row=alt.Row(
            "matrix:N", title=None, header=alt.Header(orient="top", labelAnchor="start", labelFontSize=13)
        )
    ).properties(description="How strong each frequency is, in the embedding and from neurons to logits.")


def in_key_colours(rows: pd.DataFrame, key_freqs: Iterable[int], dark: bool) -> pd.DataFrame:
    """Rows with a `frequency`, and in `colour` that of each key frequency; others are grey."""
    colours = frequency_colours(key_freqs, dark)
    return rows.assign(colour=[colours.get(k, OTHER) for k in rows["frequency"].tolist()])


KEY_COLOUR = alt.Color("colour:N", legend=None, scale=None)  # of `in_key_colours`


def answers_chart(answers: pd.DataFrame, p: int) -> alt.Chart:
    """Every pair (a, b): right or wrong, trained on or never seen."""
    axis = alt.Axis(values=[0, p // 2, p - 1], labelAngle=0)
    return (
        alt.Chart(answers)
        .mark_rect()
        .encode(
            x=alt.X("b:O", axis=axis, scale=alt.Scale(paddingInner=0)),
            y=alt.Y("a:O", axis=axis, scale=alt.Scale(paddingInner=0)),
            color=alt.Color(
                "result:N", scale=_scale(RESULTS), legend=alt.Legend(orient="top", title=None, columns=2)
            ),
            tooltip=["a:O", "b:O", "answer:O", "result:N", "probability:Q"],
        )
        .properties(height=420, usermeta={"embedOptions": {"renderer": "canvas"}})
        .properties(description=f"The answers to all {p} x {p} questions: right or wrong, trained on or not.")
    )


def _scale(values: dict) -> alt.Scale:
    return alt.Scale(domain=list(values), range=list(values.values()))


def log_axis() -> alt.Axis:
    """A line every second decade, labelled 1, 10⁻² and so on."""
    decades = range(-16, 5, 2)
    labels = {str(d): "1" if d == 0 else f"10{superscript(d)}" for d in decades}
    expression = f"({json.dumps(labels, ensure_ascii=False)})[toString(round(log(datum.value)/LN10))]"
    return alt.Axis(values=[10.0**d for d in decades], labelExpr=expression, gridOpacity=0.4)


def end_labels(values: pd.DataFrame, column: str, colours: dict, log: bool = False) -> alt.Chart:
    """The name of every line at its end, pushed apart where lines end together."""
    last = values.groupby("series", sort=False).tail(1).sort_values(column)
    last = last.assign(place=spread(last[column].to_list(), values[column].to_list(), log))
    return (
        alt.Chart(last)
        .mark_text(align="left", dx=6, fontWeight=600, fontSize=12)
        .encode(
            x="step:Q",
            y="place:Q",
            text="series:N",
            color=alt.Color("series:N", scale=_scale(colours), legend=None),
        )
    )


def spread(ends: list[float], values: list[float], log: bool) -> list[float]:
    """Where labels of ascending ends go, a twentieth of the axis apart at least."""
    to_axis, from_axis = (math.log10, lambda y: 10**y) if log else (float, float)
    lowest, highest = (to_axis(y) for y in (min(values), max(values))) if values else (0, 0)
    places: list[float] = []
    for end in ends:
        y = to_axis(end)
        places.append(max(y, places[-1] + (highest - lowest) / 20) if places else y)
    return [from_axis(y) for y in places]


def finish(layers: list, description: str, step: int) -> Figure:
    return (
        alt.layer(*layers)
        .resolve_scale(color="independent", strokeDash="independent")
        .properties(
            height=320,
            description=description,
            padding={"right": 70, "left": 5, "top": 5, "bottom": 5},
            datasets={"cursor": [{"step": step}]},
        )
        .configure_view(stroke=None)
        .configure_axis(domain=False, ticks=False)
    )
