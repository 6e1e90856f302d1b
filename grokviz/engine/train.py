"""Training as a generator: it yields what happened and never prints, saves or draws."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from grokviz.config import RunConfig
from grokviz.engine import fused
from grokviz.engine.model import Weights, initial_weights
from grokviz.engine.schedule import LogRow, Schedule, is_logged
from grokviz.tasks import build_task

DEVICES = ("auto", "cpu", "cuda")


class TrainingError(RuntimeError):
    """Training cannot start or go on: says why and what to change."""


class State(NamedTuple):
    """All that training needs to go on from a step as if it had never stopped."""

    step: int
    weights: Weights  # float32
    exp_avg: Weights  # AdamW's first moments
    exp_avg_sq: Weights  # and second
    schedule: Schedule


class Snapshot(NamedTuple):
    step: int
    weights: Weights  # float32
    state: State


def choose_device(name: str) -> torch.device:
    """The torch device for auto, cpu or cuda. Raises `TrainingError` if it is not there."""
    if name not in DEVICES:
        raise TrainingError(f"Device {name!r} is not known. Choose one of: {', '.join(DEVICES)}.")
    if name == "cuda" and not torch.cuda.is_available():
        raise TrainingError("Device 'cuda' was asked for, but torch finds no GPU here. Choose auto or cpu.")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def train(
    config: RunConfig, device: str = "auto", resume: State | None = None
) -> Iterator[LogRow | Snapshot]:
    """Full-batch AdamW on the training pairs, from step 0 or from where `resume` stopped.

    Yields a `LogRow` at every logged step and, after it, a `Snapshot` where one is due. Step s means the
    weights after s updates. The learning rate is lr * min(s / warmup_steps, 1), so update 0 moves nothing.
    Raises `TrainingError` when the loss is no longer finite.
    """
    where = choose_device(device)
    params, optimizer = _start(config, where, resume)
    train_pairs, test_pairs = _both_sides(config, where)
    schedule = resume.schedule if resume else Schedule()
    for step in range(resume.step if resume else 0, config.steps + 1):
        optimizer.zero_grad()
        loss, logits = fused.loss_and_grads(params, train_pairs)
        if is_logged(step, config):
            row = _log_row(step, params, loss, logits, train_pairs, test_pairs)
            if not (resume and step == resume.step):  # that row and snapshot were yielded before
                due, schedule = schedule.after(row, config)
                yield row
                if due:
                    yield _snapshot(step, params, optimizer, schedule)
            if schedule.has_finished(row, config):
                return
        for group in optimizer.param_groups:
            group["lr"] = config.lr * min(step / config.warmup_steps, 1)
        optimizer.step()


def _start(config: RunConfig, where: torch.device, resume: State | None):
    weights = resume.weights if resume else initial_weights(config)
    params = {name: torch.tensor(w, device=where, requires_grad=True) for name, w in weights.items()}
    optimizer = torch.optim.AdamW(
        params.values(),
        lr=config.lr,
        betas=(config.beta1, config.beta2),
        eps=config.eps,
        weight_decay=config.weight_decay,
        fused=True,
    )
    if resume:
        for name, param in params.items():
            optimizer.state[param] = {
                "step": torch.tensor(float(resume.step)),
                "exp_avg": torch.tensor(resume.exp_avg[name], device=where),
                "exp_avg_sq": torch.tensor(resume.exp_avg_sq[name], device=where),
            }
    return params, optimizer


def _both_sides(config: RunConfig, where: torch.device) -> tuple[fused.Pairs, fused.Pairs]:
    task = build_task(config)

    def pairs(mask: np.ndarray) -> fused.Pairs:
        a, b = (torch.tensor(index, device=where) for index in np.nonzero(mask))
        answers = torch.tensor(task.answers[mask], device=where)
        return fused.make_pairs(a, b, answers, config.p, torch.float32)

    return pairs(task.is_train), pairs(task.is_test)


def _log_row(step, params, loss, logits, train_pairs, test_pairs) -> LogRow:
    test_loss, test_logits = fused.evaluate(params, test_pairs)
    if not torch.isfinite(loss):
        raise TrainingError(f"The loss is {float(loss)} at step {step}. Choose a smaller learning rate.")
    return LogRow(
        step,
        loss.item(),
        test_loss.item(),
        _accuracy(logits, train_pairs),
        _accuracy(test_logits, test_pairs),
        sum(w.detach().double().square().sum().item() for w in params.values()),
    )


def _accuracy(logits: Tensor, pairs: fused.Pairs) -> float:
    return (logits.argmax(-1) == pairs.answers).double().mean().item()


def _snapshot(step: int, params: dict[str, Tensor], optimizer, schedule: Schedule) -> Snapshot:
    def copies(tensors: dict[str, Tensor]) -> Weights:
        return {name: t.detach().cpu().numpy().copy() for name, t in tensors.items()}

    def moments(kind: str) -> Weights:
        zeros = {name: torch.zeros_like(w) for name, w in params.items()}
        return copies({name: optimizer.state[w].get(kind, zeros[name]) for name, w in params.items()})

    weights = copies(params)
    return Snapshot(step, weights, State(step, weights, moments("exp_avg"), moments("exp_avg_sq"), schedule))
