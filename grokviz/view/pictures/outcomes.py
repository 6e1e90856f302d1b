"""What became of the runs of a sweep, as cells (`js/outcomes.js`)."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from grokviz.config import SETTINGS
from grokviz.sweeps.grid import Sweep, Value
from grokviz.sweeps.outcomes import Outcome
from grokviz.sweeps.rules import COMPREHENSION, FATES, GROKKING, Rule, middle
from grokviz.view.film.component import show_picture
from grokviz.view.pictures import Words
from grokviz.wording import THIN

LOSSES = (-7, 2)  # log10, of the scale of all losses
MARKS = {"comprehension": "●", "grokking": "◆", "memorisation": "○", "confusion": "×"}


class Axes(NamedTuple):
    """The settings along the columns and the rows, the first and the second of the grid."""

    columns: str
    rows: str


def axes(sweep: Sweep) -> Axes:
    """Those of a sweep of two settings. Raises `ValueError` for another one."""
    if len(sweep.grid) != 2:
        raise ValueError(f"A map has two settings, got {len(sweep.grid)}.")
    return Axes(*(name for name, _ in sweep.grid))


def value_in_words(name: str, value: Value) -> str:
    """0.35 as 35 % where it is a share of the pairs."""
    if name == "frac_train" and isinstance(value, float):
        return f"{100 * value:.3g}{THIN}%"
    return f"{value:g}" if isinstance(value, float) else str(value)


def cell_at(sweep: Sweep, row: int, column: int) -> int | None:
    """The number of a cell, None where there is none."""
    (_, columns), (_, rows) = sweep.grid
    if not (0 <= row < len(rows) and 0 <= column < len(columns)):
        return None
    return column * len(rows) + row


def by_cell(sweep: Sweep, found: Sequence[Outcome]) -> Mapping[int, list[Outcome]]:
    """The outcomes of each cell by its number, by seed."""
    cells: dict[int, list[Outcome]] = {}
    for outcome in found:
        cells.setdefault(outcome.run // len(sweep.seeds), []).append(outcome)
    return cells


def data_of(sweep: Sweep, found: Sequence[Outcome], rule: Rule, chosen: int | None, words: Words) -> dict:
    """What the picture is drawn from."""
    (_, columns), (_, rows) = sweep.grid
    cells, order = by_cell(sweep, found), _places(len(columns), len(rows))
    return {
        "kind": "outcomes",
        "columns": _axis(sweep, 0),
        "rows": _axis(sweep, 1),
        "fates": [{**fate._asdict(), "mark": MARKS[fate.name]} for fate in FATES],
        "cells": [_cell(cells.get(number, []), rule, number == chosen) for number in order],
        "chosen": -1 if chosen is None else order.index(chosen),
        "budget": sweep.base.steps,
        "losses": list(LOSSES),
        **words._asdict(),
    }


def show(data: dict, sweep: Sweep, *, key: str, on_pick: Callable[[int], None]) -> None:
    """Draw it; `on_pick` hears the number of the cell that is chosen."""

    def picked(row: int, column: int) -> None:
        if (cell := cell_at(sweep, row, column)) is not None:
            on_pick(cell)

    show_picture(data, key, picked)


def _places(columns: int, rows: int) -> list[int]:
    """The numbers of the cells row by row: the sweep counts them column by column."""
    return [column * rows + row for row in range(rows) for column in range(columns)]


def _axis(sweep: Sweep, index: int) -> dict:
    name, values = sweep.grid[index]
    return {"title": SETTINGS[name].label, "values": [value_in_words(name, value) for value in values]}


def _cell(found: Sequence[Outcome], rule: Rule, is_chosen: bool) -> dict:
    if not found:
        return {"fate": -1, "step": None, "seeds": [], "curves": []}
    one = middle(found, rule)
    drawn, fate = found if is_chosen else [one], rule.judge(one)
    return {
        "fate": FATES.index(fate),
        "step": rule.times(one)[1] if fate in (COMPREHENSION, GROKKING) else None,
        "seeds": [_seed(outcome, rule) for outcome in found],
        "curves": [{name: list(column) for name, column in o.curve._asdict().items()} for o in drawn],
    }


def _seed(outcome: Outcome, rule: Rule) -> dict:
    train, test = rule.times(outcome)
    return {"seed": outcome.seed, "fate": FATES.index(rule.judge(outcome)), "train": train, "test": test}
