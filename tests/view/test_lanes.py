"""Lanes one below the other: where each line, tint, dot and name stands."""

import pytest

from grokviz.view.lanes import CEILING, DATASETS, Lane, Line, lanes_chart, rows_of

LANES = [
    Lane("first", "90", [Line([0, 10], [0, 50], False), Line([0, 10], [0, 100])], (3, 9), [9, 10]),
    Lane("second", "not", [Line([], [])]),
]


def test_every_lane_has_its_floor_and_ceiling():
    rows = rows_of(LANES)
    assert rows["names"].to_numpy().tolist() == [["first", "90", 1.0], ["second", "not", 0.0]]
    assert rows["lines"]["height"].tolist() == pytest.approx([1, 1 + CEILING / 2, 1, 1 + CEILING])
    assert rows["lines"]["main"].tolist() == [False, False, True, True]
    assert rows["plateaus"].to_numpy().tolist() == [[3, 9, 1, 1 + CEILING]]
    assert rows["dots"]["step"].tolist() == [9, 10]


@pytest.mark.parametrize("dark", [False, True])
def test_the_specification_stays_the_same_while_lanes_fill(dark):
    spec = lanes_chart(2, 100, "two lanes", dark).to_dict()
    assert set(spec["datasets"]) == set(DATASETS) == set(rows_of(LANES))
    assert {layer["data"]["name"] for layer in spec["layer"]} == set(DATASETS)
    assert spec["description"] == "two lanes"
