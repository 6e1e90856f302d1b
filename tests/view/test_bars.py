"""Bars of frequencies: their rows by hand, and scales that do not move with the step."""

import numpy as np
import pytest

from grokviz.view import bars
from grokviz.view.palette import palette


def test_speakers_add_up_with_the_others_in_one_bar():
    spoken = np.array([1.0, -2.0, 0.5, 4.0])
    rows = bars.speakers(spoken, (4, 2), ("k = 4", "k = 2"))
    assert rows["frequency"].tolist() == ["k = 4", "k = 2", "all others"]
    assert rows["nats"].tolist() == [4.0, -2.0, 1.5]
    assert rows["nats"].to_numpy().sum() == pytest.approx(spoken.sum())


@pytest.mark.parametrize("dark", [False, True])
def test_a_frequency_keeps_its_colour_and_the_axis_its_reach(dark):
    spec = bars.speakers_chart(("k = 7", "k = 11"), 20.0, dark).to_dict()
    encoding = spec["layer"][0]["encoding"]
    assert encoding["x"]["scale"]["domain"] == [-20.0, 20.0]
    colours = palette()["frequencies"]["dark" if dark else "light"]
    assert encoding["color"]["scale"]["range"][:2] == colours[:2]
    assert spec["description"]


def test_ablations_tell_keys_from_others_and_stand_on_one_floor():
    rows = bars.ablations(np.array([1e-7, 3.0, 2e-7]), (2,))
    assert rows["role"].tolist() == ["other", "key", "other"]
    spec = bars.ablations_chart(rows, 4e-8, (2,)).to_dict()
    data = next(rows for rows in spec["datasets"].values() if "floor" in rows[0])
    assert {row["floor"] for row in data} == {2e-8}
    assert spec["layer"][0]["encoding"]["y"]["scale"]["type"] == "log"
