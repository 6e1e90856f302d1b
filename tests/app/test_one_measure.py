"""A measure is one file: put into the folder of the measures, it stands in everything that tells measures."""

import csv
import io
import json
import sys

import numpy as np
import pytest

import grokviz.measures
from devtools.browser import launch
from grokviz import cli, study
from grokviz.app import sentences
from grokviz.hub import card
from grokviz.measures import registry
from grokviz.runs import folder
from grokviz.runs.folder import open_run
from grokviz.runs.tensors import read_sealed
from grokviz.view import tables
from grokviz.view.export import offline_html
from grokviz.view.frames import maps_blob, read_arrays, read_header, timeline_blob

pytestmark = pytest.mark.slow

FILE = r'''
"""The largest weight: how far a single one goes."""

from grokviz.measures.declaration import Article, Measure

MEASURES = (
    Measure(
        "largest_weight",
        lambda s: float(max(abs(w).max() for w in s.wide.values())),
        "Largest weight",
        "absolute value",
        "largest weight",
        article=Article(
            "How far does a single weight go?",
            "Largest weight",
            "The weight that is furthest from 0, wherever it stands.",
            r"\max_i |\theta_i|",
            "Nothing much.",
            "A test of GrokViz.",
        ),
    ),
)
'''
NAME = "largest_weight"


@pytest.fixture
def one_file(tmp_path, monkeypatch):
    """The measure, for the time of a test."""
    (tmp_path / "extra").mkdir()
    (tmp_path / "extra/extremes.py").write_text(FILE)
    monkeypatch.setattr(grokviz.measures, "__path__", [*grokviz.measures.__path__, str(tmp_path / "extra")])
    forget()
    yield
    monkeypatch.undo()
    sys.modules.pop("grokviz.measures.extremes", None)
    forget()


def forget():
    registry.measures.cache_clear()
    registry.version.cache_clear()


@pytest.fixture
def run(copied, one_file):
    """A run whose timeline was kept before there was this measure, loaded with it."""
    study.load(open_run(copied / "tiny-groks"), keep=True)
    return open_run(copied / "tiny-groks")


@pytest.fixture
def oracle(run):
    """The largest weight of every snapshot, from what is stored."""
    return [
        max(np.abs(w.astype(np.float64)).max() for w in weights.values())
        for weights in folder.iter_weights(run)
    ]


def test_it_is_kept_and_not_measured_again(run, oracle):
    with open(run.path / folder.TIMELINE, "rb") as file:
        arrays, meta = read_sealed(file, folder.TIMELINE)
    np.testing.assert_array_equal(arrays[NAME], oracle)
    assert json.loads(meta["contents"])[NAME]["encoding"] == "float64"
    found = study.load(run, on_progress=lambda *done: pytest.fail("measured again"))
    np.testing.assert_array_equal(found.timeline[NAME], oracle)


def test_without_it_what_was_kept_with_it_is_measured_anew(run, monkeypatch):
    monkeypatch.setattr(grokviz.measures, "__path__", grokviz.measures.__path__[:1])
    forget()
    reports = []
    found = study.load(run, on_progress=lambda *done: reports.append(done))
    assert reports
    assert NAME not in found.timeline.series


def test_it_stands_in_json_csv_table_and_card(run, oracle, capsys):
    assert cli.main(["measure", str(run.path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[NAME] == oracle[-1]
    found = study.load(run)
    rows = list(csv.DictReader(io.StringIO(tables.measures_csv(found))))
    assert [float(row[NAME]) for row in rows] == oracle
    table = dict(zip(*sentences.measure_table(found, 0)[["measure", "value"]].to_numpy().T, strict=True))
    assert float(table["Largest weight"]) == pytest.approx(oracle[0], rel=0.01)
    assert f"| Largest weight | {oracle[-1]:.4g} |" in card.model_card(run, "me/run", "mit")


def test_it_has_a_section_on_the_page_measures(run, visit):
    app = visit("measures", run="tiny-groks")
    assert "How far does a single weight go?" in [header.value for header in app.header]
    assert r"\max_i |\theta_i|" in [formula.value.strip("$\n ") for formula in app.latex]
    told = [
        json.loads(c.proto.json)
        for c in app.get("bidi_component")
        if c.proto.component_name == "grokviz_panels"
    ]
    assert [NAME] in [panel["names"] for place in told for panel in place["panels"]]


def test_the_film_is_told_of_it(run, oracle):
    found = study.load(run)
    blob = timeline_blob(found.run, found.timeline, found.task, found.phases)
    np.testing.assert_allclose(read_arrays(blob)[NAME], oracle, rtol=1e-6)
    declared = next(entry for entry in read_header(blob)["measures"] if entry["name"] == NAME)
    assert declared["title"] == "Largest weight"
    assert (declared["unit"], declared["group"], declared["nothing"]) == ("absolute value", NAME, "")


@pytest.mark.browser
def test_the_film_draws_it(run, oracle, tmp_path):
    found = study.load(run)
    blob = timeline_blob(found.run, found.timeline, found.task, found.phases)
    page = offline_html(
        blob,
        "a run",
        maps=maps_blob(found.run, found.timeline),
        step=int(run.steps[-1]),
        panels=("measures",),
    )
    (tmp_path / "film.html").write_text(page, "utf-8")
    with launch() as browser:
        shown = browser.new_page()
        errors: list[str] = []
        shown.on("pageerror", lambda error: errors.append(str(error)))
        shown.goto((tmp_path / "film.html").as_uri())
        caption = shown.locator("[data-panel=measures] .gv-caption")
        caption.filter(has_text="Largest weight: ").wait_for()
        told = (caption.text_content() or "").split("Largest weight: ")[1].split(".")
        assert float(f"{told[0]}.{told[1]}") == pytest.approx(oracle[-1], rel=0.01)
        ink = """() => { const canvas = document.querySelectorAll('[data-panel=measures] canvas')[0];
            return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((v) => v > 0); }"""
        assert shown.evaluate(ink)
        assert not errors
