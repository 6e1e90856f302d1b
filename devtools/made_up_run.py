"""A made-up run that looks like one: noise that turns into a Fourier network, for tests and the bench."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from grokviz.config import RunConfig
from grokviz.measures.encoding import pack_answers
from grokviz.measures.phases import Event, Phases
from grokviz.runs.folder import Run
from grokviz.study.timeline import Measured, Timeline, encoded
from grokviz.tasks.pairs import Task, build_task


def run_like(
    p: int = 113,
    n: int | tuple[int, int] = 150,
    keys: tuple[int, ...] = (14, 35, 41, 42, 52),
    neurons: int = 6,
    finished: bool = True,
    title: str = "mod 113, the paper’s recipe",
    grokked: bool = True,
    columns: Mapping[str, np.ndarray] | None = None,
) -> tuple[Run, Timeline, Task, Phases]:
    """(run, timeline, task, phases); `columns` of the timeline in place of those made up here. `n` snapshots up to step
    40,000, or up to the second number."""
    rng = np.random.default_rng(0)
    config = RunConfig(p=p, frac_train=0.3)
    task = build_task(config)
    n, end = n if isinstance(n, tuple) else (n, 40_000)
    steps = np.unique(np.rint(np.linspace(0, end**0.5, n) ** 2).astype(int)) if n > 1 else np.array([0])
    n = len(steps)

    def logistic(at: float, width: float) -> np.ndarray:
        return 1 / (1 + np.exp(-(steps - at) / width))

    def curve(*stops: float) -> np.ndarray:
        smooth = np.interp(steps, stops[::2], np.log10(stops[1::2]))
        return 10**smooth * np.exp(rng.normal(0, 0.02, n))

    recite, build, clean = (
        logistic(700, 90) * (steps > 0),
        logistic(7000, 1300) * (steps > 0),
        logistic(11000, 500),
    )
    half = p // 2

    spectrum = np.abs(rng.normal(1, 0.1, (n, half))) * (1 - 0.93 * clean)[:, None]
    for order, k in enumerate(keys):
        spectrum[:, k - 1] += (4 + order % 3) * build
    angle = 2 * np.pi * np.arange(p) / p
    ring = np.zeros((n, len(keys), p, 2))
    for order, k in enumerate(keys):
        noise = rng.normal(0, 0.3, (p, 2))
        clock = np.stack([np.cos(k * angle), np.sin(k * angle)], -1)
        on = logistic(5000 + 900 * order, 900) * (steps > 0)
        ring[:, order] = noise * (1 - on)[:, None, None] + clock * on[:, None, None] * 0.95 + noise * 0.12
    luck = rng.normal(0, 1.1, (p, p))
    level = np.where(
        task.is_train, 9 * recite[:, None, None] - 5, 13 * clean[:, None, None] + 3 * build[:, None, None] - 7
    )
    probability = 1 / (1 + np.exp(-(level + luck)))
    waves = [np.cos(keys[h % len(keys)] * angle + h) if keys else rng.normal(0, 1, p) for h in range(4)]
    scores = rng.normal(0, 0.25, (1, 4, 2 * p + 1)) * np.ones((n, 1, 1))
    for h, w in enumerate(waves):
        scores[:, h, :p] += build[:, None] * w * 1.6
        scores[:, h, p : 2 * p] -= build[:, None] * w * 0.4
        scores[:, h, 2 * p] -= 3 * recite
    spectrum_2d = np.abs(rng.normal(0, 1, (1, p, p))) * (1 - 0.97 * clean)[:, None, None] * np.ones((n, 1, 1))
    for k in keys:
        spectrum_2d[:, 2 * k - 1 : 2 * k + 1, 2 * k - 1 : 2 * k + 1] += 60 * build[:, None, None]
    tables = rng.normal(0, 0.5, (1, neurons, 4, 2 * p + 1)) * (1 - 0.9 * clean)[:, None, None, None]
    freq = np.array([keys[j % len(keys)] if keys else 1 for j in range(neurons)], int)
    for j in range(neurons):
        w = np.cos(freq[j] * angle + j)
        tables[:, j, :, :p] += 2 * build[:, None, None] * w
        tables[:, j, :, p : 2 * p] += 2 * build[:, None, None] * w
    made: dict[str, np.ndarray] = {
        "train_loss": curve(0, 4.727, 300, 2, 900, 1e-3, 1400, 2e-6, 9000, 3e-7, 40000, 9e-8),
        "test_loss": curve(
            0, 4.727, 800, 20, 1600, 24, 6000, 19, 9400, 8, 12000, 1e-2, 14000, 1e-5, 40000, 3.6e-7
        ),
        "restricted_loss_all": curve(0, 4.727, 1400, 5.5, 6000, 1, 9400, 4e-2, 14000, 1e-6, 40000, 4e-8),
        "restricted_loss_test": curve(0, 4.727, 1400, 5.5, 6000, 1.4, 9400, 6e-2, 14000, 1e-6, 40000, 5.5e-8),
        "excluded_loss_train": curve(
            0, 4.727, 900, 1e-3, 1400, 1e-5, 6000, 5e-3, 9400, 1, 14000, 4.7, 40000, 7.1
        ),
        "train_accuracy": np.where(steps < 1, 1 / p, recite),
        "test_accuracy": np.clip(0.01 + 0.98 * clean + 0.04 * build, 0, 1 - 2e-4),
        "gini_W_E": 0.12 + 0.72 * build,
        "gini_W_L": 0.1 + 0.8 * clean,
        "sum_squared_weights": 4200 - 1200 * build - 1900 * clean,
        "logit_fve": np.clip(0.98 * build - 0.01, 0, 1),
        "frac_neurons_over_085": 0.84 * clean,
        "accuracy": np.where(steps < 1, 1 / p, 0.3 * recite + 0.7 * clean),
        "gradient_symmetricity": 1 - 0.8 * recite + 0.6 * build - 0.4 * clean,
        "distance_irrelevance": 1 - 0.3 * build + 0.1 * clean,
        "circularity": 0.1 + 0.88 * build,
        "right_logits": (20 * clean[:, None, None] + luck * recite[:, None, None]),
        "spectrum_W_E": spectrum,
        "spectrum_W_L": spectrum * (0.2 + 0.8 * clean)[:, None],
        "ring": ring,
        "answers": pack_answers(probability, probability > 0.4),
        "attention_scores": scores,
        "logit_spectrum_2d": spectrum_2d,
        "neuron_tables": tables,
        "neuron_constants": -1.0 * np.ones((n, neurons)),
        "neuron_freq": np.broadcast_to(freq, (n, neurons)),
        "neuron_fve": np.clip(build[:, None] * np.linspace(0.99, 0.9, neurons), 0.02, 1),
    } | dict(columns or {})
    under = Measured(tuple(keys), np.arange(3, 3 + 40 * neurons, 40)[:neurons], (), [])
    timeline = encoded(steps, under, made)
    names = ("train_loss", "test_loss", "train_accuracy", "test_accuracy", "sum_squared_weights")
    logged = {"step": steps.astype(float)} | {name: made[name] for name in names}
    sentence = "Addition modulo 113, 30 % of the pairs, weight decay 1: the run of Nanda et al. 2023."
    run = Run(Path("run"), config, title, sentence, {}, finished, steps, logged, (), 0, 0, ())
    moments = (900, 1400, 9400, 12000, 14000)
    phases = Phases(*(Event(step, step) for step in moments)) if grokked and n > 1 else Phases()
    return run, timeline, task, phases
