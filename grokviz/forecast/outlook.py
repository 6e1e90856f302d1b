"""What will probably happen, said before a run starts. No number here without a source.

- Power et al. 2022 (arXiv 2201.02177), figure 2: x^3+xy^2+y never generalised. Zhang et al. 2017
  (arXiv 1611.03530): random labels can only be memorised.
- Nanda et al. 2023 (arXiv 2301.05217), read off the loss curves that they released, p = 113: `GROKKED_AT`
  by share of the pairs; with a tenth of the weight decay step 95,520; without any, never.
- The same with larger steps, p = 97: near step 500 at lr 3e-3, weight decay 2 and 40 %.
- Runs measured with GrokViz: `bundled`, and whatever sources the caller has.
"""

import itertools
import math
from collections.abc import Callable
from typing import Literal, NamedTuple

from grokviz.config import SETTINGS, RunConfig, same_course, settings_of
from grokviz.forecast.presets import preset
from grokviz.tasks.numbers import is_prime
from grokviz.tasks.pairs import operation_of

Kind = Literal["groks", "slowly", "memorises", "at once", "unknown"]


class Outlook(NamedTuple):
    kind: Kind
    grok_step: int | None  # the expected one, where there is a number for it
    sentence: str
    warning: str | None  # what to change, if it should grok, and within its steps


class Known(NamedTuple):
    """What was seen of runs with some settings, over several seeds."""

    grok_step: int | None  # median
    plateau: bool  # whether they memorised long before


Source = Callable[[RunConfig], Known | None]


def bundled(config: RunConfig) -> Known | None:
    """The quick preset, of which the README tells: seeds 0 and 1 grokked at 1,150 and 1,860."""
    return Known(1_505, True) if same_course(config, preset("quick")) else None


# Share of the pairs trained on -> step at which the test loss is first under 0.1, at weight decay 1 and lr 1e-3.
GROKKED_AT = {0.25: 21_848, 0.28: 15_037, 0.3: 7_930, 0.4: 3_109, 0.5: 956, 0.6: 440}
LATEST_SEED = 14_200  # the latest seed at 30 %, where the one in the table took 7,930
MEMORISED_AT = 270  # train loss under 0.01, at every share from 0.25 to 0.5
PULL = 1e-3  # lr * weight decay of the table
WEAK, STRONG = 1e-4, 6e-3  # the weakest and strongest that were measured
EXPONENT = math.log(95_520 / 7_930) / math.log(PULL / WEAK)
PLATEAU = 3  # it shows where grokking takes at least so many times the steps of memorising
VARIED = ("operation", "p", "frac_train", "lr", "weight_decay")  # settings for which there are figures


def outlook(config: RunConfig, *sources: Source) -> Outlook:
    """What to expect of a run. What a source knows of just these settings comes before the table."""
    if why := _why_never(config):
        return Outlook("memorises", None, f"It will probably memorise and no more: {why[0]}.", why[1])
    for source in (*sources, bundled):
        known = source(config)
        if known and (known.grok_step or not known.plateau):
            return _groks(config, *known)
    if strange := _strange(config):
        text = f"No run like this was measured: {strange}. It may grok, or may not. Find out!"
        return Outlook("unknown", None, text, None)
    pull, share = config.lr * config.weight_decay, config.frac_train
    pace = (PULL / max(pull, WEAK)) ** EXPONENT
    if share < min(GROKKED_AT) or pull < WEAK * (1 - 1e-9):
        return _not_before(config, max(_table(share), 40_000 * (share < min(GROKKED_AT))) * pace)
    step = _table(share) * pace
    memorised = MEMORISED_AT * 1e-3 / config.lr
    return _groks(config, round(step), step >= PLATEAU * memorised, round(memorised))


def _why_never(config: RunConfig) -> tuple[str, str] | None:
    """Why it will only memorise, and what to change."""
    another = "It will probably not grok. For that, choose another operation, such as a + b."
    if why := operation_of(config).never_groks:
        return why, another
    if config.weight_decay == 0 and config.optimizer == "adamw" and config.loss == "softmax":
        why = "without weight decay nothing clears the memory away (Nanda et al. 2023)"
        return why, "It will probably not grok. For that, choose a weight decay above 0, such as 1."
    return None


def _strange(config: RunConfig) -> str | None:
    """The first thing in which the run differs too much from those that were measured."""
    table = RunConfig()
    if not operation_of(config).is_plain_addition:
        return "the known ones are of a + b"
    if not (97 <= config.p <= 113 and is_prime(config.p)):
        return f"the known ones have a prime from 97 to 113, not {config.p}"
    same = [name for name in settings_of(config) if name not in VARIED and not SETTINGS[name].incidental]
    if changed := [name for name in same if getattr(config, name) != getattr(table, name)]:
        name = changed[0]
        return (
            f"{name.replace('_', ' ')} is {getattr(config, name)}, in the known ones {getattr(table, name)}"
        )
    if not 1e-3 <= config.lr <= 3e-3:
        return f"the known ones have learning rates from 0.001 to 0.003, not {config.lr:g}"
    if config.lr * config.weight_decay > STRONG * (1 + 1e-9):
        return f"a weight decay of {config.weight_decay:g} is stronger than any known at this learning rate"
    return None


def _table(share: float) -> float:
    """Interpolated between the logarithms of the steps; at either end what stands there."""
    shares = sorted(GROKKED_AT)
    share = min(max(share, shares[0]), shares[-1])
    below, above = next((x, y) for x, y in itertools.pairwise(shares) if share <= y)
    part = (share - below) / (above - below)
    return GROKKED_AT[below] ** (1 - part) * GROKKED_AT[above] ** part


def _groks(config: RunConfig, step: int | None, plateau: bool, memorised: int | None = None) -> Outlook:
    after = f" after some {_about(memorised)} steps" if memorised else ""
    near = f"near step {_about(step)}" if step else ""
    if not plateau:
        kind, text = "at once", f"understand almost as soon as it memorises{near and ', '}{near}"
    elif step and step <= LATEST_SEED:
        kind, text = "groks", f"memorise{after}, and grok {near}"
    else:
        kind, text = "slowly", f"memorise{after}, and grok very late, {near}"
    warning = None
    if step and config.steps < step:
        enough = _about(step * LATEST_SEED / GROKKED_AT[0.3])
        warning = (
            f"It ends at step {config.steps:,}, probably before that. Seeds differ: {enough} steps should do."
        )
    return Outlook(kind, step, f"It will probably {text}.", warning)


def _not_before(config: RunConfig, bound: float) -> Outlook:
    sentence = f"It will probably memorise, and not grok before step {_about(bound)}, if at all."
    return Outlook("slowly", None, sentence, "With more data, or more weight decay, it groks sooner.")


def _about(step: float) -> str:
    """Two digits: seeds differ by more."""
    return f"{int(float(f'{step:.2g}')):,}"
