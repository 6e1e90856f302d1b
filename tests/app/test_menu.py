"""The menu is read from the heads of the pages, which are not run."""

import pytest

from devtools import ROOT
from grokviz.app import menu

PAGE = 'MENU = {"title": "Mine", "section": "Make", "place": 1, "icon": "help", "help": "What it is."}\nraise SystemExit\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(menu, "FOLDER", tmp_path)
    menu.entries.cache_clear()
    yield tmp_path
    menu.entries.cache_clear()


def test_every_file_is_a_page_in_a_section():
    assert {entry.name for entry in menu.entries()} == {file.stem for file in ROOT.glob("pages/*.py")}
    assert [*dict.fromkeys(entry.section for entry in menu.entries())] == list(menu.SECTIONS)
    assert menu.entries()[0].name == menu.START
    titles = [entry.title for entry in menu.entries()]
    assert len(titles) == len(set(titles))


def test_a_page_declares_itself(folder):
    (folder / "mine.py").write_text(PAGE)
    (folder / "first.py").write_text(PAGE.replace("Make", "Read"))
    assert [entry.name for entry in menu.entries()] == ["first", "mine"]
    assert menu.entry("mine") == menu.Entry("mine", "Mine", "Make", 1, "help", "What it is.")
    assert menu.entry("mine").file == "pages/mine.py"
    assert menu.entry("mine").symbol == ":material/help:"


def test_what_is_aside_is_in_the_menu_and_not_on_the_way(folder):
    (folder / "mine.py").write_text(PAGE)
    (folder / "words.py").write_text(PAGE.replace("}", ', "aside": True}'))
    assert len(menu.entries()) == 2
    assert [entry.name for entry in menu.course()] == ["mine"]


def test_a_page_without_a_declaration_is_named(folder):
    (folder / "mine.py").write_text("x = 1\n")
    with pytest.raises(ValueError, match=r"pages/mine\.py has no MENU"):
        menu.entries()


def test_a_section_that_does_not_exist_is_named(folder):
    (folder / "mine.py").write_text(PAGE.replace("Make", "Elsewhere"))
    with pytest.raises(ValueError, match=r"'Elsewhere'. There are: Read, Look inside, Make, Runs"):
        menu.entries()
