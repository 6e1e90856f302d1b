"""What the form says before the start: the table of SCIENCE, its scaling, and silence beyond both."""

import dataclasses
import itertools
import math

import pytest

from grokviz.config import RunConfig, same_course
from grokviz.forecast.outlook import Known, bundled, outlook
from grokviz.forecast.presets import PRESETS, preset
from grokviz.tasks.pairs import OPERATIONS


def of(**changes):
    return outlook(dataclasses.replace(RunConfig(), **changes))


@pytest.mark.parametrize(
    ("frac_train", "step", "kind"),
    [
        (0.25, 21_848, "slowly"), (0.28, 15_037, "slowly"), (0.3, 7_930, "groks"),
        (0.4, 3_109, "groks"), (0.5, 956, "groks"), (0.6, 440, "at once"),
    ],
)  # fmt: skip
def test_the_curves_of_the_paper(frac_train, step, kind):
    """Read off the loss curves that Nanda et al. released."""
    found = of(frac_train=frac_train)
    assert (found.kind, found.grok_step, found.warning) == (kind, step, None)


def test_what_was_measured_at_other_weight_decays():
    slow = of(weight_decay=0.1, steps=100_000)
    assert (slow.kind, slow.grok_step, slow.warning) == ("slowly", 95_520, None)
    assert "96,000" in slow.sentence
    never = of(weight_decay=0.0)
    assert (never.kind, never.grok_step) == ("memorises", None)
    assert "without weight decay" in never.sentence
    assert never.warning is not None
    assert "choose a weight decay above 0" in never.warning
    quick = of(p=97, frac_train=0.4, lr=3e-3, weight_decay=2.0)
    assert quick.kind == "groks"
    assert quick.grok_step == pytest.approx(500, rel=0.15)
    assert "after some 90 steps" in quick.sentence  # measured: memorised by step 100


def test_between_the_measured_shares_it_falls_all_the_way():
    shares = [0.25 + 0.01 * i for i in range(36)]
    steps = [of(frac_train=share, steps=40_000).grok_step for share in shares]
    known = [step for step in steps if step is not None]
    assert len(known) == len(steps)
    assert all(a > b for a, b in itertools.pairwise(known))
    middle = of(frac_train=0.35).grok_step
    assert middle == pytest.approx(math.sqrt(7_930 * 3_109), abs=1)  # a straight line on a log axis
    assert of(frac_train=0.7).grok_step == of(frac_train=0.6).grok_step


def test_too_little_data():
    found = of(frac_train=0.2)
    assert (found.kind, found.grok_step) == ("slowly", None)
    assert "not grok before step 40,000" in found.sentence
    assert found.warning is not None
    assert "more data" in found.warning


def test_weaker_decay_than_any_measured_names_a_bound_only():
    found = of(weight_decay=0.001)
    assert (found.kind, found.grok_step) == ("slowly", None)
    assert "not grok before step 95,000" in found.sentence or "96,000" in found.sentence
    assert found.warning is not None


@pytest.mark.parametrize("operation", ["random", "x^3+xy^2+y"])
def test_what_can_only_be_memorised(operation):
    for changes in ({}, {"weight_decay": 0.0}, {"optimizer": "muon"}, {"p": 7}):
        found = of(operation=operation, **changes)
        assert (found.kind, found.grok_step) == ("memorises", None)
        assert "20" in found.sentence  # its source
        assert found.warning is not None
        assert "a + b" in found.warning


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        *(
            ({"operation": name}, "ones are of a + b")
            for name in OPERATIONS
            if name not in ("add", "random", "x^3+xy^2+y")
        ),
        ({"p": 59}, "from 97 to 113, not 59"),
        ({"p": 127}, "not 127"),
        ({"p": 100}, "not 100"),
        ({"optimizer": "muon"}, "optimizer is muon, in the known ones adamw"),
        ({"optimizer": "perpendicular", "weight_decay": 0.0}, "optimizer is perpendicular"),
        ({"loss": "stablemax", "weight_decay": 0.0}, "loss is stablemax"),
        ({"d_model": 64}, "d model is 64, in the known ones 128"),
        ({"lr": 1e-2}, "learning rates from 0.001 to 0.003, not 0.01"),
        ({"lr": 1e-4}, "not 0.0001"),
        ({"weight_decay": 7.0}, "weight decay of 7 is stronger"),
    ],
)
def test_of_what_nobody_measured_it_says_so(changes, says):
    found = of(**changes)
    assert (found.kind, found.grok_step, found.warning) == ("unknown", None, None)
    assert says in found.sentence
    assert found.sentence.startswith("No run like this was measured")


def test_a_run_that_ends_too_early_is_warned_of():
    assert of(steps=7_930).warning is None
    found = of(steps=7_929)
    assert found.kind == "groks"
    assert found.warning is not None
    assert "ends at step 7,929" in found.warning
    assert "14,000 steps should do" in found.warning  # the latest seed of this recipe took 14,200
    assert of(steps=7_929, operation="random").warning != found.warning


def test_what_was_measured_comes_before_the_table():
    quick = outlook(preset("quick"))
    assert (quick.kind, quick.grok_step, quick.warning) == ("groks", 1_505, None)
    same = dataclasses.replace(preset("quick"), seed=7, steps=1_000, log_every=3, precision="float32")
    assert outlook(same).grok_step == 1_505
    assert outlook(same).warning is not None
    assert outlook(dataclasses.replace(same, lr=2e-3)).kind == "unknown"

    fast = dataclasses.replace(RunConfig(), p=12, operation="multiply", optimizer="grokfast")

    def source(config):
        return {
            12: Known(300, False),
            113: Known(9_000, True),
            7: Known(None, False),
            11: Known(None, True),
        }.get(config.p)

    assert outlook(fast).kind == "unknown"
    assert outlook(fast, source)[:2] == ("at once", 300)
    assert outlook(RunConfig(), source).grok_step == 9_000
    assert outlook(preset("quick"), source).grok_step == 1_505  # of which it knows nothing
    tiny = outlook(RunConfig(p=7, steps=10), source)
    assert (tiny.kind, tiny.grok_step, tiny.warning) == ("at once", None, None)
    assert tiny.sentence == "It will probably understand almost as soon as it memorises."
    assert outlook(RunConfig(p=11), source).kind == "unknown"
    assert outlook(RunConfig(operation="random"), source).kind == "memorises"


@pytest.mark.parametrize(
    ("changes", "same"),
    [({"seed": 9, "split": "paper", "steps": 3, "stop": "steps", "log_every": 9, "precision": "float32"}, True),
     ({"max_snapshots": 3}, True), ({"lr": 1e-3}, False), ({"p": 61}, False), ({"optimizer": "muon"}, False)],
)  # fmt: skip
def test_two_runs_take_the_same_course_where_they_differ_as_seeds_do(changes, same):
    assert same_course(dataclasses.replace(preset("quick"), **changes), preset("quick")) == same


def test_the_bundled_runs_are_as_measured():
    """Of two seeds the median lies between; the bundled one is the later."""
    import json
    from pathlib import Path

    log = Path(__file__).parents[2] / "checkpoints" / "mod59-quick" / "log.jsonl"
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    grokked = next(row["step"] for row in rows if row["test_accuracy"] >= 0.99)
    assert bundled(preset("quick")) == ((1_150 + grokked) / 2, True)


def test_sentences_are_short_and_careful():
    configs = [
        dataclasses.replace(RunConfig(), frac_train=f, weight_decay=w, steps=s, lr=lr)
        for f in (0.1, 0.27, 0.3, 0.45, 0.8)
        for w in (0.0, 0.01, 0.3, 1.0, 2.0, 50.0)
        for s in (100, 40_000)
        for lr in (1e-3, 2e-3, 0.5)
    ]
    for config in [*configs, *map(preset, PRESETS)]:
        found = outlook(config)
        for text in (found.sentence, found.warning or "It is fine."):
            assert len(text) < 140
            assert text[0].isupper()
            assert text[-1] in ".!"
        assert "probably" in found.sentence or "No run like this" in found.sentence
        assert (found.grok_step is None) == (
            found.kind in ("memorises", "unknown") or "not grok" in found.sentence
        )
