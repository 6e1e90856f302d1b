"""`train --task`: the flags of a run on sequences, which are those of its own table of settings."""

import argparse
from collections.abc import Mapping

from grokviz.config import SETTINGS
from grokviz.errors import BadInputError
from grokviz.sequence_config import SEQUENCE_SETTINGS, TASKS, SequenceConfig, recipe
from grokviz.settings import flag_of

FLAGS = {name: flag for name, about in SEQUENCE_SETTINGS.items() if (flag := flag_of(about))}
ALONE = {
    name: flag for name, flag in FLAGS.items() if name not in SETTINGS
}  # runs on pairs have no such setting


def add_flags(sub: argparse.ArgumentParser) -> None:
    """Those that runs on pairs do not have."""
    group = sub.add_argument_group(
        "a run on sequences",
        f"With --task one of {', '.join(TASKS)}, these are its settings, and of those above --seed, --d-model, --heads, "
        "--d-mlp, --lr, --weight-decay, --beta1, --beta2, --eps, --warmup-steps, --steps, --log-every, --snapshots and "
        "--precision.",
    )
    for name, flag in ALONE.items():
        about = SEQUENCE_SETTINGS[name]
        group.add_argument(flag, dest=name, type=about.kind, help=about.help)


def given(options: argparse.Namespace) -> dict[str, object]:
    """Of the settings that only runs on sequences have, those that were given."""
    return {name: value for name in ALONE if (value := getattr(options, name)) is not None}


def config_of(settings: Mapping[str, object], own: Mapping[str, object]) -> SequenceConfig:
    """The config of --task, from the settings that it shares with runs on pairs and its own.

    Raises `BadInputError` when one of them means nothing on sequences, `ConfigError` when a value cannot be.
    """
    task = str(own["task"])
    for name in settings:
        if name not in SEQUENCE_SETTINGS:
            flag = flag_of(SETTINGS[name])
            raise BadInputError(f"{flag} means nothing with --task {task}.", mend="Leave it out.")
    return recipe(task, **{**settings, **own})


def refuse_without_task(own: Mapping[str, object]) -> None:
    """Raises `BadInputError` when settings of sequences are given, and no task."""
    if own and "task" not in own:
        raise BadInputError(f"{ALONE[next(iter(own))]} needs --task.", mend=f"Add --task, one of: {', '.join(TASKS)}.")  # fmt: skip
