"""What a map of outcomes is drawn from: every cell in its place, with the seed in the middle."""

import pytest

from grokviz.config import RunConfig
from grokviz.sweeps.grid import Sweep, parse_grid
from grokviz.sweeps.outcomes import Curve, Outcome
from grokviz.sweeps.rules import RULES
from grokviz.view.pictures import Words
from grokviz.view.pictures import outcomes as picture

SWEEP = Sweep(RunConfig(p=7), parse_grid(["frac_train=0.2,0.4,0.6", "weight_decay=0,1"]), (0, 1, 2))


def grokked_at(run: int, step: int | None) -> Outcome:
    curve = Curve((0, step or 9), (0.1, -3.0), (0.1, 0.2))
    return Outcome(
        run,
        SWEEP.cell(run),
        SWEEP.seed(run),
        memorised=50,
        grokked=step,
        test_when_memorised=0.0,
        curve=curve,
    )


def drawn(found, chosen=None):
    return picture.data_of(SWEEP, found, RULES["ratio"], chosen, Words("label", "hint"))


def test_rows_and_columns_are_where_their_settings_say():
    data = drawn([grokked_at(run, 1_000 + run) for run in range(len(SWEEP))])
    for place, cell in enumerate(data["cells"]):
        row, column = divmod(place, 3)
        (run,) = [
            run for run in range(len(SWEEP))
            if SWEEP.seed(run) == 1 and SWEEP.cell(run) == {"frac_train": (0.2, 0.4, 0.6)[column], "weight_decay": (0.0, 1.0)[row]}
        ]  # fmt: skip
        assert cell["step"] == 1_000 + run
        assert picture.cell_at(SWEEP, row, column) == run // 3
    assert data["columns"]["values"] == ["20\u202f%", "40\u202f%", "60\u202f%"]
    assert data["rows"]["values"] == ["0", "1"]


def test_a_cell_shows_the_middle_seed_and_the_chosen_one_all_curves():
    seeds = [grokked_at(0, None), grokked_at(1, 900), grokked_at(2, 300)]
    cell = drawn(seeds)["cells"][0]
    assert (cell["fate"], cell["step"], [seed["test"] for seed in cell["seeds"]]) == (
        1,
        900,
        [None, 900, 300],
    )
    assert [curve["step"] for curve in cell["curves"]] == [[0, 900]]
    data = drawn(seeds, chosen=0)
    assert data["chosen"] == 0
    assert len(data["cells"][0]["curves"]) == 3
    assert data["cells"][1] == {"fate": -1, "step": None, "seeds": [], "curves": []}


def test_what_memorised_only_has_no_step():
    assert drawn([grokked_at(0, None)])["cells"][0]["step"] is None


def test_a_cell_that_is_not_there_is_none():
    assert picture.cell_at(SWEEP, 2, 0) is None
    assert picture.cell_at(SWEEP, 0, -1) is None
    with pytest.raises(ValueError, match="two settings, got 1"):
        picture.axes(Sweep(RunConfig(p=7), parse_grid(["lr=0.1"])))
