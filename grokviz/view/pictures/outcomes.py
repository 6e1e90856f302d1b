"""What became of the runs of a sweep, as cells (`js/outcomes.js`)."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from grokviz.config import SETTINGS
from grokviz.sweeps.grid import Sweep, value_in_words
from grokviz.sweeps.outcomes import Outcome
from grokviz.sweeps.rules import COMPREHENSION, FATES, GROKKING, RULES, Fate, Rule, middle
from grokviz.view.film.component import Pick, show_picture
from grokviz.view.pictures import Words

LOSSES = (-7, 2)  # log10, of the scale of all losses
MARKS = {"comprehension": "●", "grokking": "◆", "memorisation": "○", "confusion": "×"}


class Axes(NamedTuple):
    """The settings along the columns and the rows, the first and the second of the grid."""

    columns: str
    rows: str


class Choice(NamedTuple):
    """What is chosen on a map: the rule that colours it, a cell by its number, and the fate whose cells stand out."""

    rule: Rule
    cell: int | None = None
    only: Fate | None = None


def axes(sweep: Sweep) -> Axes:
    """Those of a sweep of two settings. Raises `ValueError` for another one."""
    if len(sweep.grid) != 2:
        raise ValueError(f"A map has two settings, got {len(sweep.grid)}.")
    return Axes(*(name for name, _ in sweep.grid))


def by_cell(sweep: Sweep, found: Sequence[Outcome]) -> Mapping[int, list[Outcome]]:
    """The outcomes of each cell by its number, by seed."""
    cells: dict[int, list[Outcome]] = {}
    for outcome in found:
        cells.setdefault(outcome.run // len(sweep.seeds), []).append(outcome)
    return cells


def data_of(sweep: Sweep, found: Sequence[Outcome], choice: Choice, words: Words) -> dict:
    """What the picture is drawn from: what each run is called by every rule, so that a switch between them asks nobody."""
    cells, order = by_cell(sweep, found), _places(sweep)
    return {
        "kind": "outcomes",
        "columns": _axis(sweep, 0),
        "rows": _axis(sweep, 1),
        "fates": [_fate(fate) for fate in FATES],
        "rules": [{"title": rule.title, "words": rule.words} for rule in RULES.values()],
        "cells": [_cell(cells.get(number, [])) for number in order],
        "budget": sweep.base.steps,
        "losses": list(LOSSES),
        "state": {
            "rule": list(RULES).index(choice.rule.name),
            "cell": -1 if choice.cell is None else order.index(choice.cell),
            "only": -1 if choice.only is None else FATES.index(choice.only),
        },
        **words._asdict(),
    }


def show(data: dict, sweep: Sweep, *, key: str, hear: Callable[[Choice], None]) -> None:
    """Draw it; `hear` is told what is chosen in it."""
    order, rules = _places(sweep), list(RULES.values())

    def picked(rule: int, cell: int, only: int) -> None:
        if rule in range(len(rules)) and cell in range(-1, len(order)) and only in range(-1, len(FATES)):
            hear(Choice(rules[rule], None if cell < 0 else order[cell], None if only < 0 else FATES[only]))

    show_picture(data, key, Pick(("rule", "cell", "only"), picked))


def _places(sweep: Sweep) -> list[int]:
    """The numbers of the cells row by row: the sweep counts them column by column."""
    (_, columns), (_, rows) = sweep.grid
    return [column * len(rows) + row for row in range(len(rows)) for column in range(len(columns))]


def _axis(sweep: Sweep, index: int) -> dict:
    name, values = sweep.grid[index]
    return {"title": SETTINGS[name].label, "values": [value_in_words(name, value) for value in values]}


def _fate(fate: Fate) -> dict:
    understands = fate in (COMPREHENSION, GROKKING)
    return {**fate._asdict(), "mark": MARKS[fate.name], "understands": understands}


def _cell(found: Sequence[Outcome]) -> dict:
    return {
        "seeds": [{"seed": o.seed, "by": [_judged(o, rule) for rule in RULES.values()]} for o in found],
        "middle": [found.index(middle(found, rule)) for rule in RULES.values()] if found else [],
        "kept": any(o.folder for o in found),
        "curves": [{name: list(column) for name, column in o.curve._asdict().items()} for o in found],
    }


def _judged(outcome: Outcome, rule: Rule) -> dict:
    train, test = rule.times(outcome)
    return {"fate": FATES.index(rule.judge(outcome)), "train": train, "test": test}
