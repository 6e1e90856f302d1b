"""Every optimizer against its published formula or the textbook library, for two runs with settings of their own."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from grokviz import config
from grokviz.config import RunConfig
from grokviz.engine import optimizers
from grokviz.engine.batch import batch_key
from grokviz.engine.flat import pack, unpack, views
from grokviz.engine.fused import LOSSES
from grokviz.engine.optimizers import OPTIMIZERS

SHAPES = {"W_E": (5, 4), "W_Q": (2, 4, 3), "W_in": (4, 6), "b_in": (6,), "W_out": (6, 4)}
CONFIGS = [RunConfig(lr=0.02, weight_decay=0.5), RunConfig(lr=0.01, weight_decay=2.0, beta1=0.8, beta2=0.95)]
UPDATES = 25


def normal(seed):
    rng = np.random.default_rng(seed)
    return [{name: rng.standard_normal(shape) for name, shape in SHAPES.items()} for _ in CONFIGS]


def trained(name):
    """Weights of both runs after some updates with the gradients `normal(1)`, `normal(2)`, ..."""
    optimizer = OPTIMIZERS[name]
    weights = pack(normal(0), SHAPES)
    moments = {moment: torch.zeros_like(weights) for moment in optimizer.moments}
    of_runs = optimizers.settings(CONFIGS, torch.device("cpu"), torch.float64)
    for number in range(UPDATES):
        updates = torch.full((2, 1), float(number), dtype=torch.float64)
        optimizer.update(weights, pack(normal(1 + number), SHAPES), moments, of_runs, updates, SHAPES)
    return [unpack(row, SHAPES) for row in weights.numpy()]


def by_hand(run, transform=lambda number, w, g, memory: g, skip=()):
    """torch.optim.AdamW, one array a parameter, on gradients changed by `transform`."""
    c = CONFIGS[run]
    params = {name: torch.tensor(w) for name, w in normal(0)[run].items() if name not in skip}
    adam = torch.optim.AdamW(
        params.values(), betas=(c.beta1, c.beta2), eps=c.eps, weight_decay=c.weight_decay
    )
    memory = {}
    for number in range(UPDATES):
        for name, w in params.items():
            gradient = transform(
                number, w.numpy(), normal(1 + number)[run][name], memory.setdefault(name, {})
            )
            w.grad = torch.tensor(gradient)
        adam.param_groups[0]["lr"] = c.lr * min(number / c.warmup_steps, 1)
        adam.step()
    return {name: w.numpy() for name, w in params.items()}


def slow_part_amplified(number, w, g, memory):
    """Grokfast-EMA as in the authors' code: the average starts at the first gradient, which enters twice."""
    memory["h"] = 0.98 * memory["h"] + 0.02 * g if memory else g
    return g + 2.0 * memory["h"]


def at_right_angles(number, w, g, memory):
    along = sum(x * y for x, y in zip(w.ravel(), g.ravel(), strict=True)) / sum(x * x for x in w.ravel())
    return g - along * w


@pytest.mark.parametrize(
    ("name", "transform"),
    [
        ("adamw", lambda number, w, g, memory: g),
        ("grokfast", slow_part_amplified),
        ("perpendicular", at_right_angles),
    ],
)
def test_adamw_and_what_changes_its_gradient(name, transform):
    for run, weights in enumerate(trained(name)):
        for parameter, expected in by_hand(run, transform).items():
            np.testing.assert_allclose(weights[parameter], expected, rtol=1e-10, atol=1e-12)


def test_muon_orthogonalises_the_matrices_and_leaves_the_rest_to_adamw():
    c = CONFIGS
    for run, weights in enumerate(trained("muon")):
        for parameter, expected in by_hand(run, skip=optimizers.MUON_MATRICES).items():
            np.testing.assert_allclose(weights[parameter], expected, rtol=1e-10, atol=1e-12)
        for parameter in ("W_Q", "W_in", "W_out"):
            w, buffer = normal(0)[run][parameter], 0.0
            for number in range(UPDATES):
                g = normal(1 + number)[run][parameter]
                buffer = 0.95 * buffer + 0.05 * g
                direction = iterated(0.05 * g + 0.95 * buffer)
                lr = c[run].lr * min(number / c[run].warmup_steps, 1)
                w = (1 - lr * c[run].weight_decay) * w
                w = w - lr * 0.2 * np.sqrt(max(w.shape[-2:])) * direction
            np.testing.assert_allclose(weights[parameter], w, rtol=1e-10, atol=1e-12)


def iterated(x):
    """The published iteration on every matrix, by its singular values: each becomes a s + b s^3 + c s^5."""
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    s = s / np.linalg.norm(s, axis=-1, keepdims=True)
    for _ in range(5):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    return (u * s[..., None, :]) @ vt


def test_muon_is_that_of_torch():
    """Which rounds to 8 bits on the way, so the comparison is coarse."""
    w0, gradients = normal(0)[0]["W_in"], [normal(1 + number)[0]["W_in"] for number in range(UPDATES)]
    theirs = torch.tensor(w0)
    muon = torch.optim.Muon([theirs], lr=0.02, weight_decay=0.5, adjust_lr_fn="match_rms_adamw")
    for number, g in enumerate(gradients):
        theirs.grad = torch.tensor(g)
        muon.param_groups[0]["lr"] = 0.02 * min(number / 10, 1)
        muon.step()
    ours = trained("muon")[0]["W_in"]
    assert np.linalg.norm(ours - theirs.numpy()) < 0.01 * np.linalg.norm(w0 - theirs.numpy())


def test_orthogonalised_is_close_to_the_polar_factor():
    x = torch.randn(3, 20, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    u, _, vt = torch.linalg.svd(x, full_matrices=False)
    singular = torch.linalg.svdvals(optimizers.orthogonalised(x))
    assert singular.min() > 0.6
    assert singular.max() < 1.25
    assert (optimizers.orthogonalised(x) - u @ vt).norm() < 0.25 * (u @ vt).norm()
    assert torch.equal(optimizers.orthogonalised(torch.zeros(2, 3)), torch.zeros(2, 3))


def test_a_right_angle_is_one_run_by_run():
    weights, grads = (pack(normal(seed), SHAPES) for seed in (0, 1))
    for w, g in zip(views(weights, SHAPES).values(), views(grads, SHAPES).values(), strict=True):
        optimizers.take_away_along(w, g)
        assert (w * g).flatten(1).sum(1).abs().max() < 1e-13
    g = torch.ones(2, 3)
    optimizers.take_away_along(torch.zeros(2, 3), g)
    assert torch.equal(g, torch.ones(2, 3))


def test_the_config_knows_every_optimizer_and_loss():
    assert tuple(OPTIMIZERS) == config.OPTIMIZERS
    assert tuple(LOSSES) == config.LOSSES


def one_update(**settings):
    """What two updates with gradients of another direction each make of 1, with lr 0.1 and without weight decay."""
    of_runs = optimizers.settings(
        [RunConfig(lr=0.1, weight_decay=0.0, warmup_steps=1, **settings)], torch.device("cpu"), torch.float64
    )
    shapes, optimizer = {"W_in": (3, 2)}, OPTIMIZERS[of_runs.shared.optimizer]
    weights = pack([{"W_in": np.ones((3, 2))}], shapes)
    moments = {moment: torch.zeros_like(weights) for moment in optimizer.moments}
    for number, power in enumerate((1.0, 3.0)):
        gradient = pack([{"W_in": np.arange(6.0).reshape(3, 2) ** power}], shapes)
        updates = torch.full((1, 1), float(number), dtype=torch.float64)
        optimizer.update(weights, gradient, moments, of_runs, updates, shapes)
    return weights.numpy()


def test_every_constant_of_an_optimizer_is_used():
    changed = {
        "muon": {"muon_momentum": 0.5, "muon_scale": 0.4, "muon_iterations": 3},
        "grokfast": {"grokfast_alpha": 0.5, "grokfast_lambda": 20.0},
    }
    for name, constants in changed.items():
        default = RunConfig(optimizer=name)
        assert optimizers.constants_of(default).keys() == constants.keys()
        for constant, value in constants.items():
            other = dataclasses.replace(default, **{constant: value})
            assert batch_key(other) != batch_key(default)
            assert not np.allclose(
                one_update(optimizer=name), one_update(optimizer=name, **{constant: value})
            )
    twice = 1 - one_update(optimizer="muon", muon_scale=0.4)
    np.testing.assert_allclose(twice, 2 * (1 - one_update(optimizer="muon")), rtol=1e-12)


def test_constants_of_the_provenance_are_json_and_those_of_the_papers():
    said = {name: optimizers.all_constants_of(RunConfig(optimizer=name)) for name in OPTIMIZERS}
    assert json.loads(json.dumps(said)) == said
    assert said["adamw"] == {}
    assert said["grokfast"] == {"grokfast_alpha": 0.98, "grokfast_lambda": 2.0}
    assert said["muon"]["muon_polynomial"] == [3.4445, -4.7750, 2.0315]
    assert (said["muon"]["muon_momentum"], said["muon"]["muon_scale"], said["muon"]["muon_iterations"]) == (
        0.95,
        0.2,
        5,
    )
    assert said["perpendicular"] == {"perpendicular_smallest_energy": float(np.finfo(np.float32).tiny)}
