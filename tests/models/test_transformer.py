import math

import numpy as np
import pytest
import torch

from grokviz.config import RunConfig
from grokviz.models import transformer
from grokviz.models.forward import forward

CONFIG = RunConfig(p=5, d_model=8, n_heads=2, d_mlp=12)


def by_loops(w: dict[str, np.ndarray], a: int, b: int) -> np.ndarray:
    """Logits of one pair from the definition, one head and one position at a time, in float64."""
    p = w["W_U"].shape[1]
    x = [w["W_E"][token] + w["W_pos"][i] for i, token in enumerate((a, b, p))]
    resid = x[2].copy()
    for head in range(len(w["W_Q"])):
        query = x[2] @ w["W_Q"][head]
        scores = [query @ (x_i @ w["W_K"][head]) / math.sqrt(len(query)) for x_i in x]
        total = sum(math.exp(s) for s in scores)
        for score, x_i in zip(scores, x, strict=True):
            resid += math.exp(score) / total * (x_i @ w["W_V"][head] @ w["W_O"][head])
    neurons = np.maximum(resid @ w["W_in"] + w["b_in"], 0)
    return (resid + neurons @ w["W_out"] + w["b_out"]) @ w["W_U"]


def random_weights(config: RunConfig) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {name: rng.normal(size=shape) / 2 for name, shape in config.shapes.items()}


def test_logits_equal_the_definition():
    weights = random_weights(CONFIG)
    a, b = (torch.tensor(x.ravel()) for x in np.mgrid[:5, :5])
    logits = transformer.Transformer(weights)(transformer.tokens_of(a, b, 5)).detach().numpy()
    expected = np.array([by_loops(weights, int(i), int(j)) for i, j in zip(a, b, strict=True)])
    np.testing.assert_allclose(logits, expected, rtol=1e-12)


def test_attention_looks_only_backwards_and_sums_to_one():
    acts = transformer.Transformer(random_weights(CONFIG)).run(torch.tensor([[1, 2, 5]]))
    assert torch.allclose(acts.pattern.sum(-1), torch.ones((), dtype=torch.float64))
    assert (acts.pattern.triu(1) == 0).all()


def test_parameters_have_the_names_and_shapes_of_the_config():
    shapes = {
        n: tuple(w.shape)
        for n, w in transformer.Transformer(
            transformer.initial_weights(CONFIG.model, CONFIG.seed)
        ).named_parameters()
    }
    assert shapes == CONFIG.shapes


@pytest.mark.parametrize("p", [5, 12, 113])
def test_initial_weights_have_the_published_scale(p):
    config = RunConfig(p=p)
    weights = transformer.initial_weights(config.model, config.seed)
    assert weights["b_in"].any() == weights["b_out"].any() == False  # noqa: E712
    for name in ("W_E", "W_Q", "W_K", "W_V", "W_O", "W_in", "W_out"):
        n = weights[name].size
        assert abs(weights[name].std() * math.sqrt(128) - 1) < 5 / math.sqrt(2 * n), name
    assert abs(weights["W_U"].std() * math.sqrt(p + 1) - 1) < 5 / math.sqrt(2 * weights["W_U"].size)


def test_initial_weights_follow_the_seed_and_are_pinned():
    """Runs are reproducible from their config only while this draw stays as it is."""
    first, again = (transformer.initial_weights(CONFIG.model, CONFIG.seed) for _ in range(2))
    assert all(np.array_equal(first[n], again[n]) for n in first)
    other = transformer.initial_weights(CONFIG.model, 1)
    assert not np.array_equal(first["W_E"], other["W_E"])
    np.testing.assert_allclose(first["W_E"][0, :3], PINNED, rtol=1e-6)


PINNED = [-0.21207918, -0.12392666, -0.35493079]


@pytest.mark.slow
def test_loss_at_step_0_is_near_uniform():
    config = RunConfig()
    a, b = (torch.tensor(x.ravel()) for x in np.mgrid[:113, :113])
    loss = transformer.cross_entropy(
        transformer.Transformer(transformer.initial_weights(config.model, config.seed))(
            transformer.tokens_of(a, b, 113)
        ),
        (a + b) % 113,
    )
    assert loss.dtype == torch.float64
    assert loss.item() == pytest.approx(math.log(113), abs=0.1)


def test_loss_keeps_its_precision_near_zero():
    logits = torch.tensor([[20.0, 0.0]])
    loss = transformer.cross_entropy(logits, torch.tensor([0])).item()
    assert loss == pytest.approx(math.log1p(math.exp(-20)), rel=1e-6)  # float32 would say 0


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-5), (np.float64, 1e-12)])
@pytest.mark.parametrize("p", [5, 12, 113])
def test_the_analysis_runs_the_same_network(p, dtype, tolerance):
    """Torch's forward pass and numpy's, on all pairs."""
    config = RunConfig(p=p, d_model=16, n_heads=4, d_mlp=24)
    weights = {name: w.astype(dtype) / 2 for name, w in random_weights(config).items()}
    a, b = (torch.tensor(x.ravel()) for x in np.mgrid[:p, :p])
    run = transformer.Transformer(weights).run(transformer.tokens_of(a, b, p))
    found = forward(weights)
    for name in ("resid_mid", "pre", "post", "logits"):
        expected = getattr(run, name)[:, -1].detach().numpy().reshape(p, p, -1)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(
            getattr(found, name), expected, rtol=0, atol=tolerance * scale, err_msg=name
        )
