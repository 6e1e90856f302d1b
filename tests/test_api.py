"""GrokViz as scripts and notebooks use it: its examples run, and it imports no more than it must."""

import doctest
import json
import re
import subprocess
import sys

import altair as alt
import numpy as np
import pytest

import grokviz
from devtools import ROOT
from grokviz import api, charts, cli
from grokviz.engine.schedule import LogRow
from grokviz.errors import ConfigError, MissingPackageError, RunError
from grokviz.importers.layouts import read_checkpoint
from grokviz.runs.folder import open_run, read_weights


@pytest.mark.slow
@pytest.mark.parametrize("module", [grokviz, api, charts], ids=lambda module: module.__name__)
def test_the_examples_of_its_docstrings_hold(module):
    failed, tried = doctest.testmod(module)
    assert tried
    assert failed == 0


@pytest.mark.slow
def test_the_example_of_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    example, _ = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    exec(example, {})
    assert open_run(tmp_path / "runs" / "seven").finished


def test_importing_it_imports_nothing_and_opening_a_run_numpy_alone():
    code = """if True:
        import sys
        import grokviz
        assert 'numpy' not in sys.modules
        run = grokviz.open('mod59-quick')
        run.measure(), run.phases, run.timeline['test_loss'], run.log['test_loss'], run.weights(100)
        heavy = {'torch', 'streamlit', 'pandas', 'altair', 'safetensors', 'huggingface_hub'} & {*sys.modules}
        sys.exit(', '.join(heavy) or 0)
    """
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def run(runs):
    return grokviz.open(runs / "tiny-groks")


def test_a_run_is_opened_by_path_and_by_name(run):
    assert grokviz.open("tiny-groks").name == run.name == "tiny-groks"
    assert grokviz.open(str(run.run.path)).steps.tolist() == run.steps.tolist()


@pytest.mark.parametrize("wrong", ["nothing-here", "", "a b/c"])
def test_what_is_no_run_is_refused(runs, wrong):
    with pytest.raises(RunError):
        grokviz.open(wrong)


def test_measures_are_those_of_the_command_line(run, capsys):
    assert cli.main(["measure", "tiny-groks", "--step", "300", "--json"]) == 0
    assert json.loads(json.dumps(run.measure(300))) == json.loads(capsys.readouterr().out)


def test_weights_are_those_of_the_nearest_snapshot_under_the_names_of_transformer_lens(run):
    found = run.weights(run.steps[3] + 1)
    back = read_checkpoint(found)
    assert back.layout == "TransformerLens"
    for name, array in read_weights(run.run, 3).items():
        np.testing.assert_array_equal(back.weights[name], array)


def test_series_become_tables(run):
    table = run.timeline.to_pandas()
    assert table["step"].tolist() == run.steps.tolist()
    np.testing.assert_array_equal(table["gini_W_E"], run.timeline["gini_W_E"])
    assert run.log.to_pandas()["step"].tolist() == run.log.steps.tolist()
    with pytest.raises(KeyError, match="gini_W_E"):
        run.timeline["gini"]


def test_without_pandas_a_table_names_the_extra(run, monkeypatch):
    monkeypatch.setattr("grokviz.installation.find_spec", lambda package: None)
    with pytest.raises(MissingPackageError, match=r"pip install 'grokviz\[notebook\]'"):
        run.log.to_pandas()


@pytest.mark.parametrize(
    "chart",
    [charts.losses, charts.spectra, charts.answers, lambda run: charts.measures(run, "gini_W_E", "gini_W_L")],
)
def test_charts_are_whole_specifications(run, chart):
    spec = chart(run).to_dict()
    assert spec["$schema"] == alt.SCHEMA_URL


def test_a_chart_of_no_measure_is_refused(run):
    with pytest.raises(KeyError, match="no 'gini'"):
        charts.measures(run, "gini")


@pytest.mark.slow
def test_a_training_yields_rows_and_snapshots_or_records_them(tmp_path):
    small = grokviz.RunConfig(p=7, d_model=8, n_heads=1, d_mlp=8, steps=40, max_snapshots=4)
    events = list(grokviz.train(small, device="cpu"))
    rows = [event for event in events if isinstance(event, LogRow)]
    snapshots = [event for event in events if hasattr(event, "weights")]
    assert rows == list(grokviz.train(small, tmp_path / "seven", device="cpu"))
    recorded = grokviz.open(tmp_path / "seven")
    assert recorded.steps.tolist() == [snapshot.step for snapshot in snapshots]
    assert recorded.config == small
    assert recorded.log["test_loss"].tolist() == [row.test_loss for row in rows]


def test_an_unknown_preset_is_refused_at_once():
    with pytest.raises(ConfigError, match="Choose one of: fast, paper"):
        grokviz.train("papr")
