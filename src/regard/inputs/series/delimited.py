"""Delimited text: one univariate series a row, as in the UCR archive.

    label, value, value, ...

Cells are separated by tabs, semicolons or commas, see `find_separator`, or by blanks. All rows have
the same length. Rows and columns in messages count from 1, as in editors.
"""

import csv
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_choice, check_count
from regard.errors import DataError
from regard.inputs.series.cases import Cases, pad
from regard.tables.cells import is_missing, is_number, parse_numbers, tidy_labels
from regard.tables.files import FilePath, read_text
from regard.tables.missing import Missing, check_missing, settle_missing
from regard.tables.separators import find_separator

__all__ = ["parse_csv", "read_csv"]


def read_csv(
    path: FilePath,
    *,
    label: Literal["first", "none"] = "first",
    targets: int = 0,
    missing: Missing = "refuse",
) -> Cases:
    """Read a CSV or TSV file with one series a row, after its label or its targets.

    A header is skipped: a first row without a single number (apart from the label), or one that
    counts the columns from 0 or 1 and has label, class, target or y as its first cell, or text in
    place of the targets. Blank rows are skipped. Empty cells and NaN, NA, N/A, null, none and ? are
    missing values.

    Parameters:
        path: A UTF-8 text file.
        label: "first" if each row begins with its label or targets, "none" if there are none.
        targets: Number of cells at the start of a row that are numbers to predict; 0 for a label.
        missing: "refuse" or "interpolate".

    Returns:
        B cases of one channel and T steps. Labels are strings, with whole numbers normalised:
        "1.0000000e+00" becomes "1". Targets are float64, [B], or [B, targets] for several.

    Raises:
        DataError: The file cannot be read, a row is longer or shorter than the first, a cell is
            not a number, a value is infinite or missing, a label is missing.
    """
    check_choice("label", label, ("first", "none"))
    check_missing(missing)
    check_count("targets", targets, least=0)
    return parse_csv(path, lambda _: label == "first", targets=targets, missing=missing)


def parse_csv(
    path: FilePath, is_labelled: Callable[[int], bool], *, targets: int, missing: Missing
) -> Cases:
    """As `read_csv`; `is_labelled` decides from the number of columns whether labels are first."""
    records = _records(path)
    start = list(islice(records, 2))  # the first may be a header
    before = (targets or 1) if is_labelled(len(start[-1][1])) else 0  # columns before the values
    rows: list[int] = []
    labels: list[str] = []
    numbers: list[NDArray[np.float64]] = []
    series: list[NDArray[np.float64]] = []
    for row, cells in _without_header(chain(start, records), before, targets=targets):
        where = f"{path}, row {row}"
        if len(cells) == before:
            raise DataError(f"{where} has {'targets' if targets else 'a label'} and no values")
        if series and len(cells) - before != len(series[0]):
            raise DataError(
                f"{where} has {len(cells) - before} values, row {rows[0]} has {len(series[0])}; "
                "series of unequal lengths belong in a .ts file or a table"
            )
        if before and targets:
            numbers.append(parse_numbers(cells[:targets], f"{where}, column", start=1))
            if not np.isfinite(numbers[-1]).all():
                at = int(np.isfinite(numbers[-1]).argmin())
                raise DataError(f"{where}, column {at + 1}: the target is missing or infinite")
        elif before:
            labels.append(cells[0].strip())
            if labels[-1].lower() in ("", "nan"):
                raise DataError(f"{where}: the label is missing")
        series.append(parse_numbers(cells[before:], f"{where}, column", start=1 + before))
        rows.append(row)
    if labels and labels[0].lower() in ("label", "class", "target", "y") and _counts(series[0]):
        del rows[0], labels[0], series[0]  # a header whose names are numbers
    if not series:
        raise DataError(f"{path} has a header and no series")
    values, lengths = pad([one[None] for one in series])  # [B, 1, T]
    values = settle_missing(
        values,
        lengths,
        missing=missing,
        place=lambda case, _, step: f"{path}, row {rows[case]}, column {step + 1 + before}",
    )
    given: NDArray[Any] | None = tidy_labels(labels) if labels else None
    if numbers:
        given = np.stack(numbers) if targets > 1 else np.concatenate(numbers)
    return Cases(values, lengths, given)


def _records(path: FilePath) -> Iterator[tuple[int, list[str]]]:
    """The number and the cells of each row that is not blank."""
    text = read_text(path)
    lines = text.split("\n")
    delimiter = find_separator(text)
    if '"' not in text:
        yield from ((n, line.split(delimiter)) for n, line in enumerate(lines, 1) if line.strip())
        return
    stripped = lines if delimiter else [" ".join(line.split()) for line in lines]
    reader = csv.reader(stripped, delimiter=delimiter or " ", strict=True)
    row = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield row, cells
            row = reader.line_num + 1  # a quoted cell may span several lines
    except csv.Error as error:
        raise DataError(f"{path}, row {row}: {error}") from None


def _without_header(
    rows: Iterator[tuple[int, list[str]]], before: int, *, targets: int
) -> Iterator[tuple[int, list[str]]]:
    row, cells = next(rows)
    texts = cells[before:]
    named = targets and not any(is_missing(text) or is_number(text) for text in cells[:before])
    counts = named and all(map(is_number, texts)) and _counts(np.array(texts, np.float64))
    if not texts or (not counts and any(is_missing(text) or is_number(text) for text in texts)):
        yield row, cells
    yield from rows


def _counts(numbers: NDArray[np.float64]) -> bool:
    """Whether these are 0, 1, 2 ... or 1, 2, 3 ..."""
    counted = np.arange(len(numbers))
    return bool((numbers == counted).all() or (numbers == counted + 1).all())
