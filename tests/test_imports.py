"""The design as a test: an import goes only towards config, and torch and streamlit keep to their places."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from devtools import ROOT

FILES = sorted([*ROOT.glob("grokviz/**/*.py"), *ROOT.glob("pages/*.py"), ROOT / "app.py"])

# From the ground up: a part may import itself and what stands below it.
LAYERS = (
    ("errors", "wording", "installation"),
    ("tasks",),
    ("models",),
    ("methods", "settings"),
    ("config", "sequence_config"),
    ("forecast",),
    ("engine",),
    ("runs",),
    ("measures",),
    ("study",),
    ("sweeps",),
    ("circuit",),
    ("hosting",),
    ("view",),
    ("importers",),
    ("jobs",),
    ("worker",),
    ("racer",),
    ("hub",),
    ("app", "api"),
    ("charts",),
    ("cli",),
    ("__main__", "pages", "app.py"),
)
TORCH_PARTS = {"engine", "worker", "racer"}
TORCH_FILES = {
    "grokviz/models/transformer.py",
    "grokviz/sweeps/runners.py",
}  # the readable model; its twin in numpy is models/forward.py
STREAMLIT_PARTS = {"app", "pages", "app.py"}


def part_of(path: Path) -> str:
    first, *rest = path.relative_to(ROOT).parts
    return first if first != "grokviz" else rest[0].removesuffix(".py")


def layer_of(part: str) -> int:
    return next(i for i, parts in enumerate(LAYERS) if part in parts)


def imported(path: Path) -> set[str]:
    names = set()
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_only_upward(path):
    part = part_of(path)
    for name in imported(path):
        top, *rest = name.split(".")
        if (
            top == "grokviz"
            and rest
            and (ROOT / "grokviz" / rest[0]).is_dir() | (ROOT / "grokviz" / f"{rest[0]}.py").is_file()
        ):
            assert part == "__init__" or layer_of(rest[0]) <= layer_of(part), f"{part} imports {name}"
        if top == "torch":
            torch_file = str(path.relative_to(ROOT)) in TORCH_FILES
            assert part in TORCH_PARTS or torch_file, f"{part} imports torch"
        if top == "streamlit":
            is_component = path == ROOT / "grokviz/view/film/component.py"
            assert part in STREAMLIT_PARTS or is_component, f"{part} imports streamlit"
        if part == "pages":
            assert top not in {"numpy", "pandas", "altair"}, f"{path.name} imports {name}"


def test_pages_stay_short_and_files_readable():
    for path in FILES:
        limit = 150 if part_of(path) == "pages" else 400
        assert len(path.read_text().splitlines()) <= limit, path.name


@pytest.mark.slow
def test_browsing_imports_no_torch():
    modules = "grokviz.cli, grokviz.study, grokviz.app.shell, grokviz.view.charts, grokviz.runs.bundle"
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, check=False).returncode == 0


TOOLS = {
    "tests": {"tests", "devtools", "grokviz"},
    "bench": {"bench", "devtools", "grokviz"},
    "deploy": {"devtools", "grokviz"},
    "devtools": {"devtools", "grokviz"},
}


@pytest.mark.parametrize("folder", TOOLS)
def test_what_is_shared_lies_in_devtools(folder):
    for path in ROOT.glob(f"{folder}/**/*.py"):
        ours = {name.split(".")[0] for name in imported(path)} & {*TOOLS, "grokviz"}
        assert ours <= TOOLS[folder], path.relative_to(ROOT)
