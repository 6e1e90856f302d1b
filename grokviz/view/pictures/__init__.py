"""Pictures of one pair on its way through the circuit: rings, waves, and the map of all pairs.

What each picture is drawn from is put together here as plain JSON, a few kilobytes (`js/contract.js` says what it
holds); `view/film/component.py` shows it. A number under the pointer is marked in every picture and in the film.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, UInt8

from grokviz.view.film.component import show_picture

Pick = Callable[[int, int], None]


class Words(NamedTuple):
    """What a picture is to a screen reader, and what stands under it while nothing is pointed at."""

    label: str
    hint: str


class Hand(NamedTuple):
    """A hand from the middle of each ring to the point at `place`, with a label at its end."""

    name: str
    place: int
    label: str


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


def ring(
    k: int,
    order: int,
    points: Float[np.ndarray, "n 2"],
    radius: float,
    note: str,
    own: Mapping[str, Sequence[float]] | None = None,
) -> dict:
    """One ring: points in units of the radius that counts as full, the circle that fits them, words below.

    `order` gives its colour; `own` places a hand that does not end in one of the points.
    """
    placed = {name: _rounded(np.asarray(value)) for name, value in (own or {}).items()}
    return {
        "k": k,
        "order": order,
        "title": f"k = {k}",
        "points": _rounded(points),
        "radius": _number(radius),
        "note": note,
        "own": placed,
    }


def rings(
    found: list[dict],
    numbers: Sequence[int],
    hands: Sequence[Hand],
    words: Words,
    *,
    key: str,
    of: Literal["number", "sum"] = "number",
    on_pick: Pick | None = None,
) -> None:
    """Rings side by side, of the numbers that are asked about or of their sums; with `on_pick`, hands can be dragged."""
    data = {
        "kind": "rings",
        "n": len(numbers),
        "numbers": list(map(int, numbers)),
        "rings": found,
        "places": {hand.name: hand.place for hand in hands},
        "hands": [
            {"name": hand.name, "label": hand.label, "dashed": index > 0} for index, hand in enumerate(hands)
        ],
        "draggable": on_pick is not None,
        "word": of,
        "role": "answers" if of == "sum" else "questions",
        **words._asdict(),
    }
    show_picture(data, key, on_pick)


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


def pair_map(
    cells: UInt8[np.ndarray, "p p"],
    kinds: Sequence[Kind],
    pair: tuple[int, int],
    words: Words,
    *,
    key: str,
    question: str,
    on_pick: Pick,
    names: Sequence[str] = (),
) -> None:
    """Every pair coloured by what it is: cell values index `kinds`. `question` has {a} and {b} in it; `names` are those
    of rows and columns, where they are no numbers."""
    data = {
        "kind": "map",
        "p": len(cells),
        "cells": base64.b64encode(np.ascontiguousarray(cells).tobytes()).decode(),
        "words": [kind.word for kind in kinds],
        "colours": [[kind.light, kind.dark] for kind in kinds],
        "a": pair[0],
        "b": pair[1],
        "question": question,
        "names": list(names),
        **words._asdict(),
    }
    show_picture(data, key, on_pick)


def _rounded(values: np.ndarray) -> list:
    """Four figures are more than a screen shows; what is not finite is drawn at 0."""
    return np.round(np.nan_to_num(values, posinf=0, neginf=0), 4).tolist()


def _number(value: float) -> float:
    return float(_rounded(np.array(value)))  # pyright: ignore[reportArgumentType]
