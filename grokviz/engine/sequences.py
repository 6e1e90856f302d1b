"""Training on sequences: torch's own derivatives, any network of `models/sequence.py`, endless data or a fixed set.

`train` yields what happened and never prints, saves or draws, as that of `engine/train.py` does for pairs.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from grokviz.config import RunConfig
from grokviz.engine import flat
from grokviz.engine.batch import State
from grokviz.engine.optimizers import Settings, adamw
from grokviz.engine.schedule import MOVE_PATH, TIME_PATH, LogRow, Paced, Schedule, is_logged
from grokviz.engine.train import Snapshot, choose_device, never
from grokviz.errors import TrainingError
from grokviz.methods import ADAM
from grokviz.models.sequence import MASKED, SequenceSpec, initial_weights
from grokviz.sequence_config import SequenceConfig
from grokviz.tasks import sequences as tasks

TEST_ROWS = 256  # sequences that are measured at once

Params = Mapping[str, Tensor]


class PartsRow(NamedTuple):
    """The scalars of one step, of the weights as they are after `step` updates; and a test loss for each part of the task.

    With endless data the train loss is that of the batch that the next update learns from, which is as fresh as any.
    """

    step: int
    train_loss: float
    test_loss: float
    train_accuracy: float
    test_accuracy: float
    sum_squared_weights: float
    parts: tuple[float, ...]

    @property
    def shared(self) -> LogRow:
        """What runs on pairs log too."""
        return LogRow(
            self.step,
            self.train_loss,
            self.test_loss,
            self.train_accuracy,
            self.test_accuracy,
            self.sum_squared_weights,
        )


class Asked(NamedTuple):
    """A batch on the device."""

    tokens: Int[Tensor, "n n_ctx"]
    places: Int[Tensor, "n answers"]
    answers: Int[Tensor, "n answers"]
    parts: Int[Tensor, "n answers"]


def train(
    config: SequenceConfig,
    device: str = "auto",
    resume: State | None = None,
    wanted: Callable[[], bool] = never,
) -> Iterator[PartsRow | Snapshot | State]:
    """From step 0, or from where `resume` stopped, to the last step of the config.

    Yields a `PartsRow` at every logged step and, after it, a `Snapshot` where one is due; where none is and `wanted()`
    says so, the `State`. Step s means the weights after s updates, and update s learns from batch s at the learning rate
    lr * min(s / warmup_steps, 1). Raises `TrainingError` when the loss is no longer finite.
    """
    where = choose_device(device)
    run = _begin(config, where, resume)
    told, schedule = (resume.step, resume.schedule) if resume else (-1, Schedule())
    for step in range(resume.step if resume else 0, config.steps + 1):
        logits, asked = _gradient(run, step)
        if is_logged(step, config) and step > told:
            row = _row(run, step, logits, asked)
            if not math.isfinite(row.train_loss):
                raise TrainingError(
                    f"The loss is {row.train_loss} at step {step}.", mend="Choose a smaller learning rate."
                )
            due, schedule = schedule.after(row.shared, config, _place_on_path)
            yield row
            if due or wanted():
                state = _state(run, step, schedule)
                yield Snapshot(step, state.weights, state) if due else state
        if step < config.steps:
            with torch.no_grad():
                adamw(run.weights, run.grads, run.moments, run.settings, run.updates.fill_(step), run.shapes)


class _Training(NamedTuple):
    """What a training holds on its device."""

    config: SequenceConfig
    where: torch.device
    shapes: flat.Shapes
    weights: Float[Tensor, "1 parameters"]
    grads: Float[Tensor, "1 parameters"]
    params: dict[str, Tensor]  # views into weights, whose gradients are views into grads
    moments: dict[str, Tensor]
    settings: Settings
    updates: Float[Tensor, "1 1"]
    fixed: tasks.Batch | None  # with few data
    test: list[Asked]


def _begin(config: SequenceConfig, where: torch.device, resume: State | None) -> _Training:
    shapes, task = config.shapes, config.question
    start = resume.weights if resume else initial_weights(config.model, config.seed)
    weights = flat.pack([start], shapes).to(where)
    grads = torch.zeros_like(weights)
    params = {}
    for (name, view), grad in zip(
        flat.views(weights, shapes).items(), flat.views(grads, shapes).values(), strict=True
    ):
        params[name] = view[0].requires_grad_()
        params[name].grad = grad[0]
    moments = {
        name: flat.pack([resume.moments[name]], shapes).to(where)
        if resume and name in resume.moments
        else torch.zeros_like(weights)
        for name in ADAM
    }
    columns = (
        torch.tensor([[getattr(config, f)]], dtype=torch.float32, device=where)
        for f in Settings._fields
        if f != "shared"
    )
    test = tasks.held_out(task, config.seed, config.n_test)
    return _Training(
        config, where, shapes, weights, grads, params, moments,
        settings=Settings(*columns, shared=RunConfig()),  # AdamW has no setting of its own
        updates=torch.zeros((1, 1), device=where),
        fixed=tasks.fixed_set(task, config.seed, config.n_train) if config.n_train else None,
        test=[
            _asked(tasks.rows_of(test, i, i + TEST_ROWS), where) for i in range(0, config.n_test, TEST_ROWS)
        ],
    )  # fmt: skip


def _asked(batch: tasks.Batch, where: torch.device) -> Asked:
    return Asked(*(torch.from_numpy(np.ascontiguousarray(array)).to(where) for array in batch))


def batch_before(config: SequenceConfig, step: int, fixed: tasks.Batch | None) -> tasks.Batch:
    """What update `step` learns from: fresh sequences, or the next ones of a fixed set, in a round."""
    if fixed is None:
        return tasks.batch_at(config.question, config.seed, step, config.batch_size)
    rounds = -(-config.n_train // config.batch_size)
    begin = step % rounds * config.batch_size
    return tasks.rows_of(fixed, begin, begin + config.batch_size)


def _gradient(run: _Training, step: int) -> tuple[Tensor, Asked]:
    """Fills `grads` with the gradient of the loss of this batch: its logits, and the batch."""
    asked = _asked(batch_before(run.config, step, run.fixed), run.where)
    run.grads.zero_()
    logits = logits_at(run.config.model, run.params, asked.tokens, asked.places)
    functional.cross_entropy(logits.double().flatten(0, 1), asked.answers.flatten()).backward()
    return logits.detach(), asked


@torch.no_grad()
def _row(run: _Training, step: int, logits: Tensor, asked: Asked) -> PartsRow:
    train_loss, train_accuracy = (float(value.mean()) for value in _measured(logits, asked))
    measured = [_measured(logits_at(run.config.model, run.params, t.tokens, t.places), t) for t in run.test]
    losses, right = (torch.cat(parts) for parts in zip(*measured, strict=True))
    parts, n_parts = torch.cat([test.parts for test in run.test]).flatten(), len(run.config.question.parts)
    counts = torch.bincount(parts, minlength=n_parts)
    each = torch.bincount(parts, losses.flatten(), n_parts) / counts
    norm = torch.linalg.vector_norm(run.weights, dtype=torch.float64).square()
    means = float(losses.mean()), train_accuracy, float(right.mean()), float(norm)
    return PartsRow(step, train_loss, *means, tuple(each.tolist()))


def _measured(logits: Tensor, asked: Asked) -> tuple[Float[Tensor, "n answers"], Float[Tensor, "n answers"]]:
    """Of every answer its loss in nats, in float64, and whether it is right."""
    wide = logits.double()
    losses = functional.cross_entropy(wide.flatten(0, 1), asked.answers.flatten(), reduction="none")
    return losses.view(asked.answers.shape), (logits.argmax(-1) == asked.answers).double()


def _place_on_path(row: LogRow, config: Paced) -> tuple[float, ...]:
    """Half of the snapshots go evenly over the steps, half where the test loss falls: on a linear axis, as it is drawn."""
    fallen = min(row.test_loss, 2 * _plateau(config)) / _plateau(config)
    return TIME_PATH * row.step / config.steps, MOVE_PATH * fallen


def _plateau(config: Paced) -> float:
    return config.question.plateau if isinstance(config, SequenceConfig) else 1.0


def _state(run: _Training, step: int, schedule: Schedule) -> State:
    def arrays(block: Tensor) -> dict[str, np.ndarray]:
        return flat.unpack(block.detach()[0].cpu().numpy(), run.shapes)

    moments = {name: arrays(block) for name, block in run.moments.items()}
    return State(step, arrays(run.weights), moments, schedule)


def logits_at(
    spec: SequenceSpec, params: Params, tokens: Int[Tensor, "n n_ctx"], places: Int[Tensor, "n answers"]
) -> Float[Tensor, "n answers d_vocab_out"]:
    """The forward pass of `models.sequence.run`, and of its logits those at these positions.

    In the last layer only these positions look back: what the others would make of it is read by nobody.
    """
    if spec.is_toy:
        return _toy_logits(params, tokens, places)
    n_ctx = tokens.shape[1]
    everywhere = torch.arange(n_ctx, device=tokens.device).expand(len(tokens), n_ctx)
    x = None
    for layer in range(spec.n_layers):
        block, asking = f"blocks.{layer}.", places if layer == spec.n_layers - 1 else everywhere
        if x is None:  # the first: there a key or a value is a sum of two rows of small tables
            keys_values = [_looked_up(params, params[f"{block}{name}"], tokens) for name in ("W_K", "W_V")]
            at = functional.embedding(tokens.gather(1, asking), params["W_E"]) + params["W_pos"][asking]
        else:
            keys_values = [_heads(x, params[f"{block}{name}"]) for name in ("W_K", "W_V")]
            at = x if asking is everywhere else _at(x, asking)
        x = spec.kept * at + _attend(params, block, at, *keys_values, past_of(asking, tokens))
        if spec.d_mlp:
            x = x + _neurons(params, block, x)
    assert x is not None  # there is a layer
    return x @ params["W_U"]


def _looked_up(
    params: Params, W: Float[Tensor, "heads d e"], tokens: Int[Tensor, "n n_ctx"]
) -> Float[Tensor, "n heads n_ctx e"]:
    """(W_E[token] + W_pos) W of every head, the products taken before the rows are."""
    flat_W = W.transpose(0, 1).flatten(1)
    found = (
        functional.embedding(tokens, params["W_E"] @ flat_W) + (params["W_pos"] @ flat_W)[: tokens.shape[1]]
    )
    return found.unflatten(-1, W.shape[::2]).transpose(1, 2)


def _at(x: Float[Tensor, "n n_ctx d"], places: Int[Tensor, "n answers"]) -> Float[Tensor, "n answers d"]:
    return x.gather(1, places[..., None].expand(-1, -1, x.shape[-1]))


def past_of(places: Int[Tensor, "m asking"], tokens: Int[Tensor, "n n_ctx"]) -> Tensor:
    """[m, 1, asking, n_ctx]: which positions each of those may look at, itself included."""
    return (places[..., None] >= torch.arange(tokens.shape[1], device=tokens.device))[:, None]


def _attend(params: Params, block: str, asking: Tensor, k: Tensor, v: Tensor, past: Tensor) -> Tensor:
    q = _heads(asking, params[f"{block}W_Q"])
    z = functional.scaled_dot_product_attention(q, k, v, attn_mask=past)
    return z.transpose(1, 2).flatten(2) @ params[f"{block}W_O"].flatten(0, 1)


def _heads(x: Float[Tensor, "n m d"], W: Float[Tensor, "heads d e"]) -> Float[Tensor, "n heads m e"]:
    """x W of every head, as one product."""
    h, _, e = W.shape
    return (x @ W.transpose(0, 1).flatten(1)).unflatten(-1, (h, e)).transpose(1, 2)


def _neurons(params: Params, block: str, x: Tensor) -> Tensor:
    w = {name: params[f"{block}{name}"] for name in ("W_in", "b_in", "W_out", "b_out")}
    return (x @ w["W_in"] + w["b_in"]).relu() @ w["W_out"] + w["b_out"]


def _toy_logits(params: Params, tokens: Tensor, places: Tensor) -> Tensor:
    scores = params["QK"][tokens][:, None].masked_fill(~past_of(places, tokens)[:, 0], MASKED)
    return scores.softmax(-1) @ functional.embedding(tokens, params["OV"])
