"""The page of groups, and what the other pages say of a run of one."""

import shutil

import pytest

from grokviz import cli
from tests.app.conftest import components, healthy, unescaped

pytestmark = pytest.mark.slow
SHAPE = "--d-model 16 --heads 2 --d-mlp 32 --frac-train 0.8 --steps 60 --snapshots 6 --lr 0.02 --device cpu"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run of S_3, one of D_4 and one of a clock, in a folder."""
    folder = tmp_path_factory.mktemp("groups")
    for name in ("S_3", "D_4", "C_2xC_3"):
        out = ["--title", f"A run of {name}", "--out", str(folder / name.lower())]
        assert cli.main(["train", "--group", name, *SHAPE.split(), *out]) == 0
    return folder


@pytest.fixture
def groups(made, no_runs, monkeypatch):
    monkeypatch.setenv("GROKVIZ_RUNS", str(made))
    return made


def texts(app):
    return " ".join(unescaped(one.value) for kind in ("markdown", "caption") for one in app.get(kind))


def test_the_page_shows_a_group_and_both_accounts(groups, visit):
    app = visit("groups", run="s_3")
    assert not app.error
    assert not app.toast
    assert len(components(app)) == 4  # film, its commands, the curves of the blocks, and the table
    said = texts(app)
    assert "Chughtai" in said
    assert "Stander" in said
    button = next(b for b in app.button if b.label.startswith("Try it"))
    app = healthy(button.click().run())
    table = app.table[-1].value
    assert set(table["cosets"]) <= {"–", "still right", "breaks", "says nothing"}
    assert len(table) >= 4


def test_a_run_of_something_else_gives_way_to_a_group(groups, trained, visit, no_runs, monkeypatch):
    for folder in (groups, trained):
        shutil.copytree(folder, no_runs, dirs_exist_ok=True)
    monkeypatch.setenv("GROKVIZ_RUNS", str(no_runs))
    app = visit("groups", run="tiny-groks")
    assert app.query_params["run"] in (["d_4"], "d_4")


def test_without_a_group_it_says_how_to_get_one(runs, visit):
    app = visit("groups")
    assert "--group S_5" in app.info[0].value


def test_a_neuron_travels_in_the_link_and_a_wrong_one_is_mended(groups, visit):
    app = visit("groups", run="s_3", neuron="7")
    assert app.selectbox(key="group_neuron").value == 7
    app = visit("groups", run="s_3", neuron="999")
    assert "neuron" in app.toast[0].value


@pytest.mark.parametrize("run", ["s_3", "d_4", "c_2xc_3"])
@pytest.mark.parametrize(
    "page", ["story", "timeline", "measures", "circuit", "follow", "cut", "build", "library", "groups"]
)
def test_every_page_opens_on_a_group(groups, visit, page, run):
    app = visit(page, run=run)
    assert not app.error


def test_a_question_is_written_in_elements(groups, visit):
    app = visit("follow", run="s_3", a="1", b="2")
    heading = next(h.value for h in app.subheader if h.value.startswith("What is"))
    assert heading == "What is (2 3), then (1 2)?"
    assert "(" in app.selectbox[1].options[1]


@pytest.mark.parametrize(("run", "is_clock"), [("s_3", False), ("tiny-groks", True)])
def test_of_a_group_that_is_no_clock_nobody_speaks_of_waves(
    groups, trained, visit, no_runs, monkeypatch, run, is_clock
):
    for folder in (groups, trained):
        shutil.copytree(folder, no_runs, dirs_exist_ok=True)
    monkeypatch.setenv("GROKVIZ_RUNS", str(no_runs))
    cut, follow, circuit = (visit(page, run=run, step="0") for page in ("cut", "follow", "circuit"))
    said = " ".join(
        [*(text for app in (cut, follow) for text in shown(app)), *(h.value for h in circuit.header)]
    )
    assert ("wave" in said.lower()) == is_clock
    assert ("block" in said.lower()) != is_clock
    healthy(next(b for b in cut.button if b.label.startswith("Make them all at step")).click().run())
    asked = cut.dataframe[-1].value["experiment"]
    assert any("Frequency" in question for question in asked) == is_clock
    assert cut.subheader[-1].value == ("Each frequency in turn" if is_clock else "Each block in turn")


def shown(app):
    """All that stands on a page below its introduction: headings, texts and the labels of its controls."""
    texts = [one.value for one in app.markdown][1:]
    labels = [one.label for kind in ("multiselect", "toggle", "tab", "expander") for one in app.get(kind)]
    titles = [one.value for kind in ("header", "subheader", "caption", "info") for one in app.get(kind)]
    return [*texts, *labels, *titles]
