"""Which frequencies the neurons follow, and the few neurons whose activation is drawn.

The map of a drawn neuron before the ReLU follows from small tables, with attention A = softmax of three scores:
pre[a, b] = constant + sum_h A_h[a,b,0] table[h,a] + A_h[a,b,1] table[h,p+b] + A_h[a,b,2] table[h,2p]
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from grokviz.measures.circuit import NEURON_FVE
from grokviz.measures.declaration import Article, Measure, of_a_group
from grokviz.measures.encoding import FLOAT32, FLOAT64, INT16, SCALED
from grokviz.measures.snapshot import Snapshot

N_NEURONS = 6  # that are kept to be drawn


def choose_neurons(
    freq: Int[np.ndarray, " d_mlp"], fve: Float[np.ndarray, " d_mlp"], key_freqs: Sequence[int]
) -> Int[np.ndarray, " m"]:
    """The best explained neuron of each key frequency, then the best explained of the rest: six at most."""
    by_fve = np.argsort(-fve, kind="stable")
    of_keys = [n for k in key_freqs for n in by_fve[freq[by_fve] == k][:1]]
    return np.array(list(dict.fromkeys([*of_keys, *by_fve]))[:N_NEURONS])


def busiest_neurons(post: Float[np.ndarray, "p p d_mlp"]) -> Int[np.ndarray, " m"]:
    """Those whose activation differs most from pair to pair, where no frequency can be asked for: six at most."""
    return np.argsort(-np.nan_to_num(post.reshape(-1, post.shape[2]).var(axis=0)), kind="stable")[:N_NEURONS]


def has_frequency(s: Snapshot) -> Bool[np.ndarray, " d_mlp"]:
    """The neurons of which one frequency explains at least 85 %."""
    return s.neuron_fit[1] >= NEURON_FVE


def neurons_of_frequencies(s: Snapshot) -> Int[np.ndarray, " blocks"]:
    """How many neurons each frequency k = 1..n//2 has, key or not."""
    return np.bincount(s.neuron_fit[0][s.share(has_frequency)], minlength=len(s.group.blocks))[1:]


def counts_by_frequency(counts: Int[np.ndarray, " blocks"]) -> dict[int, int]:
    """Every frequency that has neurons, and how many."""
    return {k: int(n) for k, n in enumerate(counts, start=1) if n}


def neuron_tables(s: Snapshot) -> Float[np.ndarray, "m heads sources"]:
    """What each source writes to them at attention 1. Where b is read, and every attention is 1, the first head's
    table of b holds the stream of b as well."""
    tables, W_in = s.activations.tables, s.wide["W_in"][:, s.neurons]
    written = tables.values @ W_in
    if tables.resid_pre.ndim == 2:
        written[0, s.p : 2 * s.p] += tables.resid_pre @ W_in
    return np.moveaxis(written, 2, 0)


def neuron_constants(s: Snapshot) -> Float[np.ndarray, " m"]:
    weights, resid_pre = s.wide, s.activations.tables.resid_pre
    if resid_pre.ndim == 2:  # it is in the tables
        return weights["b_in"][s.neurons]
    return resid_pre @ weights["W_in"][:, s.neurons] + weights["b_in"][s.neurons]


FOLLOWS = Article(
    "How many neurons have taken a side?",
    "Neurons with one frequency",
    "A neuron belongs to a frequency that explains at least 85 % of the variance of its activity over all pairs.",
    r"\mathrm{FVE}_k = \frac{\text{energy in } \{1,\cos_k,\sin_k\}^{\otimes 2}}{\text{energy}}",
    "In the paper's run 84.6 % of the 512 neurons end with one frequency; other seeds give other shares.",
    "Nanda et al. 2023, section 4.3.",
)

FOLLOW = of_a_group("There is no frequency that a neuron could be asked to follow.")

MEASURES = (
    Measure(
        "frac_neurons_over_085",
        lambda s: float(s.share(has_frequency).mean()),
        "Neurons with one frequency",
        "share of neurons",
        "neurons",
        percent=True,
        json_name="frac_neurons_fve_over_0.85",
        applies=FOLLOW,
        article=FOLLOWS,
        order=80,
    ),
    Measure(
        "neurons_per_freq",
        neurons_of_frequencies,
        "Neurons of each frequency",
        "neurons",
        axes=("frequency",),
        encoding=INT16,
        to_json=counts_by_frequency,
        applies=FOLLOW,
        order=81,
    ),
    Measure(
        "neuron_tables",
        neuron_tables,
        "What each source writes to the drawn neurons",
        axes=("neuron", "head", "source"),
        encoding=SCALED,
        drawn_only=True,
    ),
    Measure(
        "neuron_constants",
        neuron_constants,
        "What the drawn neurons get whatever the pair",
        axes=("neuron",),
        encoding=FLOAT32,
        drawn_only=True,
    ),
    Measure(
        "neuron_freq",
        lambda s: s.neuron_fit[0][s.neurons],
        "Frequency of the drawn neurons",
        axes=("neuron",),
        applies=FOLLOW,
        encoding=INT16,
        drawn_only=True,
    ),
    Measure(
        "neuron_fve",
        lambda s: s.neuron_fit[1][s.neurons],
        "Share of the drawn neurons that it explains",
        axes=("neuron",),
        applies=FOLLOW,
        encoding=FLOAT64,
        drawn_only=True,
    ),
)
