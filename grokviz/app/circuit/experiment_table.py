"""The table of the paper's experiments: what it published, what they give here, and what as many others at random give."""

from collections.abc import Mapping, Sequence

import pandas as pd
from streamlit.delta_generator import DeltaGenerator

from grokviz import wording
from grokviz.app.circuit import control, snapshots
from grokviz.app.circuit.words import CircuitWords
from grokviz.app.session import address
from grokviz.circuit.cuts import Cuts
from grokviz.circuit.experiments import Experiment
from grokviz.circuit.interventions import Outcome

PAPER = (
    "Losses over all pairs. *Paper*: the figures of its own network, which has other weights and the key frequencies 14, 35, 41, 42 and 52; "
    "sections 4.2 and 4.4, appendix C.1.3, and for single frequencies at the neurons the range in the notebook released with it. "
)


def caption(said: CircuitWords) -> str:
    """How the table is read."""
    return (
        f"{PAPER}*At random*: the same experiment with as many other {said.keys}, ten draws, from the least to the most. A draw may take "
        f"another key {said.key}: then it hurts, too. A dash: the paper gives no figure, or the experiment names nothing that could be drawn."
    )


Found = list[tuple[Experiment, Outcome]]


def show(place: DeltaGenerator, found: Found, at_random: Mapping[Cuts, str] = {}) -> None:
    """Draw the table in its place."""
    rows = [
        (
            experiment.question,
            _published(experiment.published),
            wording.readable(result.all_loss),
            at_random.get(experiment.cuts, "–"),
            wording.percent(result.accuracy),
        )
        for experiment, result in found
    ]
    columns = ["experiment", "paper", "here", "at random", "right answers here"]
    place.dataframe(pd.DataFrame(rows, columns=columns), hide_index=True, height="content")


def fill(place: DeltaGenerator, index: int) -> None:
    """Draw it again as the random controls are made, one experiment after the other."""
    found = snapshots.perform(address.handle(), index)
    words: dict[Cuts, str] = {}
    for experiment, _ in found:
        for drawn in control.draw(index, experiment.cuts):
            if drawn.is_whole and drawn.losses:
                words[experiment.cuts] = drawn.words("all_loss")
            elif not drawn.is_whole:
                words[experiment.cuts] = f"{len(drawn.losses)} of {len(drawn.control.draws)} draws …"
            show(place, found, words)


def _published(text: str) -> str:
    return " to ".join(wording.readable(float(number)) for number in text.split(" to ")) if text else "–"


def differences(keys: Sequence[int], p: int, head_share: Sequence[float], found: Found) -> str:
    """Where the bundled run of the paper's recipe differs from the paper's, and why, with this run's own figures."""
    octaves = [(k, other) for k in keys for other in keys if other in (2 * k, p - 2 * k)]
    ((low, high), *more) = octaves
    also = "".join(f", and {b} is twice {a}" for a, b in more)
    loss = {experiment.question: result.all_loss for experiment, result in found}
    factor = loss["Neurons replaced by polynomials of degree 2"] / loss["Nothing is cut"]
    weakest = min(range(len(head_share)), key=lambda head: head_share[head])
    return f"""
**Where this network differs from the paper's, and why.** It was trained by the same recipe from other initial weights, with other
training pairs, and settled on {wording.listed(keys)}. Among these are octaves: {high} is twice {low}{also}. The ReLU
of a neuron of frequency {low} also makes a little of {high}, and the network uses it. A polynomial of degree 2 has no such
overtone, so here it costs a factor of {factor:.1f} where the paper's network lost 3 %. And one head, number {weakest}, follows
several frequencies at once (its best explains {wording.percent(head_share[weakest])}; in the paper every head has one that explains 97.9 % or more), so
that attention by a single wave breaks it, while the paper's network even gained. What does agree: nothing but the key waves is needed,
leaving the rest out *lowers* the loss, and without them little is left.
"""
