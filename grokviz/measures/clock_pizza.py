"""Clock or pizza? Two ways to add on a circle, told apart by what an answer depends on. Zhong et al. 2023 (arXiv
2306.17844).

A clock multiplies the waves of a and b, so that its logits depend on a + b - c alone. A pizza adds the two points on
the circle up and takes sizes, so that its logits carry a factor |cos(w (a-b) / 2)|: surest where a and b are near each
other, and blind where they lie opposite. Formulae of the paper's section 4 and of its released code.
"""

import math

import numpy as np
from jaxtyping import Float, Int

from grokviz.measures.declaration import Article, Measure
from grokviz.measures.encoding import LEVELS
from grokviz.measures.snapshot import Snapshot
from grokviz.models.forward import Activations, attention_rate
from grokviz.models.spec import Shapes
from grokviz.tasks.pairs import Task

TRIPLES = 150  # of which gradients are compared: the mean is known to about 0.02
COMPONENTS = 4  # principal components that are asked whether they are waves
MEANS_NOTHING = 0.5, 0.7  # up to this accuracy of all pairs and this circularity nothing is added on a circle

Triples = Int[np.ndarray, "3 m"]


def triples_of(p: int, m: int = TRIPLES) -> Triples:
    """a, b and c of m questions with an answer each, right or not: the same for every snapshot modulo p."""
    return np.random.default_rng([p, m]).integers(p, size=(3, m))


def gradient_symmetricity(x: Activations, triples: Triples) -> float:
    """Mean cosine of dL_c/dx_a and dL_c/dx_b, x_a and x_b the embedded numbers. -1..1; 1: a and b are treated alike.

    Appendix of the paper and its code, there over 100 triples. A triple without any gradient counts as 0.
    """
    by_a, by_b = embedding_gradients(x, triples)
    along = (by_a * by_b).sum(axis=1)
    lengths = np.linalg.norm(by_a, axis=1) * np.linalg.norm(by_b, axis=1)
    return float(
        np.divide(along, lengths, out=np.zeros_like(along), where=lengths > 0).mean(dtype=np.float64)
    )


def embedding_gradients(
    x: Activations, triples: Triples
) -> tuple[Float[np.ndarray, "m d_model"], Float[np.ndarray, "m d_model"]]:
    """dL_c/dx_a and dL_c/dx_b of the logit of c in the question a, b, by the chain rule from the logit back.

    With A = alpha s + (1 - alpha) the attention and s the softmax, g = W_U[:, c], j = a or b and i any source:

        g_mid = g + W_in diag(pre > 0) W_out g,  g_z = W_O g_mid  (of each head)
        dL/dx_j = sum_h A_j W_V g_z + alpha s_j (v_j . g_z - sum_i s_i v_i . g_z) W_K q / sqrt(d_head)

    Where the answer is read at b, x_b is the stream that all is added to, and the query too:
        + g_mid + sum_h W_Q sum_j alpha s_j (v_j . g_z - sum_i s_i v_i . g_z) k_j / sqrt(d_head)
    """
    w, (a, b, c) = x.weights, triples
    rate, n_ctx = attention_rate(w), len(w["W_pos"])
    g = w["W_U"].T[c]
    g_mid = g + ((g @ w["W_out"].T) * (x.post[a, b] > 0)) @ w["W_in"].T
    to_value = g_mid @ (w["W_V"] @ w["W_O"]).swapaxes(1, 2)  # heads, m, d_model: W_V g_z
    tokens = np.stack([a, b, np.full_like(a, len(w["W_U"].T))])[:n_ctx]
    stream = w["W_E"][tokens] + w["W_pos"][:, None]  # n_ctx, m, d_model
    pattern = np.moveaxis(x.pattern[:, a, b, :n_ctx], 2, 1)  # heads, n_ctx, m
    by = [np.einsum("hm,hmd->md", pattern[:, j], to_value) for j in (0, 1)]
    if rate > 0:
        softmax = (pattern - (1 - rate)) / rate
        worth = np.einsum("jmd,hmd->hjm", stream, to_value)
        by_score = rate * softmax * (worth - (softmax * worth).sum(axis=1, keepdims=True))
        by_score /= math.sqrt(w["W_Q"].shape[2])
        query = stream[-1] @ w["W_Q"]  # heads, m, d_head
        to_key = query @ w["W_K"].swapaxes(1, 2)
        by = [part + np.einsum("hm,hmd->md", by_score[:, j], to_key) for j, part in enumerate(by)]
    if n_ctx == 2:
        by[1] = by[1] + g_mid
        if rate > 0:
            looked_at = np.einsum("hjm,jmd->hmd", by_score, stream) @ w["W_K"]
            by[1] = by[1] + (looked_at @ w["W_Q"].swapaxes(1, 2)).sum(axis=0)
    return by[0], by[1]


def right_logits(
    logits: Float[np.ndarray, "p p p"], answers: Int[np.ndarray, "p p"]
) -> Float[np.ndarray, "p p"]:
    """The logit of the right answer of every pair; of a pair without answer, 0."""
    found = np.take_along_axis(logits, np.maximum(answers, 0)[..., None], axis=2)[..., 0]
    return np.where(answers < 0, 0, found)


def by_distance(right: Float[np.ndarray, "n n"]) -> Float[np.ndarray, "n n"]:
    """The pairs (i, j) of a square in rows of one sum i + j and columns of one distance i - j, both mod n.

    Row s, column d. For even n a sum and a distance are both even or both odd: the two pairs of one sum and distance
    then stand in row s and in the row below.
    """
    n = len(right)
    j, d = np.mgrid[:n, :n]
    sums = (d + 2 * j) % n
    table = np.empty_like(right)
    table[(sums + (0 if n % 2 else j >= n // 2)) % n, d] = right[(j + d) % n, j]
    return table


def distance_irrelevance(right: Float[np.ndarray, "n n"]) -> float:
    """Mean over the distances d of the standard deviation over the pairs at that distance, over that of all pairs. 0..1.

    Of the right logits in the order in which the operation is addition: 0 if they depend on the distance alone, 1
    if not at all. Appendix of the paper. Logits that are all the same have 1.
    """
    table = by_distance(right).astype(np.float64)
    spread = table.std()
    return float(table.std(axis=0).mean() / spread) if spread > 0 else 1.0


def circularity(W_E: Float[np.ndarray, "n d_model"]) -> float:
    """How much the first four principal components of the embedding are waves of one frequency. 0..1.

    Mean over the components v, of squared length 1/n, of 2 max_k |sum_t v_t exp(2 pi i k t / n)|², at most 1 each.
    NaN where the embedding is not finite. Appendix of the paper, and its code.
    """
    n = len(W_E)
    if not np.isfinite(W_E).all():
        return math.nan
    centred = W_E.astype(np.float64) - W_E.mean(axis=0, dtype=np.float64)
    _, vectors = np.linalg.eigh(centred @ centred.T)  # the largest last
    components = vectors[:, ::-1][:, :COMPONENTS]
    strength = 2 * np.square(np.abs(np.fft.rfft(components, axis=0))).max(axis=0) / n
    return float(np.minimum(strength, 1).mean())


def right_in_order(s: Snapshot) -> Float[np.ndarray, "n n"]:
    """The right logits of the pairs that have a place in the group, in the group's order."""
    assert s.task.places  # where the measure applies
    return s.task.places.pairs(right_logits(s.logits, s.task.answers))


def right_table(s: Snapshot) -> Float[np.ndarray, "p p"]:
    """`by_distance` of the right logits; of a group of fewer than p elements, its last rows and columns are filled up
    with the smallest of them."""
    table = by_distance(s.share(right_in_order))
    missing = s.p - len(table)
    return np.pad(table, (0, missing), constant_values=table.min()) if missing else table


def cyclic_only(task: Task) -> str:
    """Clock and pizza are ways to add on a circle."""
    if task.places is None:
        return f"{task.no_group} Clock and pizza are two ways to add, and here nothing is added."
    if not task.places.group.is_cyclic:
        return "Clock and pizza are two ways to add on a circle, and the elements of this group lie on none."
    return ""


def symmetric_only(task: Task) -> str:
    """Alike to a and b can only be treated what is alike."""
    if nothing := cyclic_only(task):
        return nothing
    assert task.places
    if (task.places.a != task.places.b).any():
        return (
            "This compares how an answer depends on a and on b, one number counted like the other. Here one of them is "
            "taken away, so that its circle runs backwards and the two are not alike to begin with."
        )
    return ""


def one_embedding(shapes: Shapes) -> str:
    """Gradients can be compared where a and b are embedded by one table."""
    if "W_E" in shapes:
        return ""
    return (
        "This compares the gradient at the embedding of a with that of b. This network has two tables of embeddings, "
        "one for each, and directions in one say nothing of directions in the other."
    )


ALIKE = Article(
    "Does it treat the two numbers alike?",
    "Gradient symmetricity",
    "Push the embedding of a a little, and that of b: does the logit of an answer move in the same way? The mean over "
    f"{TRIPLES} questions and answers, right or wrong.",
    r"\operatorname{mean}_{a,b,c}\ \cos\!\big(\partial L_c/\partial x_a,\ \partial L_c/\partial x_b\big)",
    "1: it cannot tell them apart, as a network that first adds the two up: a pizza. A clock multiplies, and what it "
    "does with one number depends on the other. Before it has learned anything it is near 1 too: look at the accuracy first.",
    "Zhong et al. 2023 (arXiv 2306.17844), section 4 and its released code.",
)
FAR = Article(
    "Is it as sure of 3 + 4 as of 3 + 33?",
    "Distance irrelevance",
    "How much the logit of the right answer varies among questions whose two numbers are equally far apart, as a part of "
    "how much it varies at all.",
    r"\frac{\operatorname{mean}_{d}\ \operatorname{std}_{a-b=d}\ L_{a,b,a+b}}{\operatorname{std}\ L_{a,b,a+b}}",
    "Near 0: how far apart they are decides everything, as in a pizza, which is blind where two points lie opposite. "
    "Near 1: the distance is irrelevant, as in a clock, and also in a network that only recites.",
    "Zhong et al. 2023 (arXiv 2306.17844), section 4 and its released code.",
)
CIRCLES = Article(
    "Do the numbers lie on circles?",
    "Circularity",
    "The four directions in which the embedding spreads most, as functions of the number: how nearly is each of them a "
    "single wave?",
    r"\begin{gathered} \operatorname{mean}_{i\le 4}\ \max_k\ \tfrac{2}{n^2}\,\big|\textstyle\sum_t v_i(t)\,"
    r"e^{2\pi \mathrm{i} k t/n}\big|^2, \\ \lVert v_i\rVert^2 = n \end{gathered}",
    "Clock and pizza both lay the numbers on circles. Where this is low, there is neither.",
    "Zhong et al. 2023 (arXiv 2306.17844), section 4 and its released code.",
)
UNIT, GROUP = "0 to 1", "clock or pizza"

MEASURES = (
    Measure(
        "gradient_symmetricity",
        lambda s: gradient_symmetricity(s.activations, triples_of(s.p)),
        "Gradient symmetricity",
        label="symmetricity",
        applies=symmetric_only,
        network=one_embedding,
        article=ALIKE,
        order=100,
        unit=UNIT,
        group=GROUP,
    ),
    Measure(
        "distance_irrelevance",
        lambda s: distance_irrelevance(s.share(right_in_order)),
        "Distance irrelevance",
        label="irrelevance",
        applies=cyclic_only,
        article=FAR,
        order=101,
        unit=UNIT,
        group=GROUP,
    ),
    Measure(
        "circularity",
        lambda s: circularity(s.wide["W_E"][s.task.places.a]) if s.task.places else math.nan,
        "Circularity of the embedding",
        label="circularity",
        applies=cyclic_only,
        article=CIRCLES,
        order=102,
        unit=UNIT,
        group=GROUP,
    ),
    Measure(
        "right_logits",
        right_table,
        "The logit of the right answer, by sum and distance",
        axes=("sum", "distance"),
        encoding=LEVELS,
        applies=cyclic_only,
        drawn_only=True,
    ),
)
