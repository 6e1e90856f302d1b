"""What the figures of a pair and of a cut are drawn from, of all snapshots at once: parts of a run, sent beside its film.

Of every snapshot what its stages say over all pairs, computed once for all viewers: the step in view at once, the others
behind the page. Of the pair itself every snapshot at once, from stacked weights.
"""

from contextlib import suppress
from typing import NamedTuple

import numpy as np
import streamlit as st
from jaxtyping import Float, Int, UInt8

from grokviz.app.circuit import pair, snapshots
from grokviz.app.session import address, apart, budget, cache
from grokviz.app.session.background import GRID, Rows
from grokviz.app.session.bounded import kept
from grokviz.app.session.cache import RunHandle
from grokviz.circuit import interventions
from grokviz.circuit.anatomy import Anatomy, dissect, written_sums
from grokviz.circuit.cuts import Cuts
from grokviz.circuit.stages import ideal_waves, read_logits, read_stages, waves_of
from grokviz.errors import HostingError, RunError
from grokviz.measures.encoding import SCALED, Stored, pack_answers
from grokviz.models.forward import Activations, PairAtSteps, Weights, follow_pair, forward, stack
from grokviz.runs.folder import read_weights
from grokviz.runs.imported import UNKNOWN
from grokviz.study import Study
from grokviz.tasks.groups import Places
from grokviz.tasks.pairs import Task, operation_of
from grokviz.view import frames
from grokviz.view.film import component

CURVES = (
    "radius",
    "ring_share",
    "embedding_share",
    "head_freq",
    "head_share",
    "head_wave",
    "neurons",
    "pure_neurons",
)
CURVES = (*CURVES, "neuron_share", "sum_size", "sum_share", "wave_size", "wave_share", "logit_share")
POINTS = ("rings", "sums")


def shown(study: Study) -> Int[np.ndarray, " kept"]:
    """The snapshots that the film plays."""
    return frames.kept_of(study.run, study.timeline)


def in_view(study: Study) -> int:
    """Which of them is nearest to the step in view."""
    steps = study.timeline.steps[shown(study)]
    return int(np.abs(steps - address.current().step).argmin())


@kept(cache.STACKS, key=lambda handle: handle.weights)
def stacked(handle: RunHandle) -> Weights:
    """The weights of all snapshots that are shown, as they are stored: in half the room of float32."""
    study = cache.study(handle)
    kept = shown(study)
    return stack((read_weights(study.run, int(index), None) for index in kept), len(kept))


@kept(cache.PAIRS, key=lambda handle, a, b: (handle.weights, a, b))
@np.errstate(over="ignore", invalid="ignore")  # a network that diverged is shown, not refused
def at_steps(handle: RunHandle, a: int, b: int) -> PairAtSteps:
    """One pair at all snapshots that are shown."""
    return follow_pair(stacked(handle), a, b)


@kept(cache.ANATOMIES, key=lambda handle: handle.weights)
def anatomies(handle: RunHandle) -> Rows[Anatomy]:
    """What the stages of each snapshot say over all pairs, as far as that has been computed."""
    study, freqs = cache.study(handle), snapshots.waves(handle).freqs
    run, index, order = study.run, shown(study), snapshots.order(study)

    def make(i: int) -> Anatomy:
        with np.errstate(over="ignore", invalid="ignore"), apart.in_turn():
            return dissect(read_stages(forward(read_weights(run, int(index[i]), np.float32)), order, freqs))

    return Rows(len(index), make)


@st.fragment
@cache.one_rerun()
def send_pair(a: int, b: int) -> None:
    """Send the pair and all around it; as long as something is missing, the page asks again for this alone."""
    with suppress(RunError, HostingError), budget.charged(), st.container(gap=None):  # the explorer says so
        handle, study = address.handle(), address.study()
        rows = anatomies(handle).ask(index := in_view(study))
        if rows.has_grown():
            cache.ANATOMIES.measure_again(("anatomies", handle.weights))
        done = rows.steps_done()
        found = {i: rows[i] for i in done}
        component.part(_inside_part(handle, found, _coming(rows, index)), key="part-inside")
        component.part(_pair_part(handle, (a, b), found), key="part-pair")


def whole_inside(handle: RunHandle) -> bytes:
    """What its stages say of every snapshot, computed now where it is not here: the part "inside" of a run."""
    return _inside_part(handle, anatomies(handle).all(), _ALL)


def whole_pair(handle: RunHandle, a: int, b: int) -> bytes:
    """A pair at every snapshot: the part "pair"."""
    return _pair_part(handle, (a, b), anatomies(handle).all())


_ALL = {"waits": False, "soon": False}


def _id(handle: RunHandle) -> str:
    study = cache.study(handle)
    return frames.timeline_id(study.run, study.timeline)


def _coming(rows: Rows, index: int) -> dict[str, bool]:
    """What the page is told: whether it shall ask again, and soon, as long as the step in view is not here."""
    return {"waits": not rows.is_complete, "soon": index not in rows.done}


def _inside_part(handle: RunHandle, found: dict[int, Anatomy], coming: dict[str, bool]) -> bytes:
    rows = list(found.values())
    arrays = {name: _floats([getattr(row, name) for row in rows]) for name in CURVES}
    arrays |= {name: SCALED.encode(np.stack([getattr(row, name) for row in rows])) for name in POINTS}
    return frames.pack("inside", _id(handle), {"at": list(found), **coming}, arrays)


def _pair_part(handle: RunHandle, asked: tuple[int, int], found: dict[int, Anatomy]) -> bytes:
    activations = at_steps(handle, *asked)
    turned = [written_sums(activations.post[i], row) for i, row in found.items()]
    arrays = {name: _floats(getattr(activations, name)) for name in ("logits", "pattern")}
    arrays |= {"turned": _floats(turned), **_waves(handle, asked, activations.logits)}
    about = about_pair(handle, asked) | {"at": list(range(len(activations.logits))), "rows": list(found)}
    return frames.pack("pair", _id(handle), about, arrays)


def _waves(
    handle: RunHandle, asked: tuple[int, int], logits: Float[np.ndarray, "steps p"]
) -> dict[str, Stored]:
    """What each frequency adds to the logits of a pair, over the answers, and the wave that each ought to be."""
    study, freqs = cache.study(handle), snapshots.waves(handle).freqs
    order, place = snapshots.order(study), pair.places(study, *asked)
    if study.task.places is None or place is None:
        return {}
    centred = logits[:, order.c] - logits[:, order.c].mean(axis=1, keepdims=True)
    found = waves_of(np.nan_to_num(centred.astype(np.float64)), order.group, freqs)
    unit = ideal_waves(order.group, freqs, int(order.group.product[place]))
    return {"waves": SCALED.encode(found), "unit": _floats(unit)}


def about_pair(handle: RunHandle, asked: tuple[int, int]) -> dict[str, object]:
    """What the figures are told of a pair: its numbers, its right answer, and their places in the order of sums."""
    study, (a, b) = cache.study(handle), asked
    order, place, config = snapshots.order(study), pair.places(study, a, b), study.run.config
    reads_scores = config.architecture == "transformer" and config.read_at == "="
    freqs = snapshots.waves(handle).freqs
    right, operation = int(study.task.answers[a, b]), operation_of(config)
    answer = pair.written(study, right)
    seen = "It was trained on this pair." if study.task.is_train[a, b] else "It has never seen this pair."
    if config.split == UNKNOWN:
        seen = "Whether it was trained on this pair is not known."
    return {
        "a": a,
        "b": b,
        "right": right,
        "places": [*place, int(order.group.product[place])] if place and study.task.places else None,
        "n": order.n,
        "order": {name: getattr(order, name).tolist() for name in "abc"},
        "freqs": list(freqs),
        "names": [snapshots.block_name(study, k) for k in freqs],
        "blocks": [block.name for block in order.group.blocks],
        "clock": snapshots.is_clock(study),
        "sign": snapshots.sum_sign(study),
        "question": f"{pair.question(study, a, b)} = {answer}" if operation.sign else f"right: {answer}",
        "seen": seen,
        "rate": config.attention_rate if reads_scores else None,
        "axis": "answer c" if order.root is None else f"answer c, in the order of the powers of {order.root}",
    }


def _floats(values: object) -> Stored:
    return Stored(np.nan_to_num(np.asarray(values, np.float32), posinf=0, neginf=0))


# Cuts


class Cost(NamedTuple):
    """What one snapshot answers with these cuts. Losses in nats, from float32."""

    train_loss: float
    test_loss: float
    all_loss: float
    train_accuracy: float
    test_accuracy: float
    answers: UInt8[np.ndarray, "p p"]  # see `pack_answers`
    wave_size: Float[np.ndarray, " K"]
    wave_share: Float[np.ndarray, " K"]
    logit_share: float


COSTS = Cost._fields[:5]
WAVES = Cost._fields[6:]


@kept(cache.COSTS, key=lambda handle, cuts: (handle.weights, cuts))
def costs(handle: RunHandle, cuts: Cuts) -> dict[int, Cost]:
    """By snapshot, as far as they have been computed: `cut_pairs` fills this."""
    return {}


@kept(cache.CUT_PAIRS, key=lambda handle, cuts, a, b: (handle.weights, cuts, a, b))
def cut_pairs(handle: RunHandle, cuts: Cuts, a: int, b: int) -> Rows[Float[np.ndarray, " p"]]:
    """The logits of one pair with these cuts, snapshot by snapshot; on the way, what all pairs answer."""
    study, freqs = cache.study(handle), snapshots.waves(handle).freqs
    run, task, index, order = study.run, study.task, shown(study), snapshots.order(study)
    found = costs(handle, cuts)

    @np.errstate(over="ignore", invalid="ignore")
    def make(i: int) -> Float[np.ndarray, " p"]:
        weights = read_weights(run, int(index[i]), np.float32)
        with apart.in_turn():
            cut = interventions.run(weights, cuts, order)
            if i not in found:
                found[i] = cost_of(cut, task, order, freqs)
            return cut.logits[a, b].copy()

    return Rows(len(index), make)


def cost_of(cut: Activations, task: Task, order: Places, freqs: tuple[int, ...]) -> Cost:
    """What a network with cuts answers to all pairs, and how much of that its waves explain."""
    out, waves = interventions.outcome(cut.logits, task), read_logits(cut, order, freqs)
    measured = {name: getattr(out, name) for name in COSTS} | {name: waves[name] for name in WAVES}
    return Cost(answers=pack_answers(out.probability, out.is_right), **measured)


@st.fragment
@cache.one_rerun()
def send_cut(cuts: Cuts, a: int, b: int) -> None:
    """Send what these cuts cost, and what the pair is answered with them; the page asks again while something is missing."""
    with suppress(RunError, HostingError), budget.charged(), st.container(gap=None):
        handle, study = address.handle(), address.study()
        rows = cut_pairs(handle, cuts, a, b).ask(index := in_view(study))
        if rows.has_grown():
            cache.COSTS.measure_again(("costs", (handle.weights, cuts)))
        for name, found in _cut_parts(handle, cuts, (a, b), _coming(rows, index)).items():
            component.part(found, key=f"part-{name}")


def whole_cut(handle: RunHandle, cuts: Cuts, a: int, b: int) -> dict[str, bytes]:
    """What these cuts cost at every snapshot and what the pair is answered with them: the parts by their names."""
    cut_pairs(handle, cuts, a, b).all()
    return _cut_parts(handle, cuts, (a, b), _ALL)


def _cut_parts(
    handle: RunHandle, cuts: Cuts, asked: tuple[int, int], coming: dict[str, bool]
) -> dict[str, bytes]:
    rows, found, id = cut_pairs(handle, cuts, *asked), costs(handle, cuts), _id(handle)
    known, done = sorted(found), rows.steps_done()
    arrays = {name: _floats([getattr(found[i], name) for i in known]) for name in (*COSTS, *WAVES)}
    logits = np.array([rows[i] for i in done])
    sent = {"logits": _floats(logits), **_waves(handle, asked, logits)}
    about = about_pair(handle, asked) | {"at": done, "rows": []}
    return {
        "cut": frames.pack("cut", id, {"at": known, **coming}, arrays),
        "damage": _damage_part(id, found, rows.n),
        "cutpair": frames.pack("cutpair", id, about, sent),
    }


def _damage_part(id: str, found: dict[int, Cost], n: int) -> bytes:
    """A byte for every pair: sent three times at most, for the step in view, a coarse grid, and all."""
    first = (
        list(found) if len(found) == n else list(found)[: GRID + 1] if len(found) > GRID else list(found)[:1]
    )
    answers = np.stack([found[i].answers for i in sorted(first)])
    return frames.pack("damage", id, {"at": sorted(first)}, {"answers": Stored(answers)})
