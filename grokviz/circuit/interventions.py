"""Interventions: a network with some of its parts cut, run on every pair.

Each is a change of weights or activations that Nanda et al. 2023 make in section 4.4 and appendices A.1 and
C.1, or that answers the next question. Frequencies are blocks of the group that the answers are the product of, in
the order of its elements; a pair or an answer that is none of them (0 in a product) keeps its activations.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from grokviz.circuit.cuts import Choice, Cuts
from grokviz.measures.circuit import NEURON_FVE, logit_map, neuron_frequencies, trig_coefficients
from grokviz.measures.fourier import frequency_energy, keep_frequencies, product_marginal
from grokviz.measures.losses import mean_over
from grokviz.models.forward import (
    Activations,
    Tables,
    Weights,
    as_trained,
    attention_tables,
    completed,
    cross_entropy,
    forward,
    mix,
    pattern_of,
    widen,
)
from grokviz.tasks.groups import Group, Places
from grokviz.tasks.pairs import NO_ANSWER, Task


class Outcome(NamedTuple):
    """What a network answers: losses in nats and accuracies, in float64, and the grid behind them."""

    train_loss: float
    test_loss: float
    all_loss: float
    train_accuracy: float
    test_accuracy: float
    accuracy: float
    probability: Float[np.ndarray, "p p"]  # of the right answer; 0 where there is none
    is_right: Bool[np.ndarray, "p p"]


def outcome(logits: Float[np.ndarray, "p p p"], task: Task) -> Outcome:
    """Loss and accuracy on train by its labels, on test and on all pairs by their answers."""
    has_answer = task.answers != NO_ANSWER
    loss = cross_entropy(logits, task.answers)
    is_right = (logits.argmax(axis=2) == task.answers) & ~np.isnan(loss)
    test_loss, all_loss = (mean_over(loss, side) for side in (task.is_test, has_answer))
    test, everywhere = (mean_over(is_right, side) for side in (task.is_test, has_answer))
    train_loss, train = (mean_over(x, task.is_train) for x in (loss, is_right))
    if task.taught is not None:
        train_loss = mean_over(cross_entropy(logits, task.labels), task.is_train)
        train = mean_over(logits.argmax(axis=2) == task.labels, task.is_train)
    probability = np.nan_to_num(np.exp(-loss))
    return Outcome(train_loss, test_loss, all_loss, train, test, everywhere, probability, is_right)


@np.errstate(over="ignore", invalid="ignore")  # a network that diverged is shown, not refused
def run(
    weights: Weights,
    cuts: Cuts,
    order: Places,
    whole: Activations | None = None,
    owners: Int[np.ndarray, " d_mlp"] | None = None,
) -> Activations:
    """The network with the cuts made, in the order of the fields of `Cuts`.

    The weights it returns are those with noise and embedding as cut; its tables those of the heads left.
    `whole` is the same network without cuts and `owners` its `neuron_owners`, where they are there already;
    `whole` itself is returned when nothing is cut.
    """
    weights = as_trained(widen(weights))
    if cuts == Cuts():
        return whole or forward(weights)
    if owners is None and (cuts.polynomial or cuts.clusters):
        owners = neuron_owners(whole or forward(weights), order)
    edited = completed(edit_weights(weights, cuts, order))
    if whole and not _before_neurons(cuts):
        tables, pattern, constant = whole.tables, whole.pattern, whole.tables.resid_pre
        before = whole.post
    else:
        tables, pattern, constant = _attention(edited, cuts, order)
        before = mix(pattern, tables.values @ edited["W_in"])
        before += constant @ edited["W_in"] + edited["b_in"]
        np.maximum(before, 0, out=before)
        whole = None  # of another network than this
    post = _cut_neurons(before, edited, cuts, order, owners)
    if whole and post is before and "mlp" not in cuts.skips:
        logits = whole.logits
    else:
        logits = _read_out(post, edited, None if "mlp" in cuts.skips else (pattern, tables.values, constant))
    p = len(logits)
    scores = tables.scores[:, :p], tables.scores[:, p:-1], tables.scores[:, -1]
    return Activations(edited, tables, *scores, pattern, post, _cut_logits(logits, cuts, order))


def _read_out(
    post: Float[np.ndarray, "p p d_mlp"],
    weights: Weights,
    around: tuple[Float[np.ndarray, "heads p p 3"], Float[np.ndarray, "heads sources d_model"], np.ndarray]
    | None,
) -> Float[np.ndarray, "p p p"]:
    """Logits of the neurons and of what goes around them: pattern, values and the constant part of the stream."""
    logits = _times(post, logit_map(weights))
    constant = weights["b_out"]
    if around:
        pattern, values, resid_pre = around
        logits += mix(pattern, values @ weights["W_U"])
        constant = constant + resid_pre
    logits += constant @ weights["W_U"]
    return logits


def neuron_owners(activations: Activations, order: Places) -> Int[np.ndarray, " d_mlp"]:
    """The frequency that every neuron belongs to: that which explains 85 % of it or more, 0 where none does."""
    freq, fve = neuron_frequencies(order.pairs(activations.post), order.group)
    return np.where(fve >= NEURON_FVE, freq, 0)


def _times(x: Float[np.ndarray, "p p n"], matrix: Float[np.ndarray, "n m"]) -> Float[np.ndarray, "p p m"]:
    """x @ matrix as one product, which is faster than one for every row of pairs."""
    return (x.reshape(-1, x.shape[2]) @ matrix).reshape(*x.shape[:2], -1)


def _before_neurons(cuts: Cuts) -> bool:
    """Something is cut before the neurons, so that they must be computed anew."""
    return bool(
        cuts.noise or cuts.embedding or cuts.linear or cuts.heads or cuts.means or "attention" in cuts.skips
    )


def edit_weights(weights: Weights, cuts: Cuts, order: Places) -> Weights:
    """The weights with the cuts that are changes of weights: noise, and waves of the embedding.

    Noise of level x adds to every matrix a normal sample of x % of its own root mean square.
    Waves of the embedding: the rows of W_E are filtered over the numbers, in the order of a; those of a second table,
    for b, in the order of b.
    """
    if cuts.noise:
        level, seed = cuts.noise
        rng = np.random.default_rng(seed)
        weights = {
            name: w
            + (
                level / 100 * np.sqrt(np.mean(np.square(w, dtype=np.float64))) * rng.standard_normal(w.shape)
            ).astype(w.dtype)
            for name, w in weights.items()
        }
    if cuts.embedding:
        tables = {"W_E": order.a} if "W_E" in weights else {"W_x": order.a, "W_y": order.b}
        for name, places in tables.items():
            rows = _filtered(weights[name], places, cuts.embedding, order.group)
            weights = weights | {name: rows}
    return weights


def _filtered(
    table: Float[np.ndarray, "tokens d_model"], places: Int[np.ndarray, " n"], choice: Choice, group: Group
) -> Float[np.ndarray, "tokens d_model"]:
    """A table of embeddings with waves of its rows in this order dropped, or kept with their mean."""
    table, rows = table.copy(), table[places]
    mode, freqs = choice
    kept = keep_frequencies(rows, (0, *freqs) if mode == "keep" else freqs, group)
    table[places] = kept if mode == "keep" else rows - kept
    return table


def _attention(
    weights: Weights, cuts: Cuts, order: Places
) -> tuple[Tables, Float[np.ndarray, "heads p p 3"], Float[np.ndarray, " d_model"]]:
    """Tables and pattern with the heads that are left, and the constant part of the residual stream."""
    tables = attention_tables(weights)
    pattern = pattern_of(weights, tables)
    if cuts.linear:
        pattern = linear_pattern(pattern, order)
    constant = tables.resid_pre
    if "attention" in cuts.skips:
        constant = np.zeros_like(constant)
    values = tables.values
    if cuts.heads or cuts.means:
        values = values.copy()
        for head in cuts.means:
            constant = constant + _mean_output(pattern[head], values[head])
        values[[*cuts.heads, *cuts.means]] = 0
    return tables._replace(values=values), pattern, constant


def _mean_output(
    pattern: Float[np.ndarray, "p p 3"], values: Float[np.ndarray, "sources d_model"]
) -> Float[np.ndarray, " d_model"]:
    """What one head writes on average over all pairs."""
    to_a, to_b, to_eq = np.moveaxis(pattern, 2, 0)
    weight = np.concatenate([to_a.sum(axis=1), to_b.sum(axis=0), [to_eq.sum()]])
    return weight @ values / to_a.size


def linear_pattern(
    pattern: Float[np.ndarray, "heads p p 3"], order: Places
) -> Float[np.ndarray, "heads p p 3"]:
    """Attention by waves of one frequency: A + alpha cos(w_k a) + beta sin(w_k a), and the same of b.

    Each head keeps its mean and its components of the frequency that explains its attention to a best, for
    each of the three sources; so the three still add up to 1. Nanda et al. 2023, appendix C.1.3.
    """
    grid = order.pairs(np.moveaxis(pattern, 0, 2))  # [n, n, heads, 3]
    fitted = np.empty_like(grid)
    for head in range(grid.shape[2]):
        x = grid[:, :, head].astype(np.float64)
        over_a, over_b = x.mean(axis=1), x.mean(axis=0)
        rows = order.group.blocks[attention_frequency(x[..., 0], order.group)].rows
        wave_a, wave_b = rows.T @ (rows @ over_a), rows.T @ (rows @ over_b)
        fitted[:, :, head] = x.mean(axis=(0, 1)) + wave_a[:, None] + wave_b
    if order.is_all_of(grid):
        return np.moveaxis(fitted, 2, 0)
    whole = np.moveaxis(pattern, 0, 2).copy()
    whole[np.ix_(order.a, order.b)] = fitted
    return np.moveaxis(whole, 2, 0)


def attention_frequency(to_a: Float[np.ndarray, "n n"], group: Group | None = None) -> int:
    """The frequency whose waves of a and of b explain the attention of a head to a best."""
    over_a, over_b = to_a.mean(axis=1)[:, None], to_a.mean(axis=0)[:, None]
    energy = frequency_energy(over_a, group) + frequency_energy(over_b, group)
    return int(energy.argmax()) + 1


def _cut_neurons(
    post: Float[np.ndarray, "p p d_mlp"],
    weights: Weights,
    cuts: Cuts,
    order: Places,
    owners: np.ndarray | None,
) -> Float[np.ndarray, "p p d_mlp"]:
    if cuts.polynomial:
        post = _changed(post, order, lambda x: polynomials(x, owners, order.group))
    if cuts.neurons:
        post = _changed(post, order, lambda x: choose(x, cuts.neurons, sum_waves, order.group))
    if cuts.directions:
        Q = readout_directions(weights, cuts.directions.freqs, order)
        along = _times(_times(post, Q), Q.T)
        post = along if cuts.directions.mode == "keep" else post - along
    silent = list(cuts.silence)
    if owners is not None:
        silent += np.flatnonzero(np.isin(owners, cuts.clusters)).tolist()
    if silent:
        post = post.copy()
        post[..., silent] = 0
    return post


def _cut_logits(logits: Float[np.ndarray, "p p p"], cuts: Cuts, order: Places) -> Float[np.ndarray, "p p p"]:
    if cuts.spectrum:
        logits = _changed(logits, order, lambda x: choose(x, cuts.spectrum, products, order.group))
    if cuts.logits:
        logits = _changed(logits, order, lambda x: choose(x, cuts.logits, sum_waves, order.group))
    if cuts.waves:
        index = np.ix_(order.a, order.b, order.c)
        fitted = logits.copy()
        fitted[index] = answer_waves(logits[index], cuts.waves, order.group)
        logits = fitted
    return logits


def _changed(x: np.ndarray, order: Places, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """x with the pairs of elements changed; the rest as it is."""
    if order.is_all_of(x):
        return change(x)
    index = np.ix_(order.a, order.b)
    x = x.copy()
    x[index] = change(x[index])
    return x


Component = Callable[[np.ndarray, Sequence[int], Group], np.ndarray]


def choose(
    x: Float[np.ndarray, "n n m"], choice: Choice | None, component: Component, group: Group
) -> Float[np.ndarray, "n n m"]:
    """x without these frequencies, or with nothing but these and its mean over all pairs."""
    assert choice
    part = component(x, choice.freqs, group)
    return part + x.mean(axis=(0, 1)) if choice.mode == "keep" else x - part


def sum_waves(
    x: Float[np.ndarray, "n n m"], freqs: Sequence[int], group: Group
) -> Float[np.ndarray, "n n m"]:
    """P_K x: the part of x in cos(w_k (a+b)) and sin(w_k (a+b)) for these k; in these blocks of a b."""
    return keep_frequencies(product_marginal(x, group), freqs, group)[group.product]


def products(x: Float[np.ndarray, "n n m"], freqs: Sequence[int], group: Group) -> Float[np.ndarray, "n n m"]:
    """The part of x in {1, cos_k, sin_k} x {1, cos_k, sin_k} without the constant, for these k.

    Eight components of the two-dimensional Fourier transform a frequency: those of section 4.4 of the paper.
    """
    part = np.zeros_like(x)
    for k in freqs:
        part += _polynomial(x, k, group)
        part -= x.mean(axis=(0, 1))
    return part


def polynomials(
    post: Float[np.ndarray, "n n m"], owners: np.ndarray | None, group: Group
) -> Float[np.ndarray, "n n m"]:
    """Every neuron that belongs to a frequency (owner > 0) as its best polynomial of degree 2 in its waves."""
    assert owners is not None
    n, _, m = post.shape
    freqs = [int(k) for k in np.unique(owners[owners > 0])]
    waves = [_waves(group, k, post.dtype) for k in freqs]
    most = max(map(len, waves), default=1)
    over_a = np.concatenate([*waves, np.zeros((0, n), post.dtype)]) @ post.reshape(n, -1)  # of all at once
    # For each of its waves of a, what a neuron is as a function of b:
    over_b = np.zeros((most, n, m), post.dtype)
    waves_of_a = np.zeros((n, most, m), post.dtype)
    first = 0
    for k, rows in zip(freqs, waves, strict=True):
        own = np.flatnonzero(owners == k)
        mine = over_a[first : first + len(rows)].reshape(len(rows), n, m)[..., own]
        first += len(rows)
        over_b[: len(rows), :, own] = rows.T @ (rows @ mine)
        waves_of_a[:, : len(rows), own] = rows.T[..., None]
    fitted = np.empty_like(post)
    for a in range(n):  # row by row, which stays in the cache
        np.einsum("in,ibn->bn", waves_of_a[a], over_b, out=fitted[a])
    others = np.flatnonzero(owners <= 0)
    fitted[..., others] = post[..., others]
    return fitted


def _waves(group: Group, k: int, dtype: np.dtype) -> Float[np.ndarray, "waves n"]:
    """1, cos_k and sin_k, of length 1; no sine for k = n/2. The constant and the block, in another group."""
    return np.concatenate([group.blocks[0].rows, group.blocks[k].rows]).astype(dtype)


def _polynomial(x: Float[np.ndarray, "n n m"], k: int, group: Group) -> Float[np.ndarray, "n n m"]:
    """Least squares of x on {1, cos_k, sin_k} x {1, cos_k, sin_k}, whose products are orthonormal."""
    n, _, m = x.shape
    rows = _waves(group, k, x.dtype)
    over_a = (rows @ x.reshape(n, -1)).reshape(len(rows), n, m)
    over_b = rows.T @ (rows @ over_a)  # [i, b, m]
    return (rows.T @ over_b.reshape(len(rows), -1)).reshape(n, n, m)


def readout_directions(
    weights: Weights, freqs: Sequence[int], order: Places
) -> Float[np.ndarray, "d_mlp directions"]:
    """Orthonormal directions among the neurons that W_L reads cos(w_k c) and sin(w_k c) from: u_k and v_k.

    Section 4.2 of the paper: W_L is close to sum_k cos(w_k) u_k' + sin(w_k) v_k'.
    """
    rows = [order.group.blocks[k].rows for k in freqs]
    W_L = logit_map(weights)
    Q, _ = np.linalg.qr(W_L[:, order.c].astype(np.float64) @ np.concatenate(rows).T)
    return Q.astype(W_L.dtype)


def answer_waves(
    logits: Float[np.ndarray, "n n n"], freqs: Sequence[int], group: Group
) -> Float[np.ndarray, "n n n"]:
    """sum_k alpha_k cos(w_k (a+b-c)) / |cos(w_k (a+b-c))|, fitted by least squares; the characters of other groups."""
    alpha = trig_coefficients(logits, None, group)
    wave = np.zeros((group.n, group.n))  # row a b, column c
    for k in freqs:
        rows = group.blocks[k].rows
        wave += alpha[k - 1] * (rows.T @ rows) / np.sqrt(group.n * len(rows))
    return wave.astype(logits.dtype)[group.product]
