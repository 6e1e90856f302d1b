"""The page “It happens elsewhere”: its figures, what a visitor writes, and a training that is asked for, watched and left."""

import base64
import dataclasses
import io
import json
import re
import shutil

import numpy as np
import pytest
import streamlit

from grokviz import hosting, worker
from grokviz.app.elsewhere import asked, figures, live, runs
from grokviz.app.session import keys
from grokviz.errors import BadInputError, RunError
from grokviz.forecast import few_data
from grokviz.jobs import files
from grokviz.models.sequence import run as run_network
from grokviz.runs import bundle, library
from grokviz.runs.folder import open_sequences, read_weights
from grokviz.sequence_config import recipe
from grokviz.view import elsewhere
from grokviz.view.elsewhere import offline
from tests.app.conftest import components, healthy, unescaped

pytestmark = pytest.mark.slow

TINY = {"batch_size": 4, "n_test": 120, "steps": 10, "max_snapshots": 6}
RUNS = {
    "skip-trigrams": recipe("skip-trigrams", **TINY),
    "skip-trigrams-toy": recipe("skip-trigrams", network="toy", **TINY),
    "skip-trigrams-few": recipe("skip-trigrams", n_train=8, **TINY),
    "digits": recipe("digits", d_model=8, n_heads=1, d_head=8, d_mlp=8, **TINY),
    "repeats": recipe("repeats", d_model=8, n_heads=2, d_head=4, **TINY),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    home = tmp_path_factory.mktemp("bundled-sequences")
    for name, config in RUNS.items():
        worker.start(home / name, config, "cpu")
        for _ in worker.run(home / name, "cpu"):
            pass
    return home


@pytest.fixture
def some_runs(made, no_runs, monkeypatch):
    monkeypatch.setattr(library, "sequences", lambda: made)
    return no_runs


def handle_of(path):
    handle = runs.handle_of(path)
    assert handle
    return handle


def names(app) -> list[str]:
    return [c.proto.component_name for c in components(app)]


def test_all_figures_are_there(some_runs, visit):
    app = visit("elsewhere")
    assert names(app) == ["grokviz_figure"] * 15
    assert not app.error
    assert not app.warning
    assert len([b for b in app.button if "Train one here" in b.label]) == 4


def test_without_a_run_there_is_still_something_to_do(no_runs, visit, monkeypatch, tmp_path):
    monkeypatch.setattr(library, "sequences", lambda: tmp_path / "nothing")
    app = visit("elsewhere")
    assert names(app) == ["grokviz_figure"] * 3  # what few data make of the tasks, which was measured
    assert "Train one below" in app.info[0].value
    assert len([b for b in app.button if "Train one here" in b.label]) == 4


def test_what_cannot_be_asked_is_said(some_runs, visit):
    app = visit("elsewhere")
    for label, text, told, good in (
        ("Write letters", "abcABC", "one capital of A to J", "abC"),
        ("First number", "12e4", "at most 5 digits", "7"),
        ("Write something", "é", "without accents", "abXab"),
    ):
        (field,) = [f for f in app.text_input if f.label.startswith(label)]
        healthy(field.set_value(text).run())
        (warning,) = [w for w in app.warning if told in w.value.replace("\\", "")]
        (field,) = [f for f in app.text_input if f.label.startswith(label)]
        assert warning
        healthy(field.set_value(good).run())
    assert not app.warning


def test_a_training_is_asked_for_watched_and_left(some_runs, visit):
    app = visit("elsewhere")
    button = next(b for b in app.button if "Train one here" in b.label)
    healthy(button.click().run())
    (path,) = [path for path in some_runs.iterdir() if path.name.startswith("skip-trigrams-")]
    assert files.read(path).wanted == "train"
    assert open_sequences(path).config.task == "skip-trigrams"
    cancel = next(b for b in app.button if b.label == "Cancel")
    healthy(cancel.click().run())
    assert not path.exists()
    assert not any(b.label == "Cancel" for b in app.button)


def test_a_run_that_has_finished_takes_the_place_of_the_bundled_one(some_runs, visit):
    app = visit("elsewhere")
    healthy(next(b for b in app.button if "Train one here" in b.label).click().run())
    (path,) = [path for path in some_runs.iterdir() if path.name.startswith("skip-trigrams-")]
    short = dataclasses.replace(open_sequences(path).config, **TINY)
    from grokviz.runs import record

    record.write_record(path, dataclasses.replace(record.read_any(path), config=short))
    for _ in worker.run(path, "cpu"):
        pass
    files.end(path, "finished")
    healthy(app.run())
    assert any("show a run of yours" in m.value for m in app.markdown)
    assert asked_for(app) == {"skip-trigrams": path.name}
    healthy(next(b for b in app.button if b.label == "Show the bundled run again").click().run())
    assert not any("show a run of yours" in m.value for m in app.markdown)
    assert path.is_dir()
    assert asked_for(app) == {}


# What is drawn


def test_a_sum_is_asked_digit_by_digit():
    question = asked.digits(recipe("digits"), "99999", "1")
    assert question.tokens.tolist() == [9, 9, 9, 9, 9, 10, 0, 0, 0, 0, 1, 11, 1, 0, 0, 0, 0, 0]
    assert question.answers.tolist() == question.tokens[question.places + question.shown_at].tolist()


def test_a_text_asks_for_what_stood_there_before():
    config = recipe("repeats")
    question = asked.text(config, "xaby_xabz")
    written = "⊢xaby_xabz"
    found = {(written[p], written[p + 1]) for p in question.places}
    assert found == {("x", "a"), ("a", "b")}


def test_letters_are_filled_up_and_one_capital_is_asked():
    config = recipe("skip-trigrams")
    question = asked.trigram(config, "abC")
    assert len(question.tokens) == 42
    assert [t for t in question.tokens.tolist() if t >= 12] == [14]
    assert question.answers.tolist() == [2]
    assert len(asked.TRIGRAM) == 40
    for text in ("abc", "aBC", "xB", "a" * 40 + "B"):
        with pytest.raises(BadInputError, match="one capital of A to J"):
            asked.trigram(config, text)


def test_the_figure_says_what_the_network_says(made):
    run = open_sequences(made / "digits")
    question = asked.digits(run.config, "12", "34")
    said = runs.said(handle_of(made / "digits"), question)
    data = elsewhere.tokens(run, question, said, elsewhere.Words("", ""))
    assert "".join(data["tokens"]) == "00012+00034=000046"
    weights = read_weights(run, 1)
    logits = run_network(run.config.model, weights, question.tokens[None]).logits[0].astype(float)
    for one, digit in zip(data["asked"], "000046", strict=True):
        powers = np.exp(logits[one["place"] - 1])
        assert one["right"] == digit
        assert one["guess"][1] == str(powers.argmax())
        assert one["chance"][1] == pytest.approx(powers[int(digit)] / powers.sum(), rel=1e-3)
        assert one["loss"][1] == pytest.approx(-np.log(powers[int(digit)] / powers.sum()), rel=1e-3)


def test_bars_and_maps_are_the_attention(made):
    handle = handle_of(made / "skip-trigrams")
    run = runs.opened(handle)
    question = asked.trigram(run.config, asked.TRIGRAM)
    said = runs.said(handle, question)
    data = elsewhere.tokens(run, question, said, elsewhere.Words("", ""))
    sent = np.frombuffer(base64.b64decode(data["looks"]), np.uint8).reshape(len(run.steps), 42) / 255
    pattern = run_network(run.config.model, read_weights(run, 2), question.tokens[None]).patterns[0, 0, 0]
    np.testing.assert_allclose(sent[2], pattern[41], atol=0.002)
    cells = elsewhere.maps(run, question, said, runs.scores(handle), elsewhere.Words("", ""))["heads"][0][
        "cells"
    ]
    whole = np.frombuffer(base64.b64decode(cells), np.uint8).reshape(len(run.steps), 42, 42) / 255
    np.testing.assert_allclose(whole[2], pattern, atol=0.002)


def test_the_parts_of_the_toy_are_its_weights(made):
    handle = handle_of(made / "skip-trigrams-toy")
    run, (QK, OV) = runs.opened(handle), runs.toy_parts(handle)
    data = elsewhere.parts(run, QK, OV, elsewhere.Words("", ""))
    weights = read_weights(run, 1)
    np.testing.assert_allclose(data["looked"][1], weights["QK"], rtol=1e-3)
    sent = np.frombuffer(base64.b64decode(data["says"]), np.uint8).reshape(len(run.steps), 22, 10)
    np.testing.assert_allclose(
        (sent[1] - 127.0) / 127 * data["reach"], weights["OV"], atol=data["reach"] / 127
    )
    assert data["tokens"] == [*"⊢abcdefghij"[:1], "⊣", *"abcdefghijABCDEFGHIJ"]


def test_an_estimate_has_two_figures_at_most():
    assert [live._round(s) for s in (0.2, 9.4, 24.6, 131.0)] == [1, 9, 25, 130]


def test_other_pages_offer_no_run_on_sequences_and_take_no_link_to_one(made, copied, visit):
    shutil.copytree(made / "digits", copied / "sums")
    app = visit("timeline", run="sums")
    assert any("is not here" in notice.value for notice in app.toast)
    assert not app.error
    (runs_offered,) = [box.options for box in app.selectbox if box.label == "Run"]
    assert len(runs_offered) == 2


def test_a_link_restores_what_was_written_and_the_step(some_runs, visit):
    app = visit("elsewhere", at="321", x="12", text="xyxy")
    (field,) = [f for f in app.text_input if f.label == "First number"]
    assert field.value == "12"
    assert asked_for(app) == {"at": "321", "x": "12", "text": "xyxy"}
    healthy(field.set_value(asked.SUM[0]).run())
    assert asked_for(app) == {"at": "321", "text": "xyxy"}
    assert asked_for(visit("elsewhere", at="nonsense")) == {}


def test_a_link_names_a_run_of_ones_own_in_the_place_of_its_task(made, some_runs, visit):
    shutil.copytree(made / "digits", some_runs / "sums")
    app = visit("elsewhere", digits="sums")
    assert any("The figures show a run of yours." in m.value for m in app.markdown)
    assert asked_for(app) == {"digits": "sums"}
    for names in ({"repeats": "sums"}, {"digits": "gone"}, {"digits": "../sums"}):
        app = visit("elsewhere", **names)
        assert any("not here, or of another task" in notice.value for notice in app.toast), names
        assert asked_for(app) == {}


def test_a_shared_machine_shows_no_larger_network_than_it_trains(made, some_runs, visit, monkeypatch):
    shutil.copytree(made / "digits", some_runs / "sums")
    monkeypatch.setenv("GROKVIZ_HOSTED", "1")
    monkeypatch.setattr(hosting, "recipe", lambda task: recipe(task, n_test=1))
    with pytest.raises(RunError, match="n_test = 120 is more than this shared machine"):
        runs.opened(handle_of(some_runs / "sums"))
    monkeypatch.undo()
    assert runs.opened(handle_of(some_runs / "sums")).finished


def test_the_library_has_a_shelf_of_them_that_leads_to_the_page(made, some_runs, visit):
    shutil.copytree(made / "repeats", some_runs / "mine")
    app = visit("library")
    said = unescaped(" ".join(m.value for m in app.caption))
    mine = open_sequences(some_runs / "mine")
    n, decay = len(mine.steps), mine.config.weight_decay
    assert f"Repeated subsequences · endless data · weight decay {decay:g} · 10 steps · {n} snapshots" in said
    assert len([b for b in app.button if b.key and b.key.startswith(f"open-{made.name}-")]) == len(RUNS)
    key = f"open-{some_runs.name}-mine"
    opened = healthy(next(b for b in app.button if b.key == key).click().run())
    assert opened.title[0].value == "It happens elsewhere"
    assert asked_for(opened) == {"repeats": "mine"}
    app = visit("library")
    healthy(next(b for b in app.button if b.label == "Delete this run").click().run())
    assert not (some_runs / "mine").exists()
    assert not any(b.key == key for b in app.button)


@pytest.mark.parametrize("task", few_data.SMALLER)
def test_the_two_sliders_train_each_task_on_few_data(some_runs, visit, task):
    app = visit("elsewhere")
    app.session_state[keys.FEW_TASK] = task
    healthy(app.run())
    data, decay = (
        next(s for s in app.select_slider if s.label == label)
        for label in ("Sequences to train on", "Weight decay")
    )
    assert data.value == str(few_data.config(task, decays=True).n_train)
    healthy(decay.set_value(0.0).run())
    healthy(next(b for b in app.button if b.key == "elsewhere-train-few").click().run())
    (path,) = some_runs.glob(f"{task}-*")
    assert open_sequences(path).config == few_data.config(task, decays=False)
    assert asked_for(app) == {"few": path.name}


class Brought(io.BytesIO):
    """A file as an uploader hands it over."""

    name, file_id = "sums.zip", "one"


def test_a_zip_that_is_brought_is_shown_on_this_page(made, some_runs, visit, monkeypatch):
    data = Brought()
    bundle.export_zip(open_sequences(made / "digits"), data)
    monkeypatch.setattr(streamlit, "file_uploader", lambda *given, **more: data)
    app = visit("train")
    (brought,) = [path for path in some_runs.iterdir() if path.name.startswith("sums-")]
    assert app.title[0].value == "It happens elsewhere"
    assert asked_for(app) == {"digits": brought.name}


def test_what_is_taken_home_is_the_run_and_its_figures(made, some_runs, visit):
    labels = [b.label for b in visit("elsewhere").get("download_button")]
    assert labels.count("Download the run") == labels.count("These figures as one file") == 3
    viewed = handle_of(made / "repeats"), open_sequences(made / "repeats")
    question = asked.text(viewed[1].config, asked.TEXT)
    found = figures.of_run(viewed, question, 4)
    assert [one["kind"] for one in found] == ["curves", "tokens", "curves", "maps"]
    assert [one["kind"] for one in figures.of_run(viewed, None, 4)] == ["curves", "curves"]
    page = offline.offline_html(found, "</script><i>", "&")
    carried = re.search(r'id="figures">([^<]+)</script>', page)
    assert carried
    assert json.loads(carried[1]) == found
    assert (found[0]["slider"], found[0]["start"]) == (True, 4)
    assert "</script><i>" not in page
    assert set(re.findall(r"https?://[^\s\"'<>)]+", page)) <= {"http://www.w3.org/2000/svg"}


def asked_for(app) -> dict[str, str]:
    """The query of the address."""
    return {name: value if isinstance(value, str) else value[-1] for name, value in app.query_params.items()}
