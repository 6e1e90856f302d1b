"""The page The race: the bundled lanes, and a race of one's own from the press to the lanes."""

import pytest

from grokviz import racer
from grokviz.forecast.race import TRICKS, race
from grokviz.jobs import racing
from grokviz.jobs.files import runs_in
from grokviz.runs.record import read_record
from tests.app.conftest import healthy, unescaped

pytestmark = pytest.mark.slow


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("GROKVIZ_RUNS", str(tmp_path))
    return tmp_path


def button(app, label):
    return next(one for one in app.button if one.label == label)


def test_it_tells_of_every_trick_from_its_numbers(runs, visit):
    app = visit("race")
    said = " ".join(unescaped(part.value) for part in app.markdown)
    for lane in race().lanes:
        assert f"**{TRICKS[lane.trick].label}.**" in said
        if lane.grokked is not None:
            assert f"at {lane.grokked:,}" in said
    (table,) = app.dataframe
    assert table.value["grokked"].tolist()[0] == f"{race().lanes[0].grokked:,}"
    assert button(app, "Start the race").disabled is False


def test_a_race_is_asked_for_watched_and_opened(runs, visit):
    app = visit("race")
    healthy(button(app, "Start the race").click().run())
    race_ = racing.latest(runs)
    assert race_
    assert [read_record(run).title for run in racing.runs_of(race_)] == [
        "Race mod 31: AdamW, seed 0", "Race mod 31: Perpendicular gradient, seed 0", "Race mod 31: On a sphere, seed 0",
    ]  # fmt: skip
    assert button(app, "Start the race").disabled
    going = racer.side_by_side(racing.runs_of(race_))
    for _ in range(60):
        next(going)
    del going
    app = visit("race")
    assert len(app.get("vega_lite_chart") or app.get("arrow_vega_lite_chart")) == 2
    healthy(button(app, "Stop").click().run())
    now = racing.status(race_)
    assert now
    assert now.state == "cancelled"
    app = visit("race")
    assert "Stopped where it was." in [unescaped(caption.value) for caption in app.caption]
    assert len(runs_in(runs)) == 3
