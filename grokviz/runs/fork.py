"""Forks: runs that have the past of another up to one of its snapshots, and go on under other settings.

With fewer pairs, a fork shows whether the rule stays once most of its examples are gone: ungrokking, Varma et al. 2023
(arXiv 2309.02390). Its pairs are the first of the same order, so nothing new is shown.
"""

import dataclasses
from pathlib import Path

from grokviz.config import CHANGEABLE, SETTINGS, RunConfig
from grokviz.errors import RunError
from grokviz.runs import folder, write
from grokviz.runs.imported import why_not_trainable
from grokviz.runs.log import LOG_COLUMNS
from grokviz.runs.record import Provenance
from grokviz.tasks.pairs import DRAWN, further_columns

KEPT_BY_FORKS = tuple(name for name, s in SETTINGS.items() if s.kept_by_forks)


NO_FORK_OF_SEQUENCES = (
    "A run on sequences cannot be forked: no setting of it may change on the way. It is trained within minutes, so train "
    "another with other settings: python -m grokviz train --task."
)


def forked_at(parent: folder.Run, step: float) -> tuple[int, int]:
    """The index of the snapshot nearest to a step, and its step. Raises `RunError` where there is none, or the parent
    cannot be trained."""
    if reason := why_not_trainable(parent.config, parent.provenance):
        raise RunError(reason)
    index = folder.nearest_snapshot(parent, step)
    return index, int(parent.steps[index])


MORE_SNAPSHOTS = 40


def asked_for(
    parent: folder.Run, step: int, more: int, most_snapshots: int | None = None, **settings: float
) -> RunConfig:
    """The settings of the parent at this step, for so many steps more, with these in place of its own, and room for further
    snapshots, up to `most_snapshots` in all."""
    now = parent.config.at(step)
    snapshots = min(now.max_snapshots + MORE_SNAPSHOTS, most_snapshots or 2_000)
    settings = {"max_snapshots": snapshots, **settings}
    return dataclasses.replace(now, frac_before=0.0, steps=step + more, stop="steps", **settings)  # pyright: ignore[reportArgumentType]


def config_of_fork(parent: folder.Run, step: int, config: RunConfig) -> RunConfig:
    """Its past was trained under the parent's settings: what it began with, and from here on what is new.

    Raises `RunError` when the config is of another task or network, ends before it begins, or wants other pairs of a run
    whose pairs have no order.
    """
    now = parent.config.at(step)
    for name in KEPT_BY_FORKS:
        if getattr(config, name) != (kept := getattr(now, name)):
            raise RunError(f"A fork keeps {name} = {str(kept)[:40]}.", mend="Start a new run for another.")
    changes = [change for change in parent.config.changes if change[0] < step]
    changes += [(step, name, float(getattr(config, name))) for name in CHANGEABLE]
    began = {name: getattr(parent.config, name) for name in CHANGEABLE}
    if config.steps <= step:
        raise RunError(
            f"The fork begins at step {step:,} and would end at {config.steps:,}.", mend="Choose more steps."
        )
    before = _trained_on_before(parent.config, config.frac_train)
    return dataclasses.replace(config, changes=tuple(changes), frac_before=before, **began)


def _trained_on_before(parent: RunConfig, share: float) -> float:
    """The largest share that was ever trained on, or 0 where this one is no smaller."""
    if share == parent.frac_train:
        return parent.frac_before
    if parent.split not in DRAWN:
        raise RunError(
            "The training pairs of this run are named one by one and have no order, so a fork keeps them all.",
            mend="Leave the share of pairs as it is.",
        )
    before = max(parent.frac_before, parent.frac_train)
    return before if before > share else 0.0


def write_fork(
    path: Path, parent: folder.Run, at: tuple[int, int], about: RunConfig, birth: Provenance, title: str
) -> None:
    """Makes the folder of a fork: the parent's past up to the snapshot `at` (index and step, see `forked_at`), under the
    config `about` (see `config_of_fork`).

    Weights alone are stored, so its optimiser starts anew. What its log says besides, its past does not know.
    """
    index, step = at
    origin = {
        "step": step,
        "run": parent.path.name,
        "title": parent.title,
        "fingerprint": folder.fingerprint(parent),
    }
    write.create_run(path, about, dict(birth) | {"forked": origin}, title=title)
    names = (*LOG_COLUMNS, *further_columns(about))
    is_past = parent.logged["step"] <= step
    columns = [
        parent.logged[n][is_past].tolist() if n in parent.logged else [None] * int(is_past.sum())
        for n in names
    ]
    write.append_log(path, [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)])
    for i in range(index + 1):
        write.write_snapshot(path, int(parent.steps[i]), folder.read_weights(parent, i))
    if measured := folder.read_deep(parent):  # of its past, as far as that is the same
        write.write_deep(path, *measured)
