"""Semi-grokking: does a network, at the critical share of pairs, understand late and only in part, for good?

    python -m grokviz sweep --preset fast --modulus 31 --steps 8000 --stop steps --log-every 50 --snapshots 2 \\
        --grid frac_train=0.25,0.3,0.33,0.36,0.4,0.45 --seeds 3 --keep all --out semi
    python -m bench.semi_grokking semi     # reads its logs, and writes docs/semi-grokking.md

Varma et al. 2023 (arXiv 2309.02390) found it at p = 113, in one run that they had to look for.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.recipes import DOCS, GOAL
from grokviz.runs.folder import open_run
from grokviz.sweeps import grid, outcomes

MIDDLING = 0.1, 0.9  # of the unseen pairs, right, when all steps are over
FLAT = 0.02  # at most between the halves of the last quarter
LATE = 0.2  # at least, since the training pairs were known
TEXT = DOCS / "semi-grokking.md"


class Ending(NamedTuple):
    """How a run ends. Accuracies on the pairs it was not trained on, means over rows of its log."""

    memorised: int | None  # the first step with 99 % of the training pairs right
    then: float  # accuracy at that step, 0 where there is none
    earlier: float  # in the first half of the last quarter of its steps
    later: float  # and in the second

    @property
    def is_semi(self) -> bool:
        """Whether it is semi-grokking: understood late, in part, and no more of it to come."""
        is_flat = abs(self.later - self.earlier) <= FLAT
        return self.memorised is not None and is_flat and MIDDLING[0] < self.later < MIDDLING[1] and (
            self.later - self.then >= LATE
        )  # fmt: skip


def ending(steps: Sequence[int], train: Sequence[float], test: Sequence[float]) -> Ending:
    """From the columns of a log."""
    at, right = np.asarray(steps), np.asarray(test)
    known = np.flatnonzero(np.asarray(train) >= GOAL)
    quarter, eighth = (at[-1] * share for share in (0.75, 0.875))
    first, second = right[(at > quarter) & (at <= eighth)], right[at > eighth]
    if not len(known):
        return Ending(None, 0.0, float(first.mean()), float(second.mean()))
    return Ending(int(at[known[0]]), float(right[known[0]]), float(first.mean()), float(second.mean()))


def text(folder: Path) -> str:
    sweep = grid.read(folder)
    rows, found = [], 0
    for outcome in outcomes.read(folder):
        log = open_run(folder / grid.FOLDERS / outcome.folder).logged
        end = ending(log["step"].tolist(), log["train_accuracy"].tolist(), log["test_accuracy"].tolist())
        found += end.is_semi
        share = float(sweep.cell(outcome.run)["frac_train"])
        cells = [f"{share:g}", f"{int(share * sweep.base.p**2)}", f"{outcome.seed}"]
        cells += [f"{end.memorised:,}" if end.memorised is not None else "not"]
        cells += [f"{100 * right:.1f}" for right in (end.then, end.earlier, end.later)]
        cells += [f"{outcome.grokked:,}" if outcome.grokked is not None else "not"]
        cells += ["yes" if end.is_semi else "no"]
        rows.append(f"| {' | '.join(cells)} |")
    lacks = f" Of the sweep {len(sweep) - len(rows)} runs are still to come." * (len(rows) < len(sweep))
    head = (
        "share",
        "pairs",
        "seed",
        "memorised",
        "% then",
        "% before",
        "% at the end",
        "grokked",
        "semi-grokking",
    )
    return "\n".join([
        "# Semi-grokking", "",
        f"Written by `python -m bench.semi_grokking` from a sweep (a + b mod {sweep.base.p}, {sweep.base.steps:,} steps, learning rate "
        f"{sweep.base.lr:g}, weight decay {sweep.base.weight_decay:g}). Per cent of the unseen pairs right: when 99 % of the training "
        "pairs were known, and on average over the last eighth of all steps but one and over the last (*before* and *at the end*). It is called "
        f"semi-grokking when at the end between {100 * MIDDLING[0]:.0f} % and {100 * MIDDLING[1]:.0f} % are right, at least {100 * LATE:.0f} points more than "
        f"when it had memorised, and less than {100 * FLAT:.0f} points other than before: so that nothing more is to come.", "",
        f"By this rule {found} of {len(rows)} runs are.{lacks}", "",
        f"| {' | '.join(head)} |", "|" + "---|" * len(head), *rows, "",
    ])  # fmt: skip


if __name__ == "__main__":
    TEXT.write_text(text(Path(sys.argv[1])), "utf-8")
