import dataclasses

import numpy as np
import pytest

from grokviz.config import RunConfig
from grokviz.tasks.pairs import build_task
from grokviz.view.pixels import SIDE, split_picture

CONFIG = RunConfig(p=7, frac_train=0.4)


@pytest.mark.parametrize(("dark", "blank"), [(False, (239, 236, 229)), (True, (35, 38, 44))])
def test_pairs_to_be_trained_on_have_the_colour_of_their_answer_and_the_others_none(dark, blank):
    task, scale = build_task(CONFIG), SIDE // 7
    picture = split_picture(CONFIG, dark)
    assert picture.shape == (7 * scale, 7 * scale, 3)
    cells = picture[scale // 2 :: scale, scale // 2 :: scale]
    np.testing.assert_array_equal(picture, np.kron(cells, np.ones((scale, scale, 1), np.uint8)))
    np.testing.assert_array_equal((cells == blank).all(-1), ~task.is_train)
    for answer in range(7):
        colours = {tuple(c) for c in cells[task.is_train & (task.answers == answer)].tolist()}
        assert len(colours) <= 1
    seen = {tuple(c) for c in cells[task.is_train].tolist()}
    assert len(seen) == len(set(task.answers[task.is_train].tolist()))


def test_the_largest_table_has_a_pixel_for_each_pair():
    assert split_picture(dataclasses.replace(CONFIG, p=251)).shape == (251, 251, 3)
