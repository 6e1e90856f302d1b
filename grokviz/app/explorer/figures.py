"""Curves over a whole run. Altair takes tens of milliseconds to write a specification, so that is done once a
run; at every step after that, the curve is only told where its cursor is."""

from collections.abc import Hashable

import pandas as pd
import pyarrow as pa
import streamlit as st

from grokviz.app.session import cache
from grokviz.app.session.bounded import kept
from grokviz.measures import registry
from grokviz.measures.declaration import Measure
from grokviz.runs.folder import fingerprint
from grokviz.study import Study
from grokviz.view import charts, tables


def loss_curves(study: Study, step: int) -> None:
    """Train, test, restricted and excluded loss, with a rule at the step."""
    draw_at(_loss_spec(study, is_dark()), step, "curves-losses")


def article_curves(study: Study, measure: Measure, step: int) -> None:
    """A measure and those that its article draws beside it, with a rule at the step."""
    beside = measure.article.beside if measure.article else ()
    drawn = [measure, *(registry.by_name(name) for name in beside if name in study.timeline.series)]
    measure_curves(study, {one.label: one.name for one in drawn}, measure.unit, step, measure.log)


def measure_curves(study: Study, fields: dict[str, str], title: str, step: int, log: bool = False) -> None:
    """Measures of the timeline, `fields` from the word on screen to the field, with a rule at the step."""
    spec = _measure_spec(study, tuple(fields.items()), title, log, is_dark())
    draw_at(spec, step, f"curves-{'-'.join(fields.values())}")


def draw_at(spec: dict, step: int, key: str) -> None:
    """A chart whose specification is written already, its rule at this step."""
    cursor = _arrow(pd.DataFrame([{"step": step}]))
    st.vega_lite_chart({**spec, "datasets": {**spec["datasets"], "cursor": cursor}}, key=key)


def is_dark() -> bool:
    """The viewer has the dark theme."""
    return st.context.theme.type == "dark"


def _key(study: Study, *rest: Hashable) -> Hashable:
    """By the handle of a study, so that no chart keeps it in memory."""
    return (cache.handle_of(study) or fingerprint(study.run), *rest)


@kept(cache.CURVES, key=_key)
def _loss_spec(study: Study, dark: bool) -> dict:
    bands = tables.bands(study.phases, study.last_step)
    return spec_of(charts.loss_chart(tables.losses(study), bands, 0, study.last_step, dark))


@kept(cache.CURVES, key=_key)
def _measure_spec(
    study: Study, fields: tuple[tuple[str, str], ...], title: str, log: bool, dark: bool
) -> dict:
    bands = tables.bands(study.phases, study.last_step)
    values = tables.measures(study, dict(fields))
    return spec_of(charts.measure_chart(values, bands, 0, study.last_step, title, log, dark))


def spec_of(figure: charts.Figure) -> dict:
    """The specification as Vega-Lite, its datasets in the bytes that Streamlit sends: it would write them at each step."""
    spec = figure.to_dict()
    tables = {name: _arrow(pd.DataFrame(rows)) for name, rows in spec.get("datasets", {}).items()}
    return spec | {"datasets": tables}


def _arrow(rows: pd.DataFrame) -> bytes:
    """A table as a stream of Arrow."""
    table, sink = pa.Table.from_pandas(rows, preserve_index=False), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()
