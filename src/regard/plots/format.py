"""Names, numbers and durations as text."""

import math

__all__ = ["duration", "metric", "number", "one_line"]


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
