"""A run on sequences, measured: what its heads look at, and what it says to one sequence, snapshot by snapshot."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from grokviz.measures import sequences as measures
from grokviz.measures.sequences import Cliff
from grokviz.models import sequence
from grokviz.models.sequence import Weights
from grokviz.runs.folder import SequenceRun, iter_weights
from grokviz.tasks.sequences import Batch, held_out

MEASURED_ON = 32  # sequences that scores are means over


def cliffs(run: SequenceRun) -> dict[str, Cliff | None]:
    """The fall of the test loss, "" , and of each part of it by the name of its column: see `measures.sequences.cliff`."""
    columns = {"": "test_loss"} | {part.column: part.column for part in run.config.question.parts}
    steps, plateau = run.logged["step"], run.config.question.plateau
    return {name: measures.cliff(steps, run.logged[column], plateau) for name, column in columns.items()}


class Score(NamedTuple):
    """What the heads of one layer do, at every snapshot."""

    name: str
    layer: int
    values: Float[np.ndarray, "snapshots heads"]

    @property
    def best(self) -> int:
        """The head that does most of it in the end."""
        return int(self.values[-1].argmax())


def scores(run: SequenceRun) -> tuple[Score, ...]:
    """How far the heads have formed that solve the task; () for digits, of which no such account is known."""
    batch = held_out(run.config.question, run.config.seed, min(MEASURED_ON, run.config.n_test))
    kinds = [(name, layer) for name, layer, _ in _scores(run, batch, None)]
    found = [[values for _, _, values in _scores(run, batch, weights)] for weights in iter_weights(run)]
    return tuple(Score(*kind, np.array([row[i] for row in found])) for i, kind in enumerate(kinds))


def _scores(
    run: SequenceRun, batch: Batch, weights: Weights | None
) -> list[tuple[str, int, Float[np.ndarray, " heads"]]]:
    """Name, layer and value of every head; without weights, names alone."""
    config = run.config
    nothing = np.zeros(config.n_heads)
    names = {
        "skip-trigrams": [("looks at the special token", 0)],
        "repeats": [("looks at the token before", 0), ("looks at what came after", config.n_layers - 1)],
    }.get(config.task, [])
    if weights is None or not names:
        return [(*name, nothing) for name in names]
    patterns = sequence.run(config.model, weights, batch.tokens).patterns
    if config.task == "skip-trigrams":
        return [(*names[0], measures.attention_to(patterns[0], config.length - 1, special_places(batch)))]
    before = measures.previous_token_scores(patterns[0]).mean(0)
    after = measures.prefix_matching_scores(patterns[-1], *second_copies(batch, config.span))
    return [(*names[0], before), (*names[1], after)]


def special_places(batch: Batch) -> Int[np.ndarray, " n"]:
    """Of skip trigrams: where the special token stands."""
    return batch.tokens.argmax(1)


def second_copies(batch: Batch, span: int) -> tuple[Int[np.ndarray, "n known"], Int[np.ndarray, "n known"]]:
    """Of repeats: the places of the second copy at which something is asked, and, for each, that of its answer in the
    first. The first copy begins where the tokens of the second stood before."""
    places, known = batch.places[:, : span - 1], span - 1
    sources = np.empty_like(places)
    for i, tokens in enumerate(batch.tokens):
        windows = np.lib.stride_tricks.sliding_window_view(tokens[: places[i, 0]], span)
        word = tokens[places[i, 0] : places[i, 0] + span]
        sources[i] = np.flatnonzero((windows == word).all(1))[0] + 1 + np.arange(known)
    return places, sources


class Said(NamedTuple):
    """What every snapshot makes of one sequence."""

    patterns: Float[np.ndarray, "snapshots layers heads n n"]  # [query, key]
    chances: Float[np.ndarray, "snapshots asked d_vocab_out"]  # of each answer


def said_to(run: SequenceRun, tokens: Int[np.ndarray, " n"], places: Int[np.ndarray, " asked"]) -> Said:
    """Its attention, and its answers at these places."""
    patterns, chances = [], []
    for weights in iter_weights(run):
        found = sequence.run(run.config.model, weights, tokens[None])
        patterns.append(found.patterns[:, 0].astype(np.float32))
        chances.append(sequence.softmax(found.logits[0, places].astype(np.float64)))
    return Said(np.array(patterns), np.array(chances))
