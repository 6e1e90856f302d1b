"""What the logits are made of: the waves of the circuit, and all two-dimensional ones.

Nanda et al. 2023, section 4: the output is a sum of cos(w_k (a + b - c)) over few frequencies k.
"""

from grokviz.measures.circuit import logit_fve, trig_coefficients
from grokviz.measures.declaration import Article, Measure, of_a_group
from grokviz.measures.encoding import LOG_OF_LARGEST
from grokviz.measures.fourier import logit_spectrum_2d

EXPLAINED = Article(
    "How much of its answers is the circuit?",
    "Explained share of the logits",
    "Fit the answers by one wave cos(w(a+b−c)) for each key frequency. How much of them do the waves explain?",
    r"R^2 \text{ of } L \text{ on } \{\cos(w_k(a+b-c)) : k \in K\}",
    "The paper's run ends at 95 %. Its loss improves when the rest is dropped. Other runs end lower.",
    "Nanda et al. 2023, section 4.2.",
)

NO_WAVES = of_a_group("So nobody knows which waves to look for in its answers.")

MEASURES = (
    Measure(
        "logit_fve",
        lambda s: logit_fve(s.cube, s.key_freqs, s.sums, s.group),
        "Logits explained by the key waves",
        "share of variance",
        "explained share",
        percent=True,
        needs_keys=True,
        applies=of_a_group("There is no wave to fit the answers by."),
        article=EXPLAINED,
        order=70,
    ),
    Measure(
        "trig_coefficients",
        lambda s: trig_coefficients(s.cube, s.sums, s.group),
        "Coefficient of each wave cos(w(a+b−c)), scaled to length 1, in the logits",
        "coefficient",
        axes=("frequency",),
        applies=NO_WAVES,
        order=90,
    ),
    Measure(
        "logit_spectrum_2d",
        lambda s: logit_spectrum_2d(s.cube, s.group),
        "Strength of each wave in a and b in the logits",
        axes=("component", "component"),
        applies=NO_WAVES,
        encoding=LOG_OF_LARGEST,
        drawn_only=True,
    ),
)
