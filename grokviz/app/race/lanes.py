"""The race that is bundled: its lanes, what each trick does, and a table of settings and results."""

import pandas as pd
import streamlit as st

from grokviz import wording
from grokviz.app.explorer import figures
from grokviz.app.session import cache
from grokviz.config import settings_of
from grokviz.forecast.race import TRICKS, Lane, Race, Run, config_of, race
from grokviz.view import lanes

FALLEN = 0.9  # of the unseen pairs: below, one that had grokked has fallen back
ALSO = {
    "sphere_alpha": "norm × {}",
    "perpendicular_rescale": "keeps its length",
    "grokfast_lambda": "λ = {}",
    "grokfast_ma_lambda": "λ = {}",
}  # how the table says a setting that only one trick has


def bundled() -> None:
    """The picture, with how to read it."""
    found = race()
    draw([of_lane(lane, found) for lane in found.lanes], found.steps, "race-bundled")
    st.caption(
        "**How to read this.** A lane a trick. The line climbs from its floor, none of the unseen questions right, to the "
        f"dotted ceiling, all of them; the strong line is the seed in the middle of {len(found.lanes[0].runs)}, the thin ones are "
        "the others. The tint is the plateau of that seed: from where it has its training pairs by heart (99 %) to where it has "
        "grokked (99 % of the others). A dot for each seed that has grokked; at the right the step of the middle one. Steps are drawn "
        f"as their square root. A lane ends some steps after its last seed has grokked, or at {found.steps:,}."
    )


def draw(drawn: list[lanes.Lane], last_step: int, key: str) -> None:
    """Lanes, finished or still running."""
    dark, count = figures.is_dark(), len(drawn)
    words = f"{count} lanes: the share of unseen pairs right over {last_step:,} steps. " + "; ".join(
        f"{lane.name}: {lane.result}" for lane in drawn
    )

    def make() -> dict:
        return figures.spec_of(lanes.lanes_chart(count, last_step, "", dark))

    spec = cache.CURVES.get(("lanes", count, last_step, dark), make)
    rows = lanes.rows_of(drawn)
    st.vega_lite_chart(
        {**spec, "description": words, "datasets": rows}, height=lanes.height_of(count), key=key
    )


def of_lane(lane: Lane, found: Race) -> lanes.Lane:
    middle = lane.median
    outcome = middle.outcome
    plateau = None
    if outcome.memorised is not None:
        plateau = (outcome.memorised, outcome.grokked or found.looked_at[len(middle.test) - 1])
    lines = [
        lanes.Line(found.looked_at[: len(r.test)], r.test, r is middle)
        for r in _last_drawn_strongest(lane, middle)
    ]
    dots = [run.outcome.grokked for run in lane.runs if run.outcome.grokked is not None]
    return lanes.Lane(TRICKS[lane.trick].label, result(lane, found), lines, plateau, dots)


def _last_drawn_strongest(lane: Lane, middle: Run) -> list[Run]:
    return [*(run for run in lane.runs if run is not middle), middle]


def result(lane: Lane, found: Race) -> str:
    """The step of grokking, in a few letters."""
    if lane.grokked is not None:
        return f"{lane.grokked:,}"
    return f"{lane.done} of {len(lane.runs)} by {found.steps:,}"


def tricks() -> None:
    """What each does, with its source and what was published."""
    for trick in TRICKS.values():
        name, address = trick.source
        st.markdown(f"**{trick.label}.** {trick.words} [{name}]({address}).")


def table() -> None:
    """Settings and results, a row a trick."""
    found = race()
    rows = pd.DataFrame([_row(lane) for lane in found.lanes])
    names = {rows.columns[0]: st.column_config.Column(pinned=True)}  # on a phone the others are pushed aside
    st.dataframe(rows, hide_index=True, height="content", column_config=names)
    st.caption(
        f"(a + b) mod {found.p}, {found.frac_train:.0%} of the pairs, the network of the fast recipe. *Rate*: the one that "
        "grokked first, steady or not, of those that were tried on another seed. *Memorised*, *grokked*: the first step with 99 % of the pairs right, in the middle "
        "of five seeds, with the earliest and the latest. *Known then*: unseen pairs right when it has memorised. *Lowest since*: the "
        "lowest that any seed fell to after it had grokked. Measured by `python -m bench.race`; all that was tried stands in "
        "docs/race.csv."
    )


def _row(lane: Lane) -> dict[str, str]:
    config, outcomes = config_of(lane.settings, 0), [run.outcome for run in lane.runs]
    grokked = sorted(o.grokked for o in outcomes if o.grokked is not None)
    known = sorted(o.test_accuracy for o in outcomes if o.test_accuracy is not None)
    lowest = [o.lowest_after for o in outcomes if o.lowest_after is not None]
    return {
        "trick": TRICKS[lane.trick].label,
        "rate": f"{config.lr:g}",
        "decay": f"{config.weight_decay:g}",
        "also": _also(lane),
        "memorised": f"{lane.memorised:,.0f}" if lane.memorised is not None else "not",
        "known then": wording.percent(known[len(known) // 2]) if known else "",
        "grokked": f"{lane.grokked:,}" if lane.grokked is not None else "not",
        "of the seeds": f"{grokked[0]:,} to {grokked[-1]:,}" if grokked else "",
        "seeds": f"{lane.done} of {len(outcomes)}",
        "lowest since": wording.percent(min(lowest)) if lowest else "",
    }


def _also(lane: Lane) -> str:
    config = config_of(lane.settings, 0)
    own = [(name, value) for name, value in settings_of(config).items() if name in ALSO]
    return ", ".join(
        ALSO[name].format(f"{value:g}" if isinstance(value, float) else value) for name, value in own
    )


def published() -> None:
    """What was published of each, beside what was seen here, in honest words."""
    found = race()
    usual = {lane.trick: lane for lane in found.lanes}["adamw"]
    for lane in found.lanes:
        trick = TRICKS[lane.trick]
        st.markdown(f"- **{trick.label}.** {trick.published} {_here(lane, usual, found.steps)}")


def _here(lane: Lane, usual: Lane, steps: int) -> str:
    """What was seen here, against AdamW, and whether it lasts."""
    ends = [wording.percent(end) for end in sorted(run.outcome.at_the_end for run in lane.runs)]
    if lane.grokked is None:
        return f"Here {lane.done} of {len(lane.runs)} seeds grokked in {steps:,} steps; they end with {ends[0]} to {ends[-1]} of the unseen pairs right."
    here = f"Here it groks at {lane.grokked:,}"
    if lane is not usual and usual.grokked is not None:
        times = usual.grokked / lane.grokked
        here += f", {max(times, 1 / times):.1f} times {'earlier' if times >= 1 else 'later'} than AdamW"
    fell = sum(
        run.outcome.lowest_after is not None and run.outcome.lowest_after < FALLEN for run in lane.runs
    )
    return f"{here}; {fell or 'none'} of {len(lane.runs)} seeds fell below {FALLEN:.0%} again."
