"""The address: what is right is restored exactly, what is wrong becomes the nearest view and a quiet notice."""

import pytest

from grokviz.app import sentences
from grokviz.app.session import address
from grokviz.runs.folder import open_run
from grokviz.study import phases_of
from tests.app.conftest import unescaped

pytestmark = pytest.mark.slow

PANELS = "answers,logits"


def shown(app):
    return app.session_state["_place"]


def notices(app):
    return [unescaped(toast.value) for toast in app.toast]


@pytest.mark.parametrize("page", ["story", "timeline", "measures", "circuit"])
def test_a_right_address_is_restored_exactly(runs, visit, page):
    step = int(open_run(runs / "tiny-recites").steps[3])
    app = visit(page, run="tiny-recites", step=str(step), panels=PANELS)
    assert shown(app)[:3] == ("tiny-recites", step, ("answers", "logits"))
    assert app.query_params == {"run": "tiny-recites", "step": str(step), "panels": PANELS}
    assert not app.toast


def test_plain_controls_keep_the_panels_of_the_address(runs, visit):
    app = visit("timeline", run="tiny-groks", step="0", panels=PANELS)
    app.toggle(key="plain_controls").set_value(True).run()
    assert shown(app).panels == ("answers", "logits")
    assert app.query_params["panels"] == PANELS


def test_without_an_address_it_opens_before_the_drop(runs, visit):
    app = visit("timeline")
    run = open_run(runs / "tiny-groks")
    phases = phases_of(run)
    assert shown(app).run == "tiny-groks"
    assert shown(app).step in run.steps
    assert phases.circuit_from - 20 <= shown(app).step <= phases.cleanup_from + 20
    assert not app.toast


@pytest.mark.parametrize("run", ["nowhere", "../tiny-groks", "<b>*x*</b>", "", "x" * 9_000])
def test_an_unknown_run_becomes_the_default(runs, visit, run):
    app = visit("timeline", run=run, step="0")
    assert shown(app)[:2] == ("tiny-groks", 0)
    (notice,) = notices(app)
    assert notice.startswith("The link names a run that is not here")
    assert len(notice) < 150
    assert app.query_params["run"] == "tiny-groks"


@pytest.mark.parametrize(
    ("step", "becomes", "says"),
    [
        ("-7", 0, "goes from 0 to"),
        ("9999999", -1, "goes from 0 to"),
        ("9" * 6_000, -1, "goes from 0 to"),
        ("1", None, None),  # the nearest snapshot, without a word
        ("soon", "telling", "no number"),
        ("1.5", "telling", "no number"),
        ("", "telling", "no number"),
        ("٣", None, None),  # a three, in Arabic
    ],
)
def test_a_wrong_step_becomes_the_nearest(runs, visit, step, becomes, says):
    app = visit("timeline", run="tiny-groks", step=step)
    steps = open_run(runs / "tiny-groks").steps
    if isinstance(becomes, int):
        assert shown(app).step == steps[becomes]
    elif becomes is None:
        assert shown(app).step == min(steps, key=lambda known: abs(int(known) - int(step)))
    else:
        assert shown(app).step == shown(visit("timeline")).step
    assert len(notices(app)) == (says is not None)
    assert says is None or says in notices(app)[0]


@pytest.mark.parametrize(
    ("panels", "left"),
    [("answers,loss,rings,rings", ("answers", "rings")), ("nonsense", None), ("", None), (",,,", None)],
)
def test_wrong_panels_are_left_out(runs, visit, panels, left):
    app = visit("timeline", run="tiny-groks", step="0", panels=panels)
    assert shown(app).panels == left
    assert notices(app) == ["The link names a panel that does not exist. The others are here."]


def test_nonsense_beside_it_is_ignored(runs, visit):
    app = visit("timeline", utm_source="x", step="0")
    assert shown(app).step == 0
    assert not app.toast


def test_a_run_with_damage_that_no_list_can_see_gives_way_to_another(copied, visit):
    file = copied / "tiny-groks" / "snapshots-0.safetensors"
    data = bytearray(file.read_bytes())
    for position in range(len(data) // 2, len(data), 101):
        data[position] ^= 0x40
    file.write_bytes(data)
    (copied / "tiny-groks" / "timeline.safetensors").unlink()
    app = visit("timeline")
    assert shown(app).run == "tiny-recites"
    assert notices(app)[0].startswith("tiny-groks cannot be opened.")
    app.selectbox[0].set_value("tiny-groks").run()
    assert not app.exception
    assert shown(app).run == "tiny-recites"


def test_what_stands_in_a_notice_is_text():
    assert address.quoted("a\n\u202eb" + "x" * 99) == "“a b" + "x" * 36 + "…”"
    assert sentences.as_text("__a__ [b](c) <i>") == r"\_\_a\_\_ \[b\]\(c\) \<i\>"
