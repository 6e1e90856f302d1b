"""The page Clock or pizza: a run of a transformer, and of a network in which one of its measures means nothing."""

import dataclasses

import pytest

from grokviz.config import RunConfig
from grokviz.forecast import clock_pizza
from grokviz.models.transformer import initial_weights
from grokviz.runs import write
from tests.app.conftest import components, unescaped


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """A two-layer network and one at the attention rate 0, untrained, of two snapshots each."""
    monkeypatch.setenv("GROKVIZ_RUNS", str(tmp_path))
    base = RunConfig(p=7, d_model=8, n_heads=2, d_mlp=12, steps=10)
    for name, config in (
        ("layers", dataclasses.replace(base, architecture="mlp")),
        ("rate-0", dataclasses.replace(base, attention_rate=0.0)),
    ):
        write.create_run(tmp_path / name, config, {}, name, "")
        for step in (0, 10):
            weights = initial_weights(config.model, step)
            write.write_snapshot(tmp_path / name, step, weights)
            row = dict.fromkeys(("train_loss", "test_loss"), 2.0) | dict.fromkeys(
                ("train_accuracy", "test_accuracy"), 0.1
            )
            write.append_log(tmp_path / name, [{"step": step, **row, "sum_squared_weights": 30.0}])
        write.pack(tmp_path / name)
    return tmp_path


def words(app):
    return " ".join(unescaped(part.value) for part in (*app.markdown, *app.caption, *app.info))


def test_it_says_where_the_run_stands(runs, visit):
    app = visit("pizza", run="rate-0", step="10")
    assert components(app)
    assert "Its attention rate is 0" in words(app)
    ten = clock_pizza.outcomes(1.0)
    turned = sum(run.turned_to_the_clock for run in ten)
    assert f"of {len([run for run in ten if run.grokked])} seeds" in words(app)
    assert ("Usually a run" in words(app)) == (turned >= 0.75 * len([run for run in ten if run.grokked]))


def test_it_says_why_a_measure_means_nothing_in_a_two_layer_network(runs, visit):
    app = visit("pizza", run="layers", step="10")
    assert "two tables of embeddings" in words(app)


@pytest.mark.parametrize("run", ["layers", "rate-0"])
@pytest.mark.parametrize("page", ["timeline", "circuit", "measures", "follow", "cut"])
def test_every_page_shows_networks_of_another_kind(runs, visit, page, run):
    said = words(visit(page, run=run, step="10"))
    if page == "follow":
        assert "This network has no such" in said
    if page == "cut" and run == "layers":
        assert "has no heads" in said
