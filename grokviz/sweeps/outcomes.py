"""The table of a sweep: a row for every run that is over, in lines of JSON.

All rows of a batch are appended in one go. A line that was torn by a killed process, and any row after it, counts as
not there; what is cut off then is trained again.
"""

import dataclasses
import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from grokviz.config import RunConfig, settings_of
from grokviz.engine.schedule import LogRow
from grokviz.measures.phases import ACCURATE
from grokviz.runs.storage import MIB, check_size, open_inside, replace_file, saying

TABLE = "outcomes.jsonl"
MAX_TABLE = 256 * MIB
PUBLISHED_ACCURACY = 0.9  # of Liu et al. 2022
CURVE_STEP = 1.15  # a point of a curve is at least so many times later than the one before


class Curve(NamedTuple):
    """Both losses of a run, thinned: enough for a small picture. Losses as log10, to two decimals."""

    step: tuple[int, ...] = ()
    train: tuple[float, ...] = ()
    test: tuple[float, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of one run. Steps are those of the log at which it was first so; None: not within its steps."""

    run: int  # its number in the sweep
    cell: Mapping[str, float | str]  # the settings that vary
    seed: int
    train_90: int | None = None
    test_90: int | None = None
    memorised: int | None = None  # 99 % of the training pairs right
    grokked: int | None = None  # 99 % of the others
    test_when_memorised: float | None = None
    step: int = 0  # its last row, and what that says
    train_loss: float = math.nan
    test_loss: float = math.nan
    train_accuracy: float = 0.0
    test_accuracy: float = 0.0
    diverged: str = ""  # why it ended before its steps were over
    folder: str = ""  # of the run, if it was kept
    curve: Curve = field(default_factory=Curve)

    @property
    def is_done(self) -> bool:
        """Whether all that the table asks has happened."""
        return self.memorised is not None and self.grokked is not None

    def after(self, row: LogRow) -> "Outcome":
        """With what another row of the log says."""
        here: dict[str, object] = {name: getattr(row, name) for name in LAST}
        for name, accuracy, level in (
            ("train_90", row.train_accuracy, PUBLISHED_ACCURACY),
            ("test_90", row.test_accuracy, PUBLISHED_ACCURACY),
            ("memorised", row.train_accuracy, ACCURATE),
            ("grokked", row.test_accuracy, ACCURATE),
        ):
            if getattr(self, name) is None and accuracy >= level:
                here[name] = row.step
        if "memorised" in here:
            here["test_when_memorised"] = row.test_accuracy
        if not self.curve.step or row.step >= CURVE_STEP * self.curve.step[-1]:
            here["curve"] = _longer(self.curve, row)
        return dataclasses.replace(self, **here)  # pyright: ignore[reportArgumentType]


LAST = ("step", "train_loss", "test_loss", "train_accuracy", "test_accuracy")
COLUMNS = tuple(f.name for f in dataclasses.fields(Outcome))
_DEFAULTS = {f.name: f.default for f in dataclasses.fields(Outcome) if f.default is not dataclasses.MISSING}


def _longer(curve: Curve, row: LogRow) -> Curve:
    train, test = (round(math.log10(max(loss, 1e-12)), 2) for loss in (row.train_loss, row.test_loss))
    return Curve((*curve.step, row.step), (*curve.train, train), (*curve.test, test))


def encode(outcome: Outcome) -> bytes:
    """A row as a line of JSON: five figures of every number, and nothing that is the default."""
    values: dict[str, object] = {
        name: _short(value)
        for name in COLUMNS
        if (value := getattr(outcome, name)) != _DEFAULTS.get(name, ...) and value is not None
    }
    values["curve"] = [list(column) for column in outcome.curve]
    return json.dumps(values, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def _short(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.5g}") if math.isfinite(value) else None
    return dict(value) if isinstance(value, Mapping) else value


def decode(line: bytes) -> Outcome | None:
    """The row in a line, or None where it is torn or no such row."""
    try:
        values = json.loads(line.decode("ascii"))
        if not line.endswith(b"\n") or not isinstance(values, dict) or not values.keys() <= set(COLUMNS):
            return None
        steps, *losses = values.pop("curve", [[], [], []])
        curve = Curve(tuple(map(int, steps)), *(tuple(map(float, column)) for column in losses))
        return _checked(values, curve)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _checked(values: dict, curve: Curve) -> Outcome | None:
    """Raises `TypeError` or `KeyError` where something is missing or of another type."""
    kinds = {name: _kind(name) for name in values}
    if any(isinstance(v, bool) or not isinstance(v, kinds[n]) for n, v in values.items() if v is not None):
        return None
    if len({len(column) for column in curve}) > 1 or not all(map(math.isfinite, (*curve.train, *curve.test))):
        return None
    steps = [
        v for name in ("train_90", "test_90", "memorised", "grokked") if (v := values.get(name)) is not None
    ]
    if min([*steps, values.get("step", 0), values["run"], values["seed"]]) < 0:
        return None
    return Outcome(**{n: v for n, v in values.items() if v is not None}, curve=curve)


def _kind(name: str) -> tuple[type, ...]:
    if name == "cell":
        return (dict,)
    if name in ("diverged", "folder"):
        return (str,)
    if name in ("run", "seed", "step", "train_90", "test_90", "memorised", "grokked"):
        return (int,)
    return int, float


def read(folder: Path) -> list[Outcome]:
    """The rows in order of their runs, up to the first that is damaged; none where there is no table.

    Raises `RunError` when it cannot be read.
    """
    if not os.path.lexists(folder / TABLE):
        return []
    found: dict[int, Outcome] = {}
    with open_inside(folder, TABLE) as file:
        check_size(file, TABLE, MAX_TABLE)
        for line in file:
            outcome = decode(line)
            if outcome is None:
                break
            found[outcome.run] = outcome
    return [found[run] for run in sorted(found)]


def append(folder: Path, outcomes: Iterable[Outcome]) -> None:
    """Add the rows of a batch: all at once, and on the disk when this returns."""
    data = b"".join(map(encode, outcomes))
    with saying(TABLE), open(folder / TABLE, "ab") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def rewrite(folder: Path, outcomes: Iterable[Outcome]) -> None:
    """Put these rows in place of those that are there: what was torn or counts no more goes."""
    replace_file(folder / TABLE, b"".join(map(encode, outcomes)))


def as_rows(outcomes: Iterable[Outcome], config_of: "Mapping[int, RunConfig]") -> list[dict[str, object]]:
    """A flat row a run, with every setting that means something in it: for tables and for Parquet."""
    rows = []
    for outcome in outcomes:
        config = config_of[outcome.run]
        settings = {name: v for name, v in settings_of(config).items() if isinstance(v, int | float | str)}
        told = {name: getattr(outcome, name) for name in COLUMNS if name not in ("cell", "curve", "seed")}
        rows.append({**settings, **told})
    return rows
