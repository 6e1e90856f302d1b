"""Every optimizer against its published formula or the textbook library, for two runs with settings of their own."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from grokviz.config import RunConfig
from grokviz.engine import batch, optimizers
from grokviz.engine.batch import batch_key
from grokviz.engine.flat import pack, unpack, views
from grokviz.engine.optimizers import UPDATES
from grokviz.methods import MUON_MATRICES, OPTIMIZERS, arrays_kept
from grokviz.models import transformer
from grokviz.tasks.pairs import build_task

SHAPES = {"W_E": (5, 4), "W_Q": (2, 4, 3), "W_in": (4, 6), "b_in": (6,), "W_out": (6, 4)}
CONFIGS = [RunConfig(lr=0.02, weight_decay=0.5), RunConfig(lr=0.01, weight_decay=2.0, beta1=0.8, beta2=0.95)]
COUNT = 25


def normal(seed):
    rng = np.random.default_rng(seed)
    return [{name: rng.standard_normal(shape) for name, shape in SHAPES.items()} for _ in CONFIGS]


def memory(config, weights):
    """What its optimiser remembers before the first update."""
    return {
        name: weights.new_zeros(len(weights), n * weights.shape[1]) for name, n in arrays_kept(config).items()
    }


def trained(name, **constants):
    """Weights of both runs after some updates with the gradients `normal(1)`, `normal(2)`, ..."""
    configs = [dataclasses.replace(c, optimizer=name, **constants) for c in CONFIGS]
    weights = pack(normal(0), SHAPES)
    moments = memory(configs[0], weights)
    of_runs = optimizers.settings(configs, torch.device("cpu"), torch.float64)
    for number in range(COUNT):
        updates = torch.full((2, 1), float(number), dtype=torch.float64)
        UPDATES[name](weights, pack(normal(1 + number), SHAPES), moments, of_runs, updates, SHAPES)
    return [unpack(row, SHAPES) for row in weights.numpy()]


def by_hand(run, transform=lambda number, w, g, memory: g, skip=()):
    """torch.optim.AdamW, one array a parameter, on gradients changed by `transform`."""
    c = CONFIGS[run]
    params = {name: torch.tensor(w) for name, w in normal(0)[run].items() if name not in skip}
    adam = torch.optim.AdamW(
        params.values(), betas=(c.beta1, c.beta2), eps=c.eps, weight_decay=c.weight_decay
    )
    memory = {}
    for number in range(COUNT):
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


def at_right_angles_and_as_long(number, w, g, memory):
    left = at_right_angles(number, w, g, memory)
    return left * (sum(x * x for x in g.ravel()) / sum(x * x for x in left.ravel())) ** 0.5


def mean_of_the_last_four_added(number, w, g, memory):
    """Grokfast-MA as in the authors' code: a queue, which counts when it is full."""
    queue = memory.setdefault("queue", [])
    queue.append(g)
    del queue[:-4]
    return g + 5.0 * np.mean(queue, axis=0) if len(queue) == 4 else g


@pytest.mark.parametrize(
    ("name", "constants", "transform"),
    [
        ("adamw", {}, lambda number, w, g, memory: g),
        ("grokfast", {}, slow_part_amplified),
        ("grokfast_ma", {"grokfast_ma_window": 4}, mean_of_the_last_four_added),
        ("perpendicular", {}, at_right_angles),
        ("perpendicular", {"perpendicular_rescale": "yes"}, at_right_angles_and_as_long),
    ],
)
def test_adamw_and_what_changes_its_gradient(name, constants, transform):
    for run, weights in enumerate(trained(name, **constants)):
        for parameter, expected in by_hand(run, transform).items():
            np.testing.assert_allclose(weights[parameter], expected, rtol=1e-10, atol=1e-12)


def test_the_sphere_is_adamw_scaled_back_to_a_part_of_the_first_norm():
    """AdamW of algorithm 2 and the projection, on all parameters in one plain array."""
    for run, weights in enumerate(trained("sphere", sphere_alpha=0.7)):
        c = CONFIGS[run]
        w = np.concatenate([x.ravel() for x in normal(0)[run].values()])
        radius, m, v = 0.7 * np.sqrt(w @ w), np.zeros_like(w), np.zeros_like(w)
        for t in range(COUNT):
            g = np.concatenate([x.ravel() for x in normal(1 + t)[run].values()])
            m, v = c.beta1 * m + (1 - c.beta1) * g, c.beta2 * v + (1 - c.beta2) * g**2
            step = m / (1 - c.beta1 ** (t + 1)) / (np.sqrt(v / (1 - c.beta2 ** (t + 1))) + c.eps)
            lr = c.lr * min(t / c.warmup_steps, 1)
            w = w - lr * c.weight_decay * w - lr * step
            w = w * radius / np.sqrt(w @ w)
        found = np.concatenate([x.ravel() for x in weights.values()])
        np.testing.assert_allclose(found, w, rtol=1e-10, atol=1e-12)


def test_muon_orthogonalises_the_matrices_and_leaves_the_rest_to_adamw():
    c = CONFIGS
    for run, weights in enumerate(trained("muon")):
        for parameter, expected in by_hand(run, skip=MUON_MATRICES).items():
            np.testing.assert_allclose(weights[parameter], expected, rtol=1e-10, atol=1e-12)
        for parameter in ("W_Q", "W_in", "W_out"):
            w, buffer = normal(0)[run][parameter], 0.0
            for number in range(COUNT):
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
    w0, gradients = normal(0)[0]["W_in"], [normal(1 + number)[0]["W_in"] for number in range(COUNT)]
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


def one_update(**settings):
    """What two updates with gradients of another direction each make of 1, with lr 0.1 and without weight decay."""
    of_runs = optimizers.settings(
        [RunConfig(lr=0.1, weight_decay=0.0, warmup_steps=1, **settings)], torch.device("cpu"), torch.float64
    )
    shapes, update = {"W_in": (3, 2)}, UPDATES[of_runs.shared.optimizer]
    weights = pack([{"W_in": np.ones((3, 2))}], shapes)
    moments = memory(of_runs.shared, weights)
    for number, power in enumerate((1.0, 3.0)):
        gradient = pack([{"W_in": np.arange(6.0).reshape(3, 2) ** power}], shapes)
        updates = torch.full((1, 1), float(number), dtype=torch.float64)
        update(weights, gradient, moments, of_runs, updates, shapes)
    return weights.numpy()


def test_every_constant_of_an_optimizer_is_used():
    changed = {
        "muon": {"muon_momentum": 0.5, "muon_scale": 0.4, "muon_iterations": 3},
        "grokfast": {"grokfast_alpha": 0.5, "grokfast_lambda": 20.0},
        "grokfast_ma": {"grokfast_ma_window": 3, "grokfast_ma_lambda": 20.0},
        "perpendicular": {"perpendicular_rescale": "yes"},
        "sphere": {"sphere_alpha": 0.5},
    }
    base = {"grokfast_ma": {"grokfast_ma_window": 2}}
    for name, constants in changed.items():
        default = RunConfig(optimizer=name)
        assert optimizers.constants_of(default).keys() == constants.keys()
        for constant, value in constants.items():
            other = dataclasses.replace(default, **{constant: value})
            assert batch_key(other) != batch_key(default)
            usual = {"optimizer": name, **base.get(name, {})}
            assert not np.allclose(one_update(**usual), one_update(**{**usual, constant: value}))
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
    assert said["grokfast_ma"] == {"grokfast_ma_window": 100, "grokfast_ma_lambda": 5.0}
    assert said["sphere"] == {"sphere_alpha": 0.8}
    assert said["perpendicular"] == {
        "perpendicular_rescale": "no",
        "perpendicular_smallest_energy": float(np.finfo(np.float32).tiny),
    }


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_fused_step_and_autograd_take_the_same_way(name):
    """Ten updates of a batch, against the readable model whose gradients autograd finds."""
    config = RunConfig(
        p=5, d_model=8, n_heads=2, d_mlp=12, frac_train=0.6, optimizer=name, grokfast_ma_window=4
    )
    fused = batch.make_batch([config], [batch.first_state(config)], torch.device("cpu"), torch.float64)
    for _ in range(10):
        batch.gradient(fused)
        batch.update(fused)
    task = build_task(config)
    a, b = (torch.tensor(x) for x in np.nonzero(task.is_train))
    tokens = transformer.tokens_of(a, b, 5)
    weights = pack([transformer.initial_weights(config.model, 0)], config.shapes).double()
    moments, of_runs = memory(config, weights), optimizers.settings([config], weights.device, weights.dtype)
    for number in range(10):
        net = transformer.Transformer(unpack(weights[0].numpy(), config.shapes)).double()
        transformer.cross_entropy(net(tokens), torch.tensor(task.answers[task.is_train])).backward()
        grads = pack([{n: w.grad.numpy() for n, w in net.named_parameters()}], config.shapes)
        UPDATES[name](
            weights, grads, moments, of_runs, torch.full((1, 1), float(number)).double(), config.shapes
        )
    torch.testing.assert_close(fused.weights, weights, rtol=1e-7, atol=1e-9)
