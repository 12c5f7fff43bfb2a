"""Whether the first row of a file with one series a row names the columns.

A header of words shows itself: a series has numbers. A header of numbers (steps, times,
wavelengths) looks like a series, and one that is read as a series adds a case, so that every later
one is off by one. It is recognised where the other reading can be excluded, and otherwise the user
is asked.
"""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from regard.tables.cells import is_missing, is_number
from regard.tables.index import counts_rows, is_index_name

__all__ = ["first_is_header"]

_NAMES = frozenset({"label", "labels", "class", "target", "y", "id", "index"})
_LOOKED_AT = 200  # other rows
_FEW = 5  # values that any series may have in order by chance


def first_is_header(rows: Sequence[Sequence[str]], labels: Sequence[int]) -> bool | None:
    """Whether the first row is a header; None where it may be a series as well.

    It is one if

    - it has no number beside the labels;
    - a cell is a usual name, such as "label", that the column does not have below; or the first
      cell is empty or "Unnamed: 0", and the column counts the rows, as pandas writes an index;
    - its numbers count, or rise or fall, as those of no other row do, and its label occurs nowhere
      else though others repeat, or is text where all others are numbers (so of a column of texts);
    - at least five numbers count 0, 1, 2, ... or 1, 2, 3, ..., and no other row rises or falls.

    Parameters:
        rows: cells of all rows.
        labels: positions of the labels, negative ones from the end.
    """
    first, others = rows[0], rows[1:]
    given = {at % len(first) for at in labels if -len(first) <= at < len(first)}
    values = [cell for at, cell in enumerate(first) if at not in given]
    if not any(is_missing(cell) or is_number(cell) for cell in values):
        return bool(values)
    if not others:
        return False
    if _is_named(first, others):
        return True
    # Columns of texts, such as a label that is not the first, are no values either.
    texts = given | {at for at in range(len(first)) if not _has_numbers(others, at)}
    order = _order(first, texts)
    if not order:
        return False
    orders = {_order(row, texts) for row in others[:_LOOKED_AT]}
    alone = orders == {""}
    columns = [sorted(given)] * bool(given) + [[at] for at in texts - given]
    if any(_is_odd(first, others, each) for each in columns):
        return True if alone or (order == "counts" and "counts" not in orders) else None
    if len(first) - len(texts) < _FEW or order == "rises" or orders & {"counts", "even"}:
        return False
    if order == "counts" or not labels:
        return True if alone else None
    return None


def _has_numbers(rows: Sequence[Sequence[str]], column: int) -> bool:
    return any(column < len(row) and is_number(row[column]) for row in rows)


def _is_named(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    def below(at: int) -> list[str]:
        return [row[at].strip().lower() for row in others if at < len(row)]

    if is_index_name(first[0]) and counts_rows(below(0)):
        return True
    if not first[0].strip() and "" not in below(0):
        return True
    names = ((at, cell.strip().lower()) for at, cell in enumerate(first))
    return any(name in _NAMES and name not in below(at) for at, name in names)


def _is_odd(
    first: Sequence[str], others: Sequence[Sequence[str]], positions: Sequence[int]
) -> bool:
    """Whether the first row's label is none of the classes of the others."""
    own = [first[at] for at in positions]
    below = [[row[at] for at in positions if at < len(row)] for row in others]
    numeric = all(is_number(cell) or is_missing(cell) for row in below for cell in row)
    if numeric and not any(is_number(cell) or is_missing(cell) for cell in own):
        return True
    return own not in below and len({tuple(row) for row in below}) < len(below)


def _order(row: Sequence[str], texts: Collection[int]) -> str:
    """ "counts", "even" (equal steps), "rises" (or falls) or nothing, of three numbers or more."""
    cells = [cell for at, cell in enumerate(row) if at not in texts]
    if len(cells) < 3 or not _rise(cells[:_FEW]) or not _rise(cells):  # most are told by a few
        return ""
    numbers: NDArray[np.float64] = np.array([float(cell) for cell in cells])
    if numbers[0] in (0, 1) and (numbers == np.arange(len(cells)) + numbers[0]).all():
        return "counts"
    steps = np.diff(numbers)
    return "even" if np.ptp(steps) <= 0.02 * np.abs(steps).mean() else "rises"


def _rise(cells: Sequence[str]) -> bool:
    """Whether cells are numbers, each larger, or each smaller, than the one before."""
    if not all(is_number(cell) for cell in cells):
        return False
    steps = np.diff(np.array([float(cell) for cell in cells]))
    return bool((steps > 0).all() or (steps < 0).all())
