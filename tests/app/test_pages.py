"""Every page, run as Streamlit runs it, on usual and on odd runs."""

import dataclasses
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from devtools import ROOT
from grokviz import study
from grokviz.app import glossary, menu, shell
from grokviz.app.explorer import tour
from grokviz.config import RunConfig
from grokviz.forecast.few_data import SMALLER
from grokviz.measures import registry
from grokviz.measures.declaration import why_nothing
from grokviz.measures.deep.registry import deep_measures
from grokviz.runs import record, write
from grokviz.runs.folder import open_run
from grokviz.runs.log import LOG_COLUMNS
from grokviz.sweeps.bundled import bundled
from tests.app.conftest import components, healthy, unescaped

PAGES = tuple(entry.name for entry in menu.entries())
FIGURES = ("story", "timeline", "measures", "circuit", "follow", "cut", "build")
ARTICLES = [measure for measure in registry.measures() if measure.article]
PICTURES = {
    "story": 1,
    "measures": len(ARTICLES),
    "circuit": 6,
    "follow": 8,
    "cut": 7,
    "build": 1,
    "map": 1 if bundled() else 0,
    "elsewhere": len(SMALLER),  # what few data make of each task
}  # components besides the film
FILM = ["grokviz_command", "grokviz_film"]  # the film and what commands it; both or neither
HOSTILE = "<img src=x onerror=alert(1)> **bold** [link](javascript:x) $x$ :red[red] \x1b[2J \u202egnp \x00 "


@pytest.mark.parametrize("page", PAGES)
def test_page_runs_and_is_an_article(runs, visit, page):
    app = visit(page)
    assert len(app.title) == 1
    names = [component.proto.component_name for component in components(app)]
    films = sorted(name for name in names if name in FILM)
    assert films == (FILM if films or page in FIGURES[:-1] else [])
    assert len(names) - len(films) == PICTURES.get(page, 0)
    assert not app.error
    assert not app.toast


@pytest.mark.slow
def test_every_page_says_where_one_is_and_leads_on(runs, visit):
    for entry in menu.entries():
        app = visit(entry.name)
        onward = [link.proto.page for link in app.get("page_link")]
        assert onward, entry.name
        assert entry.name not in onward
        where = [text.value for text in app.caption if "on the way through" in text.value]
        assert not any("?." in text for text in where)
        assert where == [text for text in [shell.whereabouts(entry.name)] if text]


def test_the_way_through_begins_and_ends(runs):
    way = menu.course()
    assert shell.whereabouts(way[0].name).startswith(f"Page 1 of {len(way)} ")
    assert "Before it" not in shell.whereabouts(way[0].name)
    assert shell.whereabouts(way[-1].name).endswith("It is the last.")
    assert shell.whereabouts("glossary") == ""


def test_the_glossary_has_every_word_once(visit, runs):
    app = visit("glossary")
    assert [word.value for word in app.subheader] == list(glossary.WORDS)
    slugs = [glossary.slug(word) for word in glossary.WORDS]
    assert len(slugs) == len(set(slugs)) > 15


def test_every_link_to_the_glossary_leads_to_a_word(runs):
    slugs = {glossary.slug(word) for word in glossary.WORDS}
    linked = [
        (file.name, found)
        for file in [*ROOT.glob("pages/*.py"), *ROOT.glob("grokviz/**/*.py")]
        if file.name != "glossary.py"
        for found in re.findall(r"\(glossary#([^)]*)\)", file.read_text("utf-8"))
    ]
    assert len(linked) > 3
    assert [(file, found) for file, found in linked if found not in slugs] == []


def test_the_run_picker_changes_the_run(runs, visit):
    app = visit("timeline")
    picker = app.selectbox[0]
    assert picker.options == ["tiny groks", "tiny recites"]
    healthy(picker.set_value("tiny-recites").run())
    assert app.query_params["run"] == "tiny-recites"
    assert int(app.query_params["step"]) in open_run(runs / "tiny-recites").steps
    assert any("The run that recites" in unescaped(caption.value) for caption in app.caption)
    assert app.selectbox[0].value == "tiny-recites"
    for run in ("tiny-groks", "tiny-recites", "tiny-groks"):
        assert healthy(app.selectbox[0].set_value(run).run()).query_params["run"] == run


def charts(app):
    """(specification, datasets by name) of every chart."""
    found = []
    for chart in app.get("vega_lite_chart"):
        datasets = {data.name: data.data.data for data in chart.proto.datasets}
        found.append((json.loads(chart.proto.spec), datasets))
    return found


def placed(app):
    """What is asked of the panels that stand beside a text, in their order."""
    told = [json.loads(c.proto.json) for c in components(app) if c.proto.component_name == "grokviz_panels"]
    assert {place["film"] for place in told} <= {"film-"}
    return [panel for place in told for panel in place["panels"]]


def scales(spec):
    """Every scale in a specification, in order."""
    if isinstance(spec, list):
        return [scale for item in spec for scale in scales(item)]
    if not isinstance(spec, dict):
        return []
    own = [spec["scale"]] if "scale" in spec else []
    return own + [scale for item in spec.values() for scale in scales(item)]


@pytest.mark.slow
def test_plain_controls_are_a_slider_and_charts_whose_axes_never_move(runs, visit):
    app = visit("timeline", run="tiny-groks")
    healthy(app.toggle(key="plain_controls").set_value(True).run())
    assert not components(app)
    steps = open_run(runs / "tiny-groks").steps.tolist()
    assert app.select_slider[0].options == [f"{step:,}" for step in steps]
    seen = []
    for step in (steps[4], steps[1], steps[-2]):
        healthy(app.select_slider[0].set_value(step).run())
        assert app.query_params["step"] == str(step)
        assert any(text.value.startswith(f"Step {step:,}: ") for text in app.markdown)
        seen.append(charts(app))
    _, before, after = seen
    assert len(before) == len(after) == 4
    for (early, _), (late, _) in zip(before, after, strict=True):
        assert scales(early) == scales(late)
        assert early["description"]
    assert [early == late for (early, _), (late, _) in zip(before, after, strict=True)].count(True) == 2
    moved = [name for name, data in before[0][1].items() if data != after[0][1].get(name)]
    assert moved == ["cursor"]  # nothing else is sent or drawn again


@pytest.mark.slow
def test_plain_controls_hold_on_every_page(runs, visit):
    app = visit("timeline")
    app.toggle(key="plain_controls").set_value(True).run()
    app.switch_page("pages/circuit.py").run()
    assert app.toggle(key="plain_controls").value
    assert app.select_slider


def test_the_measures_follow_the_run(runs, visit):
    app = visit("measures", run="tiny-recites")
    found = study.load(open_run(runs / "tiny-recites"))
    about = found.task, found.timeline.key_freqs, found.run.config.shapes
    lost = [nothing for measure in ARTICLES if (nothing := why_nothing(measure, *about))]
    assert len({nothing for nothing in lost if "drawn at random" in nothing}) > 5  # each in its own words
    assert len(placed(app)) == len(ARTICLES) - len(lost)
    assert [info.value for info in app.info] == lost
    assert len(app.latex) == len(ARTICLES) + len(deep_measures())
    assert any("Here: none. The answers were drawn at random" in text.value for text in app.markdown)


def command(app):
    return json.loads(components(app)[0].proto.json)


def test_the_film_of_the_story_knows_the_moments_of_its_run(runs, visit):
    app = visit("story", run="tiny-groks", step="0")
    stops = tour.stops(study.load(open_run(runs / "tiny-groks")))
    names = ["Nothing yet", "By heart", "In secret", "The insight", "At the end"]
    assert [stop.name for stop in stops] == names
    assert [stop.step for stop in stops] == sorted(stop.step for stop in stops)
    assert command(app)["moments"] == [list(stop) for stop in stops]
    assert command(visit("timeline", run="tiny-groks"))["moments"] == []


def test_the_story_plays_by_itself_unless_a_step_was_asked_for(runs, visit):
    assert command(visit("story", run="tiny-groks"))["quiet"]
    assert not command(visit("story", run="tiny-groks", step="0"))["quiet"]
    assert not command(visit("timeline", run="tiny-groks"))["quiet"]


@pytest.mark.slow
def test_with_plain_controls_the_tour_moves_every_chart(runs, visit):
    app = visit("story", run="tiny-groks", step="0")
    app.toggle(key="plain_controls").set_value(True).run()
    stops = tour.stops(study.load(open_run(runs / "tiny-groks")))
    for jumps, stop in enumerate(stops[::-1], start=1):
        healthy(app.button_group[0].set_value(stop.name).run())
        assert app.query_params["step"] == str(stop.step)
        assert app.session_state["_place"].seq == jumps
        assert any(f"Step {stop.step:,}." in text.value for text in app.markdown)


def test_a_stop_can_be_chosen_again_after_it_was_left(runs, visit):
    app = visit("story", run="tiny-groks")
    app.toggle(key="plain_controls").set_value(True).run()
    for choice in ("At the end", None, "At the end"):
        healthy(app.button_group[0].set_value(choice).run())
    assert app.session_state["_place"].seq == 2


def test_the_circuit_begins_where_there_is_one(runs, visit):
    last = int(open_run(runs / "tiny-groks").steps[-1])
    assert command(visit("circuit", run="tiny-groks"))["step"] == last
    assert command(visit("circuit", run="tiny-groks", step="0"))["step"] == 0
    app = visit("circuit", run="tiny-groks")
    story = healthy(app.switch_page("pages/story.py").run())
    assert (
        command(story)["step"] < last
    )  # each page begins where it has most to show, until somebody chooses a step


def test_a_run_that_only_recites_has_a_shorter_tour_that_says_so(runs):
    stops = tour.stops(study.load(open_run(runs / "tiny-recites")))
    assert [stop.name for stop in stops] == ["Nothing yet", "By heart", "At the end"]
    assert "has not grokked" in stops[-1].sentence


@pytest.mark.slow
@pytest.mark.parametrize("page", FIGURES)
def test_without_any_run_every_page_says_how_to_get_one(no_runs, visit, page):
    app = visit(page, run="tiny-groks", step="3")
    assert len(app.info) == 1
    assert "python -m grokviz train" in app.info[0].value
    assert not app.error
    assert not app.selectbox
    assert not components(app)


def test_texts_of_a_run_are_text(copied, visit):
    path = copied / "tiny-groks"
    long = (HOSTILE * 200)[:10_000]
    record.write_record(path, dataclasses.replace(record.read_record(path), title=long, sentence=long))
    app = visit("timeline", run="tiny-groks", step="0")
    label = app.selectbox[0].options[0]
    assert label.startswith("<img src=x onerror=alert(1)> **bold**")  # a list shows no markup
    assert len(label) <= 100
    assert label.isprintable()
    caption = app.caption[0].value
    assert len(unescaped(caption)) <= 1_000
    assert unescaped(caption).isprintable()
    for mark in "<>*[]$:`":
        assert caption.count(mark) == caption.count("\\" + mark), mark
    sent = components(app)[1].proto.bytes
    assert b"onerror" in sent  # as data; the scrubber's tests show that it stays text
    assert not any("onerror" in text.value for text in [*app.markdown, *app.title, *app.header])


def test_a_damaged_run_does_not_break_the_list(copied, visit):
    (copied / "tiny-recites" / "run.json").write_text("{")
    (copied / "not-a-run").mkdir()
    app = visit("timeline")
    assert app.selectbox[0].options == ["tiny groks"]


@pytest.mark.slow
def test_a_run_that_vanishes_leaves_a_page_that_says_so(copied, visit):
    app = visit("timeline", run="tiny-recites")
    shutil.rmtree(copied / "tiny-recites")
    healthy(app.run())
    assert "There is no run 'tiny-recites' here" in unescaped(app.error[0].value)
    healthy(app.selectbox[0].set_value("tiny-groks").run())
    assert not app.error
    assert app.query_params["run"] == "tiny-groks"


def made(path: Path, steps, log_rows=True, **settings) -> None:
    """A run in training with random weights at these steps."""
    small: dict = {"p": 7, "d_model": 8, "n_heads": 2, "d_mlp": 16, "steps": 900}
    config = RunConfig(**small | settings)
    write.create_run(path, config, {}, title=path.name)
    for step in steps:
        rng = np.random.default_rng([config.seed, step])
        if log_rows:
            write.append_log(path, [dict(zip(LOG_COLUMNS, [step, 2.0, 3.0, 0.5, 0.25, 9.0], strict=True))])
        weights = {name: rng.normal(size=shape) for name, shape in config.shapes.items()}
        write.write_snapshot(path, step, weights)


ODD = {
    "one-snapshot": {"steps": [0]},
    "even-modulus": {"steps": [0, 4, 90], "p": 12},
    "smallest": {"steps": [0, 900], "p": 3},
    "unfinished": {"steps": [0, 10, 30, 70]},
    "unlogged": {"steps": [0, 10], "log_rows": False},
    "division": {"steps": [0, 10], "operation": "divide"},
    "six-snapshots": {"steps": [0, 1, 2, 3, 4, 5]},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ODD)
def test_odd_runs_are_shown_on_every_page_with_both_kinds_of_controls(no_runs, visit, name):
    made(no_runs / name, **ODD[name])
    for page in FIGURES:
        assert not visit(page).error
    app = visit("timeline")
    healthy(app.toggle(key="plain_controls").set_value(True).run())
    assert len(app.select_slider) == (len(ODD[name]["steps"]) > 1)
    assert not app.error


def test_a_run_with_no_snapshot_yet_is_not_offered(no_runs, visit):
    made(no_runs / "new", [])
    assert visit("timeline").info


@pytest.mark.slow
def test_a_live_run_grows_under_the_eyes_of_its_viewer(no_runs, visit):
    path = no_runs / "live"
    made(path, [0, 10, 30])
    (path / "run.json.123.tmp").symlink_to(path / "gone")  # half-written, gone before it can be looked at
    app = visit("timeline", run="live")
    app.toggle(key="plain_controls").set_value(True).run()
    assert len(app.select_slider[0].options) == 3
    rng = np.random.default_rng(0)
    weights = {name: rng.normal(size=shape) for name, shape in open_run(path).config.shapes.items()}
    write.write_snapshot(path, 70, weights)
    assert len(healthy(app.run()).select_slider[0].options) == 4


def test_downloads_hold_what_they_say(runs, visit):
    app = visit("timeline", run="tiny-groks")
    assert [button.label for button in app.download_button] == [
        "This explorer as one file",
        "Losses of every logged step",
        "Measures of every snapshot",
    ]


def test_clearing_the_list_of_runs_changes_nothing(runs, visit):
    app = visit("timeline", run="tiny-groks", step="0")
    app.selectbox[0].set_value(None).run()
    assert not app.exception
    assert app.selectbox[0].value == "tiny-groks"


def test_plain_controls_give_the_chosen_panels_back(runs, visit):
    app = visit("timeline", run="tiny-groks", step="0", panels="rings,answers")
    app.toggle(key="plain_controls").set_value(True).run()
    app.toggle(key="plain_controls").set_value(False).run()
    assert command(app)["panels"] == ["rings", "answers"]
