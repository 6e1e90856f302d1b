"""Runs of one shape trained together and looked at now and then: what every search for recipes does."""

from collections.abc import Iterator, Sequence

import torch

from grokviz.config import RunConfig
from grokviz.engine import batch

Look = tuple[
    float, float, float, float, float
]  # as `batch.row`: losses, accuracies, of train and test; squared weights


def is_looked_at(step: int, every: int = 20) -> bool:
    """At every 4 % of its steps, and at every `every`th."""
    return step % max(1, min(every, step // 25)) == 0


def looks(
    configs: Sequence[RunConfig], most_steps: int, every: int = 20, first: int = 0
) -> Iterator[tuple[int, list[Look]]]:
    """Trains them on one processor or more, and yields (step, a look a run) from the step `first` on. Whoever has
    seen enough closes it."""
    b = batch.make_batch(configs, [batch.first_state(c) for c in configs], torch.device("cpu"))
    for step in range(most_steps + 1):
        batch.gradient(b)
        if step >= first and is_looked_at(step, every):
            yield step, [tuple(row) for row in batch.row(b).tolist()]
        batch.update(b)
