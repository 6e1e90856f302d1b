"""Bars of frequencies: their rows by hand, and scales that do not move with the step."""

import numpy as np

from grokviz.view import bars


def test_ablations_tell_keys_from_others_and_stand_on_one_floor():
    rows = bars.ablations(np.array([1e-7, 3.0, 2e-7]), (2,))
    assert rows["role"].tolist() == ["other", "key", "other"]
    spec = bars.ablations_chart(rows, 4e-8, (2,)).to_dict()
    data = next(rows for rows in spec["datasets"].values() if "floor" in rows[0])
    assert {row["floor"] for row in data} == {2e-8}
    assert spec["layer"][0]["encoding"]["y"]["scale"]["type"] == "log"
