"""One training step of the paper's model (p = 113, 3,830 pairs) with its update, turn by turn: the readable
model with autograd, the fused step, and matrix products alone: the six over all pairs of a step that makes keys,
values and scores once a source, and the three of them (neurons with logits) that the fused step still makes. Then
several runs trained at once against the same runs in turn, and whole trainings."""

import collections
import dataclasses
import time
from collections.abc import Callable

import numpy as np

from bench.table import Row, medians, milliseconds
from grokviz.config import RunConfig
from grokviz.forecast.presets import preset
from grokviz.tasks.pairs import build_task

PROFILED = 8  # operations with a line of their own
SEEDS = range(5)


def rows() -> list[Row]:
    return [*_one_step(), *_together(), *_fast_preset(), *_estimates()]


def _batch(configs: list[RunConfig], device: str = "cpu"):
    import torch

    from grokviz.engine import batch

    return batch.make_batch(configs, [batch.first_state(c) for c in configs], torch.device(device))


def _one_step() -> list[Row]:
    import torch

    from grokviz.engine import batch
    from grokviz.models import transformer

    config = preset("paper")
    task = build_task(config)
    a, b = (torch.tensor(x) for x in np.nonzero(task.is_train))
    answers = torch.tensor(task.answers[task.is_train])
    net = transformer.Transformer(transformer.initial_weights(config.model, config.seed))
    adam = torch.optim.AdamW(net.parameters(), lr=0.0)
    fast = _batch([config])

    def reference_step() -> None:
        adam.zero_grad()
        transformer.cross_entropy(net(transformer.tokens_of(a, b, config.p)), answers).backward()
        adam.step()

    def fused_step() -> None:
        batch.gradient(fast)
        batch.update(fast)

    n, d, m, p = len(a), config.d_model, config.d_mlp, config.p
    z, hidden, to_pre, to_logits = (torch.randn(shape) for shape in ((n, d), (n, m + d), (d, m), (m + d, p)))
    d_logits, d_pre = torch.randn(n, p), torch.randn(n, m)
    post, of_post = hidden[:, :m].clone(), to_logits[:m].clone()

    def products(*factors: tuple[torch.Tensor, torch.Tensor]) -> Callable[[], None]:
        results = [x @ y for x, y in factors]

        def multiply() -> None:
            for (x, y), out in zip(factors, results, strict=True):
                torch.mm(x, y, out=out)

        return multiply

    six = products(
        (z, to_pre), (hidden, to_logits),  # forward
        (d_logits, to_logits.T), (hidden.T, d_logits), (d_pre, to_pre.T), (z.T, d_pre),  # backward
    )  # fmt: skip
    three = products((post, of_post), (d_logits, of_post.T), (post.T, d_logits))
    reference, fused, of_six, of_three, evaluation = medians(
        reference_step, fused_step, six, three, lambda: batch.row(fast)
    )
    per_step = fused + evaluation / config.log_every
    return [
        Row("readable model, autograd, AdamW", milliseconds(reference)),
        Row("fused step", milliseconds(fused)),
        Row("six matrix products alone, into memory that is there", milliseconds(of_six)),
        Row("the three of them that remain", milliseconds(of_three)),
        Row("readable / fused", f"{reference / fused:.2f}", "at least 5.5"),
        Row("fused / six products", f"{fused / of_six:.2f}", "at most 1.4"),
        Row("fused / three products", f"{fused / of_three:.2f}"),
        Row("evaluation of a logged row, on all pairs", milliseconds(evaluation)),
        Row("evaluation, share of training", f"{evaluation / config.log_every / per_step:.1%}", "under 5 %"),
        Row("40,000 steps with evaluation", f"{40_000 * per_step / 60:.1f} min", "20 min"),
        *_profile(fused_step, n),
    ]


def _profile(step: Callable[[], None], n: int, repeats: int = 20) -> list[Row]:
    """Where a step over n pairs spends its time, by operation."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as trace:
        for _ in range(repeats):
            step()
    spent: dict[str, float] = collections.defaultdict(float)
    for event in trace.key_averages(group_by_input_shape=True):
        kind = event.key.removeprefix("aten::")
        if "mm" in kind:
            over_pairs = any(n in shape for shape in event.input_shapes)
            kind = "matrix products over the pairs" if over_pairs else "matrix products of weights"
        spent[kind] += event.self_cpu_time_total
    whole = sum(spent.values())
    kinds = sorted(spent, key=lambda kind: -spent[kind])
    shown, rest = kinds[:PROFILED], sum(spent[kind] for kind in kinds[PROFILED:])
    shares = [(kind, spent[kind]) for kind in shown] + [(f"the {len(kinds) - len(shown)} others", rest)]
    return [Row(f"profile of the fused step: {kind}", f"{part / whole:.1%}") for kind, part in shares]


def _together() -> list[Row]:
    """Four seeds given to `train_many` at once against four in turn, log and all."""
    from grokviz.engine.train import train_many

    found = []
    for name, p, steps in (("quick", 31, 400), ("quick", 59, 200), ("quick", 113, 50), ("paper", 113, 30)):
        runs = [
            dataclasses.replace(preset(name), p=p, seed=seed, steps=steps, stop="steps") for seed in range(4)
        ]

        def in_turn(runs=runs) -> None:
            for run in runs:
                collections.deque(train_many([run], "cpu"), maxlen=0)

        def at_once(runs=runs) -> None:
            collections.deque(train_many(runs, "cpu"), maxlen=0)

        one, four = medians(in_turn, at_once, repeats=5, warm_up=1)
        what = f"{name} recipe, p = {p}: four runs given at once / in turn"
        found.append(Row(what, f"{four / one:.2f}", "at most 1"))
    return found


def _fast_preset() -> list[Row]:
    """From nothing to 99 % of the unseen pairs, as a visitor waits for it."""
    from grokviz.engine.schedule import LogRow
    from grokviz.engine.train import train
    from grokviz.forecast.recipes import fast_preset

    found = []
    for p in (31, 59, 97, 113):
        seconds = []
        for seed in SEEDS:
            start = time.perf_counter()
            for event in train(dataclasses.replace(fast_preset(p), seed=seed), "cpu"):
                if isinstance(event, LogRow) and event.test_accuracy >= 0.99:
                    break
            seconds.append(time.perf_counter() - start)
        found.append(
            Row(
                f"fast preset, p = {p}, to 99 % test accuracy, median of {len(seconds)} seeds",
                f"{np.median(seconds):.1f} s ({min(seconds):.1f} to {max(seconds):.1f})",
                "20 s",
            )
        )
    return found


def _estimates() -> list[Row]:
    """What the form says before the start, against a short training with its log and snapshots."""
    from grokviz.engine.calibration import measure
    from grokviz.engine.train import train
    from grokviz.forecast import speed

    rate = speed.fit(measure("cpu"))
    quick = preset("quick")
    found = []
    for p, d_model, d_mlp, steps in (
        (13, 64, 256, 2000),
        (59, 64, 256, 600),
        (113, 64, 256, 200),
        (131, 128, 512, 60),
    ):
        config = dataclasses.replace(quick, p=p, d_model=d_model, d_mlp=d_mlp, steps=steps, stop="steps")
        start = time.perf_counter()
        for _ in train(config, "cpu"):
            pass
        ratio = speed.seconds(config, rate, steps) / (time.perf_counter() - start)
        what = f"seconds of a training, estimated / real: p = {p}, d_model {d_model}, {steps} steps"
        found.append(Row(what, f"{ratio:.2f}", "within a factor of 1.6"))
    return found
