"""How a file says that it was trained: in its config, and in its optimizer, which did it."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from grokviz.config import SETTINGS, RunConfig
from grokviz.errors import ConfigError
from grokviz.importers.values import number_of

# Of `RunConfig` -> in a config. What is trained on, and what forks keep, is of the task and the network: others read that.
SHARE, WRONG = "frac_train", "wrong_labels"
NAMES = {
    name: s.in_files for name, s in SETTINGS.items() if s.in_files and name != SHARE and not s.kept_by_forks
}


class Training(NamedTuple):
    """Settings by the names of `RunConfig`: those it can hold, those out of its range, those nobody names."""

    values: dict[str, float]
    out_of_range: dict[str, float]
    unknown: list[str]
    notes: list[str]


def training_of(settings: Mapping[str, object]) -> Training:
    """What the file says of its training. Where config and optimizer differ, a note says so.

    Weight decay, betas and eps of an optimizer never change while it trains, so they are what was done. Its learning
    rate may be that of a schedule at its end: the one it began with is taken, or else the one of the config.
    """
    config, optimizer = (
        _named(settings),
        _named({k[10:]: v for k, v in settings.items() if k.startswith("optimizer.")}),
    )
    began = number_of(settings.get("optimizer.initial_lr"))
    if began is not None:
        optimizer["lr"] = began
    told: dict[str, float] = {}
    notes = []
    for name in NAMES:
        said, did = config.get(name), optimizer.get(name)
        last = said if name == "lr" and began is None and said is not None else did
        if (value := last if last is not None else said) is None:
            continue
        told[name] = value
        if said is not None and did is not None and said != did:
            notes.append(f"Its config says {name} {said:g}, its optimizer {did:g}: {value:g} is shown.")
    values = {name: value for name, value in told.items() if _fits(name, value)}
    strange = {name: value for name, value in told.items() if name not in values}
    if strange:
        listed = ", ".join(f"{name} {value:g}" for name, value in strange.items())
        notes.append(
            f"Its {listed} is not what GrokViz trains with: it is shown, and the run cannot be trained on."
        )
    if wrong := _first_number(settings, SETTINGS[WRONG].in_files):
        notes.append(
            f"Its config says that a share of {wrong:g} of its labels is wrong, and not which: its figures are of the true answers."
        )
    return Training(values, strange, [name for name in NAMES if name not in told and name != "eps"], notes)


def _named(settings: Mapping[str, object]) -> dict[str, float]:
    found: dict[str, float] = {}
    for ours, names in NAMES.items():
        for name in names:
            if not isinstance(value := settings.get(name), bool) and (number := number_of(value)) is not None:
                found.setdefault(ours, number)
    betas = settings.get("betas")
    if isinstance(betas, list | tuple) and len(betas) == 2:
        for name, beta in zip(("beta1", "beta2"), betas, strict=True):
            if (number := number_of(beta)) is not None:
                found.setdefault(name, number)
    return found


def _fits(name: str, value: float) -> bool:
    try:
        RunConfig(**{name: value})  # pyright: ignore[reportArgumentType]
    except ConfigError:
        return False
    return True


def share_of_settings(settings: Mapping[str, object]) -> float | None:
    """The share of the pairs that the settings say was trained on, if it can be one."""
    return _first_number(settings, SETTINGS[SHARE].in_files, lambda share: _fits(SHARE, share))


def _first_number(
    settings: Mapping[str, object], names: Iterable[str], fits: Callable[[float], bool] = lambda number: True
) -> float | None:
    """The first number that one of these names stands for."""
    numbers = (number_of(settings.get(name)) for name in names)
    return next((number for number in numbers if number is not None and fits(number)), None)
