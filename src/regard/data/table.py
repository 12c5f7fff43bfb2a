"""Long tables, CSV or Parquet: a row for each step of each case.

    case, time, label, x, y
    a,    0,    left,  0.1, 7
    a,    1,    left,  0.3, 8
    b,    0,    right, 0.2, 5

Rows may come in any order. Rows in messages count from 1, the header of a CSV file being row 1;
in a Parquet file, which has no header, the first row of data is.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regard.data.cases import Cases
from regard.data.cells import MISSING_MARKS, not_a_number, tidy_labels
from regard.data.files import FilePath, check_file, read_text
from regard.data.missing import Missing, check_missing, settle_missing
from regard.errors import ConfigError, DataError, did_you_mean

if TYPE_CHECKING:
    import polars as pl

__all__ = ["read_table"]


def read_table(
    path: FilePath,
    *,
    case: str = "case",
    time: str = "time",
    label: str | None = "label",
    channels: Sequence[str] | None = None,
    missing: Missing = "refuse",
) -> Cases:
    """Read a table with a row for each step of each case.

    Args:
        path: A CSV file (tab, semicolon or comma, UTF-8, with a header) or a Parquet file.
        case: The column that says which case a row belongs to.
        time: The column by which the steps of a case are ordered: numbers, or dates and times
            written year first. Only the order counts, not the distances.
        label: The column with the class of the case, the same in all its rows; None for a table
            without labels.
        channels: The columns with the values; None for all others, in the order of the file.
        missing: "refuse" or "interpolate".

    Returns:
        B cases, in the order in which the table first names them, of C channels and up to T steps.
        ids are the values of the case column, labels strings.

    Raises:
        DataError: The file cannot be read, a column is not there, a case has two labels or two
            rows of the same time, a value is no number, infinite or missing.
    """
    check_missing(missing)
    table = _Table.open(path)
    names = _channel_names(table, case=case, time=time, label=label, channels=channels)
    layout = _Layout.of(table, case=case, time=time)
    numbers = np.stack([table.numbers(name) for name in names], axis=1)  # [rows, C]
    lengths = np.bincount(layout.case)
    values = np.zeros((len(lengths), len(names), lengths.max()))
    values[layout.case, :, layout.step] = numbers[layout.row]
    starts = np.cumsum(lengths) - lengths
    values = settle_missing(
        values,
        lengths,
        missing=missing,
        place=lambda b, c, t: table.place(int(layout.row[starts[b] + t]), names[c]),
    )
    ids = table.ids(case)[layout.row[starts]]
    labels = None if label is None else _labels(table, label, layout, ids)
    return Cases(values, lengths, labels, ids=ids, channels=names)


@dataclass(frozen=True)
class _Table:
    """A polars frame that knows where each of its rows stands in the file."""

    path: FilePath
    frame: pl.DataFrame
    rows: NDArray[np.int64]

    @classmethod
    def open(cls, path: FilePath) -> _Table:
        import polars as pl

        file = check_file(path)
        with file.open("rb") as content:
            parquet = content.read(4) == b"PAR1"
        try:
            frame = pl.read_parquet(file, glob=False) if parquet else _read_delimited(path)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            reason = str(error).split("\n")[0]
            raise DataError(f"{path} cannot be read as a table: {reason}") from None
        # A blank line in a CSV file becomes a row of nulls.
        filled = frame.select(~pl.all_horizontal(pl.all().is_null())).to_series().to_numpy()
        rows = np.flatnonzero(filled) + (1 if parquet else 2)
        if not len(rows):
            raise DataError(f"{path} has a header and no rows")
        return cls(path, frame.filter(filled), rows)

    def place(self, row: int, column: str) -> str:
        return f"{self.path}, row {self.rows[row]}, column {column!r}"

    def need(self, name: str, parameter: str, fix: str = "") -> None:
        if name not in self.frame.columns:
            near = did_you_mean(name, self.frame.columns)
            listed = f"; there are {', '.join(self.frame.columns)}" if "did you" in near else ""
            raise DataError(f"{self.path} has no column {name!r} ({parameter}){listed}{near}{fix}")

    def keys(self, name: str) -> pl.Series:
        """A column without a gap that can tell rows apart or order them."""
        column = self.frame[name]
        if column.dtype.is_nested():
            raise DataError(
                f"{self.path}: column {name!r} holds {column.dtype}; wanted one value a row"
            )
        gaps = column.is_null()
        if column.dtype.is_float():
            gaps |= column.is_nan()
        if gaps.any():
            raise DataError(f"{self.place(_first(gaps), name)} is empty")
        return column

    def texts(self, name: str) -> NDArray[np.str_]:
        import polars as pl

        return np.array(self.keys(name).cast(pl.String).to_list(), dtype=np.str_)

    def ids(self, name: str) -> NDArray[Any]:
        """[rows] whole numbers where all are written as such, dates as such, else strings."""
        import polars as pl

        column = self.keys(name)
        if column.dtype == pl.String:
            whole = column.cast(pl.Int64, strict=False)
            if not whole.is_null().any() and (whole.cast(pl.String) == column).all():
                column = whole
        if column.dtype.is_numeric() or column.dtype.is_temporal():
            return column.to_numpy()
        return self.texts(name)

    def times(self, name: str) -> pl.Series:
        """[rows] numbers, or dates and times: what can be ordered."""
        import polars as pl

        column = self.keys(name)
        if column.dtype.is_numeric() or column.dtype.is_temporal():
            return column
        if column.dtype != pl.String:
            raise DataError(
                f"{self.path}: column {name!r} holds {column.dtype}; wanted numbers or dates"
            )
        text = column.str.strip_chars()
        # Month first or day first cannot be told apart, so only the year may lead.
        dates = text.set(~text.str.contains(r"^\d{4}[-/]"), None)
        parsers: list[Callable[[], pl.Series]] = [
            lambda: text.cast(pl.Int64, strict=False),
            lambda: text.cast(pl.Float64, strict=False),
            lambda: dates.str.to_datetime(strict=False),
            lambda: text.str.to_time(strict=False),
        ]
        attempts = []
        for parse in parsers:
            try:
                attempts.append(parse())
            except pl.exceptions.PolarsError:
                continue  # Not one text has this form.
        best = min(attempts, key=lambda attempt: attempt.null_count())
        if best.null_count():
            row = _first(best.is_null())
            raise DataError(
                f"{self.place(row, name)}: {column[row]!r} is neither a number "
                "nor a date or time such as 2024-12-31 or 2024-12-31T23:59:59"
            )
        return best

    def numbers(self, name: str) -> NDArray[np.float64]:
        """[rows] float64, NaN where a value is missing."""
        import polars as pl

        column = self.frame[name]
        if column.dtype == pl.String:
            text = column.str.strip_chars()
            column = text.cast(pl.Float64, strict=False)
            marks = text.str.to_lowercase().is_in(sorted(MISSING_MARKS))
            strange = column.is_null() & text.is_not_null() & ~marks
            if strange.any():
                row = _first(strange)
                raise not_a_number(self.place(row, name), text[row])
        elif not (column.dtype.is_numeric() or column.dtype in (pl.Boolean, pl.Null)):
            raise DataError(f"{self.path}: column {name!r} holds {column.dtype}; wanted numbers")
        return column.cast(pl.Float64).fill_null(np.nan).to_numpy()


@dataclass(frozen=True)
class _Layout:
    """The rows of a table in the order of cases and times.

    Attributes:
        row: [rows] position in the table of each.
        case: [rows] its case, from 0 in the order of first appearance.
        step: [rows] its step within the case, from 0.
    """

    row: NDArray[np.int64]
    case: NDArray[np.int64]
    step: NDArray[np.int64]

    @classmethod
    def of(cls, table: _Table, *, case: str, time: str) -> _Layout:
        import polars as pl

        keys = pl.DataFrame({"case": table.keys(case), "time": table.times(time)})
        keys = (
            keys.with_row_index("row")
            .with_columns(first=pl.col("row").first().over("case"))
            .sort("first", "time", "row")
        )
        row = keys["row"].to_numpy().astype(np.int64)
        starts = np.flatnonzero(np.diff(keys["first"].to_numpy(), prepend=-1))
        index = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(row)))
        step = np.arange(len(row)) - starts[index]
        repeated = (keys["time"] == keys["time"].shift(1)).fill_null(value=False).to_numpy()
        repeated &= step > 0
        if repeated.any():
            at = int(repeated.argmax())
            raise DataError(
                f"{table.place(row[at], time)}: {table.frame[time][int(row[at])]!r} is already the "
                f"time of row {table.rows[row[at - 1]]} of case {keys['case'][at]!r}"
            )
        return cls(row, index, step)


def _channel_names(
    table: _Table,
    *,
    case: str,
    time: str,
    label: str | None,
    channels: Sequence[str] | None,
) -> tuple[str, ...]:
    """The names of the columns that hold values, once all columns are known to be there."""
    table.need(case, "case")
    table.need(time, "time")
    if label is not None:
        table.need(label, "label", "; set label=None for a table without labels")
    if channels is None:
        names = [name for name in table.frame.columns if name not in (case, time, label)]
        if not names:
            raise DataError(f"{table.path} has no columns beside {case!r}, {time!r} and the label")
        return tuple(names)
    if isinstance(channels, str) or not channels:
        raise ConfigError(f"channels: wanted a list of column names, given {channels!r}")
    for name in channels:
        table.need(name, "channels")
    return tuple(channels)


def _labels(table: _Table, label: str, layout: _Layout, ids: NDArray[Any]) -> NDArray[np.str_]:
    labels = tidy_labels(table.texts(label))[layout.row]  # type: ignore[arg-type]
    firsts = labels[layout.step == 0]
    differing = labels != firsts[layout.case]
    if differing.any():
        at = int(differing.argmax())
        case = layout.case[at]
        raise DataError(
            f"{table.place(layout.row[at], label)}: case {ids[case]} is {str(labels[at])!r} here "
            f"and {str(firsts[case])!r} before; wanted one label for a case"
        )
    return np.asarray(firsts)


def _read_delimited(path: FilePath) -> pl.DataFrame:
    """All cells as text, so that a slip in one of them can be named."""
    import polars as pl

    text = read_text(path).lstrip("\n")
    header = text[: text.find("\n")]
    separator = next((mark for mark in "\t;" if mark in header), ",")
    try:
        frame = pl.read_csv(text.encode(), separator=separator, infer_schema=False)
    except pl.exceptions.PolarsError:
        _check_widths(path, text, separator)
        raise
    if frame[:, -1].null_count():  # A row that is too short ends in nulls.
        _check_widths(path, text, separator)
    return frame


def _check_widths(path: FilePath, text: str, separator: str) -> None:
    reader = csv.reader(text.split("\n"), delimiter=separator)
    wanted = len(next(reader))
    for cells in reader:
        if cells and len(cells) != wanted:
            raise DataError(
                f"{path}, row {reader.line_num} has {len(cells)} cells, the header has {wanted}"
            )


def _first(found: pl.Series) -> int:
    return int(found.arg_true()[0])
