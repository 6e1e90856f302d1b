"""Training as a generator: it yields what happened and never prints, saves or draws."""

import math
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from grokviz.config import RunConfig
from grokviz.engine import flat
from grokviz.engine.batch import Batch, State, batch_key, make_batch, operations
from grokviz.engine.schedule import LogRow, Schedule, is_logged
from grokviz.errors import TrainingError
from grokviz.models.transformer import Weights, initial_weights

DEVICES = ("auto", "cpu", "cuda")
CPU_BATCH_BYTES = 12 * 2**20  # of activations of training pairs: with more, a step waits for memory
GPU_BATCH_BYTES = 8 * 2**30
GPU_MOST_ROWS = 2**26  # of a table, added up for all pairs: torch counts 32 threads for each in 31 bits
GPU_LAG = 4  # logged rows on their way to Python while the GPU goes on


class Snapshot(NamedTuple):
    step: int
    weights: Weights  # float32
    state: State


Event = LogRow | Snapshot | State | TrainingError


def never() -> bool:
    return False


def not_yet(run: int, row: LogRow) -> bool:
    return False


def choose_device(name: str) -> torch.device:
    """The torch device for auto, cpu or cuda. Raises `TrainingError` if it is not there."""
    if name not in DEVICES:
        raise TrainingError(f"Device {name!r} is not known.", mend=f"Choose one of: {', '.join(DEVICES)}.")
    if name == "cuda" and not torch.cuda.is_available():
        raise TrainingError(
            "Device 'cuda' was asked for, but torch finds no GPU here.", mend="Choose auto or cpu."
        )
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def leave_a_core() -> None:
    """For a process beside the pages: as many threads as there are cores, less one, unless the environment says how many.

    A step goes on when its last thread has ended, and the threads of the app sleep while they wait (OMP_WAIT_POLICY in
    `jobs/supervisor.py`: spinning ones would starve beside a busy process). Measured like that on two cores, one thread
    is faster than two up to p = 73 of the fast preset (1.3 against 4.3 ms at p = 13), a little slower at 113 (17 against
    15), slower at the paper's size (35 against 24), and faster at any size while another process is busy.
    """
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(max(1, torch.get_num_threads() - 1))


def train(
    config: RunConfig,
    device: str = "auto",
    resume: State | None = None,
    wanted: Callable[[], bool] = never,
) -> Iterator[LogRow | Snapshot | State]:
    """Full-batch training on the training pairs, from step 0 or from where `resume` stopped.

    Yields a `LogRow` at every logged step and, after it, a `Snapshot` where one is due; where none is and
    `wanted()` says so, the `State`. Step s means the weights after s updates. The learning rate is
    lr * min(s / warmup_steps, 1), so update 0 moves nothing.
    Raises `TrainingError` when the loss is no longer finite.
    """
    for _, event in train_many([config], device, [resume], wanted=wanted):
        if isinstance(event, TrainingError):
            raise event
        yield event


def train_many(
    configs: Sequence[RunConfig],
    device: str = "auto",
    resume: Sequence[State | None] | None = None,
    lag: int | None = None,
    wanted: Callable[[], bool] = never,
    enough: Callable[[int, LogRow], bool] = not_yet,
) -> Iterator[tuple[int, Event]]:
    """The same for many runs, as (index of the run, what happened to it).

    Runs of one shape are trained in one step, as many at once as pays; each gets what it would get alone,
    up to rounding. A run that diverges ends with a `TrainingError`, and the others go on.
    Raises `TrainingError` when the device is not there, or a network is shown no "=".
    With `lag`, rows reach Python that many logged steps later, and the device need not wait for it. A run also ends
    where `enough` says so of its number and a row, asked once the row has been yielded.
    """
    where = choose_device(device)
    if any(config.read_at != "=" for config in configs):
        raise TrainingError('Networks that are shown no "=" are not trained here.', 'Choose read_at "=".')
    states = resume or [None] * len(configs)
    runs = [_Run(*each) for each in zip(range(len(configs)), configs, states, strict=True)]
    if lag is None:
        lag = GPU_LAG if where.type == "cuda" else 0
    for together in _batches(runs, where):
        while together := [run for run in together if not run.is_over]:
            yield from _advance(together, where, lag, _Asked(wanted, enough))


class _Asked(NamedTuple):
    """What a caller is asked at every row: whether the state is wanted, and whether a run has done enough."""

    wanted: Callable[[], bool]
    enough: Callable[[int, LogRow], bool]


class _Run:
    """How far a run has come."""

    def __init__(self, index: int, config: RunConfig, state: State | None) -> None:
        self.index = index
        self.config = config
        self.state = state or State(0, {}, {}, Schedule())  # at the beginning of the batch it is in
        self.schedule = self.state.schedule
        self.logged = self.state.step if state else -1  # up to here everything has been told
        self.is_over = False

    def is_logged(self, updates: int) -> bool:
        """Whether it logs, so many updates after its state."""
        return is_logged(self.state.step + updates, self.config)

    def updates_to_next_change(self) -> int:
        """How many updates after its state its settings change, or it ends."""
        later = [step for step, _, _ in self.config.changes if step > self.state.step]
        return min([*later, self.config.steps]) - self.state.step


def _batches(runs: list[_Run], where: torch.device) -> list[list[_Run]]:
    """Those that are trained together."""
    return [[runs[i] for i in part] for part in together([run.config for run in runs], where)]


def together(configs: Sequence[RunConfig], where: torch.device) -> list[list[int]]:
    """Which of these runs `train_many` trains in one step: of one shape, and as many at once as pays.

    How many that are follows from the first of them: give those with more pairs first.
    """
    groups: dict[tuple, list[int]] = {}
    for i, config in enumerate(configs):
        groups.setdefault(batch_key(config), []).append(i)
    parts = []
    for group in groups.values():
        while group:
            size = _runs_at_once(configs[group[0]], where)
            parts.append(group[:size])
            group = group[size:]
    return parts


def _runs_at_once(config: RunConfig, where: torch.device) -> int:
    pairs, width = config.p**2, config.d_mlp + config.p
    if where.type == "cpu":
        return max(1, int(CPU_BATCH_BYTES / (4 * config.frac_train * pairs * width)))
    # Activations, their gradients and what each graph keeps, of pairs and of the table that they add up.
    size = GPU_BATCH_BYTES / (3 * 4 * (pairs + 2 * config.p * config.model.n_heads) * width)
    return max(1, int(min(size, GPU_MOST_ROWS / (2 * config.model.n_heads * pairs))))


class _Kept(NamedTuple):
    """A row on its way from the device to Python, with the weights and moments that it speaks of."""

    updates: int  # since the batch was made
    row: Tensor
    weights: Tensor
    moments: dict[str, Tensor]
    ready: torch.cuda.Event | None

    def on_cpu(self, tensor: Tensor) -> Tensor:
        """Waits for this tensor alone, and not for what the GPU was told to do since."""
        if self.ready is None:
            return tensor
        with torch.cuda.stream(side := torch.cuda.Stream()):
            side.wait_event(self.ready)
            return tensor.cpu()

    def state(self, number: int, run: _Run, batch: Batch) -> State:
        def arrays(block: Tensor, shapes: flat.Shapes) -> Weights:
            return flat.unpack(self.on_cpu(block[number]).numpy(), shapes)

        moments = {name: arrays(block, batch.moment_shapes[name]) for name, block in self.moments.items()}
        return State(run.state.step + self.updates, arrays(self.weights, batch.shapes), moments, run.schedule)


def _keep(batch: Batch, row: Tensor, updates: int, copy: bool) -> _Kept:
    if not copy:
        return _Kept(updates, row, batch.weights, batch.moments, None)
    copies = row.clone(), batch.weights.clone(), {name: m.clone() for name, m in batch.moments.items()}
    ready = None
    if row.is_cuda:
        ready = torch.cuda.Event()
        ready.record()
    return _Kept(updates, *copies, ready)


def _advance(runs: list[_Run], where: torch.device, lag: int, asked: _Asked) -> Iterator[tuple[int, Event]]:
    """Train these together until a quarter of them are over, or the settings of one change: the others then
    make a batch of their own."""
    for run in runs:
        if not run.state.weights:
            run.state = run.state._replace(weights=initial_weights(run.config.model, run.config.seed))
    batch = make_batch([run.config.at(run.state.step) for run in runs], [run.state for run in runs], where)
    do = operations(batch)
    on_the_way: deque[_Kept] = deque()
    changing = [run.updates_to_next_change() for run in runs if run.config.changes]
    for updates in range(min([*changing, max(run.config.steps - run.state.step for run in runs)]) + 1):
        if updates:
            do.update()
        do.gradient()
        if any(run.is_logged(updates) for run in runs):
            on_the_way.append(_keep(batch, do.row(), updates, copy=lag > 0))
        if len(on_the_way) > lag:
            yield from _tell(on_the_way.popleft(), runs, batch, asked)
        if 4 * sum(run.is_over for run in runs) >= len(runs):
            break
    for kept in on_the_way:
        yield from _tell(kept, runs, batch, asked)
    now = _keep(batch, batch.updates, updates, copy=where.type == "cuda")
    for number, run in enumerate(runs):
        if not run.is_over:
            run.state = now.state(number, run, batch)


def _tell(kept: _Kept, runs: list[_Run], batch: Batch, asked: _Asked) -> Iterator[tuple[int, Event]]:
    """A row of every run that logs at this step, and a snapshot where one is due, or the state where wanted."""
    for number, (run, values) in enumerate(zip(runs, kept.on_cpu(kept.row).tolist(), strict=True)):
        if run.is_over or not run.is_logged(kept.updates):
            continue
        measured, further = values[:5], [None if math.isnan(value) else value for value in values[5:]]
        row = LogRow(run.state.step + kept.updates, *measured, *further)
        if row.step > run.logged:
            if not math.isfinite(row.train_loss):
                run.is_over = True
                found = f"The loss is {row.train_loss} at step {row.step}."
                yield run.index, TrainingError(found, mend="Choose a smaller learning rate.")
                continue
            run.logged = row.step
            due, run.schedule = run.schedule.after(row, run.config)
            yield run.index, row
            is_wanted = asked.wanted()
            if due or is_wanted:
                state = kept.state(number, run, batch)
                yield run.index, Snapshot(row.step, state.weights, state) if due else state
        run.is_over = run.schedule.has_finished(row, run.config) or asked.enough(run.index, row)
