"""Cells of text files: numbers, marks of missing values, and labels."""

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from regard.tables.problems import Problems

__all__ = [
    "MISSING_LABELS",
    "MISSING_MARKS",
    "is_missing",
    "is_missing_label",
    "is_number",
    "not_a_number",
    "parse_numbers",
    "tidy_labels",
]

MISSING_MARKS = frozenset({"", "?", "nan", "na", "n/a", "null", "none"})
"""Marks of a missing value, in lower case."""

MISSING_LABELS = frozenset({"", "nan", "nat", "<na>"})
"""What a missing label becomes where it is converted to text, in lower case."""

_WRITTEN_LABELS = frozenset({"NA", "N/A", "None", "NULL", "null"})
"""What programs write in files of text for a missing label; "none" and "na" may be classes."""

_POINT_ZERO = re.compile(r"(0|-?[1-9]\d*)\.0")
_FIXED = re.compile(r"(?:0|-?[1-9]\d*)\.(0+)")  # as the format %.7f has it
_SCIENTIFIC = re.compile(r"-?\d\.(\d+)e[+-]\d\d+")  # as the format %.7e has it


def parse_numbers(
    cells: Sequence[str], problems: Problems, place: Callable[[int], str], *, wrong: float = 0.0
) -> NDArray[np.float64]:
    """Parse n texts as float64 [n], NaN for the marks of missing values.

    Parameters:
        cells: n texts.
        problems: takes the texts that are not numbers; they become `wrong`.
        place: names the place of a cell, given its position among them.
        wrong: see problems.
    """
    # Python and NumPy read 1_000 as a number; in a file it is a typo.
    if "_" not in "".join(cells):
        try:
            return np.array(cells, dtype=np.float64)
        except ValueError:
            pass  # A mark or a typo: parse one by one.
    numbers = np.zeros(len(cells))
    for at, cell in enumerate(cells):
        if is_missing(cell):
            numbers[at] = np.nan
        elif _reads_as_number(cell):
            numbers[at] = float(cell)
        else:
            numbers[at] = wrong
            problems.add(not_a_number(cell.strip()), [place(at)])
    return numbers


def is_missing(text: str) -> bool:
    """Whether a cell is empty or holds a mark for a missing value."""
    return text.strip().lower() in MISSING_MARKS


def is_number(text: str) -> bool:
    """Whether a cell holds a number; marks of missing values are not numbers."""
    return not is_missing(text) and _reads_as_number(text)


def is_missing_label(text: str, *, typed: bool = False) -> bool:
    """Whether a text stands for a missing label.

    Parameters:
        text: the label.
        typed: whether its source has a value of its own for what is missing, so that "NA" and
            "None" are names. Files of text have not.
    """
    stripped = text.strip()
    return stripped.lower() in MISSING_LABELS or (not typed and stripped in _WRITTEN_LABELS)


def not_a_number(text: str) -> str:
    """What is wrong with text that should be a number, with a hint if the reason is clear."""
    shown = text if len(text) <= 40 else text[:37] + "..."
    decimal_comma = "," in text and _reads_as_number(text.replace(",", "."))
    hint = "; write decimals with a point" if decimal_comma else ""
    return f"{shown!r} is not a number{hint}"


def tidy_labels(labels: Sequence[str] | NDArray[np.str_]) -> NDArray[np.str_]:
    """Labels as strings, stripped, with a single form for whole numbers that were printed.

    Text stays text: `1e2` and `100`, or `007` and `7`, are different classes. Two rules, neither of
    which merges two labels but an integer with its `.0`:

    - An integer with `.0` loses it: data frames write it where a column has a gap.
    - If all labels are whole numbers in one format of printf, `%.7e` or `%.7f` with any number of
      decimals, all are written as integers: the UCR archive has `1.0000000e+00` for class 1.

    >>> tidy_labels(["1.0", "1", "-1.0", "1.5", "1e2", "007", "walking"]).tolist()
    ['1', '1', '-1', '1.5', '1e2', '007', 'walking']
    >>> tidy_labels(["1.0000000e+00", "-1.0000000e+00", "1.2000000e+01"]).tolist()
    ['1', '-1', '12']
    """
    known, positions = np.unique(np.array(labels, dtype=np.str_), return_inverse=True)
    texts = [str(label).strip() for label in known]
    return np.array(_printed_whole(texts) or [_without_zero(text) for text in texts])[positions]


def _without_zero(text: str) -> str:
    found = _POINT_ZERO.fullmatch(text)
    return found[1] if found else text


def _printed_whole(texts: list[str]) -> list[str] | None:
    """The texts as integers if one format of printf has written them all, else None."""
    for form in (_FIXED, _SCIENTIFIC):
        found = [form.fullmatch(text) for text in texts]
        if not all(found) or len({len(each[1]) for each in found if each}) != 1:
            continue
        numbers = [float(text) for text in texts]
        if all(number.is_integer() and abs(number) < 2**53 for number in numbers):
            whole = [str(int(number)) for number in numbers]
            return whole if len(set(whole)) == len(texts) else None
    return None


def _reads_as_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text
