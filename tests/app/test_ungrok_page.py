"""The page Ungrokking: its slider, and a fork of the bundled run that it asks for."""

import statistics

import pytest

from grokviz import wording
from grokviz.app.session import keys
from grokviz.forecast import ungrokking
from grokviz.runs import fork, library
from grokviz.runs.folder import open_run
from tests.app.conftest import healthy, unescaped

pytestmark = pytest.mark.slow


def said(app):
    return " ".join(unescaped(part.value) for part in (*app.markdown, *app.caption))


def test_what_it_says_of_a_share_is_what_the_table_says(visit):
    app = visit("ungrok")
    for share in (0.05, 0.15):
        healthy(app.select_slider(key=keys.KEPT).set_value(share).run())
        ends = [f.never_seen[-1] for f in ungrokking.forks() if (f.share, f.weight_decay) == (share, 2.0)]
        assert f"{wording.percent(statistics.median(ends))} of the pairs never seen are right" in said(app)
    assert "weight decay switched off" not in said(app)
    assert ungrokking.command() in said(app)


@pytest.mark.parametrize(
    ("button", "share", "decay"),
    [("ungrok", 0.05, 2.0), ("ungrok-no-decay", 0.05, 0.0), ("ungrok-all", 0.35, 2.0)],
)
def test_a_fork_of_the_bundled_run_is_asked_for(visit, tmp_path, monkeypatch, button, share, decay):
    monkeypatch.setenv("GROKVIZ_RUNS", str(tmp_path))
    app = healthy(visit("ungrok").button(key=button).click().run())
    (made,) = [path for path in tmp_path.iterdir() if (path / "run.json").exists()]
    run, parent = open_run(made), open_run(library.locate(ungrokking.PARENT))
    end = parent.last_step
    assert (run.config.frac_train, run.config.at(end).weight_decay) == (share, decay)
    assert run.config.frac_before == (0.35 if share < 0.35 else 0.0)
    assert run.config.max_snapshots == parent.config.max_snapshots + fork.MORE_SNAPSHOTS
    assert run.config.steps == end + ungrokking.STEPS
    assert app.session_state[keys.MY_RUN] == run.path.name
