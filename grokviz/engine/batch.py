"""Several runs of one shape, trained in one step: their state on a device, and the three things done to it.

`gradient`, `row` and `update` work in place and never ask the device for a number, so that on a GPU each of
them is recorded once as a graph and replayed, and Python does not set the pace.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from grokviz.config import RunConfig
from grokviz.engine import flat, fused, two_layer
from grokviz.engine.optimizers import (
    UPDATES,
    Block,
    Moment,
    Moments,
    Settings,
    Update,
    constants_of,
    moment_shapes,
    settings,
)
from grokviz.engine.schedule import Schedule
from grokviz.models.spec import ModelSpec
from grokviz.models.transformer import Weights, initial_weights
from grokviz.tasks.pairs import build_task

Result = TypeVar("Result")
EVALUATION_BYTES = {"cpu": 4 * 2**20, "cuda": 2**30}  # what stays in the cache, and what is there to spare


class State(NamedTuple):
    """All that training needs to go on from a step as if it had never stopped."""

    step: int
    weights: Weights  # float32
    moments: dict[str, Weights]  # of the optimizer, by the names in `methods.OPTIMIZERS`
    schedule: Schedule


def first_state(config: RunConfig) -> State:
    """The state before the first step."""
    return State(0, initial_weights(config.model, config.seed), {}, Schedule())


class Step(NamedTuple):
    """The functions of `engine/fused.py` or `engine/two_layer.py`: each knows the tables and buffers of its own."""

    make_buffers: Callable
    make_gradients: Callable
    make_tables: Callable
    forward: Callable[..., Tensor]
    evaluate: Callable[..., None]
    backward: Callable[..., None]


STEPS = {
    name: Step(*(getattr(module, function) for function in Step._fields))
    for name, module in (("transformer", fused), ("mlp", two_layer))
}


class Batch(NamedTuple):
    """All tensors have the runs as their first axis."""

    spec: ModelSpec
    step: Step
    shapes: flat.Shapes
    moment_shapes: dict[str, flat.Shapes]
    optimizer: Update
    loss: Callable[..., Float[Tensor, " runs"]]
    settings: Settings
    updates: Float[Tensor, "runs 1"]  # made so far
    weights: Block
    moments: Moments
    grads: Block
    params: fused.Params  # views into weights
    d_params: fused.Params  # and into grads
    train: fused.Pairs
    way_back: fused.WayBack  # of train
    test: fused.Pairs
    removed: (
        Bool[Tensor, "runs n_test"] | None
    )  # those of test that are trained on no more, without a share of its loss
    right: Int[Tensor, "runs n_train"] | None  # the answers of train, where some labels are wrong
    at_train: fused.Buffers | two_layer.Buffers
    at_test: fused.Buffers | two_layer.Buffers
    d: fused.Gradients | two_layer.Gradients


def batch_key(config: RunConfig) -> tuple:
    """Runs with equal keys can share a batch."""
    constants = tuple(constants_of(config).values())
    return config.model, config.optimizer, config.loss, constants


def make_batch(
    configs: Sequence[RunConfig],
    states: Sequence[State],
    device: torch.device,
    dtype: torch.dtype = torch.float32,
) -> Batch:
    """Runs with equal `batch_key`, each in its state. A moment that is missing there starts at 0."""
    spec, shapes, moments = configs[0].model, configs[0].shapes, moment_shapes(configs[0])
    step = STEPS[spec.architecture]
    packed = flat.pack([state.weights for state in states], shapes).to(device, dtype)
    grads = torch.zeros_like(packed)
    params = flat.views(packed, shapes)
    sides = _sides(configs, device)
    train, test = sides.train, sides.test
    return Batch(
        spec=spec,
        step=step,
        shapes=shapes,
        moment_shapes=moments,
        optimizer=UPDATES[configs[0].optimizer],
        loss=fused.LOSSES[configs[0].loss],
        settings=settings(configs, device, dtype),
        updates=torch.tensor([[state.step] for state in states], device=device, dtype=dtype),
        weights=packed,
        moments={name: _remembered(name, states, of).to(device, dtype) for name, of in moments.items()},
        grads=grads,
        params=params,
        d_params=flat.views(grads, shapes),
        train=train,
        way_back=fused.make_way_back(params, train),
        test=test,
        removed=sides.removed,
        right=sides.right,
        at_train=step.make_buffers(params, train),
        at_test=step.make_buffers(params, test),
        d=step.make_gradients(params, train),
    )


def _remembered(name: str, states: Sequence[State], shapes: flat.Shapes) -> Moment:
    zeros = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    return flat.pack([state.moments.get(name, zeros) for state in states], shapes)


class _Sides(NamedTuple):
    train: fused.Pairs
    test: fused.Pairs
    removed: Bool[Tensor, "runs n_test"] | None
    right: Int[Tensor, "runs n_train"] | None


def _sides(configs: Sequence[RunConfig], device: torch.device) -> _Sides:
    tasks = [build_task(config) for config in configs]
    removed = [np.zeros_like(t.is_test) if t.is_removed is None else t.is_removed for t in tasks]

    def pairs(masks: list[np.ndarray], tables: list[np.ndarray]) -> fused.Pairs:
        where = [np.nonzero(mask) for mask in masks]
        a, b = ([torch.tensor(index[i], device=device) for index in where] for i in (0, 1))
        answers = [torch.tensor(t[mask], device=device) for t, mask in zip(tables, masks, strict=True)]
        return fused.make_pairs(a, b, answers, configs[0].p, configs[0].model.n_heads)

    right, labels = [task.answers for task in tasks], [task.labels for task in tasks]
    train = pairs([task.is_train for task in tasks], labels)
    test = pairs([task.is_test | mask for task, mask in zip(tasks, removed, strict=True)], right)
    is_removed = None
    if any(mask.any() for mask in removed):
        marks = [mask[task.is_test | mask] for task, mask in zip(tasks, removed, strict=True)]
        is_removed = pad_sequence([torch.tensor(m, device=device) for m in marks], batch_first=True)
        counted = (test.share > 0) & ~is_removed
        test = test._replace(share=counted / counted.sum(1, keepdim=True, dtype=torch.float64))
    truth = None
    if any(task.taught is not None for task in tasks):
        truth = pairs([task.is_train for task in tasks], right).answers
    return _Sides(train, test, is_removed, truth)


def gradient(b: Batch) -> None:
    """Fills `grads` with the gradient of the train loss, and `at_train` with what led to it."""
    tables = b.step.make_tables(b.params, b.spec.attention_rate)
    post = b.step.forward(tables, b.train, b.at_train)
    b.loss(b.at_train.logits, b.train, b.d.logits)
    b.step.backward(b.params, tables, b.train, b.way_back, b.at_train, post, b.d, b.d_params)


def row(b: Batch) -> Float[Tensor, "runs columns"]:
    """What `LogRow` says of every run after its step, in float64; for after `gradient` and before `update`. The further
    columns are there where a run of the batch has one of them, NaN of one that has not.

    Losses are cross-entropies of the softmax whatever the loss that is trained on, so that runs compare.
    """
    part_bytes = EVALUATION_BYTES[b.weights.device.type]
    b.step.evaluate(b.step.make_tables(b.params, b.spec.attention_rate), b.test, b.at_test, part_bytes)
    sides = (b.at_train, b.train), (b.at_test, b.test)
    losses = [fused.softmax_loss(at.logits, pairs, torch.empty_like(at.logits)) for at, pairs in sides]
    accuracies = [_share_right(at.logits, pairs.answers, pairs.share > 0) for at, pairs in sides]
    norm = torch.linalg.vector_norm(b.weights, dim=1, dtype=torch.float64)
    return torch.stack([*losses, *accuracies, norm.square(), *_further(b)], dim=1)


def _further(b: Batch) -> list[Float[Tensor, " runs"]]:
    if b.removed is None and b.right is None:
        return []
    nothing = torch.full((len(b.weights),), math.nan, device=b.weights.device, dtype=torch.float64)
    removed = nothing if b.removed is None else _share_right(b.at_test.logits, b.test.answers, b.removed)
    if b.right is None:
        return [removed, nothing]
    is_wrong = (b.right != b.train.answers) & (b.train.share > 0)
    return [removed, _share_right(b.at_train.logits, b.right, is_wrong)]


def _share_right(
    logits: Float[Tensor, "runs n p"], answers: Int[Tensor, "runs n"], counts: Bool[Tensor, "runs n"]
) -> Float[Tensor, " runs"]:
    """The share of the pairs that count whose answer is the most likely one; NaN where none counts."""
    is_right = (logits.argmax(-1) == answers) & counts
    return is_right.sum(1, dtype=torch.float64) / counts.sum(1)


def update(b: Batch) -> None:
    """One step of the optimizer."""
    b.optimizer(b.weights, b.grads, b.moments, b.settings, b.updates, b.shapes)
    b.updates.add_(1)


class Operations(NamedTuple):
    state: Batch  # a recorded operation reads and writes its memory, which is there as long as it is
    gradient: Callable[[], None]
    row: Callable[[], Float[Tensor, "runs columns"]]  # on a GPU the same tensor every time
    update: Callable[[], None]


def operations(b: Batch) -> Operations:
    """The three, ready to be called."""
    if b.weights.device.type != "cuda":
        partial = functools.partial
        return Operations(b, partial(gradient, b), partial(row, b), partial(update, b))
    before = [tensor.clone() for tensor in _state(b)]
    with torch.cuda.stream(side := torch.cuda.Stream()):  # what is initialised lazily cannot be recorded
        side.wait_stream(torch.cuda.default_stream())
        for operation in (gradient, row, update) * 2:
            operation(b)
    torch.cuda.current_stream().wait_stream(side)
    recorded = Operations(b, _recorded(gradient, b), _recorded(row, b), _recorded(update, b))
    for tensor, saved in zip(_state(b), before, strict=True):
        tensor.copy_(saved)
    return recorded


def _state(b: Batch) -> list[Tensor]:
    return [b.updates, b.weights, *b.moments.values()]


def _recorded(operation: Callable[[Batch], Result], b: Batch) -> Callable[[], Result]:
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = operation(b)

    def replay() -> Result:
        graph.replay()
        return result

    return replay
