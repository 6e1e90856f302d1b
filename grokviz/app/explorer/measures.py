"""The progress measures as an article shows them: question, formula, figure, what to notice, source."""

from typing import NamedTuple

import streamlit as st

from grokviz.app import sentences, shell
from grokviz.app.explorer import figures
from grokviz.app.session import address
from grokviz.measures.circuit import KEY_RULE
from grokviz.study import Study


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


NEEDS_KEYS = {"restricted_loss_test", "excluded_loss_train", "logit_fve"}

GAUGES = (
    Gauge(
        "Take everything away but the circuit. Does it work?",
        "Restricted loss",
        "Keep only the key waves of a + b in the answers and throw the rest away, memory included.",
        r"\mathrm{CE}\Big(P_K L + \operatorname{mean}_{a,b}(L - P_K L)\Big),\qquad "
        r"P_K L = \sum_{k\in K}\,(C_k C_k^{\top} + S_k S_k^{\top})\,L",
        {"restricted": "restricted_loss_test", "test": "test_loss"},
        "loss (nats)",
        True,
        "It starts to fall while the test loss is still high: the circuit works before the network uses it alone. "
        "If it ends below the test loss, what is left besides the circuit hurts on unseen pairs.",
        "Nanda et al. 2023, section 5.1. Here on the test pairs; the page Timeline gives all pairs too.",
    ),
    Gauge(
        "Take the circuit away. What can the network still do?",
        "Excluded loss",
        "Remove only the key waves from the answers and ask about the training pairs.",
        r"\mathrm{CE}_{\mathrm{train}}\big(L - P_K L\big)",
        {"excluded": "excluded_loss_train", "train": "train_loss"},
        "loss (nats)",
        True,
        "Early on, nearly everything: it is reciting, and the excluded loss falls with the train loss. Once the "
        "circuit forms, it rises again. In a run that has grokked it ends above the cost of guessing.",
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
        "0: all equally strong, and random weights are close to it. Near 1: a few carry everything. It creeps up "
        "while the test loss is flat; most of the climb comes during cleanup and after.",
        "Nanda et al. 2023, section 5.1; norms of all p Fourier components, the constant included.",
    ),
    Gauge(
        "What does it cost to be right?",
        "Sum of squared weights",
        "All weights, squared and added up: what weight decay makes the network pay for.",
        r"\lVert\theta\rVert^2 = \sum_i \theta_i^2",
        {"all weights": "sum_squared_weights"},
        "sum of squares",
        False,
        "Memorising makes it grow. In the paper's run it then falls smoothly while the circuit forms, and more "
        "sharply in cleanup. Without weight decay it need not fall at all.",
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
        "The paper's run ends at 95 %. Its loss improves when the rest is dropped. Other runs end lower.",
        "Nanda et al. 2023, section 4.2.",
    ),
    Gauge(
        "How many neurons have taken a side?",
        "Neurons with one frequency",
        "A neuron belongs to a frequency that explains at least 85 % of the variance of its activity over all pairs.",
        r"\mathrm{FVE}_k = \frac{\text{energy in } \{1,\cos_k,\sin_k\}\otimes\{1,\cos_k,\sin_k\}}{\text{energy}}",
        {"neurons": "frac_neurons_over_085"},
        "share of neurons",
        False,
        "In the paper's run 84.6 % of the 512 neurons end with one frequency; other seeds give other shares.",
        "Nanda et al. 2023, section 4.3.",
    ),
)


def gauges(study: Study) -> None:
    """All measures of a run, one below the other, with a rule at the step in view."""
    with shell.column():
        _gauges(study)


def _gauges(study: Study) -> None:
    for gauge in GAUGES:
        _gauge(gauge, study)
    st.header("Which frequencies are key?", anchor=False)
    st.markdown(KEY_RULE)
    st.markdown(
        f"They are found once, in the last snapshot, and used for every step. {sentences.key_sentence(study)}"
    )


def _gauge(gauge: Gauge, study: Study) -> None:
    st.header(gauge.question, anchor=False)
    st.markdown(f"**{gauge.name}.** {gauge.words}")
    st.latex(gauge.formula)
    if NEEDS_KEYS & set(gauge.fields.values()) and not len(study.timeline.key_freqs):
        st.info(sentences.NO_KEYS)
        return
    figures.measure_curves(study, gauge.fields, gauge.axis, address.current().step, gauge.log)
    st.markdown(f"**What to notice.** {gauge.notice}")
    st.caption(f"{sentences.READ_CURVES} Source: {gauge.source}")
