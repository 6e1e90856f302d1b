import shutil

import pytest

from devtools import ROOT
from grokviz.errors import RunError
from grokviz.runs import library


def test_runs_are_found_by_name_bundled_first(runs):
    shutil.copytree(runs / "tiny-groks", library.BUNDLED / "tiny-groks")
    assert [card.id for card in library.cards()] == ["tiny-groks", "tiny-groks", "tiny-recites"]
    assert library.find("tiny-groks") == library.BUNDLED / "tiny-groks"
    assert library.find("tiny-recites") == runs / "tiny-recites"


def test_trained_runs_lie_beside_the_app_unless_the_environment_says_otherwise(monkeypatch, tmp_path):
    monkeypatch.setenv("GROKVIZ_RUNS", str(tmp_path))
    assert library.trained() == tmp_path
    for unset in ("", None):
        monkeypatch.setenv("GROKVIZ_RUNS", unset) if unset == "" else monkeypatch.delenv("GROKVIZ_RUNS")
        assert library.trained() == ROOT / "runs"


def test_a_run_is_located_by_path_or_name(runs):
    assert library.locate(str(runs / "tiny-groks")) == runs / "tiny-groks"
    assert library.locate("tiny-groks") == runs / "tiny-groks"


@pytest.mark.parametrize("wrong", ["tiny", "", "../trained", "/nowhere/at/all", "a\0b", "x" * 10_000])
def test_what_is_neither_is_refused_with_the_names_there_are(runs, wrong):
    with pytest.raises(
        RunError, match="neither a folder nor the name of a run.*tiny-groks, tiny-recites"
    ) as e:
        library.locate(wrong)
    assert len(str(e.value)) < 400


def test_without_any_run_it_says_so(no_runs):
    assert library.cards() == []
    with pytest.raises(RunError, match="Runs here: none yet"):
        library.locate("tiny")


def test_a_folder_of_runs_that_is_not_there_is_empty(no_runs, monkeypatch):
    monkeypatch.setenv("GROKVIZ_RUNS", str(no_runs / "nowhere"))
    assert library.cards() == []
