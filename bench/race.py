"""The race: `python -m bench.race` trains what docs/race.csv lacks of the settings below and of the race itself, and writes
docs/race.md and grokviz/forecast/race.json.

First every trick tries its grid on a seed. The settings with the earliest grokking then run on five seeds that they were
not chosen on, every trick from the same weights on the same pairs, until some steps after the last has grokked. Steps are the same on every
machine, up to rounding.
"""

import csv
import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import torch

from bench.recipes import DOCS
from bench.together import is_looked_at, looks
from grokviz.forecast import race
from grokviz.forecast.race import GOAL, SEEDS, STEPS, TRICKS, Lane, Outcome, Race, Run

Settings = Mapping[str, float | str]

CSV, TEXT = DOCS / "race.csv", DOCS / "race.md"
GRID_SEEDS, GRID_STEPS = (5,), 1_200
MORE_STEPS = 500  # after the last seed has grokked: some fall back
AT_ONCE = 6  # runs: with more, a step waits for memory
SHARED = ("lr", "weight_decay")  # of these each run of a batch has its own
SHOWN = (*SHARED, "sphere_alpha")


def grid(lr: Iterable[float], **others: Iterable[float]) -> list[dict[str, float]]:
    names = ("lr", *others)
    return [dict(zip(names, values, strict=True)) for values in itertools.product(lr, *others.values())]


# A best rate at the edge of its grid says that the grid is too small: see `at_an_edge`.
GRIDS: dict[str, list[dict[str, float]]] = {
    "adamw": grid((5e-3, 1e-2, 2e-2, 4e-2)),
    "no_decay": grid((2.5e-3, 5e-3, 1e-2, 2e-2)),
    "muon": grid((1e-2, 2e-2, 4e-2), weight_decay=(0.1, 0.5)),
    "grokfast": [*grid((5e-3, 1e-2, 2e-2)), *grid((2.5e-3, 5e-3, 1e-2), weight_decay=(0.005,))],
    "grokfast_ma": [*grid((5e-3, 1e-2, 2e-2)), *grid((2.5e-3, 5e-3, 1e-2), weight_decay=(0.01,))],
    "perpendicular": grid((2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3)),
    "stablemax": [*grid((1e-2, 2e-2), weight_decay=(0.0,)), *grid((1e-2, 2e-2, 4e-2), weight_decay=(0.5,))],
    "sphere": grid((2.5e-3, 5e-3, 1e-2), sphere_alpha=(0.7, 0.8, 0.9)),
}


class Trial(NamedTuple):
    """A trick with settings, on one seed, for so many steps."""

    trick: str
    settings: str  # JSON, of what is tried
    seed: int
    steps: int


def trial(trick: str, tried: Settings, seed: int, steps: int) -> Trial:
    return Trial(trick, json.dumps(dict(tried)), seed, steps)


def settings_of(trick: str, tried: Settings) -> Settings:
    return {**TRICKS[trick].settings, **tried}


def run_together(trials: list[Trial], enough: int, more: int = 0) -> list[Run]:
    """Trials whose constants agree, until so many steps after enough of them have grokked, or to the end."""
    configs = [
        race.config_of(settings_of(t.trick, json.loads(t.settings)), t.seed, steps=t.steps) for t in trials
    ]
    found = [Outcome(t.seed, None, None, None, None, 0.0) for t in trials]
    curves: list[tuple[list[int], list[int]]] = [([], []) for _ in trials]
    for step, rows in looks(configs, trials[0].steps):
        for i, (_, _, train, test, _) in enumerate(rows):
            found[i] = after(found[i], step, train, test)
            for curve, share in zip(curves[i], (train, test), strict=True):
                curve.append(round(100 * share))
        grokked = [outcome.grokked for outcome in found if outcome.grokked is not None]
        if len(grokked) >= enough and step >= max(grokked) + more:
            break
    return [Run(o, tuple(c[0]), tuple(c[1])) for o, c in zip(found, curves, strict=True)]


def after(outcome: Outcome, step: int, train: float, test: float) -> Outcome:
    """The outcome with one look more."""
    test = round(test, 4)
    if outcome.memorised is None and train >= GOAL:
        outcome = outcome._replace(memorised=step, test_accuracy=test)
    if outcome.grokked is None and test >= GOAL:
        outcome = outcome._replace(grokked=step)
    if outcome.grokked is not None:
        lowest = test if outcome.lowest_after is None else min(outcome.lowest_after, test)
        outcome = outcome._replace(lowest_after=lowest)
    return outcome._replace(at_the_end=test)


def batches(trials: list[Trial]) -> Iterable[list[Trial]]:
    def constants(t: Trial) -> str:
        return json.dumps([t.trick, t.steps, _constants(json.loads(t.settings))])

    for _, group in itertools.groupby(sorted(trials, key=constants), key=constants):
        together = list(group)
        yield from (together[i : i + AT_ONCE] for i in range(0, len(together), AT_ONCE))


def _constants(tried: Settings) -> dict[str, float | str]:
    """What all runs of a batch have to have in common."""
    return {name: value for name, value in tried.items() if name not in SHARED}


def best(trick: str, known: Mapping[Trial, Outcome]) -> dict[str, float]:
    """The settings whose two seeds grok earliest on average; one that does not counts as the whole budget and what is
    missing at its end besides."""

    def lateness(tried: Settings) -> float:
        outcomes = [known[trial(trick, tried, seed, GRID_STEPS)] for seed in GRID_SEEDS]
        return statistics.mean(o.grokked or GRID_STEPS * (2 - o.at_the_end) for o in outcomes)

    return min(GRIDS[trick], key=lateness)


def at_an_edge(trick: str, chosen: Settings) -> str:
    """Which of the chosen settings is the smallest or the largest that was tried with it; "" where none is."""
    for name, value in chosen.items():
        tried = {each[name] for each in GRIDS[trick] if name in each}
        if len(tried) > 1 and value in (min(tried), max(tried)):
            return name
    return ""


def read_outcomes() -> dict[Trial, Outcome]:
    def number(text: str) -> float | int | None:
        return None if text == "" else float(text) if "." in text else int(text)

    if not CSV.exists():
        return {}
    with CSV.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        Trial(row["trick"], row["settings"], int(row["seed"]), int(row["steps"])): Outcome(
            *(number(row[name]) for name in Outcome._fields)  # pyright: ignore[reportArgumentType]
        )
        for row in rows
    }


def write_outcomes(known: Mapping[Trial, Outcome]) -> None:
    with CSV.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([*Trial._fields, *Outcome._fields[1:]])
        table.writerows([*t, *outcome[1:]] for t, outcome in known.items())


def read_lanes() -> dict[str, Lane]:
    if not race.FILE.exists():
        return {}
    return {lane.trick: lane for lane in race.from_json(json.loads(race.FILE.read_text("utf-8"))).lanes}


def write_lanes(lanes: Mapping[str, Lane]) -> None:
    config = race.config_of({}, 0)
    values = {
        "p": config.p,
        "frac_train": config.frac_train,
        "steps": STEPS,
        "looked_at": [step for step in range(STEPS + 1) if is_looked_at(step)],
        "lanes": [
            {
                "trick": lane.trick,
                "settings": dict(lane.settings),
                "tried": lane.tried,
                "runs": [{**r.outcome._asdict(), "train": r.train, "test": r.test} for r in lane.runs],
            }
            for lane in (lanes[trick] for trick in TRICKS if trick in lanes)
        ],
    }
    race.FILE.write_text(json.dumps(values, separators=(",", ":")) + "\n", "utf-8")


def said(what: str, act: Callable[[], object]) -> None:
    begin = time.perf_counter()
    act()
    print(f"{what}: {time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)


def try_grid(trick: str, known: dict[Trial, Outcome]) -> None:
    """Of a grid of which a part is unknown all of it is trained: what is trained together ends together."""
    wanted = [trial(trick, tried, seed, GRID_STEPS) for tried in GRIDS[trick] for seed in GRID_SEEDS]
    if all(t in known for t in wanted):
        return
    for old in [t for t in known if t.trick == trick and t.steps == GRID_STEPS]:
        del known[old]
    for together in batches(wanted):

        def act(together: list[Trial] = together) -> None:
            runs = run_together(together, enough=1)  # which is the best is then known
            known.update(zip(together, (run.outcome for run in runs), strict=True))
            write_outcomes(known)

        said(f"{trick}, {len(together)} trials", act)


def run_the_race(trick: str, known: dict[Trial, Outcome], lanes: dict[str, Lane]) -> None:
    chosen = best(trick, known)
    settings = settings_of(trick, chosen)
    if trick in lanes and dict(lanes[trick].settings) == settings:
        return

    def act() -> None:
        trials = [trial(trick, chosen, seed, STEPS) for seed in SEEDS]
        runs = run_together(trials, len(trials), MORE_STEPS)
        known.update(zip(trials, (run.outcome for run in runs), strict=True))
        lanes[trick] = Lane(trick, settings, len(GRIDS[trick]), tuple(runs))
        write_outcomes(known)
        write_lanes(lanes)

    said(f"the race: {trick}", act)


def main() -> None:
    torch.set_num_threads(1)
    known, lanes = read_outcomes(), read_lanes()
    for trick in TRICKS:
        try_grid(trick, known)
        run_the_race(trick, known, lanes)
    config = race.config_of({}, 0)
    found = Race(config.p, config.frac_train, STEPS, (), tuple(lanes[trick] for trick in TRICKS))
    TEXT.write_text(text(found, known), "utf-8")


HEAD = (
    "trick", *SHOWN, "memorised", "% known then", "grokked", "of the seeds", "seeds", "lowest since, %", "at the end, %",
)  # fmt: skip


def text(found: Race, known: Mapping[Trial, Outcome]) -> str:
    """docs/race.md: the race, what was tried, and what is meant."""
    lines = [
        "# The race",
        "",
        "Written by `python -m bench.race`. Optimisers and tricks from the same weights on the same pairs: "
        f"(a + b) mod {found.p}, {found.frac_train:.0%} of the pairs, the network of the fast preset "
        "(d_model 64, 4 heads, 256 neurons; beta2 0.98, 10 steps of warm-up), full batches.",
        "",
        f"Every trick first tries its grid on the seed {GRID_SEEDS[0]}, for {GRID_STEPS:,} steps at most; the settings that grok "
        f"first, steady or not, then run on the seeds {SEEDS[0]} to {SEEDS[-1]}, until {MORE_STEPS} steps after the last of them has grokked, or for "
        f"{found.steps:,}. *Memorised*, *grokked*: the first step with 99 % of the training pairs, and of the others, right: medians of "
        "the five, a seed that did not come there counting as later than any; *known then*: unseen pairs right when it has memorised, "
        "the median; *lowest since*: the lowest accuracy on unseen pairs that any seed fell to after it had grokked; *at the end*: the "
        "lowest of the five at their last step.",
        "",
        "## Five seeds",
        "",
        f"| {' | '.join(HEAD)} |",
        "|" + "---|" * len(HEAD),
        *(_row(lane) for lane in found.lanes),
        "",
        "## What was tried",
        "",
        *_edges(known),
        "Settings that are trained together may end when the first of them has "
        "grokked: of the others it is then only known that they would *later*, if at all.",
        "",
        "| trick | " + " | ".join(SHOWN) + " | memorised | grokked | at the end, % |",
        "|" + "---|" * (len(SHOWN) + 4),
        *(_tried(trick, tried, known) for trick in TRICKS for tried in GRIDS[trick]),
        "",
        "## What each is",
        "",
        *(
            f"- **{trick.label}.** {trick.words} [{trick.source[0]}]({trick.source[1]}). Published: {trick.published}"
            for trick in TRICKS.values()
        ),
    ]
    return "\n".join(lines) + "\n"


def _edges(known: Mapping[Trial, Outcome]) -> list[str]:
    """A paragraph on the grids that may be too small."""
    edges = {TRICKS[trick].label: at_an_edge(trick, best(trick, known)) for trick in TRICKS}
    words = [f"{label} ({name})" for label, name in edges.items() if name]
    return [
        f"The best lies at the edge of its grid, which may be too small, for: {', '.join(words)}.",
        "",
    ] * bool(words)


def _settings_cells(settings: Settings) -> list[str]:
    usual = race.config_of(settings, 0)
    is_sphere = usual.optimizer == "sphere"
    return [f"{getattr(usual, name):g}" if name in SHARED or is_sphere else "" for name in SHOWN]


def _row(lane: Lane) -> str:
    outcomes = [run.outcome for run in lane.runs]
    grokked = sorted(o.grokked for o in outcomes if o.grokked is not None)
    right = sorted(o.test_accuracy for o in outcomes if o.test_accuracy is not None)
    lowest = [o.lowest_after for o in outcomes if o.lowest_after is not None]
    cells = [
        TRICKS[lane.trick].label,
        *_settings_cells(lane.settings),
        f"{lane.memorised:,.0f}" if lane.memorised is not None else "not",
        f"{100 * right[len(right) // 2]:.0f}" if right else "",
        f"{lane.grokked:,}" if lane.grokked is not None else "not",
        f"{grokked[0]:,} to {grokked[-1]:,}" if grokked else "",
        f"{lane.done} of {len(outcomes)}",
        f"{100 * min(lowest):.0f}" if lowest else "",
        f"{100 * min(o.at_the_end for o in outcomes):.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def _tried(trick: str, tried: Settings, known: Mapping[Trial, Outcome]) -> str:
    o = known[trial(trick, tried, GRID_SEEDS[0], GRID_STEPS)]
    others = (
        known[trial(trick, each, GRID_SEEDS[0], GRID_STEPS)]
        for each in GRIDS[trick]
        if _constants(each) == _constants(tried)
    )
    not_yet = "later" if any(other.grokked for other in others) else "not"
    cells = [
        TRICKS[trick].label,
        *_settings_cells(settings_of(trick, tried)),
        *(not_yet if step is None else f"{step:,}" for step in (o.memorised, o.grokked)),
        f"{100 * o.at_the_end:.0f}",
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
