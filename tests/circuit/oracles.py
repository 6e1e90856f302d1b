"""Slow versions that share no code with the analysis: the plain torch model, places of numbers, least squares."""

import numpy as np
import torch

from grokviz.models.transformer import Transformer, tokens_of


def torch_activations(weights, p):
    """The readable model of the engine on all pairs, float64."""
    model = Transformer({name: w.astype(np.float64) for name, w in weights.items()})
    a, b = torch.meshgrid(torch.arange(p), torch.arange(p), indexing="ij")
    with torch.no_grad():
        return model, model.run(tokens_of(a.flatten(), b.flatten(), p))


def torch_logits(weights, p):
    return torch_activations(weights, p)[1].logits[:, -1].reshape(p, p, p).numpy()


def finish(model, resid_mid, post, p, skip=True):
    """From the activations at "=" to logits, in torch."""
    out = post @ model.W_out + model.b_out
    return ((resid_mid + out if skip else out) @ model.W_U).detach().reshape(p, p, p).numpy()


def places(operation, p):
    """(a, b) -> its sum, and c -> its place, by the definition of the operation alone; None where there is none."""
    if operation in ("multiply", "divide"):
        root = next(g for g in range(2, p) if {g**i % p for i in range(1, p)} == set(range(1, p)))
        log = {root**i % p: i for i in range(p - 1)}
        sign = 1 if operation == "multiply" else -1
        return p - 1, (lambda a, b: (log[a], sign * log[b]) if a and b else None), log.get
    if operation == "subtract":
        return p, (lambda a, b: (a, -b)), lambda c: c
    return p, (lambda a, b: (a, b)), lambda c: c


def design(operation, p, columns):
    """Rows: pairs that have a place, in row-major order; columns: functions of (x, y), x and y the places."""
    n, place, _ = places(operation, p)
    pairs = [(a, b) for a in range(p) for b in range(p) if place(a, b) is not None]
    w = lambda k, t: 2 * np.pi * k * t / n  # noqa: E731
    return pairs, np.array([[column(w, *place(a, b)) for column in columns] for a, b in pairs])


def component(x, operation, p, columns, constant=False):
    """Least squares of every channel of x over the pairs on the columns; 0 where a pair has no place."""
    pairs, X = design(operation, p, columns)
    rows = np.array([x[a, b] for a, b in pairs])
    fitted = np.zeros_like(x)
    fit = X @ np.linalg.lstsq(X, rows, rcond=None)[0]
    if constant:
        fit = fit + rows.mean(axis=0)
    for (a, b), value in zip(pairs, fit, strict=True):
        fitted[a, b] = value
    return fitted


def sum_columns(freqs):
    return [
        f
        for k in freqs
        for f in (lambda w, x, y, k=k: np.cos(w(k, x + y)), lambda w, x, y, k=k: np.sin(w(k, x + y)))
    ]


def product_columns(k, constant=False):
    waves = [lambda w, t: 1.0, lambda w, t: np.cos(w(k, t)), lambda w, t: np.sin(w(k, t))]
    pairs = [(f, g) for f in waves for g in waves][0 if constant else 1 :]
    return [lambda w, x, y, f=f, g=g: f(w, x) * g(w, y) for f, g in pairs]


def has_place(operation, p):
    _, place, _ = places(operation, p)
    return np.array([[place(a, b) is not None for b in range(p)] for a in range(p)])
