"""The progress measures as an article shows them: question, formula, figure, what to notice, source."""

from typing import NamedTuple

import streamlit as st

from grokviz.analysis.circuit import KEY_RULE
from grokviz.app import place, shell, words
from grokviz.study import Study
from grokviz.view import charts, tables


class Gauge(NamedTuple):
    question: str
    name: str
    words: str
    formula: str
    fields: dict[str, str]  # word on screen -> field of the timeline
    axis: str
    log: bool
    notice: str
    source: str


GAUGES = (
    Gauge(
        "Take everything away but the circuit. Does it work?",
        "Restricted loss",
        "Keep only the key waves of a + b in the answers and throw the rest away, also the memory.",
        r"\mathrm{CE}\Big(P_K L + \operatorname{mean}_{a,b}(L - P_K L)\Big),\qquad "
        r"P_K L = \sum_{k\in K}\,(C_k C_k^{\top} + S_k S_k^{\top})\,L",
        {"restricted": "restricted_loss_all", "test": "test_loss"},
        "loss (nats)",
        True,
        "It starts to fall while the test loss is still high: the circuit works before the network uses it alone. "
        "At the end it is below the test loss, for all that is left besides the circuit is in its way.",
        "Nanda et al. 2023, section 5.1. Here on all pairs; the page Timeline gives the test pairs too.",
    ),
    Gauge(
        "Take the circuit away. What can the network still do?",
        "Excluded loss",
        "Remove only the key waves from the answers and ask about the training pairs.",
        r"\mathrm{CE}_{\mathrm{train}}\big(L - P_K L\big)",
        {"excluded": "excluded_loss_train", "train": "train_loss"},
        "loss (nats)",
        True,
        "Early on, nearly everything: it is reciting, and the two lines run together. From the start of circuit "
        "formation they part. In the end it can do nothing without its circuit, worse than guessing.",
        "Nanda et al. 2023, section 5.1.",
    ),
    Gauge(
        "On how few frequencies does it settle?",
        "Gini coefficient",
        "How unequal the strengths of all frequencies are, in the embedding and in the map from neurons to answers.",
        r"G(x) = \frac{\sum_{i=1}^{N} (2i - N - 1)\,x_{(i)}}{N \sum_i x_i}",
        {"embedding": "gini_W_E", "neurons to logits": "gini_W_L"},
        "Gini coefficient",
        False,
        "0 is noise, 1 is a single frequency. Watch it climb under the flat test loss.",
        "Nanda et al. 2023, section 5.1; norms of all p Fourier components, the constant included.",
    ),
    Gauge(
        "What does it cost to be right?",
        "Sum of squared weights",
        "The length of all the weights together: what weight decay makes the network pay for.",
        r"\lVert\theta\rVert^2 = \sum_i \theta_i^2",
        {"all weights": "sum_squared_weights"},
        "sum of squares",
        False,
        "Memorising makes it grow. Then it falls: slowly while the circuit takes over, and faster when the memory goes.",
        "Nanda et al. 2023, section 5.1.",
    ),
    Gauge(
        "How much of its answers is the circuit?",
        "Explained share of the logits",
        "Fit the answers by one wave cos(w(a+b−c)) for each key frequency. How much of them do the waves explain?",
        r"R^2 \text{ of } L \text{ on } \{\cos(w_k(a+b-c)) : k \in K\}",
        {"explained share": "logit_fve"},
        "share of variance",
        False,
        "The paper's run ends at 95 %. What is missing is not wrong: it is small and serves no purpose.",
        "Nanda et al. 2023, section 4.1.",
    ),
    Gauge(
        "How many neurons have taken a side?",
        "Neurons with one frequency",
        "A neuron belongs to a frequency that explains at least 85 % of what wakes it, over all pairs.",
        r"\mathrm{FVE}_k = \frac{\text{energy in } \{1,\cos_k,\sin_k\}\otimes\{1,\cos_k,\sin_k\}}{\text{energy}}",
        {"neurons": "frac_neurons_over_085"},
        "share of neurons",
        False,
        "In the paper's run 84.6 % of the 512 neurons end with one frequency; other seeds give other shares.",
        "Nanda et al. 2023, section 4.2.",
    ),
)


def gauges(study: Study) -> None:
    """All measures of a run, one below the other, with a rule at the step in view."""
    with shell.column():
        _gauges(study)


def _gauges(study: Study) -> None:
    last = study.last_step
    bands = tables.bands(study.phases, last)
    for gauge in GAUGES:
        _gauge(gauge, study, bands, last)
    st.header("Which frequencies are key?", anchor=False)
    st.markdown(KEY_RULE)
    keys = list(study.timeline.key_freqs)
    found = f"Here: {words.listed(keys)}." if keys else "Here: none. No circuit has formed."
    st.markdown(f"They are found once, in the last snapshot, and used for every step. {found}")


def _gauge(gauge: Gauge, study: Study, bands, last: int) -> None:
    st.header(gauge.question, anchor=False)
    st.markdown(f"**{gauge.name}.** {gauge.words}")
    st.latex(gauge.formula)
    values = tables.measures(study, gauge.fields)
    figure = charts.measure_chart(values, bands, place.current().step, last, gauge.axis, gauge.log)
    st.altair_chart(figure, key=f"gauge-{gauge.name}")
    st.markdown(f"**What to notice.** {gauge.notice}")
    st.caption(f"Source: {gauge.source}")
