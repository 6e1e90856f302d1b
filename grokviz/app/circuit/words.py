"""What the pages of the circuit call its parts: waves of a clock have crests, and blocks of functions of another group none."""

from typing import NamedTuple

from grokviz import wording
from grokviz.app import sentences
from grokviz.app.circuit import snapshots
from grokviz.circuit.cuts import NO_CUTS, Cuts
from grokviz.study import Study


class CircuitWords(NamedTuple):
    """Labels and sentences of Follow and Cut that differ between a clock and another group."""

    one: str  # what is cut out, before its name
    many: str
    key: str  # by what neurons are told apart
    keys: str
    products: str  # of what is cut out, as functions of a and b
    neurons: str
    logits: str
    spectrum: str
    story: str
    polynomial: str
    linear: str
    fitted: str
    stage: str  # of the answer
    ideal: str

    @property
    def places(self) -> dict[str, str]:
        """Where something can be cut out, by its name in `Cuts`."""
        return {
            "embedding": "Out of what it stores of each number (the embedding)",
            "neurons": f"Out of its neurons: {self.neurons}",
            "directions": "Out of its neurons: what its answers read ($W_L$)",
            "logits": f"Out of its answers: {self.logits}",
            "spectrum": f"Out of its answers: {self.spectrum}",
        }


CLOCK = CircuitWords(
    one="wave",
    many="waves",
    key="frequency",
    keys="frequencies",
    products="products of waves",
    neurons="waves of a + b",
    logits="waves of a + b",
    spectrum="all products of waves of a and b",
    story="The network answers by a few waves.",
    polynomial="Neurons as polynomials of degree 2 in the waves of their frequency",
    linear="Attention as waves of one frequency, without its softmax",
    fitted="Logits as nothing but fitted waves of",
    stage="Waves that agree at one answer",
    ideal="one wave a frequency",
)
GROUP = CircuitWords(
    one="block",
    many="blocks",
    key="block",
    keys="blocks",
    products="products of functions",
    neurons="functions of the right answer",
    logits="functions of the right answer",
    spectrum="all products of functions of a and of b",
    story="The network answers by a few blocks of functions on the group.",
    polynomial="Neurons as polynomials of degree 2 in the functions of their block",
    linear="Attention as functions of one block, without its softmax",
    fitted="Logits as nothing but fitted characters of",
    stage="Blocks that agree at one answer",
    ideal="the character of each block",
)


def of(study: Study) -> CircuitWords:
    """Those of its group; where none is known, of a clock: nothing is said with them."""
    return GROUP if sentences.has_blocks(study) else CLOCK


def of_cuts(study: Study, cuts: Cuts) -> str:
    """What is cut, as the beginning of a sentence; "" for nothing."""
    if cuts == NO_CUTS:
        return ""
    if cuts.logits and cuts == Cuts(logits=cuts.logits):
        what = wording.listed([snapshots.block_name(study, k) for k in cuts.logits.freqs])
        said = of(study)
        waves = said.one if len(cuts.logits.freqs) == 1 else said.many
        return (
            f"Without the {waves} of {what}"
            if cuts.logits.mode == "drop"
            else f"With nothing but the {waves} of {what}"
        )
    return "With these cuts"
