"""CSV files as frames of text."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from typing import TYPE_CHECKING

from regard.errors import DataError
from regard.tables.files import FilePath, read_text
from regard.tables.problems import Problems
from regard.tables.separators import find_separator

if TYPE_CHECKING:
    import polars as pl

__all__ = ["read_delimited"]


def read_delimited(
    path: FilePath, encoding: str | None, *, header: bool = True
) -> tuple[pl.DataFrame, int]:
    """All cells as text, so that errors can name a cell; and the number of the first row.

    Without a header columns are named by their number, from 1, and a file with tabs has its cells
    as they are, quotation marks and all.
    """
    import polars as pl

    text = read_text(path, encoding=encoding)
    content = text.lstrip("\n")
    separator = find_separator(content) or ","
    if not header:
        return _read_unnamed(path, text, separator), 1
    try:
        frame = pl.read_csv(content.encode(), separator=separator, infer_schema=False)
    except pl.exceptions.PolarsError:
        _check_widths(path, text, separator)
        # polars fails at a lone quotation mark within a cell, such as 5" for inches.
        frame = _read_loosely(path, content, separator)
    if frame[:, -1].null_count():  # polars fills short rows with nulls
        _check_widths(path, text, separator)
    return frame, len(text) - len(content) + 2


def _read_unnamed(path: FilePath, text: str, separator: str) -> pl.DataFrame:
    """Rows without a header, blank ones as nulls."""
    import polars as pl

    quoted = separator != "\t"
    _check_widths(path, text, separator, "first row", quoted=quoted)
    rows = [cells for _, _, cells in _records(path, text, separator, quoted=quoted)]
    width = max(map(len, rows))
    filled = [[cell or None for cell in cells] or [None] * width for cells in rows]
    names = [str(at) for at in range(1, width + 1)]
    return pl.DataFrame(filled, schema=dict.fromkeys(names, pl.String()), orient="row")


def _check_widths(
    path: FilePath, text: str, separator: str, first_row: str = "header", *, quoted: bool = True
) -> None:
    wanted, problems = 0, Problems(path)
    for first, last, cells in _records(path, text, separator, quoted=quoted):
        wanted = wanted or len(cells)
        if cells and len(cells) != wanted:
            what = f"{len(cells)} cells, the {first_row} has {wanted}"
            if first < last:  # the next rows follow from it
                problems.add(
                    f"{what}; is a quotation mark of row {first} not closed?", [f"row {last}"]
                )
                break
            problems.add(what, [f"row {last}"])
    problems.refuse()


def _read_loosely(path: FilePath, content: str, separator: str) -> pl.DataFrame:
    """Read rows of equal widths with the csv module of Python."""
    import polars as pl

    names, *rows = [cells for _, _, cells in _records(path, content, separator)]
    unique, before = [], Counter[str]()
    for name in names:
        unique.append(f"{name}_duplicated_{before[name] - 1}" if before[name] else name)
        before[name] += 1
    filled = [[cell or None for cell in cells] or [None] * len(names) for cells in rows]
    return pl.DataFrame(filled, schema=dict.fromkeys(unique, pl.String()), orient="row")


def _records(
    path: FilePath, text: str, separator: str, *, quoted: bool = True
) -> Iterator[tuple[int, int, list[str]]]:
    """The first line, the last line and the cells of each record."""
    reader = csv.reader(
        StringIO(text, newline=""),
        delimiter=separator,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
    )
    first = 1
    limit = csv.field_size_limit(max(len(text), csv.field_size_limit()))
    try:
        for cells in reader:
            yield first, reader.line_num, cells
            first = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}, row {first}: {error}") from None
    finally:
        csv.field_size_limit(limit)
