"""The curves of a group's blocks, and what they share with the other charts."""

import json

import pandas as pd
import pytest

from grokviz.view import block_chart
from grokviz.view.palette import palette

BANDS = pd.DataFrame({"phase": ["memorisation"], "start": [0], "end": [5]})
STRENGTHS = pd.DataFrame({
    "step": [0, 0, 10, 10], "block": ["(4,1)", "sign"] * 2, "is_key": [True, False] * 2, "strength": [0.0, 0.1, 9.0, 0.2],
})  # fmt: skip


@pytest.mark.parametrize("dark", [False, True])
def test_the_phases_have_the_tint_of_the_theme(dark):
    tints = palette()["phases"]["memorisation"]
    mine, other = (tints["dark"], tints["light"]) if dark else (tints["light"], tints["dark"])
    drawn = json.dumps(block_chart.rises(STRENGTHS, BANDS, 0, 10, dark).to_dict())
    assert mine in drawn
    assert other not in drawn


def test_key_blocks_are_named_at_their_end_and_the_others_are_quiet():
    drawn = block_chart.rises(STRENGTHS, BANDS, 0, 10).to_dict()
    named = [row["block"] for rows in drawn["datasets"].values() for row in rows if "place" in row]
    assert named == ["(4,1)"]
    assert block_chart.QUIET in json.dumps(drawn)
