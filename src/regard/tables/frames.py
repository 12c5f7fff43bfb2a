"""Tables in CSV, Parquet and Feather files, with error messages that name file, row and column.

Cells of a CSV file are read as text, and parsed by the methods of `Table`; the columns of Parquet
and Feather files have types.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError, Fix, RegardError, did_you_mean
from regard.tables.cells import MISSING_MARKS, is_missing_label, is_number, not_a_number
from regard.tables.delimited import read_delimited
from regard.tables.files import FilePath, check_file, check_size
from regard.tables.index import counts_rows, is_index_name
from regard.tables.packed import feather_size, parquet_size
from regard.tables.problems import Problems

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Table", "is_typed"]

_LONG, _MANY = 40, 20  # characters of a column's name, and names, shown in a message


@dataclass(frozen=True)
class Table:
    """A polars frame with the file and the row numbers it was read from.

    Attributes:
        path: the file.
        frame: its rows without blank ones.
        rows: [rows] number of each in the file, from 1; the header of a CSV file is row 1.
        typed: whether its columns have types, so that a missing value is told from text.
    """

    path: FilePath
    frame: pl.DataFrame
    rows: NDArray[np.int64]
    typed: bool = True

    @classmethod
    def open(
        cls,
        path: FilePath,
        *,
        encoding: str | None = None,
        keep_blank: bool = False,
        header: bool = True,
    ) -> Table:
        """Read a table.

        Parameters:
            path: a CSV, Parquet or Feather file.
            encoding: of a CSV file, as for `read_text`.
            keep_blank: whether to keep rows without any value, but for the last ones.
            header: whether the first row of a CSV file names the columns; see `read_delimited`.
        """
        import polars as pl

        file = check_file(path)
        start = _start(file)
        typed = is_typed(path)
        try:
            if typed:
                size = parquet_size(file) if start != b"ARROW1" else feather_size(file)
                check_size(path, size, of=file.stat().st_size)
            if start.startswith(b"PAR1"):
                frame, first = pl.read_parquet(file, glob=False), 1
            elif start == b"ARROW1":
                frame, first = pl.read_ipc(file), 1
            else:
                frame, first = read_delimited(path, encoding, header=header)
        except RegardError:
            raise
        except (
            pl.exceptions.PolarsError,
            pl.exceptions.PanicException,
            OSError,  # of damaged buffers
            ValueError,
        ) as error:
            reason = str(error).split("\n")[0]
            raise DataError(f"{path} cannot be read as a table: {reason}") from None
        # A blank line in a CSV file becomes a row of nulls.
        filled = frame.select(~pl.all_horizontal(pl.all().is_null())).to_series().to_numpy()
        if not filled.any():
            raise DataError(f"{path} has a header and no rows")
        if keep_blank:
            filled = filled[::-1].cumsum()[::-1] > 0
        rows = np.flatnonzero(filled) + first
        return cls(path, frame.filter(filled), rows, typed=typed)

    @property
    def filled(self) -> set[str]:
        """The columns with a value in at least one row."""
        gaps = self.frame.null_count().row(0)
        return {name for name, at in self._places.items() if gaps[at] < len(self.rows)}

    @cached_property
    def _places(self) -> dict[str, int]:
        """The positions of the columns, which polars makes anew each time it is asked."""
        return {name: at for at, name in enumerate(self.frame.columns)}

    def place(self, row: int, column: str) -> str:
        """The place of a cell for messages; `row` is a position in the frame."""
        return f"{self.path}, {self.cell(row, column)}"

    def cell(self, row: int, column: str) -> str:
        """The place of a cell within the table."""
        return f"row {self.rows[row]}, column {column!r}"

    def need(self, name: str, parameter: str, fixes: tuple[Fix, ...] = ()) -> None:
        """Refuse a missing or duplicate column."""
        if f"{name}_duplicated_0" in self._places:  # as polars renames the second
            raise DataError(f"{self.path} has two columns {name!r} ({parameter}); rename one")
        if name not in self._places:
            columns = self.frame.columns
            shown = [each if len(each) <= _LONG else each[: _LONG - 3] + "..." for each in columns]
            more = [f"{len(columns) - _MANY} more"] if len(columns) > _MANY else []
            listed, near = ", ".join(shown[:_MANY] + more), did_you_mean(name, columns)
            if "did you" in near:
                near = f"; there are {listed}{near}"
            else:
                near = f"; choose one of {listed}"
                numbered = columns == [str(at) for at in range(1, len(columns) + 1)]
                strange = any(is_number(column) or len(column) > _LONG for column in columns)
                if strange and not numbered:
                    near += "; the first row must be a header, which names the columns"
            raise DataError(f"{self.path} has no column {name!r} ({parameter}){near}", fixes=fixes)

    def index(self, used: Collection[str]) -> str | None:
        """The first column if it is the index of a data frame; None where it is used, or is not."""
        import polars as pl

        name = self.frame.columns[0]
        column = self.frame[name]
        whole = column.dtype.is_integer() or column.dtype == pl.String
        if name in used or not (whole and is_index_name(name) and counts_rows(column)):
            return None
        return name

    def need_names(self, names: Iterable[str]) -> None:
        """Refuse columns without a unique name."""
        for name in names:
            at = self._places[name] + 1
            if not name:
                raise DataError(
                    f"{self.path}: column {at} has no name; name it, leave it out, or name the "
                    "channels"
                )
            if "_duplicated_" in name:  # as polars renames them
                given = name.split("_duplicated_")[0]
                raise DataError(f"{self.path}: column {at} is a second one named {given!r}")

    def keys(self, name: str) -> pl.Series:
        """A column of keys, without missing values."""
        column = self._flat(name)
        gaps = column.is_null()
        if column.dtype.is_float():
            gaps |= column.is_nan()
        if gaps.any():
            raise DataError(f"{self.place(_first(gaps), name)} is empty")
        return column

    def _flat(self, name: str) -> pl.Series:
        column = self.frame[name]
        if column.dtype.is_nested():
            raise DataError(
                f"{self.path}: column {name!r} holds {column.dtype}; wanted one value a row"
            )
        return column

    def values(self, name: str) -> list[Any]:
        """[rows] cells as they are, None for missing ones."""
        return self._flat(name).to_list()

    def strings(self, name: str) -> list[str]:
        """[rows] strings without missing values."""
        import polars as pl

        return self.keys(name).cast(pl.String).to_list()

    def labels(self, name: str) -> list[str | None]:
        """[rows] labels as strings, None for missing ones; see `is_missing_label`."""
        import polars as pl

        column = self._flat(name)
        if column.dtype.is_float():
            column = column.fill_nan(None)
        text = column.cast(pl.String)
        marks = [
            x for x in text.unique() if x is not None and is_missing_label(x, typed=self.typed)
        ]
        return [None if label in marks else label for label in text] if marks else text.to_list()

    def texts(self, name: str) -> NDArray[np.str_]:
        """[rows] short strings without missing values, as an array as wide as the longest."""
        return np.array(self.strings(name), dtype=np.str_)

    def ids(self, name: str) -> NDArray[Any]:
        """[rows] whole numbers if all cells are, dates if typed so, otherwise strings."""
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
        """[rows] numbers, or dates and times, to order rows by."""
        import polars as pl

        column = self.keys(name)
        if column.dtype.is_numeric() or column.dtype.is_temporal():
            return column
        if column.dtype != pl.String:
            raise DataError(
                f"{self.path}: column {name!r} holds {column.dtype}; wanted numbers or dates"
            )
        text = column.str.strip_chars()
        # Month first and day first are ambiguous, so only the year may come first.
        dates = text.set(~text.str.contains(r"^\d{4}[-/]"), None)
        parsers: list[Callable[[], pl.Series]] = [
            lambda: text.cast(pl.Int64, strict=False),
            lambda: text.cast(pl.Float64, strict=False),
            lambda: dates.str.to_datetime(strict=False),
            lambda: text.str.to_time(strict=False),
        ]
        attempts = []
        for parse in parsers:
            with suppress(pl.exceptions.PolarsError):  # no text has this form
                attempts.append(parse())
        best = min(attempts, key=lambda attempt: attempt.null_count())
        if best.null_count():
            row = _first(best.is_null())
            raise DataError(
                f"{self.place(row, name)}: {column[row]!r} is neither a number "
                "nor a date or time such as 2024-12-31 or 2024-12-31T23:59:59"
            )
        return best

    def numbers(self, names: Sequence[str]) -> NDArray[np.float64]:
        """[rows, columns] float64, NaN for missing values.

        All columns at once, since a query of polars takes longer the wider its frame is.
        """
        import polars as pl

        names = list(names)
        frame = self.frame.select(list(dict.fromkeys(names)))
        texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
        for name, dtype in frame.schema.items():
            if not (dtype.is_numeric() or dtype in (pl.Boolean, pl.Null, pl.String)):
                raise DataError(f"{self.path}: column {name!r} holds {dtype}; wanted numbers")
        found = frame.drop(texts).cast(pl.Float64).fill_null(np.nan).to_numpy()
        if texts:
            parsed = self._parsed(frame.select(texts))
            order = {name: at for at, name in enumerate([*texts, *frame.drop(texts).columns])}
            found = np.hstack([parsed, found])[:, [order[name] for name in frame.columns]]
        if len(names) == frame.width:
            return found
        places = {name: at for at, name in enumerate(frame.columns)}
        return found[:, [places[name] for name in names]]

    def of_numbers(self, names: Sequence[str]) -> list[str]:
        """Which columns have numbers in most of their filled cells."""
        import polars as pl

        frame = self.frame.select(names)
        texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
        found = {name for name, dtype in frame.schema.items() if dtype.is_numeric()}
        if texts:
            cells = _stacked(frame.select(texts))
            filled = cells.is_not_null() & ~_marked(cells)
            numbers = filled & cells.cast(pl.Float64, strict=False).is_not_null()
            shape = len(texts), frame.height
            share = (2 * numbers.cast(pl.Int8) - filled.cast(pl.Int8)).to_numpy().reshape(shape)
            found |= {texts[at] for at in np.flatnonzero(share.sum(1, dtype=np.int64) > 0)}
        return [name for name in names if name in found]

    def _parsed(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """[rows, columns] numbers of columns of text."""
        import polars as pl

        text = _stacked(frame)
        numbers = text.cast(pl.Float64, strict=False)
        strange = (numbers.is_null() & text.is_not_null() & ~_marked(text)).arg_true().to_list()
        if strange:
            problems, height = Problems(self.path), frame.height
            column = strange[0] // height
            for at in strange:
                if at // height == column:
                    cell = self.cell(at % height, frame.columns[column])
                    problems.add(not_a_number(text[at]), [cell])
            problems.refuse()
        return numbers.fill_null(np.nan).to_numpy().reshape(frame.width, frame.height).T


def is_typed(path: FilePath) -> bool:
    """Whether a file is Parquet or Feather, whose columns have names and types.

    Raises:
        DataError: it cannot be opened.
    """
    start = _start(check_file(path))
    return start.startswith(b"PAR1") or start == b"ARROW1"


def _start(file: Path) -> bytes:
    with file.open("rb") as content:
        return content.read(6)


def _stacked(frame: pl.DataFrame) -> pl.Series:
    """The stripped cells of columns of text, column by column."""
    numbered = frame.clone()
    numbered.columns = [str(at) for at in range(frame.width)]  # none of which is "value"
    return numbered.unpivot()["value"].str.strip_chars()


def _marked(cells: pl.Series) -> pl.Series:
    """Which cells mark a missing value; null where one is empty."""
    return cells.str.to_lowercase().is_in(sorted(MISSING_MARKS))


def _first(found: pl.Series) -> int:
    return int(found.arg_true()[0])
