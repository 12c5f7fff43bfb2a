"""Delimited text: one univariate series a row, as in the UCR archive.

    label, value, value, ...

Cells are divided by tabs, semicolons, commas or blanks, whichever of these, in this order, the
first row has. All rows are equally long. Rows and columns in messages count from 1, as editors
show them.
"""

import csv
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_choice, check_count
from regard.errors import DataError
from regard.inputs.series.cases import Cases
from regard.tables.cells import is_missing, is_number, parse_numbers, tidy_labels
from regard.tables.files import FilePath, read_text
from regard.tables.missing import Missing, check_missing, settle_missing

__all__ = ["parse_rows", "read_csv", "read_rows"]


def read_csv(
    path: FilePath,
    *,
    label: Literal["first", "none"] = "first",
    targets: int = 0,
    missing: Missing = "refuse",
) -> Cases:
    """Read a CSV or TSV file with one series a row, after its label or its targets.

    A header is skipped: a first row without a single number (apart from the label), or one that
    counts the columns from 0 or 1 and calls the first of them label, class, target or y, or has no
    number where targets are. Blank rows are skipped. Empty cells and NaN, NA, N/A, null, none and ?
    are missing values.

    Parameters:
        path: A UTF-8 text file.
        label: "first" where the first cell of a row is its label, "none" where there is none.
        targets: How many cells, first in the row, are numbers to predict; they are then in the
            place of a label.
        missing: "refuse" or "interpolate".

    Returns:
        B cases of one channel and T steps. Labels are strings, a whole number written in only one
        way: "1.0000000e+00" becomes "1"; targets are float64, [B] or, where there are several,
        [B, targets].

    Raises:
        DataError: The file cannot be read, a row is longer or shorter than the first, a cell is
            no number, a value is infinite or missing, a label is missing.
    """
    check_choice("label", label, ("first", "none"))
    check_missing(missing)
    check_count("targets", targets, least=0)
    return parse_rows(path, read_rows(path)[1], label=label, targets=targets, missing=missing)


def read_rows(path: FilePath) -> tuple[int, Iterator[tuple[int, list[str]]]]:
    """The number of columns, and the number and the cells of each row that is not blank."""
    rows = _rows(path)
    first = list(islice(rows, 2))  # of which the first may be a header
    return len(first[-1][1]), chain(first, rows)


def parse_rows(
    path: FilePath,
    records: Iterator[tuple[int, list[str]]],
    *,
    label: Literal["first", "none"],
    targets: int,
    missing: Missing,
) -> Cases:
    """The cases of the rows that `read_rows` gives; see `read_csv`."""
    labelled = targets if targets and label == "first" else int(label == "first")
    rows: list[int] = []
    labels: list[str] = []
    numbers: list[NDArray[np.float64]] = []
    series: list[NDArray[np.float64]] = []
    for row, cells in _without_header(records, labelled, targets=targets):
        where = f"{path}, row {row}"
        if len(cells) == labelled:
            raise DataError(f"{where} has {'targets' if targets else 'a label'} and no values")
        if series and len(cells) - labelled != len(series[0]):
            raise DataError(
                f"{where} has {len(cells) - labelled} values, row {rows[0]} has {len(series[0])}; "
                "series of unequal lengths belong in a .ts file or a table"
            )
        if labelled and targets:
            numbers.append(_targets(cells[:targets], where))
        elif labelled:
            labels.append(_label(cells[0], where))
        series.append(parse_numbers(cells[labelled:], f"{where}, column", start=1 + labelled))
        rows.append(row)
    if _counts_columns(labels, series):
        del rows[0], labels[0], series[0]
    if not series:
        raise DataError(f"{path} has a header and no series")
    values = np.stack(series)[:, None, :]  # [B, 1, T]
    lengths = np.full(len(values), values.shape[2], dtype=np.int64)
    values = settle_missing(
        values,
        lengths,
        missing=missing,
        place=lambda case, _, step: f"{path}, row {rows[case]}, column {step + 1 + labelled}",
    )
    given: NDArray[Any] | None = tidy_labels(labels) if labels else None
    if numbers:
        given = np.stack(numbers) if targets > 1 else np.concatenate(numbers)
    return Cases(values, lengths, given)


def _rows(path: FilePath) -> Iterator[tuple[int, list[str]]]:
    """The number and the cells of each row that is not blank."""
    text = read_text(path)
    lines = text.split("\n")
    first = next(line for line in lines if line.strip())
    delimiter = next((mark for mark in "\t;," if mark in first), None)
    if '"' not in text:
        for row, line in enumerate(lines, start=1):
            if line.strip():
                yield row, line.split(delimiter)
        return
    stripped = lines if delimiter else [" ".join(line.split()) for line in lines]
    reader = csv.reader(stripped, delimiter=delimiter or " ", strict=True)
    row = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield row, cells
            row = reader.line_num + 1  # a quoted cell may go over several lines
    except csv.Error as error:
        raise DataError(f"{path}, row {row}: {error}") from None


def _without_header(
    rows: Iterator[tuple[int, list[str]]], labelled: int, *, targets: int
) -> Iterator[tuple[int, list[str]]]:
    row, cells = next(rows)
    texts = cells[labelled:]
    named = targets and not any(is_missing(text) or is_number(text) for text in cells[:labelled])
    counts = named and all(map(is_number, texts)) and _counted(np.array(texts, np.float64))
    if not texts or (not counts and any(is_missing(text) or is_number(text) for text in texts)):
        yield row, cells
    yield from rows


def _counts_columns(labels: list[str], series: list[NDArray[np.float64]]) -> bool:
    """Whether the first row is the header of a table whose columns have numbers for names."""
    if not labels or labels[0].lower() not in ("label", "class", "target", "y"):
        return False
    return _counted(series[0])


def _counted(numbers: NDArray[np.float64]) -> bool:
    """Whether these are 0, 1, 2 ... or 1, 2, 3 ..."""
    counted = np.arange(len(numbers))
    return bool((numbers == counted).all() or (numbers == counted + 1).all())


def _targets(cells: list[str], where: str) -> NDArray[np.float64]:
    numbers = parse_numbers(cells, f"{where}, column", start=1)
    strange = ~np.isfinite(numbers)
    if strange.any():
        at = int(strange.argmax())
        raise DataError(f"{where}, column {at + 1}: the target is missing or infinite")
    return numbers


def _label(cell: str, where: str) -> str:
    label = cell.strip()
    if label.lower() in ("", "nan"):
        raise DataError(f"{where}: the label is missing; set label='none' where there are none")
    return label
