"""Where the algorithm can be seen in the weights, in words: of addition on a clock, and of a group that is none."""

from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from grokviz.app import sentences, shell
from grokviz.app.explorer import page
from grokviz.app.session import keys
from grokviz.study import Study
from grokviz.view.film import component

ROOM = 500  # pixels, of a picture with its sentence
# What the stations are seen in: the last of each stands beside the words.
PANELS = (("embedding", "rings"), ("attention",), ("neurons",), ("outputs", "logits"))
SOURCES = {
    True: "Sections 4.1 to 4.3 and appendix C.1.2 of [Nanda et al. 2023](https://arxiv.org/abs/2301.05217). The published figures "
    "are those of the paper's own run; the figures above are measured on the run in view.",
    False: "[Chughtai et al. 2023](https://arxiv.org/abs/2302.03025) and [Stander et al. 2024](https://arxiv.org/abs/2312.06581). "
    "The figures above are measured on the run in view.",
}


class Station(NamedTuple):
    """A heading, and what there is to see."""

    title: str
    words: str


CLOCK = (
    Station(
        "1. Numbers become angles",
        "The embedding turns the number $a$ into waves $\\cos(w_k a)$ and $\\sin(w_k a)$, with $w_k = 2\\pi k/p$, for a "
        "handful of *key frequencies* $k$. In the bars, few frequencies stand out from the floor. In the rings, the "
        "numbers lie on a circle for each of them: going once round the clock of $p$ hours turns ring $k$ by $k$ turns.",
    ),
    Station(
        "2. Attention brings the two numbers together",
        "The answer is read at the sign “=”, and only attention can bring $a$ and $b$ there. How much each of the "
        "heads looks at $a$ rather than $b$ is often close to a single wave of the two numbers: stripes. In the paper's run "
        "one frequency explains 97.9 to 99.1 % of it, head by head; what it is here stands above.",
    ),
    Station(
        "3. Waves are multiplied",
        "To add two angles, one needs products: $\\cos(w_k(a+b)) = \\cos w_k a \\cos w_k b - \\sin w_k a \\sin w_k b$. "
        "Attention and the neurons supply them. In a grokked run most neurons follow one frequency, which explains over "
        "85 % of their variance (433 of "
        "512 in the paper's run): their maps over all pairs are chequered with its period.",
    ),
    Station(
        "4. The waves are added up",
        "The matrix $W_L = W_{out} W_U$ takes neurons to answers. It gives answer $c$ a weighted sum of "
        "$\\cos(w_k(a+b-c))$ over the key frequencies. Every one of these waves is at its crest where $c = a+b$, and "
        "nowhere else do all of them agree. The map takes the answers apart into waves of $a$ and $b$: in the "
        "end a few small blocks on its diagonal outshine all else.",
    ),
)
GROUP = (
    Station(
        "1. Elements become rows of a few functions",
        "A group that is no clock has no waves, and no rings to go around on. What takes their place are *blocks* of functions "
        "on its elements, one for each way to write the elements as matrices (an irreducible representation): its functions are the "
        "entries of these matrices. In the bars, few blocks stand out from the floor.",
    ),
    Station(
        "2. The two elements are brought together",
        "A transformer reads the answer at the sign “=”, and only attention can bring $a$ and $b$ there. A network of two "
        "layers has none: its neurons read both at once.",
    ),
    Station(
        "3. Functions are multiplied",
        "An entry of the matrix of $ab$ is a sum of products, an entry of that of $a$ times one of that of $b$. Attention "
        "and neurons supply products. How many of the neurons follow the functions of one block stands above.",
    ),
    Station(
        "4. The blocks are added up",
        "If the network computes with representations, block $\\rho$ adds a multiple of its character $\\chi_\\rho(a b c^{-1})$ to "
        "the logit of $c$, which is nowhere larger than at the right answer. How much of the logits that explains is measured above. "
        "It is one of two published accounts; the page [on groups](groups) sets both against this network.",
    ),
)


def stations_of(study: Study) -> Sequence[Station]:
    """Those of the group of a run; where none is known, those of a clock, of which the story is told."""
    return GROUP if sentences.has_blocks(study) else CLOCK


def show(study: Study) -> None:
    """What is measured at this step, then the stations of the run, each beside its pictures; without a film, their words."""
    page.circuit_note(study)
    found = stations_of(study)
    with st.container(key=page.FIXED):
        for station, panels in zip(found, PANELS, strict=True):
            st.header(station.title, anchor=False)
            words, picture = st.columns(2, gap="large")
            words.markdown(station.words)
            if not keys.IS_PLAIN.get(False):
                for column, name in zip((picture, words), reversed(panels), strict=False):
                    _panel(column, name)
        with shell.column():
            st.caption(SOURCES[found is CLOCK])


def _panel(column: DeltaGenerator, name: str) -> None:
    """One of the film's panels under its own title."""
    with column:
        shown = {"kind": "film", "id": name, "titled": True}
        component.panels([shown], page.film_key(), key=f"station-{name}", room=ROOM)
