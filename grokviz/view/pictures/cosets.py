"""The table of a group beside one neuron, in the order of numbers or of cosets (`js/cosets.js`)."""

import base64
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, UInt8

from grokviz.view.film.component import show_picture
from grokviz.view.pictures import Kind, Words


class Cells(NamedTuple):
    """What every pair is: cell values index `kinds`."""

    cells: UInt8[np.ndarray, "n n"]
    kinds: Sequence[Kind]


class Side(NamedTuple):
    """What the neuron sees of each element on one side, and the elements coset by coset."""

    values: Float[np.ndarray, " n"]
    order: Int[np.ndarray, " n"]
    coset: Int[np.ndarray, " n"]  # of each element, by its number


class Buttons(NamedTuple):
    """What the button says: of the order it leads to, and back."""

    order: str
    back: str


def table(
    pairs: Cells,
    sides: tuple[Side, Side],
    names: Sequence[str],
    words: Words,
    buttons: Buttons,
    *,
    key: str,
    question: str,
    scale: float,
) -> None:
    """Every pair coloured by what it is, with the bars of one neuron along rows and columns; `scale` is a full bar."""
    data = {
        "kind": "cosets",
        "n": len(pairs.cells),
        "names": list(names),
        "cells": base64.b64encode(np.ascontiguousarray(pairs.cells).tobytes()).decode(),
        "words": [kind.word for kind in pairs.kinds],
        "colours": [[kind.light, kind.dark] for kind in pairs.kinds],
        "a": _side(sides[0], scale),
        "b": _side(sides[1], scale),
        "orderWords": buttons.order,
        "backWords": buttons.back,
        "question": question,
        "memory": key,
        **words._asdict(),
    }
    show_picture(data, key)


def _side(side: Side, scale: float) -> dict:
    cosets = side.coset[side.order]
    return {
        "values": np.round(np.nan_to_num(side.values), 4).tolist(),
        "scale": max(scale, 1e-9),
        "order": side.order.tolist(),
        "starts": (1 + np.flatnonzero(np.diff(cosets))).tolist(),
    }
