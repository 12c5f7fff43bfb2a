"""Names, numbers and durations as text."""

import math
from collections.abc import Sequence

__all__ = ["alike", "brief", "duration", "metric", "number", "one_line"]


def one_line(text: str, limit: int) -> str:
    """A name from the data as a label: one line, shortened in the middle.

    >>> one_line("walking up\\na flight of stairs", 15)
    'walking… stairs'
    """
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    half = limit // 2
    return line if len(line) <= limit else f"{line[:half]}…{line[-half:]}"


def number(value: float | None) -> str:
    """A number in the units of the data: four significant digits, or a dash for None and NaN.

    >>> number(0.000123456), number(21.5), number(1234567.8), number(None)
    ('0.0001235', '21.50', '1,234,568', '–')
    """
    if value is None or value != value:
        return "–"
    value += 0.0  # no minus sign before zero
    return f"{value:,.0f}" if 1e3 <= abs(value) < 1e12 else f"{value:#.4g}"


def brief(value: float | None) -> str:
    """A number in a sentence: three significant digits, or all before the decimal point.

    >>> brief(364.31), brief(1.5), brief(0.0123), brief(1234567.8)
    ('364', '1.5', '0.0123', '1,234,568')
    """
    if value is None or value != value:
        return "–"
    return f"{value:,.0f}" if 100 <= abs(value) < 1e12 else f"{value + 0.0:.3g}"


def alike(values: Sequence[float | None]) -> list[str]:
    """Numbers of one kind, such as a forecast and its band: as many decimals for each.

    The largest has four significant digits; a dash stands for None and NaN.

    >>> alike([9.8765, 10.012]), alike([1234.5, 17.25, None])
    (['9.88', '10.01'], ['1,234', '17', '–'])
    """
    known = [abs(value) for value in values if value is not None and math.isfinite(value)]
    largest = max(known, default=0.0)
    if not 1e-4 <= largest < 1e12:
        return [number(value) for value in values]
    decimals = max(0, 3 - math.floor(math.log10(largest)))
    return [
        "–" if value is None or value != value else f"{round(value, decimals) + 0.0:,.{decimals}f}"
        for value in values
    ]


def metric(value: float | None) -> str:
    """A metric: four decimals, or a dash for None and NaN.

    >>> metric(0.5), metric(None)
    ('0.5000', '–')
    """
    return "–" if value is None or math.isnan(value) else f"{value:.4f}"


def duration(seconds: float) -> str:
    """Seconds as hours, minutes and seconds.

    >>> duration(185)
    '3 min 5 s'
    """
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
