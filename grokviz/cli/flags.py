"""The settings of a run as flags: for every command that trains."""

import argparse

from grokviz.config import SETTINGS, RunConfig, of_group
from grokviz.forecast.presets import PRESETS, adapted, preset
from grokviz.settings import flag_of

FLAGS = {name: flag for name, setting in SETTINGS.items() if (flag := flag_of(setting))}


def add(sub: argparse.ArgumentParser) -> None:
    """Adds --preset, and a flag for every setting that has one."""
    sub.add_argument("--preset", help=f"start from: {', '.join(PRESETS)}, for the modulus")
    for name, flag in FLAGS.items():
        sub.add_argument(flag, dest=name, type=SETTINGS[name].kind, help=SETTINGS[name].help)


def given(options: argparse.Namespace) -> list[str]:
    """The settings that somebody has named."""
    return [name for name in FLAGS if getattr(options, name) is not None]


def settings(options: argparse.Namespace) -> dict:
    """What they are to be; a group brings its operation and its number of elements."""
    named = {name: getattr(options, name) for name in given(options)}
    if "group" in named:
        named = {**of_group(named["group"])} | {n: v for n, v in named.items() if n != "group"}
    return named


def config(preset_name: str | None, named: dict) -> RunConfig:
    """A preset, or the paper's settings, with these changes. Raises `ConfigError` when that cannot be."""
    base = RunConfig() if preset_name is None else preset(preset_name, named.get("p"), named.get("group", ""))
    return adapted(base, **named)
