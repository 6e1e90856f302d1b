"""What a sweep trains: settings that all of its runs share, settings that vary, and seeds."""

import dataclasses
import functools
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from grokviz import wording
from grokviz.config import SETTINGS, RunConfig, from_json, to_json
from grokviz.errors import BadInputError, ConfigError, RunError
from grokviz.runs.storage import canonical, read_json, replace_file
from grokviz.settings import flag_of

DEFINITION = "sweep.json"
FOLDERS = "runs"  # of the runs that are kept
FORMAT = 1
MAX_RUNS = 100_000
HOW = "Write NAME=0,0.5,2 for these values, NAME=0.15:0.8:8 for eight from the first to the last, NAME=1e-4:1e-1:7:log for even ratios."
# A sweep has seeds of its own, and a group brings its modulus with it; what has no flag cannot be written in a grid.
VARIED = tuple(
    n for n, s in SETTINGS.items() if s.kind is not tuple and flag_of(s) and n not in ("seed", "group")
)

Value = int | float | str
Cell = Mapping[str, Value]  # a value for every setting that varies


@dataclass(frozen=True)
class Sweep:
    """Every combination of the values in `grid`, each with every seed. Raises `ConfigError` when one cannot be trained."""

    base: RunConfig  # what all share; its number of steps is the budget
    grid: tuple[tuple[str, tuple[Value, ...]], ...]
    seeds: tuple[int, ...] = (0,)
    keep: tuple[tuple[str, tuple[Value, ...]], ...] | None = None  # run folders of the runs with these values
    title: str = ""

    def __post_init__(self) -> None:
        _refuse_too_many(self)
        for number in range(0, len(self), len(self.seeds)):
            self.config(number)

    def __len__(self) -> int:
        return math.prod(len(values) for _, values in self.grid) * len(self.seeds)

    @functools.cached_property
    def cells(self) -> tuple[Cell, ...]:
        """All combinations, the first setting slowest."""
        names = [name for name, _ in self.grid]
        return tuple(
            dict(zip(names, values, strict=True))
            for values in itertools.product(*(values for _, values in self.grid))
        )

    def cell(self, run: int) -> Cell:
        return self.cells[run // len(self.seeds)]

    def seed(self, run: int) -> int:
        return self.seeds[run % len(self.seeds)]

    def config(self, run: int) -> RunConfig:
        """The config of a run by its number: all seeds of a cell, then the next cell."""
        cell: dict = dict(self.cell(run))
        try:
            return dataclasses.replace(self.base, **cell, seed=self.seed(run))
        except ConfigError as error:
            here = ", ".join(f"{name} = {value}" for name, value in cell.items())
            raise ConfigError(f"At {here}: {error.found}", error.expected, error.mend) from error

    def is_kept(self, run: int) -> bool:
        """Whether its run folder is wanted."""
        known = {**self.cell(run), "seed": self.seed(run)}
        return self.keep is not None and all(known[name] in values for name, values in self.keep)


def value_in_words(name: str, value: Value) -> str:
    """0.35 as 35 % where it is a share of the pairs."""
    if name == "frac_train" and isinstance(value, float):
        return f"{100 * value:.3g}{wording.THIN}%"
    return f"{value:g}" if isinstance(value, float) else str(value)


def in_words(cell: Cell) -> str:
    """Pairs to train on 35 %, weight decay 2."""
    parts = [f"{SETTINGS[name].label.lower()} {value_in_words(name, value)}" for name, value in cell.items()]
    return wording.sentence_case(", ".join(parts))


def _refuse_too_many(sweep: Sweep) -> None:
    if not 0 < len(sweep) <= MAX_RUNS:
        raise ConfigError(
            f"This grid has {len(sweep):,} runs.",
            f"Expected 1 to {MAX_RUNS:,}.",
            "Choose fewer values or seeds.",
        )


def parse_grid(texts: Sequence[str]) -> tuple[tuple[str, tuple[Value, ...]], ...]:
    """The settings and values of `frac_train=0.15:0.8:8 weight_decay=0,1`. Raises `BadInputError` with what is wrong."""
    grid: dict[str, tuple[Value, ...]] = {}
    for text in texts:
        name, values = _parse_axis(text, VARIED)
        if name in grid:
            raise BadInputError(f"{name} is there twice.", mend="Put all of its values into one list.")
        grid[name] = values
    return tuple(grid.items())


def parse_keep(texts: Sequence[str], grid: Sequence[tuple[str, tuple]], seeds: Sequence[int]) -> tuple:
    """Which run folders to keep, as `frac_train=0.35 seed=0`, or `all`. Raises `BadInputError` for what no run has."""
    known = {**dict(grid), "seed": tuple(seeds)}
    wanted = []
    for text in texts:
        if text == "all":
            continue
        name, values = _parse_axis(text, tuple(known))
        if strange := [value for value in values if value not in known[name]]:
            has = ", ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in known[name])
            raise BadInputError(
                f"--keep {text[:80]}: no run has {name} = {strange[0]}.", f"This grid has: {has}."
            )
        wanted.append((name, values))
    return tuple(wanted)


def _parse_axis(text: str, allowed: Sequence[str]) -> tuple[str, tuple[Value, ...]]:
    """One setting with its values; it may be named as its flag is."""
    name, equals, listed = text.partition("=")
    flags = {flag_of(SETTINGS[known]).removeprefix("--"): known for known in allowed}
    name = flags.get(name.replace("_", "-"), name)
    if not equals or not listed.strip(", "):
        raise BadInputError(f"{text[:80]!r} has no values.", mend=HOW)
    if name not in allowed:
        also = " A sweep has seeds of its own: --seeds 3." if name == "seed" else ""
        raise BadInputError(
            f"{name[:40]!r} is no setting that can vary.{also}", f"Choose one of: {', '.join(allowed)}."
        )
    parts = [part.strip() for part in listed.split(",") if part.strip()]
    values = [
        value for part in parts for value in (_span(name, part) if ":" in part else [_value(name, part)])
    ]
    for value in values:
        SETTINGS[name].check(value)
    if len(set(values)) < len(values):
        twice = next(value for value in values if values.count(value) > 1)
        raise BadInputError(f"{name} has the value {twice} twice.", mend="Leave one of them out.")
    return name, tuple(values)


def _value(name: str, text: str) -> Value:
    kind = SETTINGS[name].kind
    try:
        value = kind(text)
    except ValueError:
        words = "a whole number" if kind is int else "a number"
        raise BadInputError(f"{name} has the value {text[:40]!r},", f"expected {words}.", HOW) from None
    if isinstance(value, float) and not math.isfinite(value):
        raise BadInputError(f"{name} has the value {text[:40]!r},", "expected a finite number.")
    return value


def _span(name: str, text: str) -> Iterator[Value]:
    """first:last:how many, with :log for even ratios. Three figures: so that they read well, and are what is trained."""
    parts = text.split(":")
    is_log = len(parts) == 4 and parts[3] == "log"
    try:
        first, last, number = float(parts[0]), float(parts[1]), int(parts[2])
        if len(parts) != 3 + is_log or number < 2 or not math.isfinite(last - first) or number > MAX_RUNS:
            raise ValueError
        if is_log and min(first, last) <= 0:
            raise BadInputError(f"{name}={text[:60]}: even ratios need values above 0.", mend=HOW)
    except (ValueError, IndexError) as error:
        if isinstance(error, BadInputError):
            raise
        raise BadInputError(
            f"{name}={text[:60]} is no span of values.",
            "Expected first:last:number, two values or more.",
            HOW,
        ) from None
    if SETTINGS[name].kind is str:
        raise BadInputError(f"{name} is a text, which has no span of values.", mend=HOW)
    for value in (np.geomspace if is_log else np.linspace)(first, last, number).tolist():
        short = float(f"{value:.3g}") if SETTINGS[name].kind is float else round(value, 6)
        if SETTINGS[name].kind is int and short != int(short):
            raise BadInputError(
                f"{name}={text[:60]} comes to {short:g}.",
                f"{name} is a whole number.",
                "List the values instead.",
            )
        yield SETTINGS[name].kind(short)


def write(folder: Path, sweep: Sweep) -> None:
    """Put the definition into the folder of the sweep."""
    values = {
        "format": FORMAT,
        "title": sweep.title,
        "base": to_json(sweep.base),
        "grid": [[name, list(values)] for name, values in sweep.grid],
        "seeds": list(sweep.seeds),
        "keep": None if sweep.keep is None else [[name, list(values)] for name, values in sweep.keep],
    }
    replace_file(folder / DEFINITION, canonical(values))


def read(folder: Path) -> Sweep:
    """The sweep in a folder. Raises `RunError` when it is none, or its definition is damaged."""
    values = read_json(folder, DEFINITION)
    try:
        match values:
            case {"format": int(found)} if found > FORMAT:
                raise RunError(
                    f"{folder.name} was made by a newer GrokViz (format {found}).", mend="Update this one."
                )
            case {"base": dict(base), "grid": list(grid), "seeds": list(seeds), "title": str(title)} if seeds:
                keep = values.get("keep")
                return Sweep(
                    from_json(base),
                    _axes(grid),
                    tuple(seed for seed in seeds if type(seed) is int),
                    None if keep is None else _axes(keep),
                    title,
                )
    except (ConfigError, TypeError, ValueError) as error:
        raise RunError(f"{DEFINITION} of {folder.name} is damaged: {str(error)[:200]}") from None
    raise RunError(f"{DEFINITION} of {folder.name} is damaged.", "Expected base, grid, seeds and title.")


def _axes(values: object) -> tuple[tuple[str, tuple[Value, ...]], ...]:
    """Raises `TypeError` or `ConfigError` where the value is no such list."""
    if not isinstance(values, list):
        raise TypeError("no list of settings")
    found = []
    for name, listed in values:
        if name not in (*VARIED, "seed") or not isinstance(listed, list) or not listed:
            raise TypeError(f"{str(name)[:40]} cannot vary")
        kind = SETTINGS[name].kind
        typed = tuple(
            kind(value) if type(value) in (int, float) and kind is not str else value for value in listed
        )
        for value in typed:
            SETTINGS[name].check(value)
        found.append((name, typed))
    return tuple(found)
