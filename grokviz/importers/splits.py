"""Which pairs a file was trained on: what it says itself, what its losses confirm, what a person knows, or not known."""

from collections.abc import Mapping

import numpy as np

from grokviz.config import RunConfig
from grokviz.errors import RunError, Unanswered
from grokviz.importers import infer
from grokviz.importers.infer import Asked, Split
from grokviz.importers.layouts import read_checkpoint
from grokviz.importers.questions import GIVEN, OF_SPLIT, SPLITS, questions_of
from grokviz.importers.sources import Source
from grokviz.importers.training import share_of_settings
from grokviz.models.forward import cross_entropy, forward
from grokviz.runs.folder import Weights
from grokviz.runs.imported import UNKNOWN
from grokviz.tasks.pairs import NO_ANSWER, answers

WIDE = 60_000_000  # p p d_mlp: up to here losses are computed in float64


def check_given(given: Mapping[str, object]) -> dict:
    """What a person says of the file, checked before anything is read. Raises `RunError`, or `ConfigError`."""
    known = {name: value for name, value in given.items() if value is not None and value != ""}
    if (split := known.get("split", UNKNOWN)) not in SPLITS:
        raise RunError(f"The split {str(split)[:40]!r} is not known. Choose one of: {', '.join(SPLITS)}.")
    share = known.get("frac_train")
    if isinstance(share, float) and 2 <= share < 100:
        raise RunError(
            f"The share of the pairs is given as {share:g}, expected a number from 0.01 to 0.99. {share:g} % are {share / 100:g}."
        )
    settings: dict = {name: known[name] for name in GIVEN if name in known and name != "split"}
    RunConfig(p=5, **settings)  # refuses what cannot be
    return known


def find_split(source: Source, weights: Weights, asked: Asked, given: Mapping) -> Split:
    """The split, and how it is known: the pairs in the file, what was given, or what its losses confirm.

    Raises `Unanswered` with what is missing, and `RunError` where the pairs in the file cannot be.
    """
    p = weights["W_U"].shape[1]
    told = {name: given[name] for name in OF_SPLIT if name in given}
    if stored := infer.stored_split(source, p, asked):
        aside = ", ".join(f"{name} {value}" for name, value in told.items())
        return stored._replace(
            how=stored.how + (f", which win over what was given ({aside})" if aside else "")
        )
    own = {"frac_train": share_of_settings(source.settings), "seed": infer.seed_of(source.settings)}
    own = {name: value for name, value in own.items() if value is not None}
    known = own | told
    if told.get("split") == UNKNOWN:
        how = "not known: losses are of all pairs"
        return Split(UNKNOWN, known.get("seed", 0), known.get("frac_train", RunConfig.frac_train), None, how)
    if {"split", "frac_train"} <= known.keys():
        borrowed = [name for name in own if name not in told]
        how = "given" + (f"; {' and '.join(borrowed)} as its settings say" if borrowed else "")
        return Split(known["split"], known.get("seed", 0), known["frac_train"], None, how)
    found, reason = _by_losses(source, weights, asked, known)
    if found is None:
        raise _question(known, own, reason)
    return found


def _by_losses(source: Source, weights: Weights, asked: Asked, known: Mapping) -> tuple[Split | None, str]:
    """The paper's shuffle that gives the logged losses, first as the file says it; or why there is none."""
    is_stated = {"frac_train", "seed"} <= known.keys()
    telling = infer.telling_checkpoint(source, infer.A_LITTLE if is_stated else infer.APART)
    table = answers(RunConfig(p=weights["W_U"].shape[1], **asked))
    far = "no checkpoint in it falls on a step with a logged train and test loss that are far apart"
    if telling is None or (table == NO_ANSWER).any() or known.get("split", "paper") != "paper":
        return None, far
    index, logged = telling
    if index != len(source.states) - 1:
        weights = read_checkpoint(source.states[index]).weights
    loss = losses_of(weights, table)
    if not infer.are_apart(logged, infer.APART):  # one guess may be confirmed by less, if it fits closely
        found = infer.paper_split(loss, logged, [known["frac_train"]], [known["seed"]], infer.CLOSELY)
        return found, "" if found else far
    own_shares: list[float] = [known["frac_train"]] if "frac_train" in known else []
    own_seeds: list[int] = [known["seed"]] if "seed" in known else []
    shares, seeds = [n / 100 for n in range(1, 100)], list(range(infer.SEEDS))
    for a, b in ((own_shares, own_seeds), (own_shares, seeds), (shares, own_seeds), (shares, seeds)):
        if a and b and (found := infer.paper_split(loss, logged, a, b)):
            return found, ""
    return None, f"no seed up to {infer.SEEDS} of the paper's shuffle gives the losses in the file"


def losses_of(weights: Weights, table: np.ndarray) -> np.ndarray:
    """The loss of every pair, from float64 activations where they fit into memory."""
    p, d_mlp = weights["W_U"].shape[1], weights["W" if "W_x" in weights else "W_in"].shape[1]
    wide = np.float64 if p * p * d_mlp <= WIDE else np.float32
    logits = forward({name: w.astype(wide) for name, w in weights.items()}).logits
    return cross_entropy(logits.astype(np.float64), table)


def _question(known: Mapping, own: Mapping, reason: str) -> Unanswered:
    missing = [name for name in OF_SPLIT if name not in known]
    if known.get("split") == "seeded":
        reason = "its losses can only confirm the paper's shuffle"
    words = {"frac_train": "share {:g}", "seed": "seed {}"}
    said = " and ".join(words[name].format(value) for name, value in own.items())
    begin = (
        f"The file says {said}, and not how its pairs were drawn"
        if said
        else "The file does not say which pairs were trained on"
    )
    return Unanswered(f"{begin}, and {reason}.", questions_of(missing))
