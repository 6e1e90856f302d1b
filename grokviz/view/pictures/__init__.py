"""Pictures of one pair on its way through the circuit: rings, waves, and the map of all pairs.

One canvas component (Streamlit Components v2) of three kinds. Its data are plain JSON, a few kilobytes; what
is chosen in it comes back as the trigger `pick`, {"a": number, "b": number}. A number under the pointer is
marked in every picture. Colours and type come from the page's theme, as in the film.
"""

import base64
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, UInt8

from grokviz.view.film.component import show_picture

Pick = Callable[[int, int], None]


def ring(
    k: int,
    order: int,
    points: Float[np.ndarray, "n 2"],
    radius: float,
    note: str,
    own: dict[str, Sequence[float]] | None = None,
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
    places: dict[str, int],
    labels: dict[str, str],
    *,
    key: str,
    label: str,
    hint: str,
    word: str,
    on_pick: Pick | None = None,
) -> None:
    """Rings side by side, with a hand to the place of each name; the hands can be dragged with `on_pick`."""
    hands = [
        {"name": name, "label": text, "dashed": index > 0}
        for index, (name, text) in enumerate(labels.items())
    ]
    data = {
        "kind": "rings",
        "n": len(numbers),
        "numbers": list(map(int, numbers)),
        "rings": found,
        "places": places,
        "hands": hands,
        "draggable": on_pick is not None,
        "label": label,
        "hint": hint,
        "word": word,
        "role": "answers" if word == "sum" else "questions",
    }
    show_picture(data, key, on_pick)


def lane(
    title: str, order: int, actual: Float[np.ndarray, " n"], ideal: Float[np.ndarray, " n"], note: str = ""
) -> dict:
    """One wave over the answers, as it is and as it ought to be."""
    return {
        "title": title,
        "order": order,
        "actual": _rounded(actual),
        "ideal": _rounded(ideal),
        "note": note,
    }


def waves(
    lanes: list[dict],
    total: dict,
    numbers: Sequence[int],
    *,
    key: str,
    label: str,
    hint: str,
    axis: str,
    right: int,
    right_label: str,
    winner: int,
    winner_label: str,
    scale: float,
    total_scale: float,
    shared: bool = True,
) -> None:
    """Lanes of waves over the answers and their sum; `right` and `winner` are places, the scales full height.

    `shared`: the numbers are answers of the run, and light up where they are pointed at anywhere in the page.
    """
    data = {
        "kind": "waves",
        "lanes": lanes,
        "total": total,
        "numbers": list(map(int, numbers)),
        "shared": shared,
        "ticks": np.unique(np.linspace(0, len(numbers) - 1, 8).astype(int)).tolist(),
        "axis": axis,
        "right": right,
        "rightLabel": right_label,
        "winner": winner,
        "winnerLabel": winner_label,
        "scale": scale,
        "totalScale": total_scale,
        "label": label,
        "hint": hint,
    }
    show_picture(data, key)


def pair_map(
    cells: UInt8[np.ndarray, "p p"],
    words: Sequence[str],
    colours: Sequence[tuple[str, str]],
    pair: tuple[int, int],
    *,
    key: str,
    label: str,
    hint: str,
    question: str,
    on_pick: Pick,
) -> None:
    """Every pair coloured by what it is: cell values index `words` and `colours` (light, dark)."""
    data = {
        "kind": "map",
        "p": len(cells),
        "cells": base64.b64encode(np.ascontiguousarray(cells).tobytes()).decode(),
        "words": list(words),
        "colours": [list(both) for both in colours],
        "a": pair[0],
        "b": pair[1],
        "label": label,
        "hint": hint,
        "question": question,
    }
    show_picture(data, key, on_pick)


def _rounded(values: np.ndarray) -> list:
    """Four figures are more than a screen shows; what is not finite is drawn at 0."""
    return np.round(np.nan_to_num(values, posinf=0, neginf=0), 4).tolist()


def _number(value: float) -> float:
    return float(_rounded(np.array(value)))  # pyright: ignore[reportArgumentType]
