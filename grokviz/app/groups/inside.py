"""A snapshot of a network that composes: its neurons on cosets, computed once, shared by every visitor, read-only."""

from typing import NamedTuple

import numpy as np

from grokviz.app.session import cache
from grokviz.app.session.bounded import kept
from grokviz.app.session.cache import RunHandle
from grokviz.circuit import accounts, cosets
from grokviz.circuit.accounts import Hidden
from grokviz.circuit.cosets import Cosets, Fit, Sides
from grokviz.circuit.interventions import Outcome, outcome
from grokviz.measures.circuit import logit_map
from grokviz.models.forward import Activations, forward
from grokviz.runs.folder import read_weights
from grokviz.study import Study
from grokviz.tasks.groups import Group
from grokviz.tasks.pairs import places_of


class Inside(NamedTuple):
    """What the page shows of a snapshot: a few hundred kilobytes."""

    sides: Sides
    fit: Fit
    said: np.ndarray  # [n, n], the likeliest answer
    outcome: Outcome


def group_of(study: Study) -> Group:
    """The group of a run. Raises `ValueError` for a run that asks about none."""
    places = places_of(study.run.config)
    if places is None:
        raise ValueError(f"{study.run.config.operation} is the product of no group.")
    return places.group


def known_cosets(study: Study) -> tuple[Cosets, ...]:
    """Every subgroup with its cosets."""
    return cosets.all_cosets(group_of(study))


def _whole(study: Study, index: int) -> Activations:
    return forward(read_weights(study.run, index, np.float32))


@kept(cache.GROUPS, key=lambda handle, index: (handle.weights, index))
def inside(handle: RunHandle, index: int) -> Inside:
    """One snapshot: what its neurons see, and on which cosets that is constant."""
    study = cache.study(handle)
    whole = _whole(study, index)
    parts = cosets.sides(whole.pre)
    return Inside(
        parts,
        cosets.fit(parts, known_cosets(study)),
        whole.logits.argmax(axis=2).astype(np.uint8),
        outcome(whole.logits.astype(np.float64), study.task),
    )


@kept(cache.ACCOUNTS, key=lambda handle, index, keys: (handle.weights, index, keys))
def trials(handle: RunHandle, index: int, keys: tuple[int, ...]) -> list[tuple[accounts.Trial, Outcome]]:
    """The experiments on which the two accounts speak differently; of each only what came of it is kept."""
    study, found = cache.study(handle), inside(handle, index)
    whole = _whole(study, index)
    to_logits = logit_map(whole.weights)
    made = accounts.trials(
        Hidden(whole.pre, whole.post), found.sides, found.fit, known_cosets(study), group_of(study), keys
    )
    nothing = np.zeros((0, 0, 0), np.float32)
    return [
        (
            trial._replace(post=nothing),
            outcome((whole.logits + (trial.post - whole.post) @ to_logits).astype(np.float64), study.task),
        )
        for trial in made
    ]
