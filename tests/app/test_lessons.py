"""The lessons: their links lead where they say, every figure in them is right, and a link to a view is followed."""

import math
import re

import pytest

from grokviz.app import menu
from grokviz.app.lessons import course, film, teacher
from grokviz.app.session import keys
from grokviz.app.train import link
from grokviz.config import RunConfig
from grokviz.forecast import ungrokking
from grokviz.runs import library
from grokviz.tasks.pairs import build_task
from tests.app.conftest import unescaped


@pytest.mark.parametrize("page", ["course", "film", "teacher"])
def test_every_page_of_the_lessons_opens(runs, visit, page):
    app = visit(page)
    assert app.title[0].value


def test_views_are_pages_of_the_menu():
    pages = {entry.name for entry in menu.entries()}
    for view in [card.view for card in course.CARDS] + [chapter.view for chapter in film.CHAPTERS]:
        assert view.page in pages
        assert view.moment in ("", "first", "last", "memorised", "circuit", "cleanup", "grokked", "cleaned")


def test_chapters_come_in_the_order_of_the_film():
    times = [chapter.at for chapter in film.CHAPTERS]
    assert times == sorted(set(times))


def test_a_link_of_a_lesson_is_followed(runs, visit):
    for run, step in (("tiny-groks", 400), ("tiny-recites", 0)):
        app = visit("timeline", to=f"{run}@{step}")
        place = app.session_state[keys.PLACE]
        assert place.run == run
        assert abs(place.step - step) < 100
        assert "to" not in app.query_params


@pytest.mark.parametrize("bad", ["nowhere@3", "tiny-groks", "tiny-groks@x", "@"])
def test_a_link_to_what_is_not_here_is_said(runs, visit, bad):
    app = visit("timeline", to=bad)
    assert "which is not here" in unescaped(app.toast[0].value)


def test_figures_of_the_sheet_are_right():
    """Questions 1 to 3 and 9, counted and computed anew."""
    said = " ".join(q.ask + q.answer for q in teacher.QUESTIONS)
    task = build_task(RunConfig(split="paper"))
    assert (100 + 20) % 113 == 7
    for number in (task.answers.size, int(task.is_train.sum()), int(task.is_test.sum())):
        assert f"{number:,}" in said
    assert f"ln 113 = {math.log(113):.1f}" in said
    assert ungrokking.median_end(ungrokking.SHARES[0]) < 0.5
    assert len(teacher.QUESTIONS) == 10
    assert library.DEFAULT_RUN == "mod113-paper"


def test_links_for_a_class_are_understood():
    for _, where in teacher.LINKS:
        params = dict(part.split("=") for part in re.sub(r".*\?", "", where).split("&"))
        found, wrong = link.read(params)
        assert wrong == []
        assert found
        assert found.p == 31


def test_the_edge_that_a_card_names_is_where_the_table_has_it():
    ends = {share: ungrokking.median_end(share) for share in ungrokking.SHARES}
    assert all(end > 0.98 for share, end in ends.items() if share >= 0.15)
    assert ends[0.07] < 0.6
    assert ungrokking.median_end(0.05, 0.0) > 0.98
