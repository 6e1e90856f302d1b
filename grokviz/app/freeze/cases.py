"""What can be chosen on pages that compute in the app: a handful of questions and of cuts, computed beforehand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from grokviz.app.circuit import live, pair, snapshots, words
from grokviz.app.session import cache
from grokviz.app.session.cache import RunHandle
from grokviz.circuit.cuts import Choice, Cuts, format_cuts
from grokviz.circuit.questions import learned_last, least_sure
from grokviz.study import Study
from grokviz.sweeps import grid
from grokviz.sweeps.bundled import bundled


@dataclass(frozen=True)
class Case:
    """One thing to choose: what it is called, what the address says of it, and the bytes that its figures draw."""

    label: str
    query: Mapping[str, str]
    parts: Callable[[], Mapping[str, bytes]]  # by names that no other content has

    def told(self) -> dict[str, object]:
        """What the page knows of it."""
        return {"label": self.label, "query": dict(self.query)}


class Shelf(NamedTuple):
    """The cases of a page: how they are found, what their list is called, and what is said below it."""

    of: Callable[[RunHandle], list[Case]]  # a run
    label: str
    sentence: str
    of_each_run: bool = True  # or the same for every run


def questions(handle: RunHandle) -> list[Case]:
    """Five questions of a run, or fewer where two of them are the same."""
    study = cache.study(handle)
    a, b = pair.usual(study.task.is_test, study)
    found = {(a, b): "which it has never seen"}
    found.setdefault((b, a), "the same the other way round")
    if study.task.is_train.any():
        found.setdefault(pair.usual(study.task.is_train, study), "which it was trained on")
    if last := learned_last(study.timeline.is_right):
        found.setdefault(last[:2], "the last that it got right")
    if weak := least_sure(snapshots.inside(handle, len(study.timeline.steps) - 1).margin):
        found.setdefault(weak, "the one it is least sure of in the end")
    return [_question(handle, study, *asked, why) for asked, why in found.items()]


def _question(handle: RunHandle, study: Study, a: int, b: int, why: str) -> Case:
    def parts() -> Mapping[str, bytes]:
        return {"inside": live.whole_inside(handle), f"pair-{a}-{b}": live.whole_pair(handle, a, b)}

    return Case(f"{pair.question(study, a, b)}, {why}", {"a": str(a), "b": str(b)}, parts)


def cuts(handle: RunHandle) -> list[Case]:
    """Four cuts of a run whose waves are known: one that hurts, one that does not, all but the rule, and its neurons."""
    study, freqs, k = cache.study(handle), snapshots.waves(handle).freqs, snapshots.strongest(handle)
    if k is None:
        return [_cut(handle, study, Cuts(heads=(0,)), "Without its first head")]
    spared = [other for other in range(1, len(snapshots.order(study).group.blocks)) if other not in freqs]
    said = words.of(study)
    found = {Cuts(logits=Choice("drop", (k,))): f", the strongest {said.one}"}
    if spared:
        found[Cuts(logits=Choice("drop", (spared[0],)))] = f", a {said.one} that it does not use"
    found[Cuts(logits=Choice("keep", freqs))] = ""
    found[Cuts(clusters=(k,))] = f"Without the neurons of {snapshots.block_name(study, k)}"
    return [
        _cut(handle, study, one, why if one.clusters else words.of_cuts(study, one) + why)
        for one, why in found.items()
    ]


def _cut(handle: RunHandle, study: Study, made: Cuts, label: str) -> Case:
    a, b = pair.usual(study.task.is_test, study)
    name = format_cuts(made)

    def parts() -> Mapping[str, bytes]:
        return {f"{part}-{name}": data for part, data in live.whole_cut(handle, made, a, b).items()}

    return Case(label, {"cuts": name, "a": str(a), "b": str(b)}, parts)


QUESTIONS = Shelf(
    questions,
    "Question",
    "Of each run a few questions are here. A press on a square, or a hand that is let go, takes the nearest. All others:",
)
CUTS = Shelf(
    cuts,
    "Cut",
    "Of each run a few cuts are here. All others, the same cut with as many at random, and the paper’s experiments:",
)


def maps(handle: RunHandle) -> list[Case]:
    """The maps that come with GrokViz."""
    return [Case(grid.read(folder).title, {"map": name}, dict) for name, folder in bundled().items()]


MAPS = Shelf(
    maps, "Map", "To open or train a run of a cell, or to make a map of your own:", of_each_run=False
)
