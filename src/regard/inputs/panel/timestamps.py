"""The times of a table as whole numbers or as dates in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, DataError
from regard.inputs.panel.zones import as_zone, check_zone, on_clock
from regard.tables.frames import Table

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Times", "read_times"]

_CLOCK = (
    r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:\.\d+)?))?)?"
    r" *(?P<zone>[Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$"
)
_DATE = (
    r"^(?P<year>\d{4})[-/]?(?P<quarter>[Qq][1-4])?(?P<month>\d{1,2})?(?:[-/](?P<day>\d{1,2}))?"
    + _CLOCK
)
_YEAR_LAST = r"^(?P<first>\d{1,2})(?P<mark>[./-])(?P<second>\d{1,2})[./-](?P<year>\d{4})(?:\D|$)"
_WANTED = "wanted whole numbers, or dates and times such as 2024-12, 2024-12-31T23:59:59 or 2024-Q4"


class Times(NamedTuple):
    """The times of a table.

    Attributes:
        values: [rows] int64, or datetime64[us] in UTC where there is a zone.
        zone: of dates that have one.
        day_first: the order of dates that have the year last; None for other times.
    """

    values: NDArray[Any]
    zone: str | None = None
    day_first: bool | None = None


def read_times(
    table: Table,
    name: str,
    *,
    time_format: str | None = None,
    time_zone: str | None = None,
    day_first: bool | None = None,
) -> Times:
    """The times in a column of a table.

    Parameters:
        table: with the column.
        name: column of whole numbers, or of dates and times written year first, months (2024-12)
            or quarters (2024-Q4). Six digits that are months, such as 202412, and eight that are
            dates, such as 20241231, are read as such. Dates with the year last are read if they
            have points (31.12.2024, the day first), or a day above 12 shows which number it is.
        time_format: of text, in the notation of `datetime.strptime`; None to infer it.
        time_zone: whose calendar times with a zone follow; None for the zone that all have.
        day_first: the order in dates with the year last, where they do not show it; None to refuse
            them.

    Raises:
        ConfigError: The format or the zone is unknown.
        DataError: A time is missing or cannot be read, the order of day and month is ambiguous, or
            times have different zones.
    """
    import polars as pl

    if time_zone is not None:
        time_zone = check_zone("time_zone", time_zone)
    column = table.keys(name)
    if column.dtype.is_temporal() and column.dtype not in (pl.Time, pl.Duration):
        zone = column.dtype.time_zone if isinstance(column.dtype, pl.Datetime) else None
        if zone:
            column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return _in_zone(table, name, Times(_as_dates(column), zone), time_zone)
    if time_format is not None:
        return _formatted(table, name, time_format, time_zone)
    if column.dtype.is_numeric():
        return _in_zone(table, name, Times(_from_numbers(table, name, column)), time_zone)
    if column.dtype == pl.Duration:
        raise DataError(
            f"{table.path}: column {name!r} holds durations; {_WANTED}; add them to a date",
            fixes=(("time", None),),
        )
    if column.dtype not in (pl.String, pl.Categorical, pl.Enum):
        raise DataError(f"{table.path}: column {name!r} holds {column.dtype}; {_WANTED}")
    text = column.cast(pl.String).str.strip_chars()
    numbers = text.cast(pl.Float64, strict=False)
    if not numbers.is_null().any():
        whole = text.cast(pl.Int64, strict=False)
        found = _from_numbers(table, name, numbers if whole.is_null().any() else whole)
        return _in_zone(table, name, Times(found), time_zone)
    if 2 * numbers.null_count() < len(numbers):
        raise _no_time(table, name, int(numbers.is_null().arg_true()[0]))
    text, order = _year_first(table, name, text, day_first)
    return _from_texts(table, name, text, time_zone)._replace(day_first=order)


def _in_zone(table: Table, name: str, times: Times, time_zone: str | None) -> Times:
    """Times in the zone that was asked for."""
    if time_zone is None or times.zone is not None:
        return times._replace(zone=time_zone or times.zone)
    raise DataError(
        f"{table.path}: the times in column {name!r} have no zone, and time_zone is "
        f"{time_zone!r}; write them with their offset from UTC, such as 2024-12-31T00:00+01:00",
        fixes=(("time_zone", None),),
    )


def _formatted(table: Table, name: str, time_format: str, time_zone: str | None) -> Times:
    """Texts by a format that is given."""
    texts = np.array(table.strings(name))
    known, first, positions = np.unique(texts, return_index=True, return_inverse=True)
    try:
        datetime.strptime(datetime(2024, 12, 31, tzinfo=UTC).strftime(time_format), time_format)
    except ValueError as error:
        raise ConfigError(f"time_format: {time_format!r} cannot be read: {error}") from None
    parsed = []
    for text, row in zip(known.tolist(), first.tolist(), strict=True):
        try:
            parsed.append(datetime.strptime(text.strip(), time_format))
        except ValueError:
            raise DataError(
                f"{table.place(row, name)}: {text!r} is not a time of the form {time_format!r}",
                fixes=("time_format",),
            ) from None
    clock = np.array([each.replace(tzinfo=None) for each in parsed], dtype="M8[us]")[positions]
    ahead = np.array([each.utcoffset() or 0 for each in parsed], dtype="m8[us]")[positions]
    offsets = ["" if each.tzinfo is None else each.strftime("%z") for each in parsed]
    return _with_offsets(
        table, name, clock - ahead, [offsets[at] for at in positions.tolist()], time_zone
    )


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
    for first, last, then in ((1900_01_01, 2100_12_31, ""), (1900_01, 2100_12, "01")):
        if ((whole >= first) & (whole <= last)).all():
            texts = pl.Series(whole).cast(pl.String) + then
            dates = texts.str.to_date("%Y%m%d", strict=False)
            if not dates.is_null().any():
                return _as_dates(dates)
    return whole


def _year_first(
    table: Table, name: str, text: pl.Series, day_first: bool | None
) -> tuple[pl.Series, bool | None]:
    """Dates with the year last, written with the year first, and whether the day was first.

    Other texts are unchanged. Dates with points have the day first, as have those in which more
    first numbers than second ones are above 12.
    """
    import polars as pl

    parts = text.str.extract_groups(_YEAR_LAST).struct.unnest()
    if parts["year"].null_count():
        return text, None
    first, second = (parts[each].cast(pl.Int64) for each in ("first", "second"))
    mark = parts["mark"][0]
    if (first > 12).any() or (second > 12).any():
        day_first = bool((second > 12).sum() <= (first > 12).sum())
    elif mark == ".":
        day_first = True
    differ = (first != second).arg_true()
    if day_first is None and len(differ):
        row = int(differ[0])
        one, other, year = f"{first[row]:02}", f"{second[row]:02}", parts["year"][row]
        raise DataError(
            f"{table.place(row, name)}: {text[row]!r} may be {year}-{other}-{one}, the day "
            f"first, or {year}-{one}-{other}, the month first, and no other row tells",
            fixes=tuple(("time_format", f"%{a}{mark}%{b}{mark}%Y") for a, b in ("dm", "md")),
        )
    day, month = ("first", "second") if day_first else ("second", "first")
    rest = text.str.replace(r"^\d{1,2}[./-]\d{1,2}[./-]\d{4}", "")
    written = pl.format("{}-{}-{}{}", "year", month, day, pl.lit(rest))
    return parts.select(iso=written)["iso"], day_first


def _from_texts(table: Table, name: str, text: pl.Series, time_zone: str | None) -> Times:
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
    zones = [zone and as_zone(zone) for zone in parts["zone"].fill_null("")]
    known, positions = np.unique(np.array(zones), return_inverse=True)
    epoch = np.array([0], dtype="M8[us]")
    ahead = np.array([(on_clock(epoch, zone or None) - epoch)[0] for zone in known.tolist()])
    return _with_offsets(table, name, _as_dates(dates) - ahead[positions], zones, time_zone)


def _with_offsets(
    table: Table, name: str, instants: NDArray[Any], offsets: list[str], time_zone: str | None
) -> Times:
    """Instants, with the zone that their offsets say; "" is none."""
    zones = [offset and as_zone(offset) for offset in offsets]
    other = next((row for row, zone in enumerate(zones) if zone != zones[0]), None)
    if other is None or (time_zone and "" not in zones):
        return _in_zone(table, name, Times(instants, zones[0] or None), time_zone)
    cells = table.frame[name]
    pairs = [(cells[row], zones[row]) for row in (other, 0)]
    own, first = (
        f"{text!r} has {f'the zone {zone}' if zone else 'no zone'}" for text, zone in pairs
    )
    both = "" not in (zones[other], zones[0])
    fix = "name the zone whose calendar they follow, such as Europe/Berlin"
    raise DataError(
        f"{table.place(other, name)}: {own}, {first} (row {table.rows[0]}); "
        f"{fix if both else 'write all times in one zone, such as UTC'}",
        fixes=("time_zone",) if both else (),
    )


def _no_time(table: Table, name: str, row: int) -> DataError:
    text = table.frame[name][row]
    other_form = re.search(r"\d\W+\d", text) and not re.match(_DATE, text)
    return DataError(
        f"{table.place(row, name)}: {text!r} is not a time; {_WANTED}",
        fixes=("time_format",) if other_form else (),
    )


def _as_dates(column: pl.Series) -> NDArray[Any]:
    import polars as pl

    return column.cast(pl.Datetime("us")).to_numpy().astype("M8[us]")
