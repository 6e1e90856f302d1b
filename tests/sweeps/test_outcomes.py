"""The table of a sweep: rows there and back, torn lines, damage."""

import itertools
import math

import pytest

from grokviz.config import RunConfig
from grokviz.engine.schedule import LogRow
from grokviz.sweeps import outcomes
from grokviz.sweeps.outcomes import Outcome


def trained(run: int = 0) -> Outcome:
    """90 % of the training pairs at step 4, 99 % at 5; of the others at 8 and 9."""
    outcome = Outcome(run, {"frac_train": 0.3, "optimizer": "muon"}, 2)
    for step in range(12):
        train = 0.995 if step >= 5 else 0.23 * step
        test = 0.995 if step >= 9 else 0.91 if step == 8 else 0.1
        outcome = outcome.after(LogRow(step, 10.0**-step, 1.0, train, test, 1.0))
    return outcome


def test_events_are_the_first_steps_at_which_they_happened():
    found = trained()
    assert (found.train_90, found.memorised, found.test_90, found.grokked) == (4, 5, 8, 9)
    assert found.test_when_memorised == 0.1
    assert found.is_done
    assert (found.step, found.test_accuracy) == (11, 0.995)


def test_a_curve_is_thinned_and_ascends():
    steps = trained().curve.step
    assert steps[:4] == (0, 1, 2, 3)
    assert all(b >= 1.15 * a for a, b in itertools.pairwise(steps))
    assert trained().curve.train[:3] == (0.0, -1.0, -2.0)


def test_rows_survive_the_disk(tmp_path):
    rows = [trained(0), trained(1), Outcome(2, {"frac_train": 0.5}, 0, diverged="The loss is nan at step 3.")]
    outcomes.append(tmp_path, rows)
    found = outcomes.read(tmp_path)
    assert found[:2] == rows[:2]
    assert found[2].diverged == rows[2].diverged
    assert math.isnan(found[2].train_loss)


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_a_torn_line_is_as_if_it_had_never_been(tmp_path, cut):
    outcomes.append(tmp_path, [trained(0), trained(1)])
    file = tmp_path / outcomes.TABLE
    file.write_bytes(file.read_bytes()[:-cut])
    assert [o.run for o in outcomes.read(tmp_path)] == [0]


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\n",
        b"3\n",
        b"{}\n",
        b'{"run":0,"cell":{},"seed":0}',  # no end
        b'{"run":-1,"cell":{},"seed":0}\n',
        b'{"run":"0","cell":{},"seed":0}\n',
        b'{"run":true,"cell":{},"seed":0}\n',
        b'{"run":0,"cell":[],"seed":0}\n',
        b'{"run":0,"cell":{},"seed":0,"secret":1}\n',
        b'{"run":0,"cell":{},"seed":0,"curve":[[1],[2],[]]}\n',
        b'{"run":0,"cell":{},"seed":0,"curve":[[1],[NaN],[1]]}\n',
        b'{"run":0,"cell":{},"seed":0,"curve":7}\n',
        b'{"run":0,"cell":{},"seed":0,"grokked":-5}\n',
        b"[" * 100_000 + b"\n",
    ],
    ids=range(14),
)
def test_a_line_that_is_no_row_is_none(line):
    assert outcomes.decode(line) is None


def test_a_flat_row_has_every_setting_and_no_curve():
    (row,) = outcomes.as_rows([trained()], {0: RunConfig(p=7, frac_train=0.3)})
    assert (row["p"], row["grokked"], row["weight_decay"]) == (7, 9, 1.0)
    assert not {"curve", "cell"} & row.keys()
