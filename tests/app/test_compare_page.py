"""Runs beside each other: the address, the baseline, and the ways to get there."""

import dataclasses
import json
import shutil

import pytest

from grokviz.app.compare import page, place
from grokviz.app.session import keys
from grokviz.config import RunConfig
from grokviz.runs import library
from tests.app.conftest import components, healthy, unescaped


def shown(app):
    """What the film is told: the runs that it shows, and the command."""
    command, film = (component.proto for component in components(app))
    data = film.bytes
    control = json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])
    return control, json.loads(command.json)


def test_two_runs_are_shown_under_one_hand(runs, visit):
    app = visit("compare")
    control, command = shown(app)
    assert len(control["ids"]) == len(control["sizes"]) == 2
    assert command["panels"] == list(place.PANELS)
    assert app.query_params["runs"] == "tiny-groks,tiny-recites"


def test_the_address_restores_runs_step_and_panels(runs, visit):
    app = visit("compare", runs="tiny-recites,tiny-groks", step="100", panels="accuracy")
    assert [box.value for box in app.selectbox] == ["tiny-recites", "tiny-groks", None]
    _, command = shown(app)
    assert (command["step"], command["panels"]) == (100, ["accuracy"])
    assert app.query_params == {"runs": "tiny-recites,tiny-groks", "step": "100", "panels": "accuracy"}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"runs": "tiny-groks,gone"}, "The link names what is not here: “gone”"),
        ({"runs": "../x,tiny-groks,tiny-recites"}, "The link names what is not here: “../x”"),
        (
            {"runs": "tiny-groks,tiny-recites", "step": "soon"},
            "The link names a step that is no number (“soon”)",
        ),
    ],
)
def test_what_a_link_gets_wrong_is_said_once_and_the_rest_is_shown(runs, visit, query, said):
    app = visit("compare", **query)
    (toast,) = app.toast
    assert said in unescaped(toast.value)
    assert app.query_params["runs"] == "tiny-groks,tiny-recites"
    assert not app.run().toast


@pytest.fixture
def copied_third(trained, tmp_path, monkeypatch, runs):
    """A third run: a copy of one of the two, with its title."""
    shutil.copytree(trained / "tiny-groks", tmp_path / "more" / "third")
    roots = library.roots
    monkeypatch.setattr(library, "roots", lambda own: [*roots(own), tmp_path / "more"])


def test_the_baseline_stays_while_the_other_is_exchanged(runs, visit, copied_third):
    app = visit("compare", runs="tiny-groks,tiny-recites", step="100")
    healthy(app.selectbox[1].select("third").run())
    assert app.query_params == {"runs": "tiny-groks,third", "step": "100"}
    healthy(app.selectbox[2].select("tiny-recites").run())
    assert app.query_params["runs"] == "tiny-groks,third,tiny-recites"
    assert len(shown(app)[0]["ids"]) == 3  # although one is a copy of another


def test_a_run_that_is_chosen_twice_changes_places(runs, visit):
    app = visit("compare", runs="tiny-groks,tiny-recites")
    healthy(app.selectbox[0].select("tiny-recites").run())
    assert app.query_params["runs"] == "tiny-recites,tiny-groks"


def test_the_settings_that_differ_are_listed_and_no_others(runs, visit):
    (table,) = visit("compare").dataframe
    rows = dict(zip(table.value["setting"], table.value[["A", "B"]].to_numpy().tolist(), strict=True))
    assert rows["Modulus"] == ["13", "7"]
    assert rows["Pairs to train on"] == ["80\u202f%", "60\u202f%"]
    assert "Neurons" not in rows
    config = RunConfig()
    assert page.differing([config, config]).empty
    other = dataclasses.replace(config, changes=((100, "lr", 0.5),), log_every=5)
    assert page.differing([config, other]).to_numpy().tolist() == [
        ["Changes", "–", "Learning rate 0.5 from step 100"]
    ]


def test_one_run_alone_is_no_comparison(trained, no_runs, visit):
    shutil.copytree(trained / "tiny-groks", no_runs / "tiny-groks")
    app = visit("compare")
    assert "two runs" in app.info[0].value
    assert not components(app)


def test_plain_controls_say_the_same(runs, visit):
    app = visit("compare", runs="tiny-groks,tiny-recites", step="800")
    app.session_state[str(keys.IS_PLAIN)] = True
    healthy(app.run())
    assert not components(app)
    table = app.dataframe[0].value
    assert table["snapshot"].tolist() == ["800", "150, its last"]
    healthy(app.select_slider[0].set_value(0).run())
    assert app.query_params["step"] == "0"


def test_a_card_of_the_library_leads_there(runs, visit):
    app = visit("library", run="tiny-groks")
    (button,) = [b for b in app.button if b.key.startswith("compare-") and b.key.endswith("tiny-recites")]
    healthy(button.click().run())
    assert app.query_params["runs"] == "tiny-groks,tiny-recites"


def test_kin_asks_the_same_question_first(runs):
    assert place.kin("tiny-groks") == "tiny-recites"
    assert place.kin("tiny-groks", bundled=True) is None
    assert place.kin("nobody") is None


def test_a_finished_training_stands_beside_the_bundled_run_most_like_it(trained, no_runs, visit):
    shutil.copytree(trained / "tiny-groks", no_runs / "tiny-groks")
    shutil.copytree(trained / "tiny-recites", library.BUNDLED / "tiny-recites")
    app = visit("train")
    (button,) = [b for b in app.button if b.key == "compare-tiny-groks"]
    healthy(button.click().run())
    assert app.title[0].value == "Two runs under one hand"
    assert app.query_params["runs"] == "tiny-recites,tiny-groks"
