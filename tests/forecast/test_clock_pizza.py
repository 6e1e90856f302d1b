"""What ten seeds did, as it is stored beside the preset: complete, and what the page says of it holds."""

import dataclasses
import json

from grokviz.forecast.clock_pizza import FILE, P, outcomes
from grokviz.forecast.presets import preset
from grokviz.forecast.recipes import FAST, fast_preset
from grokviz.measures.registry import by_name
from grokviz.measures.snapshot import Snapshot
from grokviz.runs.folder import nearest_snapshot, open_run, read_weights
from grokviz.runs.library import BUNDLED
from grokviz.tasks.pairs import build_task


def test_ten_seeds_of_the_fast_preset_and_the_command_that_trains_them():
    stored = json.loads(FILE.read_text("utf-8"))
    assert stored["command"].startswith("python -m bench.clock_pizza")
    assert stored["p"] == P
    assert P in FAST
    for rate in {run["attention_rate"] for run in stored["runs"]}:
        assert [run.seed for run in outcomes(rate)] == list(range(10))
    assert outcomes(1.0)
    assert not outcomes(0.5)


def test_moments_lie_in_the_order_of_a_training():
    for rate in (0.0, 1.0):
        for run in outcomes(rate):
            if run.grokked:
                assert run.memorised_at <= run.grokked.step <= run.last.step
                assert run.grokked.test_accuracy >= 0.99
            for moment in filter(None, (run.grokked, run.last)):
                assert -1 <= moment.gradient_symmetricity <= 1
                assert 0 <= moment.distance_irrelevance <= 1.01
                assert 0 <= moment.circularity <= 1


def test_turning_to_the_clock_takes_both_measures():
    run = outcomes(1.0)[0]
    before = run.last._replace(gradient_symmetricity=0.9, distance_irrelevance=0.2)
    after = run.last._replace(gradient_symmetricity=0.1, distance_irrelevance=0.9)
    assert run._replace(grokked=before, last=after).turned_to_the_clock
    assert not run._replace(grokked=after, last=before).turned_to_the_clock
    mixed = after._replace(distance_irrelevance=0.1)
    assert not run._replace(grokked=before, last=mixed).turned_to_the_clock
    assert not run._replace(grokked=None, last=after).turned_to_the_clock


def test_the_recipe_of_a_pizza_is_the_fast_one_without_a_choice_of_attention():
    assert preset("pizza", P) == dataclasses.replace(fast_preset(P), attention_rate=0.0)


def test_the_run_of_the_papers_recipe_turns_from_the_pizza_to_the_clock():
    """As the page says of it: at the fall of its test loss against its end."""
    run = open_run(BUNDLED / "mod113-paper")
    task, found = build_task(run.config), {}
    for when, step in (("falls", 9_680), ("ends", run.last_step)):
        snapshot = Snapshot(read_weights(run, nearest_snapshot(run, step)), task)
        found[when] = [
            by_name(name).compute(snapshot) for name in ("gradient_symmetricity", "distance_irrelevance")
        ]
    assert found["falls"][0] > found["ends"][0] + 0.2
    assert found["falls"][1] < found["ends"][1] - 0.05
