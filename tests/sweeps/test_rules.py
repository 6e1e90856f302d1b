"""What happened to a run: the published rule against the step files that its authors released."""

import pytest

from grokviz.sweeps.outcomes import Outcome
from grokviz.sweeps.rules import FATES, RULES, by_ratio, middle, published

# phase_diagram_plot/train_steps.txt and test_steps.txt of github.com/ejmichaud/grokking-squared (MIT licence, Liu, Nolte,
# Kitouni and Michaud 2022): first steps with an accuracy of 0.9. Rows: decoder learning rate from 1e-4 to 1e-2; columns:
# weight decay from 0 to 10; 99999: not within 1e5 steps.
NOT = 99_999
TRAIN = """
1650 1815 2069 2310 2536 3022 3984 8929 10185 15875 18911
1274 1302 1487 1589 1715 1968 2402 4632 9513 14864 17477
854 938 1015 1134 1172 1250 1605 3429 13034 15800 18738
938 1119 1186 1376 2980 969 1162 2239 3790 14977 18817
811 733 838 1029 1337 2361 99999 99999 2606 18775 23816
489 732 906 703 934 1554 99999 99999 99999 28683 99999
347 420 780 661 814 3044 99999 99999 99999 99999 99999
434 395 507 857 952 99999 99999 99999 99999 99999 99999
362 690 488 1162 99999 99999 99999 99999 99999 99999 99999
420 638 725 1561 99999 99999 99999 99999 99999 99999 99999
248 443 1425 99999 99999 99999 99999 99999 99999 99999 99999
"""
TEST = """
2076 2402 2571 3095 3906 5549 9455 12424 16837 67035 99999
1504 1698 1814 1818 2097 3275 5636 8543 18425 97186 99999
923 1015 1393 1476 1668 2193 2790 7392 18052 77518 99999
99999 99999 99999 99999 99999 1400 1939 19977 99999 99999 99999
""" + 7 * ("99999 " * 11 + "\n")  # fmt: skip
LETTERS = (
    "CCCCGGGGGGM CCCCCGGGGGM CCCCCCGGGGM MMMMMCCGMMM MMMMMMXXMMM MMMMMMXXXMX MMMMMMXXXXX MMMMMXXXXXX "
    "MMMMXXXXXXX MMMMXXXXXXX MMMXXXXXXXX"
)


def table(text: str) -> list[list[int | None]]:
    return [[None if int(s) == NOT else int(s) for s in row.split()] for row in text.strip().splitlines()]


def test_the_released_steps_give_the_published_diagram():
    rows = zip(table(TRAIN), table(TEST), strict=True)
    found = ["".join(published(*both).letter for both in zip(*row, strict=True)) for row in rows]
    assert " ".join(found) == LETTERS
    assert [sum(row.count(letter) for row in found) for letter in "CGMX"] == [17, 16, 49, 39]


@pytest.mark.parametrize(
    ("train", "test", "at", "letter"),
    [
        (74, 940, 0.03, "G"),
        (100, 399, 0.0, "C"),  # not four times as late
        (100, 400, 0.0, "G"),
        (100, 400, 0.495, "C"),  # less than 50 points below
        (100, 90, 0.99, "C"),
        (100, None, 0.1, "M"),
        (None, None, None, "X"),
    ],
)
def test_the_rule_of_ratios_is_that_of_the_recipes(train, test, at, letter):
    assert by_ratio(train, test, at).letter == letter


def test_a_fast_recipe_groks_by_the_ratio_and_comprehends_by_the_published_rule():
    fast = Outcome(0, {}, 0, train_90=60, test_90=700, memorised=74, grokked=940, test_when_memorised=0.03)
    assert [RULES[name].judge(fast).letter for name in ("ratio", "published")] == ["G", "C"]


def test_the_middle_seed_is_the_median_with_never_as_the_latest():
    def seed(run, memorised, grokked):
        return Outcome(run, {}, run, memorised=memorised, grokked=grokked, test_when_memorised=0.0)

    three = [seed(0, 50, None), seed(1, 50, 900), seed(2, 50, 700)]
    assert middle(three, RULES["ratio"]).grokked == 900
    assert middle(three[:2], RULES["ratio"]).grokked is None  # of two the later one
    neither = middle([seed(0, None, None), seed(1, 60, None)], RULES["ratio"])
    assert RULES["ratio"].judge(neither).letter == "X"


def test_every_fate_has_a_letter_of_its_own():
    assert "".join(fate.letter for fate in FATES) == "CGMX"
