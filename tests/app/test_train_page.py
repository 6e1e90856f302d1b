"""The page Train in this process: what is started is put into view, once, and what cannot be trained is said."""

import dataclasses
import shutil

import pytest

from grokviz.app.session import cache
from grokviz.app.train import pace
from grokviz.forecast import recipes
from grokviz.jobs import requests
from grokviz.jobs.files import folder_of
from grokviz.jobs.supervisor import is_active
from grokviz.runs.folder import open_run
from tests.app.conftest import healthy, unescaped

TINY = dataclasses.replace(recipes.fast_preset(11), d_model=16, n_heads=2, d_mlp=16)


def widget(app, label):
    return next(one for one in app.number_input if one.label == label)


def press(app, label):
    return healthy(next(one for one in app.button if one.label == label).click().run())


def started(runs):
    return sorted(path.parent for path in runs.glob("mod*/run.json"))


def recipe(app):
    return next(group for group in app.get("button_group") if group.key == "train_preset")


def brought(app):
    return app.session_state["_brought"]


def test_what_is_started_comes_into_view_and_the_form_folds_away(no_runs, visit):
    app = visit("train")
    assert [header.value for header in app.header] == ["What shall it learn?"]
    app = press(app, "Start")
    (run,) = started(no_runs)
    assert app.session_state["my_run"] == run.name
    assert brought(app) == {"desk": 1}
    assert [one.label for one in app.expander if not one.proto.expanded][-2:] == [
        "Train another one", "Bring a run that you have as a zip",
    ]  # fmt: skip
    assert not [one for one in app.button if one.label == "Start"], "nothing to press again by mistake"
    # open it again: it says what it said, and the same run is not started twice
    app.session_state["train_form_open"] = True
    app = press(healthy(app.run()), "Start")
    assert started(no_runs) == [run]
    assert "This very run" in unescaped(app.toast[0].value)
    assert brought(app) == {"desk": 2}
    # another seed is another run
    app.session_state["train_form_open"] = True
    app = healthy(app.run())
    widget(app, "Seed").set_value(1)
    app = press(app, "Start")
    second = next(one for one in started(no_runs) if one != run)
    assert app.session_state["my_run"] == second.name
    assert open_run(second).config.seed == 1


def test_a_number_that_was_typed_last_is_what_is_trained(no_runs, visit):
    """The browser brings the number and the press on Start at once."""
    app = visit("train")
    widget(app, "Modulus").set_value(31)
    press(app, "Start")
    (run,) = started(no_runs)
    assert open_run(run).config.p == 31


@pytest.mark.parametrize(
    ("label", "value"), [("Modulus", 500), ("Modulus", 2), ("Steps, at most", 3), ("Neurons", 0)]
)
def test_a_number_out_of_range_is_said_and_nothing_is_trained(no_runs, visit, label, value):
    app = visit("train")
    widget(app, label).set_value(value)
    app = healthy(app.run())
    assert f"{label} {value} cannot be trained: choose a value from" in unescaped(app.warning[0].value)
    start = next(one for one in app.button if one.label == "Start")
    assert start.disabled
    assert not started(no_runs)


def test_pressing_on_a_recipe_again_changes_nothing(no_runs, visit):
    app = visit("train")
    widget(app, "Seed").set_value(7)
    app = healthy(app.run())
    app = healthy(recipe(app).set_value(None).run())
    assert app.session_state["train_preset"] == "fast"
    assert widget(app, "Seed").value == 7
    # a number of one's own unmarks it, and the number of before marks it again
    widget(app, "Weight decay").set_value(1.5)
    app = healthy(app.run())
    assert app.session_state["train_preset"] is None
    widget(app, "Weight decay").set_value(2.0)
    app = healthy(app.run())
    assert app.session_state["train_preset"] == "fast"


def test_too_little_data_after_the_papers_is_a_small_clock_with_a_forecast(no_runs, visit):
    app = visit("train")
    for name in ("paper", "little"):
        app = healthy(recipe(app).set_value(name).run())
    assert widget(app, "Modulus").value == 59
    assert "It will probably memorise and no more: of 31 and 59" in " ".join(m.value for m in app.markdown)


def test_after_a_discard_the_run_that_is_trained_comes_into_view(no_runs, trained, visit):
    shutil.copytree(trained / "tiny-groks", no_runs / "tiny-groks")
    going, waiting = (
        requests.start(no_runs, dataclasses.replace(TINY, seed=seed), f"seed {seed}") for seed in (0, 1)
    )
    app = visit("train", run=waiting.name)
    assert app.header[0].value == "seed 1"
    (no_runs / "tiny-groks").touch()
    app = press(app, "Discard")
    assert not waiting.exists()
    assert app.session_state["my_run"] == going.name


def test_a_change_is_confirmed_and_its_popover_closes(no_runs, visit):
    run = requests.start(no_runs, TINY, "one")
    requests.pause(run)
    app = visit("train", run=run.name)
    app.session_state[f"change-open-{run.name}"] = True
    app = healthy(app.run())
    widget(app, "Weight decay").set_value(0.5)
    app = press(app, "Apply")
    assert "It goes on with learning rate 0.005 and weight decay 0.5." in unescaped(app.toast[0].value)
    assert not app.session_state[f"change-open-{run.name}"]
    assert '"weight_decay":0.5' in (folder_of(run) / "job.json").read_text().replace(" ", "")


def test_a_fork_begins_at_the_step_of_the_film(no_runs, trained, visit):
    shutil.copytree(trained / "tiny-groks", no_runs / "tiny-groks")
    app = visit("train", run="tiny-groks", step="0")
    steps = cache.load("tiny-groks").timeline.steps.tolist()
    film = "film-rings-answers-embedding"
    wanted = steps[len(steps) // 2]
    app.session_state[film] = {"view": {"step": wanted, "seq": app.session_state["_place"].seq, "panels": []}}
    app.session_state["fork-open-tiny-groks"] = True
    app = healthy(app.run())
    app = press(app, f"Fork at step {wanted:,}")
    (fork,) = [path.parent for path in no_runs.glob("mod13-*/run.json")]
    assert open_run(fork).provenance["forked"]["step"] == wanted
    assert open_run(fork).steps[-1] == wanted
    assert app.session_state["my_run"] == fork.name
    assert is_active(fork)


def test_the_pace_counts_no_pause_and_no_gap():
    looks: pace.Looks = []
    assert pace.look(looks, 0, True, now=0.0) is None
    assert pace.look(looks, 100, True, now=2.0) == 50
    assert pace.look(looks, 110, False, now=3.0) is None, "paused"
    assert pace.look(looks, 110, True, now=300.0) is None
    assert pace.look(looks, 210, True, now=302.0) == 50
    assert pace.look(looks, 900, True, now=902.0) is None, "nobody looked: it may have been paused meanwhile"
    assert pace.look(looks, 800, True, now=903.0) is None, "resumed from an earlier step"
    for second in range(40):
        found = pace.look(looks, 800 + 10 * second, True, now=904.0 + second)
    assert found == 10
    assert len(looks) == pace.KEPT


def test_an_optimiser_that_was_published_without_weight_decay_brings_none(no_runs, visit):
    app = visit("train")

    def optimiser(name):
        box = next(box for box in app.selectbox if box.label == "Optimiser")
        return healthy(box.select(name).run())

    app = optimiser("perpendicular")
    assert widget(app, "Weight decay").value == 0
    app = optimiser("muon")
    assert widget(app, "Weight decay").value == 2
    app = optimiser("perpendicular")
    press(app, "Start")
    (path,) = started(no_runs)
    config = open_run(path).config
    assert (config.optimizer, config.weight_decay, config.perpendicular_rescale) == (
        "perpendicular",
        0,
        "yes",
    )
