"""Pictures that stand still while the film moves: waves over the answers here, tables of a group and of a sweep beside.

What each picture is drawn from is put together here as plain JSON, a few kilobytes (`js/contract.js` says what it
holds); `view/film/component.py` shows it. A number under the pointer is marked in every picture and in the film.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from grokviz.view.film.component import show_picture


class Words(NamedTuple):
    """What a picture is to a screen reader, and what stands under it while nothing is pointed at."""

    label: str
    hint: str


class Answers(NamedTuple):
    """What the places of a wave stand for. `shared`: answers of the run, which light up wherever they are pointed
    at in the page, and not differences."""

    numbers: Sequence[int]
    title: str
    shared: bool = True


class Peak(NamedTuple):
    """A place on a wave and what to call it."""

    place: int
    label: str


class Kind(NamedTuple):
    """What a cell of the map can be, and its colour on light and on dark paper."""

    word: str
    light: str
    dark: str


def lane(
    title: str,
    order: int,
    actual: Float[np.ndarray, " n"],
    ideal: Float[np.ndarray, " n"],
    scale: float,
    note: str = "",
) -> dict:
    """One wave over the answers, as it is and as it ought to be; `scale` is full height."""
    return {
        "title": title,
        "order": order,
        "actual": _rounded(actual),
        "ideal": _rounded(ideal),
        "scale": scale,
        "note": note,
    }


def waves(
    lanes: list[dict],
    total: dict,
    answers: Answers,
    words: Words,
    *,
    key: str,
    right: Peak,
    winner: Peak,
) -> None:
    """Lanes of waves over the answers, and their sum below; the right answer and the one that wins are named."""
    data = {
        "kind": "waves",
        "lanes": lanes,
        "total": total,
        "numbers": list(map(int, answers.numbers)),
        "shared": answers.shared,
        "axis": answers.title,
        "right": right.place,
        "rightLabel": right.label,
        "winner": winner.place,
        "winnerLabel": winner.label,
        **words._asdict(),
    }
    show_picture(data, key)


def _rounded(values: np.ndarray) -> list:
    """Four figures are more than a screen shows; what is not finite is drawn at 0."""
    return np.round(np.nan_to_num(values, posinf=0, neginf=0), 4).tolist()
