"""What a setting is: its label, help, range and choices, told once beside the field that holds it."""

import dataclasses
import math
from typing import NamedTuple, TypeVar

from grokviz.errors import ConfigError

T = TypeVar("T")


class Setting(NamedTuple):
    """One setting, told once: every list of settings elsewhere is a filter over `SETTINGS`."""

    label: str  # on pages
    help: str  # in one line: of the flag
    within: tuple[float, float] | None = None  # of a number
    choices: tuple[str, ...] = ()  # of a text
    hint: str = ""  # what the form says of it besides
    flag: str | None = None  # of `train`, where it is not --name-of-the-field; "": none
    changeable: bool = False  # while a run is trained
    may_differ: bool = False  # when a run goes on
    kept_by_forks: bool = False
    limited: bool = False  # on a shared machine
    shared: tuple[str, ...] = ()  # the choices that a shared machine gives, where not all
    incidental: bool = False  # changes nothing of the course of a run, or only what another seed would
    is_young: bool = False  # written only where it is not the default, see `to_json`
    of_optimizer: str = ""  # a constant of this optimiser: no other knows it
    in_files: tuple[str, ...] = ()  # what other people's code calls it; the first that is there counts
    asked: tuple[str, str] = ("", "")  # of a file that does not say it: label and words of the question
    # Filled in from the field.
    name: str = ""
    kind: type = tuple
    default: object = None

    def check(self, value: object) -> None:
        """Raises `ConfigError` when the value is of another type, out of range or none of the choices."""
        allowed = (int, float) if self.kind is float else self.kind
        if isinstance(value, bool) or not isinstance(value, allowed):
            raise ConfigError(f"{self.name} = {str(value)[:80]!r} should be {_TYPE_WORDS[self.kind]}.")
        low, high = self.within or (-math.inf, math.inf)
        if isinstance(value, int | float) and not low <= value <= high:  # also refuses NaN
            raise ConfigError(
                f"{self.name} = {value} is out of range.", mend=f"Choose a value from {low:g} to {high:g}."
            )
        if self.choices and value not in self.choices:
            raise ConfigError(
                f"{self.name} = {str(value)[:80]!r} is not known.",
                mend=f"Choose one of: {', '.join(self.choices)}.",
            )


_TYPE_WORDS: dict[type, str] = {int: "a whole number", float: "a number", str: "a text"}


def setting(default: T, about: Setting) -> T:
    """A field of a frozen dataclass that knows what it is."""
    return dataclasses.field(default=default, metadata={"setting": about})


def table_of(record: type) -> dict[str, Setting]:
    """The settings of a dataclass whose fields were made by `setting`, by name."""
    table = {}
    for field in dataclasses.fields(record):
        kind = field.type if isinstance(field.type, type) else tuple
        about: Setting = field.metadata["setting"]
        table[field.name] = about._replace(name=field.name, kind=kind, default=field.default)
    return table


def flag_of(setting: Setting) -> str:
    """The flag of `train` that sets it, or "" where none does."""
    return "--" + setting.name.replace("_", "-") if setting.flag is None else setting.flag
