"""What a newcomer meets before anything runs."""

import ast
import re
import subprocess
import sys
from importlib import import_module

import pytest

from devtools import ROOT
from tests.test_imports import LAYERS

CHECK = (ROOT / ".ci" / "check_python.py").read_text()


ARCHITECTURE = (ROOT / "docs/architecture.md").read_text("utf-8")
WALK = re.findall(r"`([a-z_.]+\.(?!js\b)[a-z_]+)(?:\(\w+\))?`", ARCHITECTURE.split("## From the address")[1])


def find_module(name: str) -> bool:
    return (ROOT / name.replace(".", "/")).is_dir() or (ROOT / f"{name.replace('.', '/')}.py").is_file()


def check_python(before: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", before + "\n" + CHECK], capture_output=True, text=True, check=False
    )


def test_this_python_will_do():
    assert check_python("").returncode == 0


def test_a_python_that_is_too_old_is_named_with_what_to_do():
    done = check_python("import sys; sys.version_info = (3, 9, 2)")
    assert done.returncode == 1
    assert "Python 3.9" in done.stderr
    assert "make run PYTHON=" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_missing_venv_module_is_named_with_what_to_do(module):
    done = check_python(f"import sys; sys.modules[{module!r}] = None")
    assert done.returncode == 1
    assert "apt install python3" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-browse.txt", "requirements-dev.txt"])
def test_requirements_are_pinned_exactly(name):
    lines = [line for line in (ROOT / name).read_text().splitlines() if line and line[0] not in "#-"]
    assert lines
    for line in lines:
        assert re.fullmatch(r"[\w-]+==[\w.]+", line), line


def test_what_contributors_read_is_short():
    assert len((ROOT / "CONTRIBUTING.md").read_text("utf-8").splitlines()) <= 60


def test_every_layer_is_told_of():
    for layer in sum(LAYERS, ()):
        assert f"`{layer}`" in ARCHITECTURE or layer == "__main__", layer


@pytest.mark.parametrize("name", WALK)
def test_every_function_on_the_way_to_a_picture_is_there(name):
    module, _, function = name.rpartition(".")
    homes = (f"grokviz.{module}", f"grokviz.app.session.{module}")
    (home,) = (home for home in homes if find_module(home))
    assert callable(getattr(import_module(home), function))


def test_the_readme_names_every_part_of_the_package():
    readme = (ROOT / "README.md").read_text()
    parts = [p for p in (ROOT / "grokviz").iterdir() if not p.name.startswith("__")]
    for part in parts:
        assert part.relative_to(ROOT).as_posix() in readme, part.name


# Functions over 40 lines, each with its reason.
LONG = {
    "run_like": "a made-up run: one value after the other, and nothing to name in between",
    "_to_parameters": "the backward pass of the fused step: formulae that are read beside each other",
    "open_ref": "the order of looks at cache, Hub and disk, which is what it is about",
}


def test_functions_are_short_and_take_few_parameters():
    found = {}
    for path in [*ROOT.glob("grokviz/**/*.py"), *ROOT.glob("pages/*.py"), *ROOT.glob("devtools/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                assert len([a for a in every if a.arg not in ("self", "cls")]) <= 8, (
                    f"{path.name}: {node.name}"
                )
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                found[node.name] = max(found.get(node.name, 0), lines)
    assert {name for name, lines in found.items() if lines > 40} == set(LONG)
