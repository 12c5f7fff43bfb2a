"""The times of a table as whole numbers or as dates in UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.tables.frames import Table

if TYPE_CHECKING:
    import polars as pl

__all__ = ["read_times"]

_DATE = (
    r"^(?P<year>\d{4})[-/]?(?P<quarter>[Qq][1-4])?(?P<month>\d{1,2})?(?:[-/](?P<day>\d{1,2}))?"
    r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:\.\d+)?))?)?"
    r" *(?P<zone>[Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$"
)
_WANTED = "wanted whole numbers, or dates and times such as 2024-12, 2024-12-31T23:59:59 or 2024-Q4"


def read_times(table: Table, name: str) -> NDArray[Any]:
    """The times in a column of a table.

    Parameters:
        table: with the column.
        name: column of whole numbers, or of dates and times written year first, months (2024-12)
            or quarters (2024-Q4). Eight digits, such as 20241231, are a date. Times with a zone
            are converted to UTC.

    Returns:
        [rows] int64 or datetime64[us].

    Raises:
        DataError: A time is missing or cannot be read, or times have different zones.
    """
    import polars as pl

    column = table.keys(name)
    if column.dtype.is_temporal() and column.dtype not in (pl.Time, pl.Duration):
        if isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone:
            column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return _as_dates(column)
    if column.dtype.is_numeric():
        return _from_numbers(table, name, column)
    if column.dtype not in (pl.String, pl.Categorical, pl.Enum):
        raise DataError(f"{table.path}: column {name!r} holds {column.dtype}; {_WANTED}")
    text = column.cast(pl.String).str.strip_chars()
    numbers = text.cast(pl.Float64, strict=False)
    if not numbers.is_null().any():
        whole = text.cast(pl.Int64, strict=False)
        return _from_numbers(table, name, numbers if whole.is_null().any() else whole)
    if 2 * numbers.null_count() < len(numbers):
        raise _no_time(table, name, int(numbers.is_null().arg_true()[0]))
    return _from_texts(table, name, text)


def _from_numbers(table: Table, name: str, column: pl.Series) -> NDArray[Any]:
    import polars as pl

    numbers = column.to_numpy()
    broken = numbers != np.floor(numbers)
    if broken.any():
        row = int(broken.argmax())
        raise DataError(
            f"{table.place(row, name)}: {numbers[row]} is not a whole number; {_WANTED}"
        )
    whole = numbers.astype(np.int64)
    if ((whole >= 1900_01_01) & (whole <= 2100_12_31)).all():
        dates = pl.Series(whole).cast(pl.String).str.to_date("%Y%m%d", strict=False)
        if not dates.is_null().any():
            return _as_dates(dates)
    return whole


def _from_texts(table: Table, name: str, text: pl.Series) -> NDArray[Any]:
    import polars as pl

    parts = text.str.extract_groups(_DATE).struct.unnest()
    month = pl.when(pl.col("quarter").is_not_null()).then(
        (pl.col("quarter").str.slice(1).cast(pl.Int64) * 3 - 2).cast(pl.String)
    )
    # A time with both a month and a quarter, or neither, is invalid.
    one = pl.col("quarter").is_null() != pl.col("month").is_null()
    iso = pl.format(
        "{}-{}-{} {}:{}:{}",
        "year",
        pl.when(one).then(pl.coalesce(month, "month")),
        pl.col("day").fill_null("1"),
        pl.col("hour").fill_null("0"),
        pl.col("minute").fill_null("0"),
        pl.col("second").fill_null("0"),
    )
    written = parts.select(iso=iso)["iso"]
    if written.null_count() == len(written):
        dates = pl.Series([None] * len(written), dtype=pl.Datetime("us"))
    else:
        dates = written.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False, time_unit="us")
    if dates.is_null().any():
        raise _no_time(table, name, int(dates.is_null().arg_true()[0]))
    return _as_dates(dates) - _offset(table, name, text, parts["zone"])


def _offset(table: Table, name: str, text: pl.Series, zones: pl.Series) -> np.timedelta64:
    """How far the times, which must share one zone, are ahead of UTC."""
    kinds = zones.fill_null("")
    if kinds.n_unique() > 1:
        row = int((kinds != kinds[0]).arg_true()[0])
        own, first = (f"the zone {kind}" if kind else "no zone" for kind in (kinds[row], kinds[0]))
        raise DataError(
            f"{table.place(row, name)}: {text[row]!r} has {own}, {text[0]!r} has {first} "
            f"(row {table.rows[0]}); write all times in one zone, such as UTC"
        )
    digits = kinds[0].lstrip("+-").replace(":", "")
    if not digits.isdigit():
        return np.timedelta64(0, "m")
    minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
    return np.timedelta64(-minutes if kinds[0].startswith("-") else minutes, "m")


def _no_time(table: Table, name: str, row: int) -> DataError:
    return DataError(
        f"{table.place(row, name)}: {table.frame[name][row]!r} is not a time; {_WANTED}"
    )


def _as_dates(column: pl.Series) -> NDArray[Any]:
    import polars as pl

    return column.cast(pl.Datetime("us")).to_numpy().astype("M8[us]")
