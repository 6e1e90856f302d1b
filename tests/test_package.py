"""GrokViz as a package: what pip installs, in an environment that holds no more than it declares."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
from importlib import metadata
from pathlib import Path

import pytest

import grokviz
from devtools import ROOT
from devtools.server import free_port, get, start, stop, url
from grokviz.installation import EXTRAS as EXTRAS_OF

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
SITE = Path(sysconfig.get_paths()["purelib"])
CORE = ("filelock", "jaxtyping", "numpy", "platformdirs")


def names(requirements) -> set[str]:
    """Distributions of these lines, with those of the extras of GrokViz that they name."""
    found = set()
    for line in requirements:
        if inner := re.fullmatch(r"grokviz\[(.+)\]", line):
            found |= set().union(*(names(EXTRAS[extra]) for extra in inner[1].split(",")))
        else:
            found.add(re.match(r"[\w-]+", line)[0])
    return found


def pinned(file: str) -> set[str]:
    lines = (ROOT / file).read_text().splitlines()
    return {line.partition("==")[0] for line in lines if line and line[0] not in "#-"}


def test_what_is_declared_is_what_is_pinned():
    core = names(PROJECT["dependencies"])
    assert core == set(CORE)
    assert core | names(EXTRAS["site"]) == pinned("requirements-browse.txt")
    assert names(EXTRAS["train"]) - pinned("requirements-browse.txt") == pinned("requirements.txt")
    assert names(EXTRAS["dev"]) - names(EXTRAS["site"]) - names(EXTRAS["train"]) == pinned(
        "requirements-dev.txt"
    )


def test_every_package_that_may_be_missing_is_in_the_extra_that_is_named():
    for package, extra in EXTRAS_OF.items():
        assert package in {name.removesuffix("-python").replace("-", "_") for name in names(EXTRAS[extra])}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        str(ROOT),
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(folder),
    ]
    done = subprocess.run(pip, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (file,) = folder.glob("*.whl")
    assert file.name == f"grokviz-{grokviz.__version__}-py3-none-any.whl"
    return file


def environment(folder: Path, wheel: Path) -> Path:
    """The site-packages of a fresh virtual environment that holds the wheel and nothing else."""
    venv.create(folder, with_pip=False)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(folder / "bin/python"),
        "install",
        "--no-deps",
        "--no-index",
    ]
    subprocess.run([*pip, "--quiet", str(wheel)], check=True)
    return folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"


def link(distribution: str, site: Path) -> None:
    """Lend one distribution of this environment, and those that it requires, to another."""
    found = metadata.distribution(distribution)
    for top in {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "__pycache__")}:
        if not (site / top).exists():
            (site / top).symlink_to(SITE / top)
    for line in found.requires or ():
        if "extra ==" not in line:
            link(re.match(r"[\w-]+", line)[0], site)


@pytest.fixture(scope="module")
def bare(wheel, tmp_path_factory):
    """A Python with the wheel and what it requires, without any extra."""
    folder = tmp_path_factory.mktemp("bare")
    site = environment(folder, wheel)
    for distribution in CORE:
        link(distribution, site)
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def full(wheel, tmp_path_factory):
    """A Python with the wheel and every extra."""
    folder = tmp_path_factory.mktemp("full")
    (environment(folder, wheel) / "extras.pth").write_text(str(SITE))
    return folder / "bin" / "python"


def run(python, tmp_path, *arguments):
    """What a command says, far from the repository."""
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "GROKVIZ_RUNS")}
    home = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")}
    done = subprocess.run(
        [python, *arguments], cwd=tmp_path, env=clean | home, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_numpy_alone_opens_a_bundled_run_and_measures_it(bare, tmp_path):
    for absent in ("pandas", "torch", "streamlit", "altair", "safetensors", "threadpoolctl", "tqdm"):
        run(bare, tmp_path, "-c", f"import importlib.util as u; assert not u.find_spec({absent!r})")
    where = run(bare, tmp_path, "-c", "import grokviz; print(grokviz.__file__)")
    assert str(bare.parents[1]) in where
    command = ("-m", "grokviz", "measure", "mod59-quick", "--json")
    found = json.loads(run(bare, tmp_path, *command))
    assert found == json.loads(run(sys.executable, ROOT, *command))
    assert "mod113-paper" in run(bare.with_name("grokviz"), tmp_path, "list")
    assert "grokked" in run(bare, tmp_path, "-m", "grokviz", "phases", "mod113-paper")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "package", "extra"),
    [
        ("app", "streamlit", "app"),
        ("train --preset quick --out mine", "torch", "train"),
        ("import some/body --out theirs", "tqdm", "hub"),
    ],
)
def test_what_is_missing_is_named_with_its_extra(bare, tmp_path, command, package, extra):
    done = subprocess.run(
        [bare, "-m", "grokviz", *command.split()], cwd=tmp_path, capture_output=True, text=True
    )
    said = f"This needs {package}, which is not installed. Install it with: pip install 'grokviz[{extra}]'."
    assert (done.returncode, done.stderr) == (2, f"grokviz: {said}\n")


@pytest.mark.slow
def test_installed_runs_lie_in_the_users_own_folder(bare, tmp_path):
    code = "from grokviz.runs import library; print(library.trained())"
    assert run(bare, tmp_path, "-c", code).strip() == str(tmp_path / "data/grokviz/runs")


@pytest.mark.slow
def test_the_wheel_trains(full, tmp_path):
    flags = "--modulus 7 --d-model 8 --heads 1 --d-mlp 8 --steps 30 --device cpu --out mine"
    run(full, tmp_path, "-m", "grokviz", "train", *flags.split())
    assert json.loads(run(full, tmp_path, "-m", "grokviz", "inspect", "mine", "--json"))["finished"]


PAGE = """
from streamlit.testing.v1 import AppTest
from grokviz.installation import HOME
page = AppTest.from_file(str(HOME / "app.py"), default_timeout=60).switch_page("pages/timeline.py").run()
assert not page.exception, page.exception[0].message
print(page.title[0].value, len(page.get("bidi_component")))
"""


@pytest.mark.slow
def test_the_pages_of_the_wheel_draw(full, tmp_path):
    """Three components: the film, its commander, and what closes the menu of a phone."""
    assert run(full, tmp_path, "-c", PAGE) == "Drag through a training run 3\n"


@pytest.mark.slow
def test_the_wheel_serves_the_app(full, tmp_path):
    port = free_port()
    variables = {"GROKVIZ_RUNS": str(tmp_path / "runs"), "STREAMLIT_SERVER_HEADLESS": "true"}
    command = [str(full), "-m", "grokviz", "app", f"--port={port}"]
    process = start(command, port, environment=os.environ | variables, cwd=tmp_path)
    try:
        assert "<title>" in (get(f"{url(port)}/timeline") or "")
    finally:
        stop(process)
