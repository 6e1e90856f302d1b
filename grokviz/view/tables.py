"""Arrays as tidy tables: one row a mark, ready for a chart, a tooltip or a CSV file."""

import numpy as np
import pandas as pd
from jaxtyping import Shaped

from grokviz.errors import BadInputError
from grokviz.measures.declaration import NO_KEYS, why_nothing
from grokviz.measures.phases import Phases
from grokviz.measures.registry import by_name
from grokviz.study import Study
from grokviz.tasks.pairs import NO_ANSWER
from grokviz.view.frames import thinned

LOSSES = {
    "train": "train_loss",
    "test": "test_loss",
    "restricted": "restricted_loss_test",
    "excluded": "excluded_loss_train",
}
CURVE_POINTS = 500  # of a logged curve: more than a figure has pixels to show


def losses(study: Study) -> pd.DataFrame:
    """step, series, loss: train and test as logged, restricted and excluded as measured on the snapshots."""
    log = study.run.log.iloc[thinned(len(study.run.log), CURVE_POINTS)]
    parts = []
    for series, column in LOSSES.items():
        if why_nothing(by_name(column), study.task, study.timeline.key_freqs, study.run.config.shapes):
            continue
        logged = column in log
        steps, values = (
            (log["step"], log[column]) if logged else (study.timeline.steps, measure(study, column))
        )
        parts.append(pd.DataFrame({"step": steps, "series": series, "loss": values}))
    return pd.concat(parts, ignore_index=True).astype({"step": int})


def measure(study: Study, name: str) -> Shaped[np.ndarray, "n ..."]:
    """The numbers of a measure, the snapshots along the first axis."""
    return study.timeline[name]


def measures(study: Study, names: dict[str, str]) -> pd.DataFrame:
    """step, series, value for measures of the timeline, `names` from the word on screen to the field."""
    steps = study.timeline.steps
    parts = [
        pd.DataFrame({"step": steps, "series": word, "value": measure(study, name)})
        for word, name in names.items()
    ]
    return pd.concat(parts, ignore_index=True)


def bands(phases: Phases, last_step: int) -> pd.DataFrame:
    """phase, start, end: the shaded stretches of the time axis."""
    rows = [(name, start, last_step if end is None else end) for name, start, end in phases.bands]
    return pd.DataFrame(rows, columns=["phase", "start", "end"])


def spectrum(study: Study, index: int) -> pd.DataFrame:
    """frequency, matrix, norm, role (key or other) of the embedding and of the neuron-logit map."""
    parts = []
    for matrix, norms in (
        ("embedding W_E", study.timeline.spectrum_W_E[index]),
        ("neurons to logits W_L", study.timeline.spectrum_W_L[index]),
    ):
        frequency = np.arange(1, len(norms) + 1)
        role = np.where(np.isin(frequency, study.timeline.key_freqs), "key", "other")
        parts.append(pd.DataFrame({"frequency": frequency, "matrix": matrix, "norm": norms, "role": role}))
    return pd.concat(parts, ignore_index=True)


def rings(study: Study, index: int) -> pd.DataFrame:
    """key (its name), number, x and y: the embedding in the plane of each key, at most 1 from the middle in the
    whole run; and turn, 0 to 1, where the number would stand on a perfect clock (of a group that is none: always 0).

    Raises `BadInputError` where there is no ring, with the reason.
    """
    keys, places = study.timeline.key_freqs, study.task.places
    if places is None or not keys:
        raise BadInputError(
            "This run has no rings to draw.",
            mend=why_nothing(by_name("ring"), study.task, keys, study.run.config.shapes) or NO_KEYS,
        )
    orders = [np.arange(places.n) * k % places.n / places.n * places.group.is_cyclic for k in keys]
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "key": places.group.blocks[k].name,
                    "number": places.a,
                    "x": ring[:, 0],
                    "y": ring[:, 1],
                    "turn": turn,
                }
            )
            for k, ring, turn in zip(keys, study.timeline.ring[index], orders, strict=True)
        ],
        ignore_index=True,
    )


def answers(study: Study, index: int) -> pd.DataFrame:
    """a, b, answer, split, right, result (split and right in words), probability of the right answer."""
    task = study.task
    a, b = np.nonzero(task.answers != NO_ANSWER)
    right = study.timeline.is_right[index, a, b]
    split = np.where(task.is_train[a, b], "trained on", "never seen")
    split = np.where(task.is_train[a, b] & task.is_test[a, b], "trained on or not", split)
    if task.is_removed is not None:
        split = np.where(task.is_removed[a, b], "trained on before", split)
    return pd.DataFrame(
        {
            "a": a,
            "b": b,
            "answer": task.answers[a, b],
            "result": np.where(right, np.char.add(split, ", right"), np.char.add(split, ", wrong")),
            "probability": study.timeline.right_probability[index, a, b].round(3),
        }
    )


def curves_csv(study: Study) -> str:
    """Every logged row as CSV, at full precision."""
    return study.run.log.astype({"step": int}).to_csv(index=False)


def measures_csv(study: Study) -> str:
    """Every measure with one number a snapshot, and those with one for each key frequency, as CSV."""
    return pd.DataFrame({"step": study.timeline.steps} | study.timeline.columns()).to_csv(index=False)
