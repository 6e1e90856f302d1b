"""Numbers and short texts as people read them: 12,400, 2.4 × 10⁻⁷, 99.8 %, "14, 35 and 41".

The film says the same in the browser (`view/film/js/kit/wording.js`): one table of cases, tests/wording_cases.json,
is tested in both. Numbers are rounded half away from 0, as a reader would do it by hand and as JavaScript does.
"""

import math
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

NO_BREAK = "\xa0"  # a space at which no line ends
THIN = "\u202f"  # a thin space that does not break: between a number and its unit
MINUS = "−"
SMALL_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def readable(value: float) -> str:
    """Three figures or so, and a power of ten where a row of zeros would be counted: 4.73, 0.012, 2.4 × 10⁻⁷.

    NaN, which was not measured, is a dash.
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return _signed_part(value) + "∞"
    mantissa, exponent = _scientific(value)
    size = abs(value)
    if size == 0:
        text = "0"
    elif size < 0.001 or size >= 999_999.5:
        text = f"{mantissa} × 10{superscript(exponent)}"
    elif size < 0.995:
        text = f"{Decimal(mantissa).scaleb(exponent):f}"
    else:
        text = _fixed(size, 2 if size < 9.995 else 1 if size < 99.95 else 0)
    return _signed_part(value) + text


def read_aloud(value: float) -> str:
    """`readable` for a screen reader: "3.0 times ten to the minus 7"."""
    size = abs(value)
    if math.isnan(value):
        return "not measured"
    minus = "minus " if value < 0 else ""
    if math.isinf(value):
        return minus + "infinite"
    if size == 0 or 0.001 <= size < 999_999.5:
        return minus + readable(size)
    mantissa, exponent = _scientific(size)
    return f"{minus}{mantissa} times ten to the {'minus ' if exponent < 0 else ''}{abs(exponent)}"


def percent(share: float) -> str:
    """A share of 1 as per cent: 61 %, 5.3 %, 99.8 %. Only all of it is 100 %."""
    if not math.isfinite(share):
        return "–"
    value = abs(share) * 100
    if share < 0:
        return MINUS + percent(-share) if value >= 0.1 else f"0{THIN}%"
    if 0 < value < 0.1:
        return f"under 0.1{THIN}%"
    if 99.9 < value < 100:
        return f"over 99.9{THIN}%"
    if value >= 1e6:  # no share, but something that was damaged
        return f"{readable(value)}{THIN}%"
    digits = 1 if 0 < value < 9.95 or 99 <= value < 100 else 0
    return f"{_fixed(value, digits)}{THIN}%"


def whole(number: float) -> str:
    """12,400."""
    text = _fixed(abs(number), 0)
    return text if text == "0" else _signed_part(number) + text


def signed(value: float) -> str:
    """A number with its sign: +12.0, −0.41."""
    return "+" + readable(value) if value > 0 else readable(value)


def duration(seconds: float) -> str:
    """How long something takes, as people say it: 7 s, 45 s, 3 min, 1.5 h."""
    if seconds < 90:
        return f"{max(1, round(seconds)) if seconds < 10 else 5 * round(seconds / 5)}{NO_BREAK}s"
    return f"{round(seconds / 60)}{NO_BREAK}min" if seconds < 5_400 else f"{seconds / 3600:.1f}{NO_BREAK}h"


def superscript(exponent: int) -> str:
    """⁻⁷."""
    return str(exponent).translate(_SUPERSCRIPT)


def in_words(number: int) -> str:
    """Small numbers as words: no, one, two … ten, 11."""
    return SMALL_NUMBERS[number] if 0 <= number < len(SMALL_NUMBERS) else whole(number)


def plural(number: int, noun: str, nouns: str | None = None) -> str:
    """Three waves, one wave."""
    return f"{in_words(number)} {noun if number == 1 else nouns or noun + 's'}"


def listed(items: Iterable[object]) -> str:
    """14, 35 and 41."""
    words = [str(item) for item in items]
    return ", ".join(words) if len(words) < 2 else ", ".join(words[:-1]) + " and " + words[-1]


def sentence_case(text: str) -> str:
    """With a capital letter first."""
    return text[:1].upper() + text[1:]


def _signed_part(value: float) -> str:
    return MINUS if value < 0 else ""


def _fixed(size: float, digits: int) -> str:
    rounded = Decimal(float(size)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return f"{rounded:,f}"


def _scientific(value: float) -> tuple[str, int]:
    """Two figures and an exponent: 2.4e-7 is ("2.4", -7)."""
    if value == 0:
        return "0.0", 0
    exact = Decimal(abs(float(value)))
    exponent = exact.adjusted()
    mantissa = exact.scaleb(-exponent).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return (str(mantissa), exponent) if mantissa < 10 else ("1.0", exponent + 1)
