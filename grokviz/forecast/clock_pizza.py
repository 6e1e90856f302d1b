"""Whether runs grok as a pizza and end as a clock, as `python -m bench.clock_pizza` found it with ten seeds.

Its table stands beside this file, with the command that makes it.
"""

import functools
import json
from pathlib import Path
from typing import NamedTuple

P = 59  # of the runs
FILE = Path(__file__).with_name("clock_pizza.json")


class Moment(NamedTuple):
    step: int
    gradient_symmetricity: float
    distance_irrelevance: float
    circularity: float
    test_accuracy: float


class Outcome(NamedTuple):
    """One seed of the fast preset. `grokked` is the first snapshot with 99 % of the unseen pairs right."""

    seed: int
    attention_rate: float
    memorised_at: int
    grokked: Moment | None
    last: Moment

    @property
    def turned_to_the_clock(self) -> bool:
        """By both measures it was nearer to a pizza when it grokked than at its end."""
        then, now = self.grokked, self.last
        return bool(
            then
            and then.gradient_symmetricity > now.gradient_symmetricity
            and then.distance_irrelevance < now.distance_irrelevance
        )


@functools.cache
def outcomes(attention_rate: float = 1.0) -> tuple[Outcome, ...]:
    """Those of ten seeds at this attention rate; none where it was not measured."""
    runs = json.loads(FILE.read_text("utf-8"))["runs"]
    return tuple(
        Outcome(
            run["seed"],
            run["attention_rate"],
            run["memorised_at"],
            Moment(**run["grokked"]) if run["grokked"] else None,
            Moment(**run["last"]),
        )
        for run in runs
        if run["attention_rate"] == attention_rate
    )
