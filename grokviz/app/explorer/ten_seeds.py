"""Whether runs grok as a pizza and end as a clock: what ten seeds did, as a page tells it."""

import statistics

import pandas as pd
import streamlit as st

from grokviz.forecast.clock_pizza import Moment, P, outcomes

USUALLY = 0.75  # of the seeds: from here on the page says so


def change_of_mind() -> None:
    """Whether runs grok as a pizza and are cleaned up into a clock: a sentence only as strong as what was measured."""
    runs = [run for run in outcomes(1.0) if run.grokked]
    turned = sum(run.turned_to_the_clock for run in runs)
    st.header("Does a run change its mind?", anchor=False)
    often = "Usually" if turned >= USUALLY * len(runs) else "Sometimes"
    st.markdown(
        f"{often} a run groks nearer to the pizza and is cleaned up towards the clock: of {len(runs)} seeds of the fast recipe "
        f"(p = {P}), {turned} had a higher symmetricity and a lower irrelevance when 99 % of the unseen pairs were first right than at "
        "their end. The paper's recipe, bundled here as mod 113, is one that does: drag it from the fall of its test loss to its end."
    )
    st.table(_table(), hide_index=True)
    st.caption(
        "Medians, and the lowest and highest of ten seeds, at the first snapshot with 99 % of the unseen pairs right and at the last. "
        "At the rate 0 a network that answers at “=” treats both numbers alike whatever it has learned: its symmetricity is 1, and "
        "what tells is the irrelevance. Measured by `python -m bench.clock_pizza`."
    )


def _table() -> pd.DataFrame:
    rows = []
    for rate in (1.0, 0.0):
        runs = [run for run in outcomes(rate) if run.grokked]
        if not runs:
            continue
        for when, moments in (
            ("as it groks", [run.grokked for run in runs if run.grokked]),
            ("at its end", [run.last for run in runs]),
        ):
            rows.append(
                {
                    "attention rate": f"{rate:g}",
                    "seeds": len(runs),
                    "when": when,
                    "symmetricity": _spread(moments, "gradient_symmetricity"),
                    "irrelevance": _spread(moments, "distance_irrelevance"),
                }
            )
    return pd.DataFrame(rows)


def _spread(moments: list[Moment], name: str) -> str:
    values = [getattr(moment, name) for moment in moments]
    if not values:
        return ""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
