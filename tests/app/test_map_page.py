"""The page When does it grok?: its map, its two rules, a cell, and the way from there to a training."""

import dataclasses
import json
import re
import shutil
from urllib.parse import parse_qsl

import pytest

from devtools import own_map
from grokviz.app.session import keys
from grokviz.app.train import link
from grokviz.config import RunConfig
from grokviz.hosting import visitor_root
from grokviz.jobs import sweeping
from grokviz.runs import library
from grokviz.runs.folder import open_run
from grokviz.sweeps import bundled, grid, outcomes
from grokviz.sweeps.bundled import OFFERS
from grokviz.sweeps.grid import Sweep, parse_grid
from grokviz.sweeps.outcomes import Curve, Outcome
from tests.app.conftest import components, healthy, unescaped

pytestmark = pytest.mark.slow

SWEEP = Sweep(
    RunConfig(p=13, steps=1_400, lr=0.01), parse_grid(["frac_train=0.2,0.35", "weight_decay=0,2"]), (0, 1, 2)
)


@pytest.fixture
def mapped(tmp_path, monkeypatch, runs):
    """A map of four cells: one still to come, one that memorises, one that groks; beside the runs of all tests."""
    monkeypatch.setattr(bundled, "FOLDER", tmp_path)
    (tmp_path / "small").mkdir()
    grid.write(tmp_path / "small", SWEEP)
    curve = Curve((0, 10, 100), (0.4, -1.0, -6.0), (0.4, 0.8, 1.1))
    found = [
        Outcome(
            run, SWEEP.cell(run), SWEEP.seed(run), 50, 800 if run >= 9 else None, 60, 900 + run if run >= 9 else None, 0.02,
            1_400, 1e-6, 0.1, 1.0, 0.4, curve=curve,
        )
        for run in range(3, 12)
    ]  # fmt: skip
    outcomes.append(tmp_path / "small", found)
    return tmp_path / "small"


def words(app):
    return " ".join(
        unescaped(part.value) for part in (*app.markdown, *app.caption, *app.info, *app.subheader)
    )


def drawn(app):
    """What each map of the page is drawn from."""
    return [json.loads(c.proto.json) for c in components(app) if c.proto.component_name == "grokviz_picture"]


def test_the_map_says_its_budget_and_what_is_missing(mapped, visit):
    app = visit("map")
    assert not app.toast
    assert len(components(app)) == 1
    said = words(app)
    assert "a slight advantage" in said
    assert "at most **1,400 steps**" in said
    assert "a mark for each of three seeds" in said
    assert (
        "From left to right a network is shown more of the pairs; from top to bottom its weights are pulled"
        in said
    )
    assert "3 of 12 runs are still to come" in said
    assert "Choose a cell" in said
    assert drawn(app)[0]["state"] == {"rule": 0, "cell": -1, "only": -1}


def test_the_address_says_the_rule_the_filter_and_the_cell(mapped, visit):
    app = visit("map", rule="published", cell="small-3", only="comprehension")
    (data,) = drawn(app)
    assert data["rules"][data["state"]["rule"]]["title"] == "1,000 steps later"
    assert data["fates"][data["state"]["only"]]["name"] == "comprehension"
    assert data["state"]["cell"] == 3  # the last in both directions
    assert app.subheader[0].value.startswith("Pairs to train on 35")
    assert list(app.dataframe[0].value["what happened"]) == ["comprehension"] * 3  # 750 steps later
    app = visit("map", rule="ratio", cell="small-3")
    assert list(app.dataframe[0].value["what happened"]) == ["grokking"] * 3
    assert drawn(app)[0]["state"] == {"rule": 0, "cell": 3, "only": -1}


@pytest.mark.parametrize("cell", ["small-99", "small-x", "other-1", "-", "small--1"])
def test_a_cell_that_is_none_is_not_looked_for(mapped, visit, cell):
    app = visit("map", cell=cell, rule="mine", only="mine")
    assert "Choose a cell" in words(app)
    assert drawn(app)[0]["state"] == {"rule": 0, "cell": -1, "only": -1}


def test_a_cell_is_trained_with_its_settings(mapped, visit):
    app = visit("map", cell="small-3")
    button = next(one for one in app.button if one.label == "Train this one")
    app = healthy(button.click().run())
    values = {w.label: w.value for w in (*app.number_input, *app.slider, *app.selectbox)}
    assert values["Modulus"] == 13
    assert values["Pairs to train on"] == 35
    assert values["Weight decay"] == 2
    assert values["Learning rate"] == 0.01


def test_a_link_to_train_has_the_settings_of_the_cell(mapped, visit):
    (query,) = re.findall(r"\(train\?(.*?)\)", words(visit("map", cell="small-3")))
    asked, wrong = link.read(dict(parse_qsl(query)))
    assert (asked.p, asked.frac_train, asked.weight_decay, asked.lr, wrong) == (13, 0.35, 2.0, 0.01, [])


def test_a_run_of_a_cell_that_is_bundled_is_opened(mapped, visit):
    found = [dataclasses.replace(o, folder="tiny-groks") if o.run == 10 else o for o in outcomes.read(mapped)]
    outcomes.rewrite(mapped, found)
    app = visit("map", cell="small-3")
    assert [cell["kept"] for cell in drawn(app)[0]["cells"]] == [False, False, False, True]
    assert "Where a letter is underlined, a run can be opened" in words(app)
    assert [c.proto.component_name for c in components(app)][1:] == ["grokviz_command", "grokviz_film"]
    app = healthy(named(app, "Open seed 1").click().run())
    assert app.query_params["run"] in ("tiny-groks", ["tiny-groks"])


def test_a_run_of_ones_own_map_is_copied_to_ones_runs_once_and_opened(
    mapped, no_runs, trained, visit, monkeypatch
):
    monkeypatch.setenv("GROKVIZ_RUNS", str(no_runs))
    sweep = OFFERS["share"].sweep(31, keep=True)
    one = Outcome(4, sweep.cell(4), 0, memorised=50, folder="run-04-seed-0")
    home = own_map.finished(no_runs, sweep, [one])
    shutil.copytree(trained / "tiny-groks", home / grid.FOLDERS / one.folder)
    for _ in range(2):
        app = healthy(named(visit("map", cell="own-4"), "Open this run").click().run())
        (copy,) = no_runs.glob("run-04-seed-0-*")
        assert app.query_params["run"] in (copy.name, [copy.name])
    assert open_run(copy).steps.tolist() == open_run(trained / "tiny-groks").steps.tolist()


def test_a_kept_run_that_has_gone_is_said(mapped, visit):
    found = [dataclasses.replace(o, folder="gone") if o.run == 10 else o for o in outcomes.read(mapped)]
    outcomes.rewrite(mapped, found)
    app = visit("map", cell="small-3")
    assert "There is no run 'gone' here" in words(app)
    app = named(app, "Open seed 1").click().run()
    assert "gone cannot be opened" in unescaped(app.toast[0].value)


def test_without_a_map_it_says_how_to_make_one(tmp_path, monkeypatch, runs, visit):
    monkeypatch.setattr(bundled, "FOLDER", tmp_path)
    assert "python -m grokviz sweep" in words(visit("map"))


def test_a_damaged_map_is_said(mapped, visit):
    (mapped / grid.DEFINITION).write_text("{")
    assert "sweep.json is no JSON" in unescaped(visit("map").error[0].value)


def named(app, label):
    return next(one for one in app.button if one.label.startswith(label))


def test_a_map_of_ones_own_is_asked_for_stopped_and_gone_on_with(mapped, no_runs, visit, monkeypatch):
    monkeypatch.setenv("GROKVIZ_RUNS", str(no_runs))  # not the folder that all tests share
    app = visit("map")
    app = healthy(named(app, "Fill this map: 30 runs").click().run())
    assert sweeping.status(library.trained()).state == "queued"
    assert "in the queue" in app.get("progress")[0].proto.text
    sweep = grid.read(sweeping.folder_of(library.trained()))
    assert (sweep.base.p, sweep.base.lr, len(sweep), sweep.keep) == (31, 0.01, 30, ())
    outcomes.append(sweeping.folder_of(library.trained()), [Outcome(4, sweep.cell(4), 0, memorised=50)])
    app = healthy(named(app, "Stop").click().run())
    assert "What was trained is kept" in words(app)
    assert "29 of 30 runs are still to come" in words(app)
    app = healthy(named(app, "Go on").click().run())
    assert sweeping.status(library.trained()).state == "queued"


def test_on_a_shared_machine_a_map_keeps_no_runs(mapped, no_runs, visit, monkeypatch):
    monkeypatch.setenv("GROKVIZ_RUNS", str(no_runs))
    monkeypatch.setenv("GROKVIZ_HOSTED", "1")
    monkeypatch.setattr("grokviz.app.session.visitor.meet", lambda: keys.SECRET.set("0" * 32))
    healthy(named(visit("map"), "Fill this map: 30 runs").click().run())
    assert grid.read(sweeping.folder_of(visitor_root(no_runs, "0" * 32))).keep is None


def test_without_torch_no_map_is_offered(mapped, visit, monkeypatch):
    monkeypatch.setattr("grokviz.installation.has", lambda package: package != "torch")
    assert not [one for one in visit("map").button if one.label.startswith("Fill")]
