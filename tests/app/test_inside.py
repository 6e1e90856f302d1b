"""The pages inside the circuit: every control, the address, odd runs, and the figures against the analysis."""

import json

import numpy as np
import pytest

from grokviz import wording
from grokviz.app.circuit import build
from grokviz.circuit import experiments, handmade, interventions
from grokviz.circuit.cuts import Choice, Cuts, parse_cuts
from grokviz.config import RunConfig
from grokviz.measures.circuit import trig_coefficients
from grokviz.models.forward import forward
from grokviz.runs import library, write
from grokviz.runs.folder import open_run, read_weights
from grokviz.tasks.groups import cyclic, plainly
from grokviz.tasks.pairs import build_task
from grokviz.view.frames import read_arrays, read_header
from tests.app.conftest import healthy, unescaped

pytestmark = pytest.mark.slow

P = 13


def texts(app):
    return "\n".join(unescaped(x.value) for x in [*app.markdown, *app.subheader, *app.info, *app.caption])


def pictures(app):
    found = [json.loads(c.proto.json) for c in app.get("bidi_component") if c.proto.json]
    return {data["kind"]: data for data in found if "kind" in data}


def parts(app) -> dict[str, tuple[dict, dict]]:
    """(header, arrays) of every part of a run that was sent beside the film, by its name."""
    sent = [c.proto.bytes for c in app.get("bidi_component") if c.proto.component_name == "grokviz_part"]
    return {read_header(one)["part"]: (dict(read_header(one)), read_arrays(one)) for one in sent}


def said(app):
    """What the network says to the pair in view, at the step in view."""
    header, arrays = parts(app)["pair"]
    step = int(app.query_params["step"])
    steps = open_run(library.locate(app.query_params["run"])).steps.tolist()
    return int(arrays["logits"][steps.index(step)].argmax()), header["right"]


def notices(app):
    return [unescaped(toast.value) for toast in app.toast]


@pytest.fixture
def product(no_runs):
    """A hand-made network that multiplies mod 13: waves of the discrete logarithm, which has 12 values."""
    freqs, sizes = (1, 5), (30.0, 25.0)
    by_hand = handmade.network(P - 1, freqs, sizes)
    config = RunConfig(p=P, operation="multiply", d_model=8, n_heads=1, d_mlp=24, steps=1)
    weights = {name: np.zeros(shape) for name, shape in config.shapes.items()} | {
        name: w for name, w in by_hand.items() if name not in ("W_E", "W_U", "W_pos")
    }
    powers = [pow(2, i, P) for i in range(P - 1)]  # 2 is a primitive root modulo 13
    weights["W_E"][powers] = by_hand["W_E"][: P - 1]
    weights["W_U"][:, powers] = by_hand["W_U"]
    weights["W_U"][:, 0] = 0
    path = no_runs / "product"
    write.create_run(path, config, {}, title="product")
    write.write_snapshot(path, 0, weights)
    return path


def test_a_pair_in_the_address_is_asked_about(runs, visit):
    steps = open_run(runs / "tiny-groks").steps
    app = visit("follow", run="tiny-groks", step=str(steps[-1]), a="7", b="11")
    assert "What is 7 + 11?" in texts(app)
    assert said(app) == (5, 5)
    assert (app.slider(key="follow_a").value, app.slider(key="follow_b").value) == (7, 11)
    assert app.query_params["a"] == "7"
    about = parts(app)["pair"][0]
    assert (about["a"], about["b"], about["places"]) == (7, 11, [7, 11, 5])
    assert not app.toast


def test_sliders_choose_the_pair_and_the_step_keeps_it(runs, visit):
    app = visit("follow", run="tiny-groks", step="0")
    healthy(app.slider(key="follow_a").set_value(3).run())
    healthy(app.slider(key="follow_b").set_value(4).run())
    assert "What is 3 + 4?" in texts(app)
    assert (app.query_params["a"], app.query_params["b"]) == ("3", "4")
    healthy(app.toggle(key="plain_controls").set_value(True).run())
    last = app.select_slider[0].options[-1]
    healthy(app.select_slider[0].set_value(int(last.replace(",", ""))).run())
    assert "What is 3 + 4?" in texts(app)
    assert said(app) == (7, 7)


@pytest.mark.parametrize(
    ("query", "says"),
    [({"a": "x"}, "what is no number"), ({"b": "999"}, "the numbers go up to 12"), ({"a": "-1", "b": "1.5"}, "no number")],
)  # fmt: skip
def test_a_wrong_pair_is_mended_and_said(runs, visit, query, says):
    app = visit("follow", run="tiny-groks", step="0", **query)
    assert any(says in notice for notice in notices(app))
    assert "What is " in texts(app)


def test_pairs_worth_a_look_are_one_click_away(runs, visit):
    app = visit("follow", run="tiny-groks", step="0")
    button = {b.label: b for b in app.button}
    healthy(button["A pair it gets wrong"].click().run())
    first = (app.query_params["a"], app.query_params["b"])
    answer, right = said(app)
    assert answer != right
    healthy({b.label: b for b in app.button}["A pair it gets wrong"].click().run())
    assert (app.query_params["a"], app.query_params["b"]) != first
    healthy({b.label: b for b in app.button}["The pair it got right last"].click().run())
    assert any("is right for good only since step" in notice for notice in notices(app))
    healthy({b.label: b for b in app.button}["The pair it is least sure of"].click().run())
    last = str(open_run(runs / "tiny-groks").steps[-1])
    app = visit("follow", run="tiny-groks", step=last)
    healthy({b.label: b for b in app.button}["A pair it gets wrong"].click().run())
    assert any("gets every pair right" in notice for notice in notices(app))


def test_cuts_in_the_address_are_made_and_measured(runs, visit):
    run = open_run(runs / "tiny-groks")
    last = len(run.steps) - 1
    text = "heads-0.polynomial.logits-keep-1-2"
    app = visit("cut", run="tiny-groks", step=str(run.steps[last]), cuts=text)
    assert app.query_params["cuts"] == text
    weights, task, order = (
        read_weights(run, last, np.float64),
        build_task(run.config),
        plainly(cyclic(P)),
    )
    found = interventions.outcome(
        interventions.run(weights, parse_cuts(text, run.config, P // 2), order).logits, task
    )
    about, sent = parts(app)["cut"]
    row = about["at"].index(last)
    for name in ("train_loss", "test_loss", "all_loss", "train_accuracy", "test_accuracy"):
        assert sent[name][row] == pytest.approx(getattr(found, name), rel=1e-3)
    about, sent = parts(app)["damage"]
    right = sent["answers"][about["at"].index(last)] >= 128
    np.testing.assert_array_equal(right, found.is_right)
    about, sent = parts(app)["cutpair"]
    logits = interventions.run(weights, parse_cuts(text, run.config, P), order).logits[about["a"], about["b"]]
    np.testing.assert_allclose(sent["logits"][about["at"].index(last)], logits, rtol=1e-3, atol=1e-3)


def test_without_a_word_in_the_link_the_strongest_wave_is_cut(runs, visit):
    run = open_run(runs / "tiny-groks")
    logits = forward(read_weights(run, len(run.steps) - 1, np.float64)).logits
    strongest = 1 + int(trig_coefficients(logits).argmax())
    app = visit("cut", run="tiny-groks")
    assert app.multiselect(key="cut_logits").value == [strongest]
    assert "cuts" not in app.query_params
    healthy({b.label: b for b in app.button}["Nothing"].click().run())
    assert app.query_params["cuts"] == "none"
    assert visit("cut", run="tiny-groks", cuts="none").multiselect(key="cut_logits").value == []
    healthy({b.label: b for b in app.button}["An example"].click().run())
    assert app.query_params["cuts"] == f"logits-drop-{strongest}"


CONTROLS = [
    *[("multiselect", f"cut_{name}", [2], f"{name}-drop-2") for name in ("embedding", "neurons", "directions", "logits", "spectrum")],
    ("multiselect", "cut_clusters", [3], "clusters-3"),
    ("multiselect", "cut_silence", [5, 0], "silence-0-5"),
    ("multiselect", "cut_heads", [1], "heads-1"),
    ("multiselect", "cut_means", [0], "means-0"),
    ("multiselect", "cut_skips", ["mlp"], "skips-mlp"),
    ("toggle", "cut_polynomial", True, "polynomial"),
    ("toggle", "cut_linear", True, "linear"),
    ("multiselect", "cut_waves", [1, 4], "waves-1-4"),
    ("slider", "cut_noise", 20, "noise-20-0"),
]  # fmt: skip


def test_every_control_cuts_and_undo_and_reset_give_it_back(runs, visit):
    app = visit("cut", run="tiny-groks")
    for kind, key, value, text in CONTROLS:
        healthy(getattr(app, kind)(key=key).set_value(value).run())
        assert text in app.query_params["cuts"], key
    everything = app.query_params["cuts"]
    assert len(everything.split(".")) == len(CONTROLS)
    healthy({b.label: b for b in app.button}["Another sample"].click().run())
    assert "noise-20-1" in app.query_params["cuts"]
    healthy({b.label: b for b in app.button}["Undo"].click().run())
    assert app.query_params["cuts"] == everything
    healthy({b.label: b for b in app.button}["Nothing"].click().run())
    assert app.query_params["cuts"] == "none"
    assert {b.label: b for b in app.button}["Nothing"].disabled
    healthy({b.label: b for b in app.button}["Undo"].click().run())
    assert app.query_params["cuts"] == everything
    assert app.multiselect(key="cut_silence").value == [0, 5]


def test_keep_only_is_another_cut_than_remove(runs, visit):
    app = visit("cut", run="tiny-groks", cuts="logits-drop-1-2")
    how = [group for group in app.button_group if group.key == "cut_logits_mode"]
    healthy(how[0].set_value("keep").run())
    assert app.query_params["cuts"] == "logits-keep-1-2"


@pytest.mark.parametrize(
    ("text", "kept"),
    [("nonsense", None), ("heads-0.heads-9.waves-1", "heads-0.waves-1"), ("heads-7", None), ("x" * 9000, None), ("<b>.polynomial", "polynomial")],
)  # fmt: skip
def test_cuts_that_cannot_be_made_are_left_out_with_a_notice(runs, visit, text, kept):
    app = visit("cut", run="tiny-groks", cuts=text)
    assert any("a cut that cannot be made here" in notice for notice in notices(app))
    app.run()
    assert app.query_params.get("cuts") == kept or (kept is None and app.query_params["cuts"] == "none")


def test_experiments_are_made_at_one_click_and_can_be_tried(runs, visit):
    app = visit("cut", run="tiny-groks", step=str(open_run(runs / "tiny-groks").steps[-1]))
    charts = len(app.get("vega_lite_chart"))
    healthy(next(b for b in app.button if b.label.startswith("Make them all at step")).click().run())
    table = next(d.value for d in app.dataframe if "experiment" in d.value)
    assert table["paper"][0] == "2.4 × 10⁻⁷"
    assert len(app.get("vega_lite_chart")) == charts + 1
    row = table["experiment"].tolist().index("Neurons replaced by polynomials of degree 2")
    healthy(app.selectbox(key="cut_experiment").set_value(row).run())
    assert app.query_params["cuts"] == "polynomial"


@pytest.mark.slow
def test_the_papers_experiments_on_the_papers_recipe(visit):
    """The table on screen is what the analysis gives, and the story holds: keys matter, the rest does not."""
    run = open_run(library.BUNDLED / library.DEFAULT_RUN)
    app = visit("cut", run=library.DEFAULT_RUN, step="40000")
    healthy(next(b for b in app.button if b.label.startswith("Make them all at step")).click().run())
    table = next(d.value for d in app.dataframe if "experiment" in d.value).set_index("experiment")
    assert any("Where this network differs" in text.value for text in app.markdown)
    weights = read_weights(run, len(run.steps) - 1, np.float64)
    task, order, keys = build_task(run.config), plainly(cyclic(113)), (7, 11, 14, 22, 38)
    found = {e.question: o for e, o in experiments.perform(weights, task, order, keys, forward(weights))}
    assert list(table.index) == list(found)
    assert table["here"].tolist() == [wording.readable(o.all_loss) for o in found.values()]
    whole = found["Nothing is cut"].all_loss
    for question in (q for q in found if q.startswith(("Only waves", "Logits replaced"))):
        assert found[question].all_loss < whole
    for k in keys:
        assert found[f"Frequency {k} removed at the neurons"].all_loss > 1000 * whole
    assert found["Neurons in the null space of these directions"].all_loss > 4
    assert found["Neurons replaced by polynomials of degree 2"].all_loss < 4 * whole
    assert found["Attention replaced by its linear form"].all_loss > 1000 * whole
    losses = experiments.ablate_each_frequency(forward(weights).logits, task, order)
    assert sorted(np.argsort(-losses)[:5] + 1) == list(keys)
    assert np.delete(losses, np.array(keys) - 1).max() < 2 * whole


def test_a_product_is_followed_along_its_logarithm(product, visit):
    app = visit("follow", run="product", a="8", b="7")
    assert "every number but 0 is a power of 2" in texts(app)
    assert "What is 8 × 7?" in texts(app)
    assert said(app) == (4, 4)  # 56 = 4 * 13 + 4
    about = parts(app)["pair"][0]
    assert about["freqs"] == [1, 5]
    assert about["order"]["c"] == [pow(2, i, P) for i in range(P - 1)]
    assert about["order"]["c"][about["places"][2]] == 4
    zero = visit("follow", run="product", a="0", b="7")
    assert "a product with 0 has no logarithm" in texts(zero)
    cut = visit("cut", run="product", a="8", b="7", cuts="logits-drop-1")
    assert not cut.toast
    whole = visit("cut", run="product", a="8", b="7", cuts="none")
    assert parts(cut)["cut"][1]["test_loss"][0] != parts(whole)["cut"][1]["test_loss"][0]


def test_where_the_story_does_not_apply_the_pages_say_so(runs, visit):
    for page in ("follow", "cut"):
        app = visit(page, run="tiny-recites", step="0")
        assert "No circuit to follow" in texts(app)
        assert "drawn at random" in texts(app)
        assert not {"waves", "rings"} & pictures(app).keys()  # no noise is drawn in the place of waves
    assert "drawn at random" in texts(visit("build", run="tiny-recites"))


def test_a_run_that_only_memorised_shows_noise_and_says_so(visit):
    app = visit("follow", run="mod59-no-decay", step="0")
    assert "This run has no key frequency" in texts(app)
    assert len(parts(app)["pair"][0]["freqs"]) == 5
    assert "As trained" in {b.label for b in visit("build", run="mod59-no-decay").button}


def test_waves_are_built_as_trained_and_changed(runs, visit):
    app = visit("build", run="tiny-groks")
    trained = app.multiselect(key="build_freqs").value
    assert trained
    assert "What training chose" in texts(app)
    healthy({b.label: b for b in app.button}["One wave less"].click().run())
    assert app.multiselect(key="build_freqs").value == trained[:-1]
    healthy({b.label: b for b in app.button}["As trained"].click().run())
    assert app.multiselect(key="build_freqs").value == trained
    healthy(app.slider(key=f"build_{trained[0]}").set_value(12.0).run())
    assert f"{trained[0]}x12" in app.query_params["waves"]
    healthy({b.label: b for b in app.button}["Best set of this size"].click().run())
    assert tuple(app.multiselect(key="build_freqs").value) == handmade.best_set(P, len(trained)).freqs
    healthy(app.multiselect(key="build_freqs").set_value([]).run())
    assert "Without a wave there is no answer" in texts(app)


def test_of_more_waves_than_can_be_built_the_strongest_are_there(runs, visit, monkeypatch):
    app = visit("build", run="tiny-groks")
    every = app.multiselect[0].value
    assert len(every) > 1
    monkeypatch.setattr(handmade, "MAX_WAVES", len(every) - 1)
    app = visit("build", run="tiny-groks")
    assert not app.exception
    assert set(app.multiselect[0].value) < set(every)
    assert f"The run in view uses {len(every)} waves" in texts(app)


def test_built_waves_travel_in_the_address(runs, visit):
    app = visit("build", run="tiny-groks", waves="2x10-5x7.5")
    assert app.multiselect(key="build_freqs").value == [2, 5]
    found = handmade.ideal(P, (2, 5), (10.0, 7.5))
    assert f"margin **{wording.signed(found.margin)}**" in texts(app)
    wrong = visit("build", run="tiny-groks", waves="9x10-2x5-x")
    assert wrong.multiselect(key="build_freqs").value == [2]
    assert any("a wave that cannot be built" in notice for notice in notices(wrong))


def test_cuts_are_hashable_so_that_they_can_be_kept():
    assert len({Cuts(logits=Choice("drop", (1,))), Cuts(logits=Choice("drop", (1,)))}) == 1


@pytest.mark.parametrize("waves", [((1, 8.0),), ((1, 8.0), (5, 3.0))])
def test_a_tie_is_not_right(waves):
    """Of an even modulus a and b can be half a turn apart: waves of odd frequency cancel there, and no answer stands out."""
    built = build._built(24, waves)
    assert built.accuracy == pytest.approx(1 - 1 / 24)
    assert built.margin == 0
    assert build._built(23, waves).accuracy == 1
