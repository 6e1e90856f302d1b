"""Charts as specifications: valid, with text alternatives, and the same axes at every step."""

import json
import math

import altair as alt
import numpy as np
import pandas as pd
import pytest

from devtools.made_up_run import run_like
from grokviz.measures.phases import Event, Phases
from grokviz.study import Study
from grokviz.view import charts, tables
from grokviz.view.palette import palette, series_colours, series_dashes

PHASES = Phases(Event(900, 800), Event(1400, 1300), Event(9400, 9300), Event(12000, 11900), Event(14000, 0))
LAST = 40_000


def made(p=13, n=9, keys=(2, 5), phases=PHASES):
    run, timeline, task, _ = run_like(p=p, n=n, keys=keys)
    return Study(run, task, timeline, phases)


def every_chart(study, index):
    step = int(study.timeline.steps[index])
    bands = tables.bands(study.phases, LAST)
    gini = tables.measures(study, {"embedding": "gini_W_E", "neurons to logits": "gini_W_L"})
    excluded = tables.measures(study, {"excluded": "excluded_loss_train", "train": "train_loss"})
    highest = float(study.timeline.spectrum_W_E.max())
    keys = list(study.timeline.key_freqs)
    return {
        "loss": charts.loss_chart(tables.losses(study), bands, step, LAST),
        "gini": charts.measure_chart(gini, bands, step, LAST, "Gini coefficient"),
        "excluded": charts.measure_chart(excluded, bands, step, LAST, "loss (nats)", log=True),
        "spectrum": charts.spectrum_chart(tables.spectrum(study, index), highest, keys),
        "answers": charts.answers_chart(tables.answers(study, index), study.run.config.p),
    }


def encodings(spec):
    """Every encoding in a specification, wherever it stands."""
    if isinstance(spec, list):
        return [found for item in spec for found in encodings(item)]
    if not isinstance(spec, dict):
        return []
    own = [spec["encoding"]] if "encoding" in spec else []
    return own + [found for key, item in spec.items() if key != "datasets" for found in encodings(item)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "odd",
    [{}, {"p": 12, "keys": (3, 6)}, {"n": 1, "phases": Phases()}, {"keys": (), "phases": Phases()}],
    ids=["usual", "even", "one snapshot", "no key"],
)
def test_every_chart_is_valid_and_has_a_text_alternative(odd):
    for name, chart in every_chart(made(**odd), 0).items():
        spec = chart.to_dict()
        assert len(spec["description"]) > 30, name
        assert json.dumps(spec), name


def test_a_grid_of_the_largest_modulus_is_drawn():
    spec = charts.answers_chart(tables.answers(made(p=251, n=1, keys=()), 0), 251).to_dict()
    assert len(next(iter(spec["datasets"].values()))) == 251**2
    assert spec["usermeta"]["embedOptions"]["renderer"] == "canvas"  # too many marks for SVG


@pytest.mark.slow
def test_scrubbing_changes_nothing_but_the_cursor_and_the_values_of_that_step():
    study = made()
    for (name, early), late in zip(
        every_chart(study, 1).items(), every_chart(study, 7).values(), strict=True
    ):
        before, after = early.to_dict(), late.to_dict()
        assert encodings(before) == encodings(after), name
        if name in ("loss", "gini", "excluded"):
            moved = [
                key for key in before["datasets"] if before["datasets"][key] != after["datasets"].get(key)
            ]
            assert moved == ["cursor"], name
            assert before["datasets"]["cursor"] == [{"step": int(study.timeline.steps[1])}]


@pytest.mark.slow
def test_the_time_axis_is_the_whole_run_as_square_root_on_every_layer():
    for name in ("loss", "gini", "excluded"):
        for encoding in encodings(every_chart(made(), 4)[name].to_dict()):
            if "scale" in encoding.get("x", {}):
                assert encoding["x"]["scale"] == {"type": "sqrt", "domain": [0, LAST], "nice": False}
    assert charts.step_axis(0)["scale"]["domain"] == [0, 1]  # a run of one step has an axis too


@pytest.mark.slow
def test_the_strength_of_frequencies_has_one_scale_for_all_steps():
    (encoding,) = encodings(every_chart(made(), 2)["spectrum"].to_dict())
    assert encoding["y"]["scale"]["domain"] == [0, made().timeline.spectrum_W_E.max()]


def test_a_log_axis_drops_what_it_cannot_show():
    values = pd.DataFrame({"step": [0, 1, 2], "series": "train", "loss": [1.0, 0.0, np.nan]})
    bands = tables.bands(Phases(), 2)
    spec = charts.loss_chart(values, bands, 0, 2).to_dict()
    assert all(row["loss"] == 1 for rows in spec["datasets"].values() for row in rows if "loss" in row)
    assert charts.loss_chart(values.assign(loss=0.0), bands, 0, 2).to_dict()["description"]


def test_lines_are_named_at_their_ends_in_the_colour_of_the_line():
    spec = every_chart(made(), 2)["excluded"].to_dict()
    labels = next(layer for layer in spec["layer"] if layer.get("encoding", {}).get("text"))
    rows = spec["datasets"][labels["data"]["name"]]
    assert {row["series"]: row["step"] for row in rows} == {"excluded": LAST, "train": LAST}
    assert dict(zip(*labels["encoding"]["color"]["scale"].values(), strict=True)) == {
        name: series_colours(text=True)[name] for name in ("excluded", "train")
    }


@pytest.mark.parametrize("dark", [False, True])
def test_lines_and_their_names_follow_the_theme(dark):
    values = pd.DataFrame({"step": [0, 1], "series": "excluded", "value": [1.0, 2.0]})
    spec = charts.measure_chart(values, tables.bands(Phases(), 1), 0, 1, "loss", dark=dark).to_dict()
    shades = [
        e["color"]["scale"]["range"] for e in encodings(spec) if e.get("color", {}).get("field") == "series"
    ]
    assert shades == [[series_colours(dark)["excluded"]], [series_colours(dark, text=True)["excluded"]]]
    assert series_colours(True)["excluded"] != series_colours(False)["excluded"]


def test_series_differ_in_dash_as_well_as_in_colour():
    colours, dashes = series_colours(), series_dashes()
    assert colours["train"] == "#D55E00"
    assert colours["test"] == "#0072B2"
    assert dashes["test"] == [1, 0]
    assert dashes["train"] == palette()["series"]["train"]["dash"]
    assert len({tuple(dash) for dash in dashes.values()}) == len(dashes) == 4


def test_log_axis_labels_are_powers_of_ten_with_real_superscripts():
    axis = charts.log_axis().to_dict()
    labels = json.loads(axis["labelExpr"].split(")[")[0][1:])
    assert labels["0"] == "1"
    assert labels["-6"] == "10⁻⁶"
    assert {round(np.log10(value)) for value in axis["values"]} == {int(d) for d in labels}


def test_row_limit_allows_every_pair():
    assert alt.data_transformers.options["max_rows"] >= 251**2


def test_names_of_phases_stand_below_each_other_where_they_do_not_fit_beside_each_other():
    bands = tables.bands(PHASES, LAST)
    needed = charts.names_need(bands, LAST)
    starts = [math.sqrt(start / LAST) * needed for start in bands["start"]]
    for name, start, after in zip(bands["phase"], starts, starts[1:], strict=False):
        assert start + 6 * len(name) <= after, name
    assert needed < 900  # a desk: one line
    assert needed > 175  # the plot of a phone
    assert charts.names_need(bands.iloc[:1], LAST) == charts.names_need(bands.iloc[:0], LAST) == 0
    layers = charts.phase_bands(bands, LAST, False).to_dict()["layer"][1:]
    assert [layer["mark"]["dy"]["expr"] for layer in layers] == [
        f"width < {needed} ? {5 + 15 * row} : 5" for row in range(len(bands))
    ]
