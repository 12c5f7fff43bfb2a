"""Cells of text files: numbers, marks of missing values, and labels."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError

__all__ = [
    "MISSING_MARKS",
    "is_missing",
    "is_number",
    "not_a_number",
    "parse_numbers",
    "tidy_labels",
]

MISSING_MARKS = frozenset({"", "?", "nan", "na", "n/a", "null", "none"})
"""Marks of a missing value, in lower case."""


def parse_numbers(cells: Sequence[str], where: str, *, start: int = 0) -> NDArray[np.float64]:
    """Parse n texts as float64 [n], NaN for the marks of missing values.

    Parameters:
        cells: n texts.
        where: names the place of a cell in messages, when followed by its number.
        start: the number of the first cell.

    Raises:
        DataError: A text is not a number.
    """
    # Python and NumPy read 1_000 as a number; in a file it is a typo.
    if "_" not in "".join(cells):
        try:
            return np.array(cells, dtype=np.float64)
        except ValueError:
            pass  # A mark or a typo: parse one by one.
    return np.array([_number(cell, f"{where} {at}") for at, cell in enumerate(cells, start)])


def is_missing(text: str) -> bool:
    """Whether a cell is empty or holds a mark for a missing value."""
    return text.strip().lower() in MISSING_MARKS


def is_number(text: str) -> bool:
    """Whether a cell holds a number; marks of missing values are not numbers."""
    return not is_missing(text) and _reads_as_number(text)


def not_a_number(where: str, text: str) -> DataError:
    """The error for text that should be a number, with a hint if the reason is clear."""
    shown = text if len(text) <= 40 else text[:37] + "..."
    decimal_comma = "," in text and _reads_as_number(text.replace(",", "."))
    hint = "; write decimals with a point" if decimal_comma else ""
    return DataError(f"{where}: {shown!r} is not a number{hint}")


def tidy_labels(labels: Sequence[str] | NDArray[np.str_]) -> NDArray[np.str_]:
    """Labels as strings, with a single form for each whole number.

    >>> tidy_labels(["1.0000000e+00", "1", "-1.0", "1.5", "walking"])
    array(['1', '1', '-1', '1.5', 'walking'], dtype='<U7')
    """
    known, positions = np.unique(np.array(labels, dtype=np.str_), return_inverse=True)
    return np.array([_tidy(str(label)) for label in known], dtype=np.str_)[positions]


def _number(text: str, where: str) -> float:
    if is_missing(text):
        return np.nan
    if not _reads_as_number(text):
        raise not_a_number(where, text.strip())
    return float(text)


def _reads_as_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _tidy(label: str) -> str:
    label = label.strip()
    # Digits alone stay unchanged: 007 is a name.
    if label.lstrip("+-").isdigit() or not _reads_as_number(label):
        return label
    number = float(label)
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else label
