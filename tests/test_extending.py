"""The recipes of docs/extending.md, each carried out in a copy of the repository from the blocks that stand there."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from devtools import ROOT
from grokviz.runs import library
from grokviz.runs.folder import open_run, read_weights

RECIPES = {
    title: text
    for title, _, text in (
        part.partition("\n") for part in (ROOT / "docs/extending.md").read_text("utf-8").split("\n## ")[1:]
    )
}
BLOCK = re.compile(
    r"^(?:New file `(?P<new>[^`]+)`|In `(?P<file>[^`]+)`, (?P<how>above|in place of) `(?P<line>[^`]+)`):\n\n"
    r"```\w+\n(?P<code>.*?)```\n?",
    re.S | re.M,
)
SMALL = "d_model=8, n_heads=1, d_mlp=8, steps=20, max_snapshots=2"
CHECKS = {
    "An operation": f"""
        from grokviz.cli import main
        from grokviz.config import SETTINGS, RunConfig
        import grokviz
        assert "x^2+y" in SETTINGS["operation"].choices
        list(grokviz.train(RunConfig(p=7, operation="x^2+y", {SMALL}), "mine", "cpu"))
        assert main(["measure", "mine"]) == 0
        """,
    "A task": f"""
        from grokviz.config import RunConfig
        from grokviz.tasks.pairs import answers
        import grokviz
        config = RunConfig(p=6, operation="dihedral", {SMALL})
        table = answers(config)
        assert (table != table.T).any(), "the order matters"
        assert all(sorted(row) == list(range(6)) for row in [*table.tolist(), *table.T.tolist()]), "a group"
        assert (table[table] == table[:, table]).all(), "associative"
        rows = list(grokviz.train(config, "mine", "cpu"))
        assert rows[-1].step == 20
        """,
    "A measure": f"""
        import grokviz
        from grokviz import study
        from grokviz.view.frames import read_header, timeline_blob
        from grokviz.view.tables import measures_csv
        list(grokviz.train(grokviz.RunConfig(p=7, {SMALL}), "mine", "cpu"))
        run = grokviz.open("mine")
        assert run.measure(0)["largest_weight"] == max(abs(m).max() for m in run.weights(0).values()) > 0
        assert run.timeline["largest_weight"].shape == run.steps.shape
        assert "largest_weight" in measures_csv(run.study).splitlines()[0].split(",")
        found = run.study
        header = read_header(timeline_blob(found.run, found.timeline, found.task, found.phases))
        assert "largest_weight" in [measure["name"] for measure in header["measures"]]
        """,
    "A panel of the film": """
        from grokviz.view.film.assets import panels, script
        assert panels()[-2:] == ("size", "measures")
        assert "How large do its weights grow?" in script()
        """,
    "An optimiser": f"""
        import grokviz
        config = grokviz.RunConfig(p=7, optimizer="signs", {SMALL})
        list(grokviz.train(config, "mine", "cpu"))
        run = grokviz.open("mine")
        assert run.config.optimizer == "signs"
        moved = abs(run.weights(20)["unembed.W_U"] - run.weights(0)["unembed.W_U"])
        assert 0 < moved.max() < 2 * 20 * config.lr, moved.max()
        """,
    "A page": """
        from streamlit.testing.v1 import AppTest
        page = AppTest.from_file("app.py", default_timeout=60).switch_page("pages/questions.py").run()
        assert not page.exception, page.exception[0].message
        assert page.title[0].value == "Questions"
        """,
}


def make(recipe: str, copy) -> None:
    """Carry out every block of a recipe. Each line that is named must stand there, once."""
    blocks = list(BLOCK.finditer(recipe))
    assert len(blocks) == recipe.count("```") / 2, "a block without a place"
    for block in blocks:
        if block["new"]:
            assert not (copy / block["new"]).exists()
            (copy / block["new"]).write_text(block["code"], "utf-8")
            continue
        file = copy / block["file"]
        text = file.read_text("utf-8")
        assert text.count(f"\n{block['line']}") == 1, f"{block['file']} should hold the line {block['line']}"
        before, after = text.split(f"\n{block['line']}")
        rest = block["line"] + after if block["how"] == "above" else after.removeprefix("\n")
        file.write_text(f"{before}\n{block['code']}{rest}", "utf-8")


def python(copy, *arguments) -> str:
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "GROKVIZ_RUNS")}
    done = subprocess.run([sys.executable, *arguments], cwd=copy, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def copy(tmp_path):
    """A copy of the repository, as far as the app goes."""
    skip = shutil.ignore_patterns("__pycache__")
    for folder in ("grokviz", "pages", ".streamlit"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=skip)
    (tmp_path / "checkpoints").symlink_to(library.BUNDLED)
    for file in ("app.py", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def test_there_are_seven_recipes():
    assert {*RECIPES} == {*CHECKS, "An importer"}


@pytest.mark.slow
@pytest.mark.parametrize("title", CHECKS)
def test_a_recipe_works(title, copy):
    make(RECIPES[title], copy)
    python(copy, "-c", "if True:" + CHECKS[title])


@pytest.mark.slow
def test_an_importer_works(copy, trained):
    make(RECIPES["An importer"], copy)
    run = open_run(trained / "tiny-groks")
    weights = read_weights(run, len(run.steps) - 1)
    content = {"step": 800, "weights": {name: array.tolist() for name, array in weights.items()}}
    (copy / "weights.json").write_text(json.dumps(content))
    flags = "--operation add --frac-train 0.8 --split seeded --out mine"
    python(copy, "-m", "grokviz", "import", "weights.json", *flags.split())
    mine = open_run(copy / "mine")
    assert mine.steps.tolist() == [800]
    for name, array in read_weights(mine, 0).items():
        assert abs(array - weights[name]).max() < 1e-3


@pytest.mark.slow
def test_every_recipe_is_in_the_house_style(copy):
    ruff = shutil.which("ruff") or f"{sys.prefix}/bin/ruff"
    for title in RECIPES:
        make(RECIPES[title], copy)
    done = subprocess.run([ruff, "check", "."], cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
