"""The random control beside a cut: its figures against the analysis, where there is none, and its share of a budget."""

import numpy as np
import pytest

from grokviz import hosting, wording
from grokviz.app.circuit import control, experiment_table, words
from grokviz.app.session import address, budget, cache
from grokviz.circuit import controls, interventions
from grokviz.circuit.cuts import parse_cuts
from grokviz.measures.circuit import key_frequencies
from grokviz.models.forward import forward
from grokviz.runs import library
from grokviz.runs.folder import open_run, read_weights
from grokviz.study import load
from grokviz.tasks.groups import cyclic, plainly
from grokviz.tasks.pairs import build_task
from tests.app.conftest import healthy, unescaped

pytestmark = pytest.mark.slow


def texts(app):
    return "\n".join(unescaped(x.value) for x in [*app.markdown, *app.caption])


@pytest.fixture(autouse=True)
def nothing_known():
    cache.LOSSES.clear()


@pytest.fixture
def visit(visit):
    """A page, with the control asked for where it has one."""

    def asked(page, **query):
        app = visit(page, **query)
        switch = [toggle for toggle in app.toggle if toggle.key == "cut_control"]
        return healthy(switch[0].set_value(True).run()) if switch else app

    return asked


def charts(app):
    return [c.proto for c in app.get("vega_lite_chart") if "at random" in c.proto.spec]


def test_beside_a_cut_stand_ten_of_its_size(runs, visit):
    run = open_run(runs / "tiny-groks")
    last = len(run.steps) - 1
    weights, task, order = (
        read_weights(run, last, np.float64),
        build_task(run.config),
        plainly(cyclic(13)),
    )
    keys = key_frequencies(forward(weights).logits)
    text = f"logits-drop-{keys[0]}"
    app = visit("cut", run="tiny-groks", step=str(run.steps[last]), cuts=text)
    cuts = parse_cuts(text, run.config, 6)
    drawn = controls.control(cuts, controls.parts_of(cuts, run.config, 6, None)).draws
    assert len(drawn) == 5  # of the six frequencies mod 13, all others
    losses = {
        draw.logits.freqs[0]: interventions.outcome(
            interventions.run(weights, draw, order).logits, task
        ).test_loss
        for draw in drawn
    }
    said = texts(app)
    assert "The same cut in all five ways there are, with as many that yours does not name" in said
    harmless = sorted(loss for k, loss in losses.items() if k not in keys)
    hurt = sorted(loss for k, loss in losses.items() if k in keys)
    for value in (*harmless[:1], *harmless[-1:], *hurt[:1], *hurt[-1:]):
        assert wording.readable(value) in said
    assert "silencing as many at random" in said
    assert len(charts(app)) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("heads-0-1", "No random control. The cut takes 2 of the 2 heads, and as many others do not exist."),
        ("noise-10-0", "No random control. Nothing that can be counted is cut"),
    ],
)
def test_where_there_are_no_others_it_says_so(runs, visit, text, says):
    app = visit("cut", run="tiny-groks", cuts=text)
    assert says in texts(app)
    assert not charts(app)


def test_of_a_group_that_is_no_clock_blocks_are_drawn(visit, monkeypatch):
    app = visit("cut", run="s5-shuffles", cuts="logits-drop-1-2-3-4-5-6")
    assert "The cut takes 6 of the 6 blocks, and as many others do not exist." in texts(app)
    caption = experiment_table.caption(words.GROUP)
    assert "as many other blocks" in caption
    assert "another key block" in caption
    shuffles = load(open_run(library.BUNDLED / "s5-shuffles"))
    monkeypatch.setattr(address, "study", lambda: shuffles)
    assert control.Drawn(controls.Control(()), (), True).key == "key block"


def test_nothing_cut_has_no_control(runs, visit):
    app = visit("cut", run="tiny-groks", cuts="none")
    assert "at random" not in texts(app)


def test_experiments_have_theirs_in_the_table(runs, visit):
    app = visit("cut", run="tiny-groks", step=str(open_run(runs / "tiny-groks").steps[-1]))
    healthy(next(b for b in app.button if b.label.startswith("Make them all at step")).click().run())
    table = next(d.value for d in app.dataframe if "experiment" in d.value).set_index("experiment")
    assert table["at random"]["Nothing is cut"] == "–"
    assert table["at random"]["Attention replaced by its linear form"] == "–"
    removed = [name for name in table.index if "removed at the neurons" in name]
    assert removed
    assert all(any(c.isdigit() for c in table["at random"][name]) for name in removed)
    assert not any("draws …" in said for said in table["at random"])


def test_draws_are_made_once_for_everybody(runs, visit, monkeypatch):
    step = str(open_run(runs / "tiny-groks").steps[-1])
    visit("cut", run="tiny-groks", step=step, cuts="neurons-drop-2")
    known = len(cache.LOSSES)
    assert known == 5
    monkeypatch.setattr(budget, "is_half_spent", lambda: pytest.fail("computed again"))
    app = visit("cut", run="tiny-groks", step=step, cuts="neurons-drop-2")
    assert "in all five ways" in texts(app)


def test_on_a_shared_machine_draws_end_at_half_of_the_seconds(runs, visit, monkeypatch):
    calls = iter([False, False, True, True, True])
    monkeypatch.setattr(budget, "is_half_spent", lambda: next(calls))
    app = visit("cut", run="tiny-groks", cuts="neurons-drop-2")
    said = texts(app)
    assert "2 of 5 draws …" in said
    assert "The draws ended early" in said


def test_half_of_the_seconds_is_half_of_the_limit(monkeypatch):
    monkeypatch.setenv(hosting.HOSTED, "1")
    monkeypatch.setenv(hosting.LIMITS, "cpu_seconds=10")
    monkeypatch.setattr(budget, "payer", lambda: "somebody")
    budget.SECONDS.clear()
    assert not budget.is_half_spent()
    with budget.charged():
        assert not budget.is_half_spent()
        budget.spend(4.0)
        assert not budget.is_half_spent()
        budget.spend(1.5)
        assert budget.is_half_spent()
    budget.SECONDS.clear()
    monkeypatch.setenv(hosting.HOSTED, "0")
    with budget.charged():
        assert not budget.is_half_spent()
