"""One checkpoint of somebody's code, in the names and shapes of `ModelSpec.shapes`.

Two layouts of a transformer are told apart by W_O, which one of them keeps as a matrix and the other as a stack of matrices,
whatever the sizes are:

    the paper's code   embed.W_E [d, v], pos_embed.W_pos [3, d], W_Q W_K W_V [h, e, d], W_O [d, h e],
                       W_in [m, d], W_out [d, m], unembed.W_U [d, v]
    TransformerLens    embed.W_E [v, d], pos_embed.W_pos [3, d], W_Q W_K W_V [h, d, e], W_O [h, e, d],
                       W_in [d, m], W_out [m, d], unembed.W_U [d, v or v - 1]

W_pos [2, d] is of a network that is shown a and b and no "=", such as those of Zhong et al. 2023; an attention_rate that
is not 1 stands in their config, and is put beside the weights (`sources.with_rate`). The two-layer network of Chughtai
et al. 2023 has W_x and W_y [v, d], W [2 d, m], W_U [m, v].
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from grokviz.errors import RunError
from grokviz.importers.arrays import Array, Tensor, read_numbers
from grokviz.importers.objects import Name, Shell
from grokviz.importers.values import in_words, number_of
from grokviz.models.spec import RATE
from grokviz.runs.folder import Weights

NAMES = {
    "embed.W_E": "W_E",
    "pos_embed.W_pos": "W_pos",
    **{f"blocks.0.attn.{name}": name for name in ("W_Q", "W_K", "W_V", "W_O", "b_Q", "b_K", "b_V", "b_O")},
    **{f"blocks.0.mlp.{name}": name for name in ("W_in", "b_in", "W_out", "b_out")},
    "unembed.W_U": "W_U",
    "unembed.b_U": "b_U",
}
NEEDED = ("W_E", "W_pos", "W_Q", "W_K", "W_V", "W_O", "W_in", "W_out", "W_U")
TWO_LAYERS = ("W_x", "W_y", "W", "W_U")
BUFFERS = re.compile(r"(blocks\.0\.attn\.)?(mask|IGNORE)")
KINDS = {
    "meta": "the shape of a tensor without its numbers (on the device meta)",
    "sparse": "a sparse tensor",
    "qtensor": "a quantized tensor",
    "nested": "a nested tensor",
}
LARGEST = 1e3  # of a weight: those of trained networks are of the order of one
# By which a state dict is known, whatever stands before the names of all, and what must be there besides.
FIRST = {"embed.W_E": (), "W_E": ("W_U",), "W_x": TWO_LAYERS[1:]}


class Checkpoint(NamedTuple):
    weights: Weights
    layout: str
    notes: tuple[str, ...]  # what was left out or folded in, in sentences


def looks_like_weights(value: object) -> bool:
    """Whether this is a state dict in any layout, sound or not."""
    return isinstance(value, Mapping) and _prefix(value) is not None


def _prefix(state: Mapping[Any, object]) -> str | None:
    """What stands before the names of all parameters, such as model. or module.transformer.; None without one of `FIRST`."""
    keys = [key for key in state if isinstance(key, str)]
    for first, needed in FIRST.items():
        for key in keys:
            prefix = key.removesuffix(first)
            fits = prefix != key and (not prefix or prefix.endswith(".")) and len(prefix) < 200
            if fits and all(prefix + name in state for name in needed):
                return prefix
    return None


def read_checkpoint(state: Mapping[str, object]) -> Checkpoint:
    """The weights in float32 and in the layout of `ModelSpec.shapes`.

    Raises `RunError` when it is another architecture: several layers, a LayerNorm, parameters that are not
    known or missing, sizes that do not fit, or a bias that has no place in the network.
    """
    notes: list[str] = []
    prefix = _prefix(state) or ""
    if f"{prefix}{TWO_LAYERS[0]}" in state:
        return Checkpoint(_two_layers(state, prefix, notes), "the two-layer network", tuple(notes))
    found = _named(state, prefix, notes)
    layout = "the paper's code" if found["W_O"].ndim == 2 else "TransformerLens"
    weights = _from_paper(found) if found["W_O"].ndim == 2 else found
    weights = _fold_biases(_checked(weights, layout, notes) | _constants(state), found, notes)
    return Checkpoint(weights, layout, tuple(notes))


def _constants(state: Mapping[str, object]) -> Weights:
    """The attention rate, where one stands beside the weights and is not 1."""
    value = number_of(state.get(RATE, 1.0))
    return {} if value is None or value == 1 else {RATE: np.array(value)}


def _two_layers(state: Mapping[str, object], prefix: str, notes: list[str]) -> Weights:
    """The two-layer network. Raises `RunError` if its sizes clash, or there is a parameter more."""
    found = {name: _array(state[prefix + name], name) for name in TWO_LAYERS}
    for key, value in state.items():
        name = key.removeprefix(prefix) if isinstance(key, str) else ""
        if name in TWO_LAYERS or name == RATE:
            continue
        if not isinstance(value, Tensor | Array | np.ndarray):
            notes.append(f"{name[:60] or 'An entry'!r} is no tensor, and was left out.")
        else:
            _refuse_unless_known(name, value, found, notes, TWO_LAYERS)
    if any(array.ndim != 2 or not array.size for array in found.values()):
        raise RunError("These weights look like a two-layer network, but one of its matrices is none.")
    (p, d), m = found["W_x"].shape, found["W"].shape[1]
    expected = {"W_x": (p, d), "W_y": (p, d), "W": (2 * d, m), "W_U": (m, p)}
    for name, shape in expected.items():
        _refuse_other_shape(name, found[name], shape, f"a two-layer network with p = {p}, d_model = {d}")
        _refuse_diverged(name, found[name])
    return {name: np.ascontiguousarray(found[name]) for name in expected}


def _refuse_other_shape(name: str, value: np.ndarray, shape: tuple[int, ...], like: str) -> None:
    if value.shape != shape:
        raise RunError(
            f"These weights look like {like}, but {name} is {list(value.shape)}, expected {list(shape)}."
        )


def _named(state: Mapping[str, object], prefix: str, notes: list[str]) -> dict[str, np.ndarray]:
    """The parameters by their short names. What is no tensor is left out; what is one and unknown changes the network.

    Raises `RunError`, and before anything is read where names alone say that this is another network.
    """
    names, others = {}, {}
    for key, value in state.items():
        name = key.removeprefix(prefix) if isinstance(key, str) else ""
        if BUFFERS.fullmatch(name) or name == RATE:
            continue
        if re.search(r"blocks\.0*[1-9]", name):
            raise RunError("This network has several layers. GrokViz shows networks of one.")
        if re.search(r"(^|\.)(ln\w*|norm\w*|layer_?norm\w*)(\.|$)", name):
            raise RunError(f"This network has a LayerNorm ({name[:60]}). GrokViz shows networks without one.")
        short = NAMES.get(name, name if name in NAMES.values() else None)
        if short is not None:
            names[short] = name, value
        elif isinstance(value, Tensor | Array | np.ndarray):
            others[name] = value
        elif isinstance(value, Shell) and _is_tensor(value.kind):
            raise RunError(
                f"{name[:60]} is {_kind_of_tensor(value.kind)}, expected a plain tensor of numbers."
            )
        else:
            notes.append(f"{name[:60] or 'An entry'!r} is no tensor, and was left out.")
    if missing := [name for name in NEEDED if name not in names]:
        raise RunError(
            f"These weights have no {missing[0]}. Expected a one-layer transformer with {', '.join(NEEDED)}."
        )
    found = {short: _array(value, name) for short, (name, value) in names.items()}
    for name, value in others.items():
        _refuse_unless_known(name, value, found, notes, NEEDED)
    return found


def _refuse_unless_known(
    name: str, value: object, found: dict[str, np.ndarray], notes: list[str], needed: tuple[str, ...]
) -> None:
    """A second name of a tensor that is there already is nothing new. Raises `RunError` for any other."""
    shape = getattr(value, "shape", ())
    for short, array in found.items():
        if shape == array.shape and np.array_equal(_array(value, name), array, equal_nan=True):
            notes.append(f"{name[:60]!r} is {short} under a second name, and was left out.")
            return
    raise RunError(f"{name[:60]!r} is no parameter of the paper's network. Expected {', '.join(needed)}.")


def _is_tensor(kind: object) -> bool:
    return isinstance(kind, Name) and kind.name.startswith("_rebuild") and kind.module.startswith("torch")


def _kind_of_tensor(kind: object) -> str:
    name = kind.name if isinstance(kind, Name) else ""
    return next((words for part, words in KINDS.items() if part in name), "a tensor of an unknown kind")


def _array(value: object, name: str) -> np.ndarray:
    if isinstance(value, Shell) and _is_tensor(value.kind):
        raise RunError(f"{name[:60]} is {_kind_of_tensor(value.kind)}, expected a plain tensor of numbers.")
    if not isinstance(value, Tensor | Array | np.ndarray):
        raise RunError(f"{name[:60]} is {in_words(value)}, expected a tensor.")
    with np.errstate(over="ignore"):  # a float64 beyond float32 becomes infinite, and is refused as such
        return read_numbers(value, name).astype(np.float32)


def _from_paper(found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    turned = dict(found)
    for name in ("W_E", "W_in", "W_out"):
        turned[name] = found[name].T
    for name in ("W_Q", "W_K", "W_V"):
        turned[name] = np.moveaxis(found[name], -1, 1) if found[name].ndim == 3 else found[name]
    if found["W_Q"].ndim == 3 and found["W_O"].shape[1] == found["W_Q"].shape[0] * found["W_Q"].shape[1]:
        heads, d_head = found["W_Q"].shape[:2]
        turned["W_O"] = found["W_O"].T.reshape(heads, d_head, -1)
    return turned


class _Sizes(NamedTuple):
    p: int
    d_model: int
    heads: int
    d_head: int
    d_mlp: int
    n_ctx: int


def _sizes(w: dict[str, np.ndarray], layout: str) -> _Sizes:
    """The sizes that the weights of one layer say. Raises `RunError` when they are those of no network."""
    if w["W_E"].ndim != 2 or w["W_Q"].ndim != 3 or w["W_in"].ndim != 2 or w["W_pos"].ndim != 2:
        raise RunError(
            f"These weights look like {layout}, but W_E, W_pos, W_Q or W_in has another number of axes."
        )
    d_vocab, d = w["W_E"].shape
    heads, _, d_head = w["W_Q"].shape
    has_equals = len(w["W_pos"]) != 2
    p = d_vocab - 1 if has_equals else d_vocab
    if min(p, d, heads, d_head, w["W_in"].shape[1]) < 1:
        raise RunError("These weights hold a matrix without any numbers.")
    if heads * d_head != d:
        raise RunError(
            f"{heads} heads of {d_head} do not share d_model = {d} between them, as GrokViz expects."
        )
    return _Sizes(p, d, heads, d_head, w["W_in"].shape[1], 3 if has_equals else 2)


def _checked(w: dict[str, np.ndarray], layout: str, notes: list[str]) -> Weights:
    """The weights in the order of `ModelSpec.shapes` without the "=" column. Raises `RunError` if sizes clash."""
    p, d, heads, d_head, d_mlp, n_ctx = _sizes(w, layout)
    if n_ctx == 3 and w["W_U"].ndim == 2 and w["W_U"].shape[1] == p + 1:
        w = {**w, "W_U": w["W_U"][:, :p]}
        notes.append('The column of W_U for "=" was left out: it is never the answer.')
    expected = {
        "W_E": (len(w["W_E"]), d), "W_pos": (n_ctx, d), "W_Q": (heads, d, d_head), "W_K": (heads, d, d_head),
        "W_V": (heads, d, d_head), "W_O": (heads, d_head, d), "W_in": (d, d_mlp), "b_in": (d_mlp,),
        "W_out": (d_mlp, d), "b_out": (d,), "W_U": (d, p),
    }  # fmt: skip
    weights = {}
    for name, shape in expected.items():
        if name not in w:
            notes.append(f"There is no {name}: taken as zero.")
        value = w[name] if name in w else np.zeros(shape, np.float32)
        _refuse_other_shape(name, value, shape, f"{layout} with p = {p}, d_model = {d}")
        _refuse_diverged(name, value)
        weights[name] = np.ascontiguousarray(value)
    return weights


def _refuse_diverged(name: str, value: np.ndarray) -> None:
    """Raises `RunError` for numbers that no trained network holds, and whose products would leave float32."""
    if not np.isfinite(value).all():
        raise RunError(f"{name} holds numbers that are not finite: this training has diverged.")
    if value.size and (largest := float(np.abs(value).max())) > LARGEST:
        raise RunError(
            f"{name} holds numbers up to {largest:.1e}, expected at most {LARGEST:g}: this training has diverged, or the "
            "file is damaged."
        )


def _fold_biases(weights: Weights, found: Mapping[str, np.ndarray], notes: list[str]) -> Weights:
    """The same function without the biases that `ModelSpec.shapes` has no room for.

    Attention sums to one, so b_V adds b_V W_O to every position as b_O does (n - (n - 1) alpha times of n tokens, at an
    attention rate alpha), and what is added to the residual stream there reaches the neurons through W_in and the logits through b_out. b_K adds the same to every
    score of a query, and a constant b_U the same to every logit; neither changes a softmax.
    Raises `RunError` for b_Q or a b_U that is not constant: nothing here could hold them.
    """
    live = _live_biases(weights, found)
    if "b_K" in live:
        notes.append("The key biases were left out: they add the same to every score, which changes nothing.")
    if not live & {"b_V", "b_O"}:
        return weights
    added = found["b_O"].astype(np.float64) if "b_O" in live else np.zeros(weights["W_E"].shape[1])
    if "b_V" in live:
        n, rate = len(weights["W_pos"]), float(weights.get(RATE, 1.0))
        each = np.einsum("he,hed->d", found["b_V"].astype(np.float64), weights["W_O"])
        added = added + (n - (n - 1) * rate) * each
    notes.append(
        "The value and output biases of attention were folded into b_in and b_out: the same function."
    )
    return weights | {
        "b_in": (weights["b_in"] + added @ weights["W_in"]).astype(np.float32),
        "b_out": (weights["b_out"] + added).astype(np.float32),
    }


def _live_biases(weights: Weights, found: Mapping[str, np.ndarray]) -> set[str]:
    """Which biases are there and not zero. Raises `RunError` for one of another size, or that cannot be shown."""
    heads, d, d_head = weights["W_Q"].shape
    p = weights["W_U"].shape[1]
    sizes = {"b_Q": (heads, d_head), "b_K": (heads, d_head), "b_V": (heads, d_head), "b_O": (d,)}
    for name, shape in sizes.items():
        if name in found and found[name].shape != shape:
            raise RunError(f"{name} is {list(found[name].shape)}, expected {list(shape)}.")
    for name in (*sizes, "b_U"):
        if name in found:
            _refuse_diverged(name, found[name])
    if "b_U" in found and found["b_U"].shape not in ((p,), (p + 1,)):
        raise RunError(f"b_U is {list(found['b_U'].shape)}, expected [{p}].")
    live = {name for name in (*sizes, "b_U") if name in found and np.any(found[name])}
    if "b_Q" in live:
        raise RunError(
            "The attention of this network has query biases (b_Q) that are not zero. They change where its heads "
            "look, and the network of the paper has none. GrokViz cannot show it."
        )
    if "b_U" in live and np.ptp(found["b_U"][:p]) > 0:
        raise RunError(
            "This network prefers some answers to others by output biases (b_U). The network of the paper has "
            "none. GrokViz cannot show it."
        )
    return live
