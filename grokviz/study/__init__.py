"""What the analysis says of a run folder: its timeline, its phases, its measures."""

import dataclasses
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from grokviz.measures import circuit, registry
from grokviz.measures.phases import NoHistory, Phases, find_phases
from grokviz.measures.snapshot import Snapshot
from grokviz.models.forward import parameters
from grokviz.runs import folder
from grokviz.runs.folder import Run
from grokviz.runs.log import MAX_STEP
from grokviz.study import cache, timeline
from grokviz.study.timeline import Timeline
from grokviz.tasks.groups import Places
from grokviz.tasks.pairs import Task, build_task, operation_of


@dataclass(frozen=True, eq=False)
class Study:
    """A run and all that the pages show of it."""

    run: Run
    task: Task
    timeline: Timeline
    phases: Phases

    @property
    def key_names(self) -> list[str]:
        """What is key in the run: its frequencies, or the blocks of a group that is no clock, by name."""
        if self.task.places is None or self.task.places.group.is_cyclic:
            return list(map(str, self.timeline.key_freqs))
        return [self.task.places.group.blocks[k].name for k in self.timeline.key_freqs]

    def index_at(self, step: float | np.integer) -> int:
        """The index of the snapshot nearest to a step; of two as near, the earlier."""
        return int(abs(self.timeline.steps - step).argmin())

    def step_at(self, step: float | np.integer) -> int:
        """The step of that snapshot."""
        return int(self.timeline.steps[self.index_at(step)])

    @property
    def last_step(self) -> int:
        """Where the time axis ends: the last step that is logged or has a snapshot."""
        return int(max([*self.run.logged["step"][-1:], *self.timeline.steps[-1:]]))


def load(run: Run, keep: bool = False, on_progress: Callable[[int, int], None] | None = None) -> Study:
    """The study of a run, from its cache where there is one; `keep` writes the cache.

    Without a cache every snapshot is measured: about 60 ms each for p = 113 on two cores.
    Raises `RunError` when the run has no snapshot yet or is damaged.
    """
    task = build_task(run.config)
    found = cache.read(run, task)
    if found is None:
        last = folder.read_weights(run, folder.nearest_snapshot(run, MAX_STEP))
        found = timeline.analyse(
            run.steps.tolist(), folder.iter_weights(run), last, task, on_progress=on_progress
        )
        if keep:
            cache.keep(run, found, task)
    return Study(run, task, found, phases_of(run))


def measure_and_keep(path: str, on_progress: Callable[[int, int], None]) -> None:
    """Measure a run and keep what was found beside it: for a process of its own. Raises as `load`."""
    load(folder.open_run(path), keep=True, on_progress=on_progress)


def is_kept(run: Run) -> bool:
    """Whether a run needs no measuring any more."""
    return cache.read(run, build_task(run.config)) is not None


RECHOOSE = 1.25  # a growing run chooses its key frequencies anew when it has so many times the snapshots


@dataclass
class Growing:
    """The study of a run that is being trained: what has been measured is not measured again, unless other frequencies
    turn out to be key. With a `share`, that takes at most this share of the time for which somebody has been looking."""

    measured: timeline.Measured | None = None
    steps: tuple[int, ...] = ()
    checksums: tuple[int, ...] = ()
    chosen_at: int = 0  # snapshots there were when keys and neurons were chosen
    lock: threading.Lock = field(default_factory=threading.Lock)  # for whoever shares it between threads
    share: float | None = None
    began: float = field(default_factory=time.monotonic)
    again: float = 0.0  # seconds that went into measuring what had been measured
    each: float = 0.0  # seconds that a snapshot took, the last time

    def look(self, run: Run, on_progress: Callable[[int, int], None] = lambda done, total: None) -> Study:
        """The study of the run as it is now. Key frequencies are those of its last snapshot, or of one not long
        before: choosing others means to measure every snapshot anew.

        Raises `RunError` when the run has no snapshot yet or is damaged.
        """
        task, n, known = build_task(run.config), len(run.steps), len(self.steps)
        went_back = self.checksums != run.checksums[:known]  # resumed from an earlier step, or another run
        is_time = n >= RECHOOSE * self.chosen_at + 1 and self._can_afford(known)
        before = known
        if self.measured is None or went_back or is_time:
            chosen = timeline.choose(folder.read_weights(run, folder.nearest_snapshot(run, MAX_STEP)), task)
            keep = self.measured is not None and not went_back and chosen.key_freqs == self.measured.key_freqs
            self.chosen_at = n
            if not keep:
                self.measured, self.steps, self.checksums, known = chosen, (), (), 0
        assert self.measured is not None
        del self.measured.rows[known:]  # of a look that a damaged snapshot ended
        more, begin = (folder.read_weights(run, i) for i in range(known, n)), time.monotonic()
        for done in timeline.measure_more(self.measured, more, task):
            on_progress(done, n)
        if n > known:
            self.each = (time.monotonic() - begin) / (n - known)
            self.again += self.each * (before - known)
        self.steps, self.checksums = tuple(run.steps.tolist()), run.checksums
        return Study(run, task, timeline.assemble(run.steps.tolist(), self.measured), phases_of(run))

    def _can_afford(self, snapshots: int) -> bool:
        """Whether so many may be measured once more, as far as the time goes."""
        if self.share is None:
            return True
        return self.again + self.each * snapshots <= self.share * (time.monotonic() - self.began)

    @property
    def state(self) -> tuple:
        """What it knows, to go from one process to another: see `know`."""
        return self.measured, self.steps, self.checksums, self.chosen_at

    def know(self, state: tuple) -> None:
        """Go on from the `state` of another."""
        self.measured, self.steps, self.checksums, self.chosen_at = state


def look_at(path: str, on_progress: Callable[[int, int], None]) -> tuple:
    """The state of a first look at a run that is being trained: for a process of its own."""
    growing = Growing()
    growing.look(folder.open_run(path), on_progress)
    return growing.state


PHASE_COLUMNS = ("step", "train_accuracy", "test_accuracy", "test_loss", "sum_squared_weights")


def phases_of(run: Run) -> Phases:
    """The phases of a run, from its log alone; `NoHistory` where that holds one look at it or none.

    Of a run whose split is not known, losses of all pairs stand on both sides of the log: they tell no side apart.
    """
    columns = {name: run.logged[name] for name in (*PHASE_COLUMNS, "train_loss")}
    if run.config.split == "unknown":
        apart = columns["train_loss"] != columns["test_loss"]
        columns = {name: values[apart] for name, values in columns.items()}
    if run.finished and np.isfinite(columns["train_loss"] + columns["test_loss"]).sum() < 2:
        return NoHistory()
    return find_phases(
        *(columns[name] for name in PHASE_COLUMNS),
        can_generalise=operation_of(run.config).can_generalise,
        train_loss=columns["train_loss"],
        restart=_restart(run),
    )


def _restart(run: Run) -> tuple[int, int] | None:
    """The last step at which a run was forked or its settings were changed, and the steps until the optimiser has
    settled: those that Adam's mean of the squared gradient remembers, 1 / (1 - beta2)."""
    steps, now = [], run.config.at(-1)
    for step, name, value in run.config.changes:
        if getattr(now, name) != value:
            steps.append(step)
        now = dataclasses.replace(now, **{name: value})  # pyright: ignore[reportArgumentType]
    match run.provenance.get("forked"):
        case {"step": int(step)} if step > 0:
            steps.append(step)
    return (max(steps), round(1 / (1 - run.config.beta2))) if steps else None


def measure_exactly(run: Run, index: int, key_freqs: tuple[int, ...] | None = None) -> dict:
    """Every measure of one snapshot in float64, as plain JSON values, with the group and what is key in it.

    Key frequencies are chosen on the final snapshot unless given.
    """
    task = build_task(run.config)
    if key_freqs is None:
        final = folder.read_weights(run, len(run.steps) - 1, np.float64)
        key_freqs = timeline.chosen_keys(Snapshot(final, task))
    weights = folder.read_weights(run, index, np.float64)
    snapshot = Snapshot(weights, task, key_freqs)
    values = registry.values_of(snapshot, drawn=False)
    told = registry.measures_to_json(values, key_freqs, list(parameters(weights)))
    if task.places and not task.places.group.is_cyclic:
        del told["key_freqs"]  # blocks have names, and no frequency
    return {"step": int(run.steps[index]), "p": run.config.p} | _group_to_json(snapshot) | told


def _order_in_words(places: Places, p: int) -> str:
    """Which number stands for which element of its group."""
    words = f"exponents of {places.root} modulo {p}" if places.root else "as they are numbered"
    return words if (places.a == places.b).all() else f"{words}, b backwards"


def _group_to_json(s: Snapshot) -> dict[str, object]:
    """The group that the answers are the product of, its key blocks by name, and how much the logits are like each.

    `order` says of which numbers the elements are the exponents, where they are: `key_freqs` are waves over those.
    """
    places = s.task.places
    if places is None:
        return {"group": None, "no_group": s.task.no_group, "key_blocks": [], "block_similarity": {}}
    centred = s.cube - s.cube.mean(axis=2, keepdims=True)
    similar = circuit.trig_similarities(centred, None, s.group).tolist()
    names = [block.name for block in s.group.blocks]
    return {
        "group": s.group.name,
        "order": _order_in_words(places, s.p),
        "key_blocks": [names[k] for k in s.key_freqs],
        "block_similarity": {
            name: alike if np.isfinite(alike) else None
            for name, alike in zip(names[1:], similar, strict=True)
        },
    }
