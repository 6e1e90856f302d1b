"""What a file is said to be: the config of its run, and how every part of it is known."""

import dataclasses
import math
from collections.abc import Mapping

import numpy as np

import grokviz
from grokviz.config import SETTINGS, RunConfig
from grokviz.errors import ConfigError, Question, RunError, Unanswered
from grokviz.importers import infer, splits
from grokviz.importers.layouts import Checkpoint, read_checkpoint
from grokviz.importers.questions import questions_of
from grokviz.importers.sources import Source, with_rate
from grokviz.importers.training import training_of
from grokviz.importers.values import in_words, number_of, whole_of
from grokviz.models.forward import attention_rate, forward
from grokviz.models.spec import RATE
from grokviz.runs.imported import UNKNOWN
from grokviz.tasks.pairs import build_task, encode_pairs

TOLERANCE = 0.02  # share by which the stored weights may miss a logged loss before it is said
LARGEST_LOGIT = 1e15  # so that its square is a float32 too
AN_UPDATE = 0.1  # and up to which the reason may be that the log is an update apart


def refuse_other_architectures(settings: Mapping[str, object]) -> None:
    """Raises `RunError` when the file's own settings name something that the network of the paper is not."""
    layers = [whole_of(settings.get(k)) for k in ("n_layers", "num_layers")]
    if any(n is not None and n != 1 for n in layers):
        raise RunError("This network has several layers, its settings say. GrokViz shows networks of one.")
    if settings.get("normalization_type") not in (None, "None", "none") or settings.get("use_ln") is True:
        raise RunError("This network has a LayerNorm, its settings say. GrokViz shows networks without one.")
    act = settings.get("act_fn", settings.get("act_type", "relu"))
    if isinstance(act, str) and act.lower() != "relu":
        raise RunError(f"The neurons of this network are {act[:20]!r}, its settings say, expected relu.")
    for name, expected in (("attn_only", False), ("gated_mlp", False), ("attention_dir", "causal"),
                           ("positional_embedding_type", "standard"), ("use_attn_scale", True),
                           ("scale_attn_by_inverse_layer_idx", False)):  # fmt: skip
        found = settings.get(name, expected)
        if (name, found) == ("attention_dir", "casual"):  # as Zhong et al. spell it
            continue
        if isinstance(found, str | bool) and found != expected:
            raise RunError(
                f"The settings of this network say {name} = {in_words(found)}, expected {expected}."
            )
    scale, d_head = number_of(settings.get("attn_scale")), number_of(settings.get("d_head"))
    if scale and d_head and scale > 0 and d_head > 0 and abs(scale - math.sqrt(d_head)) > 1e-3:
        raise RunError(f"This network divides attention scores by {scale:g}, expected sqrt(d_head).")


def with_attention_rate(source: Source, given: Mapping) -> Source:
    """The file with its attention rate beside every checkpoint, where it is not 1: as given, or as its settings say.

    Raises `Unanswered` where the network is shown a and b alone, as those are that were trained at other rates, and
    nobody says at which; `RunError` where its settings name a rate that is none.
    """
    told = [source.settings[name] for name in SETTINGS[RATE].in_files if name in source.settings]
    rate = given.get(RATE, number_of(told[0]) if told else None)
    if RATE in source.states[-1]:
        return source
    if told and (rate is None or not 0 <= rate <= 1):
        raise RunError(
            f"The settings of this file give an attention rate of {in_words(told[0])}, expected 0 to 1."
        )
    if rate is None:
        weights = read_checkpoint(source.states[-1]).weights
        if "W_pos" in weights and len(weights["W_pos"]) == 2:
            raise Unanswered(
                "This network is shown a and b alone, and the file does not say at which attention rate it was trained.",
                questions_of([RATE]),
            )
        return source
    return with_rate(source, rate) if rate != 1 else source


def describe(source: Source, final: Checkpoint, given: Mapping) -> tuple[RunConfig, dict]:
    """The config of the run, and how every part of it is known: its provenance.

    Raises `Unanswered` when the operation or the split can neither be read nor inferred, nor is given.
    """
    sizes = _sizes(final)
    logits = forward(final.weights).logits
    if not np.abs(logits).max() < LARGEST_LOGIT:  # also refuses NaN
        raise RunError("The answers of these weights are beyond all numbers: this training has diverged.")
    guess = (
        infer.Guess(given["operation"], "given")
        if "operation" in given
        else infer.operation(logits.argmax(axis=2), source.settings)
    )
    if guess.operation is None:
        raise Unanswered(guess.how, (*questions_of(["operation"]), *_also_missing(source, final, given)))
    split = splits.find_split(source, final.weights, guess.settings, given)
    training = training_of(source.settings)
    config = dataclasses.replace(
        sizes,
        **training.values,
        **guess.settings,
        split=split.split,
        seed=split.seed,
        frac_train=split.frac_train,
        train_pairs=encode_pairs(split.is_train) if split.is_train is not None else "",
    )
    notes = [*source.notes, *final.notes, *training.notes, *_check(source, config)]
    if training.unknown:
        notes.append(f"The file says nothing of {', '.join(training.unknown)}.")
    return config, {
        "grokviz": grokviz.__version__, "imported": source.format, "layout": final.layout,
        "known": {"operation": guess.how, "split": split.how}, "unknown": training.unknown,
        "out_of_range": {name: value if math.isfinite(value) else str(value) for name, value in training.out_of_range.items()},
        "notes": notes,
    }  # fmt: skip


def _sizes(final: Checkpoint) -> RunConfig:
    w = final.weights
    try:
        if "W_x" in w:
            sizes = {"d_model": w["W_x"].shape[1], "d_mlp": w["W"].shape[1], "architecture": "mlp"}
            n_heads = next(n for n in (RunConfig.n_heads, 1) if sizes["d_model"] % n == 0)
        else:
            sizes = {"d_model": w["W_E"].shape[1], "d_mlp": w["W_in"].shape[1]}
            sizes |= {"attention_rate": attention_rate(w), "read_at": "=" if len(w["W_pos"]) == 3 else "b"}
            n_heads = w["W_Q"].shape[0]
        return RunConfig(p=w["W_U"].shape[1], n_heads=n_heads, precision="float32", **sizes)
    except ConfigError as error:
        raise RunError(f"GrokViz does not show networks of this size: {error.found}") from None


def _also_missing(source: Source, final: Checkpoint, given: Mapping) -> tuple[Question, ...]:
    """What else to ask for when the operation is not known, so that one answer is enough."""
    try:
        splits.find_split(source, final.weights, {"operation": "random", "group": ""}, given)
    except Unanswered as error:
        return error.questions
    return ()


def _check(source: Source, config: RunConfig) -> list[str]:
    """Whether converted weights and split give the logged losses: a sentence on the checkpoint that says most."""
    telling = infer.telling_checkpoint(source)
    index = telling[0] if telling else len(source.states) - 1
    step, task = source.steps[index], build_task(config)
    if config.split == UNKNOWN:
        return []
    loss = splits.losses_of(read_checkpoint(source.states[index]).weights, task.answers)
    found = []
    for name, mask, rows in (
        ("train", task.is_train, source.train_losses),
        ("test", task.is_test, source.test_losses),
    ):
        logged, ours = infer.loss_at(rows, step), float(loss[mask].mean())
        if logged is not None:
            off = float(infer.distance(ours, logged))
            found.append(f"{name} loss {ours:.4g} for {logged:.4g} in the file{_verdict(off)}")
    return [f"Check at step {step:,}: {'; '.join(found)}."] if found else []


def _verdict(off: float) -> str:
    if off <= TOLERANCE:
        return ""
    if off <= AN_UPDATE:
        return ", which is not close: checkpoint and log may be an update apart"
    return ", which is far off: the log, the split or the operation is another one"
