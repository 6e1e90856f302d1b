"""What a map of outcomes is drawn from: every cell in its place, with the seed in the middle."""

import dataclasses

import pytest

from grokviz.config import RunConfig
from grokviz.sweeps.grid import Sweep, parse_grid
from grokviz.sweeps.outcomes import Curve, Outcome
from grokviz.sweeps.rules import GROKKING, RULES
from grokviz.view.pictures import Words
from grokviz.view.pictures import outcomes as picture
from grokviz.view.pictures.outcomes import Choice

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


def drawn(found, **chosen):
    choice = Choice(RULES["ratio"])._replace(**chosen)
    return picture.data_of(SWEEP, found, choice, Words("label", "hint"))


def test_rows_and_columns_are_where_their_settings_say():
    data = drawn([grokked_at(run, 1_000 + run) for run in range(len(SWEEP))])
    for place, cell in enumerate(data["cells"]):
        row, column = divmod(place, 3)
        wanted = {"frac_train": (0.2, 0.4, 0.6)[column], "weight_decay": (0.0, 1.0)[row]}
        runs = [run for run in range(len(SWEEP)) if SWEEP.cell(run) == wanted]
        assert [seed["by"][0]["test"] for seed in cell["seeds"]] == [1_000 + run for run in runs]
        assert [seed["seed"] for seed in cell["seeds"]] == [SWEEP.seed(run) for run in runs]
        assert drawn([], cell=runs[0] // 3)["state"]["cell"] == place
    assert data["columns"]["values"] == ["20\u202f%", "40\u202f%", "60\u202f%"]
    assert data["rows"]["values"] == ["0", "1"]


def test_each_rule_says_of_each_run_what_it_is_and_which_is_in_the_middle():
    seeds = [grokked_at(0, None), grokked_at(1, 900), grokked_at(2, 300)]
    early = dataclasses.replace(seeds[2], train_90=40, test_90=290)
    data = drawn([*seeds[:2], early])
    cell, names = data["cells"][0], [fate["name"] for fate in data["fates"]]
    by_ratio, published = (
        [(names[seed["by"][rule]["fate"]], seed["by"][rule]["test"]) for seed in cell["seeds"]]
        for rule in (0, 1)
    )
    assert by_ratio == [("memorisation", None), ("grokking", 900), ("grokking", 300)]
    assert published == [("confusion", None), ("confusion", None), ("comprehension", 290)]
    assert cell["middle"] == [1, 0]  # memorised is later than grokked; of two that learnt nothing the first
    assert [rule["title"] for rule in data["rules"]] == [rule.title for rule in RULES.values()]
    assert [fate["understands"] for fate in data["fates"]] == [True, True, False, False]
    assert [curve["step"] for curve in cell["curves"]] == [[0, 9], [0, 900], [0, 300]]
    assert data["cells"][1] == {"seeds": [], "middle": [], "kept": False, "curves": []}


def test_what_is_chosen_is_told_as_indices_and_heard_again(monkeypatch):
    shown, heard = [], []
    monkeypatch.setattr(picture, "show_picture", lambda data, key, pick: shown.append(pick))
    chosen = Choice(RULES["published"], 3, GROKKING)
    data = drawn([], **chosen._asdict())
    picture.show(data, SWEEP, key="key", hear=heard.append)
    shown[0].hear(*(data["state"][name] for name in shown[0].names))
    shown[0].hear(0, -1, -1)
    assert heard == [chosen, Choice(RULES["ratio"])]
    for strange in ((2, 0, 0), (0, 6, 0), (0, 0, 4), (-1, 0, 0), (0, -2, 0), (0, 0, -2)):
        shown[0].hear(*strange)
    assert len(heard) == 2


def test_what_is_no_map_has_no_axes():
    with pytest.raises(ValueError, match="two settings, got 1"):
        picture.axes(Sweep(RunConfig(p=7), parse_grid(["lr=0.1"])))
