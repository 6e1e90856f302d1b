"""Many people, two cores: what a visitor of a hosted GrokViz may ask for. On your own machine there are no limits.

`GROKVIZ_HOSTED=1` turns the limits on; `GROKVIZ_LIMITS="p=131,minutes=15"` changes some of them.
"""

import hashlib
import os
import re
from pathlib import Path
from typing import NamedTuple

from grokviz.config import SETTINGS, RunConfig
from grokviz.errors import HostingError
from grokviz.sequence_config import RECIPES, SEQUENCE_SETTINGS, SequenceConfig, recipe

HOSTED, LIMITS = "GROKVIZ_HOSTED", "GROKVIZ_LIMITS"
VISITOR = re.compile(r"[0-9a-f]{32}")  # the secret that a browser keeps
MOST_SEQUENCES = 10_000  # of a fixed set
VISITOR_FOLDER = re.compile(r"v-[0-9a-f]{16}")


class Limits(NamedTuple):
    """What one visitor, and all of them together, may use."""

    p: int = 131
    d_model: int = 128
    d_mlp: int = 512
    n_heads: int = 8
    steps: int = 40_000
    max_snapshots: int = 150
    minutes: float = 15.0  # of training without a pause
    runs: int = 6  # kept for one visitor
    all_runs: int = 200
    disk_mb: int = 4_000
    upload_mb: int = 60
    uploads_mb: int = 240  # of all visitors at one time
    cpu_seconds: float = 30.0  # of everything that one visitor asks of the pages within a minute
    transfer_mb: int = 400  # that one visitor brings, takes home and has fetched within ten minutes
    memory_mb: int = 3_000  # of a process that computes something large for one visitor
    at_once: int = 2  # larger computations of the server itself at one time: each holds memory
    waiting: int = 30  # trainings in the queue
    unseen_seconds: float = (
        180.0  # nobody has looked for so long: a training pauses, a place in the queue goes
    )


def is_hosted() -> bool:
    """Whether this process serves strangers. Raises `HostingError` when the variable is neither 0 nor 1."""
    value = os.environ.get(HOSTED, "0")
    if value not in ("0", "1"):
        raise HostingError(f"{HOSTED} is {value[:40]!r}. Set it to 1 to serve strangers, or to 0.")
    return value == "1"


def limits() -> Limits | None:
    """The limits of this host; None on one's own machine. Raises `HostingError` when a variable is unusable."""
    return parse_limits(os.environ.get(LIMITS, "")) if is_hosted() else None


def parse_limits(text: str) -> Limits:
    """`Limits` with those changed that "p=131,minutes=15" names."""
    changed = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = part.partition("=")
        kind = Limits.__annotations__.get(name.strip())
        if kind is None:
            raise HostingError(
                f"{LIMITS} names {name[:40]!r}. The limits are: {', '.join(Limits._fields)}; "
                'write them as "p=131,minutes=15".'
            )
        try:
            changed[name.strip()] = kind(value)
        except ValueError:
            raise HostingError(f"{LIMITS}: {name} is {value[:40]!r}, expected a number.") from None
        if not changed[name.strip()] > 0:
            raise HostingError(f"{LIMITS}: {name} is {value[:40]!r}, expected more than 0.")
    return Limits(**changed)


# The sizes of the network: what it costs to look inside, whoever has trained it.
SIZES = tuple(name for name, setting in SETTINGS.items() if setting.limited and setting.kept_by_forks)


def check(config: RunConfig | SequenceConfig, most: Limits) -> None:
    """Raises `HostingError` when a config asks for more than a visitor may have: on sequences, than a recipe has, but
    that it may take more steps."""
    if isinstance(config, SequenceConfig):
        return _check_sequences(config, most)
    for name, setting in SETTINGS.items():
        asked = getattr(config, name)
        if setting.limited:
            _check_limit(name, config, most)
        if setting.shared and asked not in setting.shared:
            raise HostingError(
                f"{name} = {asked} is not to be had on this shared machine.",
                mend=f"Choose {' or '.join(setting.shared)}.",
            )


def _check_sequences(config: SequenceConfig, most: Limits) -> None:
    known = [recipe(task) for task in RECIPES]
    for name, setting in SEQUENCE_SETTINGS.items():
        asked = getattr(config, name)
        limit = {"steps": most.steps, "n_train": MOST_SEQUENCES}.get(name)
        if setting.limited and asked > (limit or max(getattr(each, name) for each in known)):
            raise HostingError(
                f"{name} = {asked:,} is more than this shared machine allows.",
                mend="Choose less, or run GrokViz on a machine of your own, where there are no limits.",
            )


def check_size(config: RunConfig | SequenceConfig, n_snapshots: int, most: Limits) -> None:
    """Raises `HostingError` when a run is larger than those that a visitor may train, and so may look into.

    One that was trained and extended has up to twice as many snapshots as one that was trained.
    """
    if isinstance(config, SequenceConfig):
        _check_sequences(config, most)
    else:
        for name in SIZES:
            _check_limit(name, config, most)
    if n_snapshots > 2 * most.max_snapshots:
        raise HostingError(
            f"This run has {n_snapshots:,} snapshots, and this shared machine measures {2 * most.max_snapshots:,} at most.",
            mend="Bring it with fewer, or run GrokViz on a machine of your own, where there are no limits.",
        )


def _check_limit(name: str, config: RunConfig, most: Limits) -> None:
    asked, limit = getattr(config, name), getattr(most, name)
    if asked > limit:
        raise HostingError(
            f"{name} = {asked:,} is more than this shared machine allows, which is {limit:,}.",
            mend="Choose less, or run GrokViz on a machine of your own, where there are no limits.",
        )


def visitor_root(runs: Path, secret: str) -> Path:
    """The folder of one visitor's runs. Its name tells nothing of the secret that opens it.

    Raises `HostingError` unless the secret is 32 hexadecimal digits.
    """
    if not VISITOR.fullmatch(secret):
        raise HostingError("This browser sent no usable key to its runs. Reload the page.")
    return runs / f"v-{hashlib.sha256(secret.encode()).hexdigest()[:16]}"


def visitor_roots(runs: Path) -> list[Path]:
    """The folders of all visitors, or on one's own machine the one folder."""
    if not is_hosted():
        return [runs]
    try:
        return sorted(entry for entry in runs.iterdir() if VISITOR_FOLDER.fullmatch(entry.name))
    except OSError:
        return []
