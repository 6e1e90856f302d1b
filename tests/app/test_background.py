"""What is computed behind the pages: the first step in view at once, the next ones before a coarse grid, and only while
somebody looks."""

import time

import pytest

from grokviz.app.session import background
from grokviz.app.session.background import GRID, Rows


@pytest.fixture
def idle(monkeypatch):
    """No thread: a test takes the turns itself."""
    waiting = background.Queue()
    monkeypatch.setattr(background, "_waiting", waiting)
    monkeypatch.setattr(background, "_start", lambda: None)

    def turn():
        waiting.get_nowait().go_on()

    turn.left = waiting.qsize
    return turn


def test_the_step_in_view_comes_first_then_a_grid_then_the_rest(idle):
    made = []
    rows = Rows(41, lambda i: made.append(i) or i).ask(7)
    assert made == [7]
    while idle.left():
        idle()
    assert made[1 : 1 + GRID] == list(range(0, 41, 5))
    assert sorted(made) == list(range(41))
    assert rows.is_complete
    assert rows.steps_done() == list(range(41))
    rows.ask(3)
    assert not idle.left()


def test_it_tells_when_more_is_there_than_before(idle):
    rows = Rows(3, lambda i: i).ask(1)
    assert [rows.has_grown(), rows.has_grown()] == [True, False]
    idle()
    assert [rows.has_grown(), rows.has_grown()] == [True, False]


def test_the_next_steps_in_view_are_not_waited_for_and_come_first_the_latest_before_the_others(idle):
    made = []
    rows = Rows(41, lambda i: made.append(i) or i).ask(7)
    for index in (12, 33, 21, 33):
        assert rows.ask(index) is rows
    assert made == [7]
    for _ in range(4):
        idle()
    assert made == [7, 33, 21, 12, 0]


def test_each_gets_its_turn(idle):
    made = []
    for name in "ab":
        Rows(3, lambda i, name=name: made.append(name)).ask(1)
    while idle.left():
        idle()
    assert "".join(made) == "ababab"


def test_what_nobody_looks_at_stops_and_goes_on_when_somebody_does(idle, monkeypatch):
    rows = Rows(5, lambda i: i).ask(0)
    now = time.monotonic()
    monkeypatch.setattr(background.time, "monotonic", lambda: now + background.PATIENCE + 1)
    idle()
    assert not idle.left()
    assert rows.steps_done() == [0]
    rows.ask(0)
    assert idle.left() == 1


def test_whoever_has_nothing_left_waits(idle, monkeypatch):
    monkeypatch.setattr(background.budget, "may_go_on", lambda: False)
    rows = Rows(5, lambda i: i).ask(2)
    idle()
    assert rows.steps_done() == [2]
    assert not idle.left()


def test_what_cannot_be_made_is_told_to_whoever_asks_and_keeps_nothing_else_back(idle):
    faults = {2}

    def make(i):
        if i in faults:
            raise ValueError(i)
        return i

    rows = Rows(4, make).ask(0)
    while idle.left():
        idle()
    assert rows.steps_done() == [0, 1, 3]
    assert rows.is_complete  # nothing more comes by itself
    with pytest.raises(ValueError, match="2"):
        rows.ask(2)
    faults.clear()
    assert rows.ask(2).steps_done() == [0, 1, 2, 3]


def test_the_thread_does_all_of_it():
    rows = Rows(4, lambda i: i).ask(0)
    end = time.monotonic() + 20
    while not rows.is_complete and time.monotonic() < end:
        time.sleep(0.02)
    assert rows.is_complete
