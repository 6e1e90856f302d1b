"""Figures of runs on sequences: losses over steps, a sequence written out, attention maps, the two parts of the toy.

What each is drawn from is put together here as plain JSON (`js/contract.js` says what it holds), and
`view/film/component.py` shows it. All figures of a page show the step that is in view.
"""

import base64
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from grokviz.measures.sequences import Cliff
from grokviz.runs.folder import SequenceRun
from grokviz.study.sequences import Said, Score
from grokviz.tasks.sequences import BEGIN, EQUALS, FIRST, LAST, PLUS, RANDOM_TOKENS

MEAN = -1  # the colour of a curve that is the mean of others


class Words(NamedTuple):
    """What a figure is to a screen reader, and what stands under it while nothing is pointed at."""

    label: str
    hint: str


class Line(NamedTuple):
    """A curve over the logged steps."""

    name: str
    steps: Float[np.ndarray, " rows"]
    values: Float[np.ndarray, " rows"]
    colour: int
    strong: bool = False
    dashed: bool = False


class Plateau(NamedTuple):
    """The loss of whoever guesses, and what it is called."""

    at: float
    name: str


class Axes(NamedTuple):
    """What curves are drawn in."""

    top: float
    last: int
    unit: str
    plateaus: tuple[Plateau, ...] = ()
    cliffs: tuple[tuple[Cliff, int], ...] = ()  # each with its colour


def curves(lines: Sequence[Line], axes: Axes, words: Words, slider_from: int | None = None) -> dict:
    """Curves on linear axes; with `slider_from` the bar that moves the step stands above, and begins there."""
    return {
        "kind": "curves",
        "curves": [
            line._asdict() | {"steps": line.steps.astype(int).tolist(), "values": _numbers(line.values)}
            for line in lines
        ],
        "top": axes.top,
        "last": axes.last,
        "unit": axes.unit,
        "plateaus": [plateau._asdict() for plateau in axes.plateaus],
        "cliffs": [{"from": fall.begins, "to": fall.ends, "colour": colour} for fall, colour in axes.cliffs],
        "slider": slider_from is not None,
        "start": slider_from or 0,
        **words._asdict(),
    }


def losses_of(run: SequenceRun) -> list[Line]:
    """The test loss of every part of the task and, strong, of all of it; dashed that of the sequences it trains on, where
    they are few."""
    steps, task = run.logged["step"], run.config.question
    parts = [
        Line(_part_written(run, i), steps, run.logged[part.column], i)
        for i, part in enumerate(task.parts)
        if part.column in run.logged
    ]
    few = (
        [Line("trained on", steps, run.logged["train_loss"], MEAN, dashed=True)] if run.config.n_train else []
    )
    return [*parts, Line("all", steps, run.logged["test_loss"], MEAN, strong=True), *few]


def plateau_of(run: SequenceRun) -> Plateau:
    """That of its task."""
    task = run.config.question
    return Plateau(task.plateau, f"guessing: ln {task.guesses} = {task.plateau:.2f}")


def scores(found: Sequence[Score], steps: Int[np.ndarray, " snapshots"], words: Words) -> dict:
    """What the best head of each layer does, over the snapshots."""
    lines = [
        Line(
            f"layer {score.layer + 1}, head {score.best + 1}: {score.name}",
            steps.astype(float),
            score.values[:, score.best],
            i,
            strong=True,
        )
        for i, score in enumerate(found)
    ]
    return curves(lines, Axes(1.0, int(steps[-1]), "share of attention"), words)


class Question(NamedTuple):
    """A sequence that is put to a network: where it is asked, and what is right there."""

    tokens: Int[np.ndarray, " n"]
    places: Int[np.ndarray, " asked"]
    answers: Int[np.ndarray, " asked"]
    looks_from: int | None = None  # a place whose attention is drawn over all tokens
    shown_at: int = 0  # so far behind its place an answer is written: 1 where it is the next token


def tokens(run: SequenceRun, asked: Question, said: Said, words: Words) -> dict:
    """The sequence written out, with what every snapshot answers."""
    right = np.take_along_axis(said.chances, asked.answers[None, :, None], 2)[..., 0]
    guesses = said.chances.argmax(-1)
    looks = ""
    if asked.looks_from is not None:
        looks = _bytes(said.patterns[:, 0].max(1)[:, asked.looks_from])
    return {
        "kind": "tokens",
        "steps": run.steps.tolist(),
        "tokens": written(run, asked.tokens),
        "large": run.config.task == "digits",
        "looks": looks,
        "asked": [
            {
                "place": int(place) + asked.shown_at,
                "right": answer_written(run, int(asked.answers[i])),
                "guess": [answer_written(run, int(guess)) for guess in guesses[:, i]],
                "chance": _numbers(right[:, i]),
                "loss": _numbers(-np.log(np.maximum(right[:, i], 1e-12))),
            }
            for i, place in enumerate(asked.places)
        ],
        "plateau": run.config.question.plateau,
        **words._asdict(),
    }


def maps(run: SequenceRun, asked: Question, said: Said, found: Sequence[Score], words: Words) -> dict:
    """The attention maps of the best head of each score."""
    return {
        "kind": "maps",
        "steps": run.steps.tolist(),
        "tokens": written(run, asked.tokens),
        "heads": [
            {
                "title": f"Layer {score.layer + 1}, head {score.best + 1}: {score.name}",
                "cells": _bytes(said.patterns[:, score.layer, score.best]),
            }
            for score in found
        ],
        **words._asdict(),
    }


def parts(
    run: SequenceRun,
    QK: Float[np.ndarray, "snapshots d_vocab"],
    OV: Float[np.ndarray, "snapshots d_vocab d_vocab_out"],
    words: Words,
) -> dict:
    """The two parts of the toy at every snapshot."""
    reach = float(np.abs(OV).max())
    return {
        "kind": "parts",
        "steps": run.steps.tolist(),
        "tokens": written(run, np.arange(run.config.model.d_vocab)),
        "answers": [answer_written(run, i) for i in range(run.config.model.d_vocab_out)],
        "looked": [_numbers(row) for row in QK],
        "most": float(np.abs(QK).max()),
        "says": _encoded(np.round(OV / reach * 127) + 127),
        "reach": reach,
        **words._asdict(),
    }


def written(run: SequenceRun, found: Int[np.ndarray, " n"]) -> list[str]:
    """Tokens as they are written: letters, capitals for special tokens; digits; the characters of their number."""
    if run.config.task == "digits":
        signs = {PLUS: "+", EQUALS: "="}
        return [signs.get(token, str(token)) for token in found.tolist()]
    if run.config.task == "repeats":
        return [_character(token) for token in found.tolist()]
    ends = {FIRST: "⊢", LAST: "⊣"}
    return [ends.get(token) or _letter(token - 2) for token in found.tolist()]


def answer_written(run: SequenceRun, answer: int) -> str:
    """An answer as it is written."""
    if run.config.task == "skip-trigrams":
        return _letter(RANDOM_TOKENS + answer)
    return str(answer) if run.config.task == "digits" else _character(answer)


def _part_written(run: SequenceRun, part: int) -> str:
    """What a share of the answers is called: of skip trigrams the answer itself."""
    if run.config.task == "skip-trigrams":
        return answer_written(run, part)
    return run.config.question.parts[part].label


def _letter(number: int) -> str:
    return chr(ord("a") + number) if number < RANDOM_TOKENS else chr(ord("A") + number - RANDOM_TOKENS)


def _character(token: int) -> str:
    """Token t of repeats is character t of ASCII; what cannot be seen is a dot, and a space an open box."""
    if token == BEGIN:
        return "⊢"
    return "␣" if token == ord(" ") else chr(token) if 33 <= token < 127 else "·"


def _numbers(values: Float[np.ndarray, " n"]) -> list[float | None]:
    """Four figures of each; None where nothing was measured."""
    return [float(f"{value:.4g}") if np.isfinite(value) else None for value in values.tolist()]


def _bytes(shares: Float[np.ndarray, "*shape"]) -> str:
    return _encoded(np.round(shares * 255))


def _encoded(values: Float[np.ndarray, "*shape"]) -> str:
    return base64.b64encode(values.astype(np.uint8).tobytes()).decode()
