"""Measures beyond the paper on the page Measures: asked for, drawn, and said what they are not."""

import io

import pandas as pd
import pytest

from grokviz import hosting
from grokviz.app.session import visitor
from grokviz.jobs import deepening, processes
from grokviz.measures.deep import registry
from grokviz.runs.folder import open_run
from grokviz.study import deep, load
from grokviz.view import deep_charts
from tests.app.conftest import healthy, unescaped

pytestmark = pytest.mark.slow
SOME = ("margins", "effective_rank", "alignment", "softmax_collapse")


def texts(app):
    return "\n".join(unescaped(x.value) for x in [*app.markdown, *app.subheader, *app.info, *app.caption])


def button(app, label):
    return next(b for b in app.button if b.label.startswith(label))


def test_what_is_not_measured_is_offered_with_its_estimate(copied, visit, monkeypatch):
    monkeypatch.setattr(processes, "start", lambda job, kind: None)
    app = visit("measures", run="tiny-groks")
    said = texts(app)
    for measure in registry.deep_measures():
        assert measure.telling.question in said
        assert measure.telling.claims.split(". ")[0] in said
    assert said.count("Not measured yet") == 7
    assert "(about " in button(app, "Measure what is missing").label
    healthy(button(app, "Measure what is missing").click().run())
    status = deepening.status(copied / "tiny-groks", copied)
    assert (status.state, status.place) == ("queued", 1)
    healthy(button(app, "Stop").click().run())
    assert deepening.status(copied / "tiny-groks", copied).state == "cancelled"
    assert "Stopped. What was measured is kept." in texts(app)


def test_what_is_measured_is_drawn_with_its_settings(copied, visit):
    run = open_run(copied / "tiny-groks")
    deep.deepen(run, registry.chosen([*SOME]))
    app = visit("measures", run="tiny-groks", step=str(run.steps[-1]))
    charts = [c.proto.spec for c in app.get("vega_lite_chart")]
    for name in SOME:
        assert any(registry.chosen([name])[0].title in spec for spec in charts)
    assert "the rule is at step 800" in texts(app)
    assert texts(app).count("Not measured yet") == 3
    assert [b.label for b in app.get("download_button")] == ["What was measured, as CSV"]


def test_a_network_without_a_gradient_says_so(copied, visit, monkeypatch):
    monkeypatch.setattr("grokviz.models.gradient.why_not", lambda *a: "This network is another.")
    app = visit("measures", run="tiny-groks")
    assert texts(app).count("This network is another.") == 2


def test_on_a_shared_machine_only_runs_of_ones_own(copied, visit, monkeypatch):
    monkeypatch.setattr(hosting, "is_hosted", lambda: True)
    monkeypatch.setattr(visitor, "root", lambda: copied / "v-0123456789abcdef")
    monkeypatch.setattr("grokviz.app.explorer.deeper.visitor.root", lambda: copied / "v-0123456789abcdef")
    from grokviz.app.explorer import deeper

    study = load(open_run(copied / "tiny-groks"))
    assert "On this shared machine only runs of your own" in deeper._why_not(study)


def test_the_table_has_a_column_a_number(copied):
    run = open_run(copied / "tiny-groks")
    kept = deep.deepen(run, registry.chosen(["margins", "effective_rank"]))
    text = deep_charts.deep_csv(load(run), kept, registry.deep_measures())
    table = pd.read_csv(io.StringIO(text))
    assert table["step"].tolist() == run.steps.tolist()
    assert {"margin_min", "margin_mean", "effective_rank_W_out"} <= set(table.columns)
    assert table["margin_min"].iloc[-1] == kept["margins"].series["margin_min"][-1]
