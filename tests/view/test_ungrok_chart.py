"""The figures of ungrokking: medians by hand, names in the colours of the house, and what the bundled table says."""

import pandas as pd
import pytest

from grokviz.forecast import ungrokking
from grokviz.view.palette import palette
from grokviz.view.ungrok_chart import cliff_chart, descent_chart


def rows_of(layer, spec):
    return spec["datasets"][layer["data"]["name"]]


@pytest.mark.parametrize("dark", [False, True])
def test_the_cliff_goes_through_the_middle_seed(dark):
    ends = pd.DataFrame(
        {"share": [0.05] * 3 + [0.1] * 3, "seed": [0, 1, 2] * 2, "accuracy": [0.1, 0.9, 0.2, 0.8, 1.0, 0.9]}
    )
    spec = cliff_chart(ends, 0.1, 1600, dark).to_dict()
    rule, line, dots, here = spec["layer"]
    assert [(row["share"], row["accuracy"]) for row in rows_of(line, spec)] == [(0.05, 0.2), (0.1, 0.9)]
    assert len(rows_of(dots, spec)) == 6
    assert (
        [row["share"] for row in rows_of(here, spec)]
        == [row["share"] for row in rows_of(rule, spec)]
        == [0.1]
    )
    assert line["encoding"]["y"]["scale"]["domain"] == [0, 1.02]
    assert line["mark"]["color"] == palette()["series"]["test"]["dark" if dark else "light"]


def test_the_way_down_names_every_curve_at_its_end():
    curves = pd.DataFrame(
        [(s, 1 - s / 3200 * (n + 1), name, seed) for s in (50, 1600) for seed in (0, 1, 2) for n, name in enumerate(("never seen", "removed"))],
        columns=["step", "accuracy", "series", "seed"],
    )  # fmt: skip
    spec = descent_chart(curves, 1600).to_dict()
    names = {row["series"]: row["accuracy"] for row in rows_of(spec["layer"][2], spec)}
    assert names == {"never seen": 0.5, "removed": 0.0}
    scale = spec["layer"][1]["encoding"]["color"]["scale"]
    series = palette()["series"]
    assert dict(zip(scale["domain"], scale["range"], strict=True)) == {
        "never seen": series["test"]["light"],
        "removed": series["apart"]["light"],
    }


def test_five_per_cent_fall_fifteen_stay_and_without_decay_nothing_happens():
    """Medians of the three seeds, of the table that `python -m bench.ungrokking` writes."""
    assert len({f.seed for f in ungrokking.forks()}) == 3
    assert ungrokking.median_end(0.05) < 0.5
    assert ungrokking.median_end(0.15) > 0.98
    assert ungrokking.median_end(0.05, 0.0) > 0.98
    assert ungrokking.median_end(0.35) > 0.98
    for f in ungrokking.forks():
        assert f.pairs == int(f.share * 59**2)
        assert (f.at[-1], f.train[-1]) == (ungrokking.STEPS, 1.0)
        removed = f.removed[-1]
        assert removed is None or abs(removed - f.never_seen[-1]) < 0.1  # they fall together
