"""The recipes that a training can start from, by name: for the form, the command line, scripts and benchmarks."""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

from grokviz.config import CHANGEABLE, RunConfig, of_group
from grokviz.errors import ConfigError
from grokviz.forecast.recipes import fast_preset


class Preset(NamedTuple):
    name: str  # on the form
    words: str  # what it is for; empty: the form does not offer it
    make: Callable[[int, str], RunConfig]  # for a modulus, or for a group by name
    p: int | None = None  # the modulus it was made for; None: any


def _paper(p: int, group: str) -> RunConfig:
    """Nanda et al. 2023: p = 113, 30 % of the pairs, weight decay 1, lr 1e-3, 40,000 steps, split by
    random.seed(0); random.shuffle, as in the released code."""
    return RunConfig(**of_group(group, p), split="paper", log_every=20)


def _quick(p: int, group: str) -> RunConfig:
    """Larger steps and a little more data, half the width: memorises within 100 steps, groks after 1,000 to 2,000
    (p = 59, seeds 0 and 1), which two cores train within a minute."""
    return dataclasses.replace(fast_preset(p, group), frac_train=0.35, lr=3e-3, steps=6_000)


def _only_memorises(p: int, group: str) -> RunConfig:
    fast = fast_preset(p, group)
    return dataclasses.replace(
        fast, weight_decay=0.0, stop="steps", steps=min(fast.steps, 1_500), max_snapshots=60
    )


def _too_little_data(p: int, group: str) -> RunConfig:
    fast = fast_preset(p, group)
    return dataclasses.replace(
        fast, frac_train=0.15, stop="steps", steps=min(fast.steps, 2_000), max_snapshots=60
    )


def _pizza(p: int, group: str) -> RunConfig:
    """Constant attention, as model A of Zhong et al. 2023 (arXiv 2306.17844), in the fast recipe."""
    return dataclasses.replace(fast_preset(p, group), architecture="transformer", attention_rate=0.0)


KNOWS_BY_HEART = 200  # the step from which its weight decay is another


def _erring_teacher(p: int, group: str) -> RunConfig:
    """A tenth of the labels wrong: so little weight decay at first that all are learned by heart, then so much that a table of
    exceptions is too dear. Measured at p = 59 alone, four seeds: all labels known by step 130, test accuracy over 95 % by 320."""
    return dataclasses.replace(
        fast_preset(p, group),
        frac_train=0.8,
        lr=3e-3,
        weight_decay=0.3,
        changes=((KNOWS_BY_HEART, "weight_decay", 8.0),),
        wrong_labels=0.1,
        stop="steps",
        steps=700,
    )


PRESETS = {
    "fast": Preset("Fast", "A recipe tuned to grok as soon as it can while the wait is still plain to see.", fast_preset),
    "paper": Preset("The paper's", "The recipe of Nanda et al. 2023. It takes its time: the long flat stretch is the point.", _paper, 113),
    "memorises": Preset("Only memorises", "The fast recipe without weight decay: nothing makes the memory expensive.", _only_memorises),
    "little": Preset("Too little data", "The fast recipe with 15 % of the pairs. Two seeds each of 31 and 59 knew those by heart within 60 steps and got at most 5 % of the others in 2,000.", _too_little_data),
    "pizza": Preset("A pizza", "The fast recipe at the attention rate 0: no head can choose what to look at, so the two numbers are added up before anything is made of them. See page Clock or pizza?", _pizza),
    "teacher": Preset("An erring teacher", f"One label in ten is false. At first it learns all of them by heart, the false ones too. From step {KNOWS_BY_HEART} on its weight decay is so large that a table of exceptions is too dear: its training accuracy falls, it learns the rule and contradicts its teacher. Measured at 59 alone.", _erring_teacher, 59),
    "quick": Preset("Quick", "", _quick, 59),
}  # fmt: skip


def preset(name: str, p: int | None = None, group: str = "") -> RunConfig:
    """The config of a preset, for this modulus or the one it was made for, or for a group. Raises `ConfigError` for
    another name."""
    if name not in PRESETS:
        raise ConfigError(f"Preset {name!r} is not known.", mend=f"Choose one of: {', '.join(PRESETS)}.")
    found = PRESETS[name]
    return found.make((found.p or RunConfig.p) if p is None else p, group)


def adapted(base: RunConfig, **settings: object) -> RunConfig:
    """A preset with other settings. What it changes on its way belongs to what it begins with: where one of those settings
    is to be another, that stays. Raises `ConfigError` when a value cannot be."""
    is_own = all(settings.get(name, own) == own for name in CHANGEABLE for own in (getattr(base, name),))
    changes = base.changes if is_own else ()
    return dataclasses.replace(base, **{"changes": changes, **settings})  # pyright: ignore[reportArgumentType]


def to_watch(name: str, p: int, group: str = "") -> RunConfig:
    """A preset as the page trains it: the paper's ends once there is nothing more to see, and keeps fewer snapshots."""
    config = preset(name, p, group)
    return dataclasses.replace(config, stop="cleanup", max_snapshots=120) if name == "paper" else config
