"""Training on a GPU, all steps recorded as graphs: the paper's run, many runs in one step, and the map of the README. Where
there is none, what was measured last stays."""

import collections
import dataclasses
import time
from collections.abc import Sequence

from bench.table import Row, medians, milliseconds
from grokviz.config import RunConfig
from grokviz.forecast.presets import preset
from grokviz.sweeps.grid import Sweep, parse_grid

RUNS = 64
STEPS = 100  # at a time, so that the GPU is not waited for after each
MAP = ["frac_train=0.15:0.8:8", "weight_decay=0,0.5,1,2,4,8"]


def rows() -> list[Row]:
    import torch

    if not torch.cuda.is_available():
        return []
    paper, fast = preset("paper"), preset("fast", 113)
    one, many = medians(_steps([paper]), _steps([dataclasses.replace(paper, seed=i) for i in range(RUNS)]))
    points = Sweep(dataclasses.replace(preset("fast", 59), steps=2_500), parse_grid(MAP), (0, 1, 2))
    cells = [points.config(number) for number in range(len(points))]
    return [
        Row("the card", torch.cuda.get_device_name()),
        Row("40,000 steps of the paper's run, with log and snapshots", f"{_seconds([paper]):.1f} s", "10 s"),
        Row("one step", milliseconds(one / STEPS)),
        Row(f"a step of {RUNS} runs of p = 113 / one run", f"{many / one:.1f}"),
        Row("fast preset, p = 113, to its end", f"{_seconds([fast]):.1f} s"),
        Row(f"map of {len(cells)} runs of p = 59", f"{_seconds(cells):.1f} s"),
        Row(
            "losses of the first 100 steps, largest ratio to those on the processor",
            f"1 + {_apart(paper):.0e}",
        ),
    ]


def _seconds(configs: Sequence[RunConfig]) -> float:
    from grokviz.engine.train import train_many

    start = time.perf_counter()
    collections.deque(train_many(configs, "cuda"), maxlen=0)
    return time.perf_counter() - start


def _steps(configs: Sequence[RunConfig]):
    import torch

    from grokviz.engine import batch

    where = torch.device("cuda")
    do = batch.operations(batch.make_batch(configs, [batch.first_state(c) for c in configs], where))

    def steps() -> None:
        for _ in range(STEPS):
            do.gradient()
            do.update()
        torch.cuda.synchronize()

    return steps


def _apart(config: RunConfig) -> float:
    """The largest relative difference of a loss between the two, over the first 100 steps."""
    from grokviz.engine.schedule import LogRow
    from grokviz.engine.train import train

    short = dataclasses.replace(config, steps=100, stop="steps")
    logs = [[row for row in train(short, device) if isinstance(row, LogRow)] for device in ("cpu", "cuda")]
    return max(
        abs(ours / theirs - 1)
        for here, there in zip(*logs, strict=True)
        for ours, theirs in ((here.train_loss, there.train_loss), (here.test_loss, there.test_loss))
    )
