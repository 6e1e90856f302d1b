"""Charts of deep measures over a run, and their table: pure functions of what is kept."""

import altair as alt
import numpy as np
import pandas as pd

from grokviz.measures.deep.declaration import Deep, tables_of
from grokviz.study import Study
from grokviz.study.deep import Kept
from grokviz.view import charts
from grokviz.view.charts import GREY, Figure
from grokviz.view.palette import palette, series_colours

LOWEST = -1.0  # of a share explained: below it everything is drawn there
KNOWN = 0.99  # of the training pairs right: by heart
SMALLEST = 1e-2  # of a band on a logarithmic axis


def rows_of(measure: Deep, kept: Kept, study: Study) -> pd.DataFrame:
    """step, series, value, low, high, known: the curves of a measure; a band where there are chains."""
    parts = []
    known = _known(kept, study)
    for one in measure.series:
        if not one.drawn:
            continue
        values = kept.series[one.name]
        if one.axes == ("table",):
            curves = [
                (name, values[:, i], values[:, i], values[:, i])
                for i, name in enumerate(tables_of(study.run.config))
                if min(study.run.config.shapes[name][-2:]) > 3
            ]
        elif one.axes:
            curves = [(one.label, values.mean(axis=1), values.min(axis=1), values.max(axis=1))]
        else:
            curves = [(one.label, values, values, values)]
        parts += [
            pd.DataFrame(
                {"step": kept.steps, "series": n, "value": v, "low": low, "high": high, "known": known}
            )
            for n, v, low, high in curves
        ]
    table = pd.concat(parts, ignore_index=True)
    if measure.log:
        table = table.loc[table["value"] > 0]
        return table.assign(low=table["low"].clip(lower=SMALLEST), high=table["high"].clip(lower=SMALLEST))
    return table.assign(value=table["value"].clip(lower=LOWEST)) if measure.name == "linearised" else table


def _known(kept: Kept, study: Study) -> np.ndarray:
    """Whether the training pairs are known by heart at each of these steps."""
    steps = study.timeline.steps.tolist()
    right = study.timeline["train_accuracy"]
    return np.array(
        [bool(right[steps.index(step)] >= KNOWN) if step in steps else False for step in kept.steps.tolist()]
    )


def deep_chart(
    rows: pd.DataFrame, bands: pd.DataFrame, last_step: int, measure: Deep, dark: bool = False
) -> Figure:
    """A measure over the whole run, phases shaded, a band for its chains, grey where it does not mean what it is called.

    The rule at the step in view is the dataset "cursor".
    """
    names = list(dict.fromkeys(rows["series"]))
    colours, texts = _colours(names, dark), _colours(names, dark, text=True)
    scale = alt.Scale(type="log") if measure.log else alt.Scale(zero=measure.unit != "R²")
    axis = (
        charts.log_axis() if measure.log else alt.Axis(tickCount=5, format="%" if measure.percent else "~s")
    )
    base = alt.Chart(rows).encode(
        x=charts.step_axis(last_step),
        y=alt.Y("value:Q", title=measure.unit, scale=scale, axis=axis),
        color=alt.Color("series:N", scale=alt.Scale(domain=names, range=list(colours.values())), legend=None),
        tooltip=["series:N", alt.Tooltip("step:Q", format=",d"), alt.Tooltip("value:Q", format=".3~g")],
    )
    layers: list[alt.Chart | Figure] = [charts.phase_bands(bands, last_step, dark, named_when_narrow=False)]
    if rows["low"].tolist() != rows["high"].tolist():
        layers.append(base.mark_area(opacity=0.25).encode(y=alt.Y("low:Q", scale=scale), y2="high:Q"))
    layers.append(base.mark_line(strokeWidth=2))
    if measure.of_minima:
        unknown = base.transform_filter("!datum.known")
        layers.append(unknown.mark_line(strokeWidth=2.5).encode(color=alt.value(GREY)))
        layers.append(
            unknown.mark_point(size=30, filled=True, opacity=1, shape="triangle-up").encode(
                color=alt.value(GREY)
            )
        )
    known = base.transform_filter("datum.known") if measure.of_minima else base
    points = known.mark_point(size=22, filled=True, opacity=1)
    layers += [points, charts.end_labels(rows, "value", texts, measure.log), charts.cursor(last_step)]
    return charts.finish(layers, f"{measure.title}, over {last_step:,} steps.", 0)


def _colours(names: list[str], dark: bool, text: bool = False) -> dict[str, str]:
    two = series_colours(dark, text)
    pair = (two["test"], two["train"])
    many = palette()["frequencies"]["dark" if dark else "light"]
    chosen = pair if len(names) <= 2 else many
    return {name: chosen[i % len(chosen)] for i, name in enumerate(names)}


def deep_csv(study: Study, kept: dict[str, Kept], measures: tuple[Deep, ...]) -> str:
    """A row a snapshot that was measured, a column a number; empty where one was not. What settings they hang on
    stands in `deep.safetensors` and in `measure --json --deep`."""
    columns: dict[str, pd.Series] = {}
    for measure in measures:
        if (rows := kept.get(measure.name)) is None:
            continue
        for one in measure.series:
            if one.axes == ("trace",):
                continue
            values = rows.series[one.name].reshape(len(rows.steps), -1)
            ends = (
                tables_of(study.run.config)
                if one.axes == ("table",)
                else [str(i + 1) for i in range(values.shape[1])]
            )
            for i, end in enumerate(ends):
                name = f"{one.name}_{end}" if one.axes else one.name
                columns[name] = pd.Series(values[:, i], index=rows.steps)
    return pd.DataFrame(columns).rename_axis("step").to_csv()
