"""Recipes found by measurement: the fastest training that still shows a plateau, and what to expect of it.

Every figure here comes from docs/recipes.md, which `python -m bench.recipes` writes.
"""

from typing import NamedTuple

import numpy as np

from grokviz.config import RunConfig, of_group, same_course
from grokviz.tasks import named_groups


class Measured(NamedTuple):
    """One modulus of the fast preset; medians of ten seeds, in steps."""

    frac_train: float  # the share of the pairs it needs
    memorised: int | None = None  # first step with 99 % of the training pairs right
    grokked: int | None = None  # and of the others


# The fewer numbers there are, the larger the share of their pairs a network must see.
FAST = {
    13: Measured(0.85, 41, 364),
    17: Measured(0.8, 45, 520),
    23: Measured(0.7, 54, 1020),
    31: Measured(0.58, 58, 540),
    43: Measured(0.45, 64, 620),
    59: Measured(0.35, 74, 940),
    97: Measured(0.3, 116, 820),
    113: Measured(0.285, 135, 700),
    131: Measured(0.25, 174, 1380),
    251: Measured(0.2),  # not measured
}
SMALLEST_PLATEAU = 31  # 29 is on the edge, 27 and all below that were measured show none


class Seen(NamedTuple):
    """What was seen of a group at the share that was tried, all else as at the moduli; medians of its seeds."""

    frac_train: float
    memorised: int
    grokked: int | None  # None: fewer than half of the seeds
    seeds: int
    done: int  # of these seeds have grokked
    within: int  # steps: so long the trial went on
    architecture: str = "mlp"


# From docs/group-recipes.csv, which `python -m bench.group_recipes` writes.
GROUPS = {
    "C_6xC_10": Seen(0.4, 78, 338, seeds=5, done=5, within=494, architecture="transformer"),
    "S_3": Seen(0.9, 14, 860, seeds=5, done=5, within=980),
    "D_12": Seen(0.7, 41, 442, seeds=5, done=5, within=468),
    "Dic_6": Seen(0.85, 44, 680, seeds=5, done=5, within=1_700),
    "S_4": Seen(0.7, 43, 940, seeds=5, done=5, within=1_380),
    "D_30": Seen(0.4, 64, 960, seeds=5, done=5, within=1_080),
    "Dic_15": Seen(0.5, 70, 1240, seeds=5, done=5, within=1_560),
    "A_5": Seen(0.5, 70, 1500, seeds=5, done=5, within=2_780),
    "S_5": Seen(0.5, 130, 920, seeds=5, done=5, within=1_120),
}
FEW, SMALL_SHARE, LARGE_SHARE = 40, 0.9, 0.5  # of a group that was not measured, by how many elements it has


def fast_preset(p: int, group: str = "") -> RunConfig:
    """The fewest seconds to 99 % of the unseen pairs of (a + b) mod p on two cores, with the plateau in sight.

    Half the paper's width, five times its learning rate, twice its weight decay, and the share of the pairs
    that this modulus needs, or this group, which goes before p. A group that does not commute is given to the two-layer
    network, which learns it sooner and from fewer pairs. Goes on through cleanup. Raises `ConfigError` for p
    outside 3..251 and for a name that is no group.
    """
    return RunConfig(
        **of_group(group, p),
        architecture=_architecture_of(group) if group else "transformer",
        frac_train=_share_of(group) if group else _frac_train(p),
        d_model=64,
        d_mlp=256,
        lr=5e-3,
        weight_decay=2.0,
        steps=5_000,
        stop="cleanup",
        max_snapshots=100,
    )


def _frac_train(p: int) -> float:
    return round(float(np.interp(p, list(FAST), [m.frac_train for m in FAST.values()])), 3)


def _share_of(group: str) -> float:
    name = named_groups.canonical(group)
    if name in GROUPS:
        return GROUPS[name].frac_train
    if named_groups.commutes(name):
        return _frac_train(named_groups.order_of(name))
    return SMALL_SHARE if named_groups.order_of(name) < FEW else LARGE_SHARE


def _architecture_of(group: str) -> str:
    name = named_groups.canonical(group)
    if name in GROUPS:
        return GROUPS[name].architecture
    return "transformer" if named_groups.commutes(name) else "mlp"


def expected_grok_step(config: RunConfig) -> int | None:
    """About when 99 % of the unseen pairs will be right; None where nothing like it was measured.

    Known for the fast preset with any seed, between the moduli that were measured. Single seeds differ by
    a factor of three either way.
    """
    if not same_course(config, fast_preset(config.p, config.group)):
        return None
    if config.group:
        return GROUPS[config.group].grokked if config.group in GROUPS else None
    known = {p: m.grokked for p, m in FAST.items() if m.grokked}
    if not min(known) <= config.p <= max(known):
        return None
    return round(float(np.interp(config.p, list(known), list(known.values()))))


def of_group_in_words(config: RunConfig) -> str:
    """What was measured of the fast preset of a group, in a sentence; "" where that is nothing."""
    known = GROUPS.get(config.group)
    if known is None or not same_course(config, fast_preset(config.p, config.group)):
        return ""
    if known.done:
        who = (
            f"Of {known.seeds} seeds {known.done} grokked"
            if known.seeds > 1
            else "The one seed that was tried grokked"
        )
    else:
        who = f"Of {known.seeds} seeds none grokked"
    return f"{who} within {known.within:,} steps, after memorising near step {known.memorised:,}."


def shows_plateau(p: int) -> bool:
    """Whether the fast preset first memorises and only later generalises, so that the eye sees two events.

    By measurement: when 99 % of the training pairs are right, test accuracy is 50 points below, and it takes
    four times that many steps or more to 99 % of the unseen ones.
    """
    return p >= SMALLEST_PLATEAU
