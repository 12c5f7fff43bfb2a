"""Tables of series to forecast, long or wide, from files and from data frames.

unique_id, ds, y            long: a row for each step of each series
a, 2024-01, 0.1
a, 2024-02, 0.3
b, 2024-01, 7.5

ds, north, south            wide: a row for each step, a column for each target
2024-01, 0.1, 7.5
2024-02, 0.3, 7.1
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, DataError
from regard.inputs.panel.panel import Panel
from regard.inputs.panel.regular import Frequency, check_ascending, check_frequency, closed_gaps
from regard.inputs.panel.timestamps import read_times
from regard.tables.cells import MISSING_MARKS, is_number
from regard.tables.files import FilePath
from regard.tables.frames import Table
from regard.tables.missing import Missing, check_missing, settle_missing

__all__ = ["panel_of", "read_panel"]

_ID = "unique_id"


def read_panel(
    path: FilePath,
    *,
    time: str | None = "ds",
    id: str | None = None,  # noqa: A002 - the name that forecasting tables give it
    target: str | Sequence[str] | None = None,
    known: Sequence[str] = (),
    past: Sequence[str] = (),
    missing: Missing = "refuse",
    frequency: Frequency = "infer",
) -> Panel:
    """Read a table of one or many series, long or wide.

    Parameters:
        path: A CSV file (tab, semicolon or comma, UTF-8, with a header; it may be packed with
            gzip) or a Parquet file. The rows of a series stand in the order of time.
        time: The column with the times: whole numbers, or dates and times written year first;
            those of a zone are converted to UTC. None where rows are steps without times.
        id: The column that says which series a row belongs to; None for "unique_id" where there
            is such a column, and else for a single series.
        target: The column or columns to forecast; none (`[]`) for a table of known columns alone.
            None for "y" where there is such a column, and else for all columns of numbers that
            have a name and no other part.
        known: Columns that are known of the future as well.
        past: Columns that are known up to the present only.
        missing: "refuse", or "interpolate" to fill missing values and insert missing steps, on
            the straight line between the values before and after.
        frequency: "infer" wants times that are regular: a month, a business day (with holidays
            between them), or any other step apart. "rows" takes rows as steps whatever their
            times.

    Returns:
        B series in the order in which the table first names them.

    Raises:
        ConfigError: A column has two parts.
        DataError: The file cannot be read, a column is not there, times are repeated, out of
            order or irregular, a value is no number, infinite or missing.
    """
    return panel_of(
        Table.open(path),
        time=time,
        id=id,
        target=target,
        known=known,
        past=past,
        missing=missing,
        frequency=frequency,
    )


def panel_of(
    table: Table,
    *,
    time: str | None,
    id: str | None,  # noqa: A002
    target: str | Sequence[str] | None,
    known: Sequence[str],
    past: Sequence[str],
    missing: Missing,
    frequency: Frequency,
) -> Panel:
    """The panel in a table; parameters and errors are those of `read_panel`."""
    check_missing(missing)
    check_frequency(frequency)
    parts = _Parts.of(table, time=time, id=id, target=target, known=known, past=past)
    ids, rows = _series(table, parts.id)
    numbers = np.stack([table.numbers(name) for name in parts.columns])  # [C, rows]
    steps = [np.arange(len(own)) for own in rows]
    if parts.time is None:
        times: list[NDArray[Any]] = list(steps)
        closed = list(zip(times, steps, strict=True))
    else:
        times = _times(table, parts, rows)
        if frequency == "rows":
            closed = list(zip(times, steps, strict=True))
        else:
            closed = closed_gaps(
                times,
                fill=missing == "interpolate",
                place=lambda b, t: table.place(int(rows[b][t]), str(parts.time)),
                row=lambda b, t: f"row {table.rows[rows[b][t]]}",
            )
    values = [
        _settled(table, parts.columns, numbers, own, positions, len(filled), missing)
        for own, (filled, positions) in zip(rows, closed, strict=True)
    ]
    return Panel(
        tuple(values), tuple(one for one, _ in closed), ids, parts.targets, parts.past, parts.known
    )


@dataclass(frozen=True)
class _Parts:
    """Which column of a table is what."""

    time: str | None
    id: str | None
    targets: tuple[str, ...]
    past: tuple[str, ...]
    known: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return self.targets + self.past + self.known

    @classmethod
    def of(
        cls,
        table: Table,
        *,
        time: str | None,
        id: str | None,  # noqa: A002
        target: str | Sequence[str] | None,
        known: Sequence[str],
        past: Sequence[str],
    ) -> _Parts:
        present = table.frame.columns
        if all(is_number(name) for name in present):
            raise DataError(
                f"{table.path}: the first row holds numbers; wanted a header with the names of the "
                "columns, and a column of times (or time=None)"
            )
        if id is None and _ID in present:
            id = _ID  # noqa: A001
        for name, parameter, fix in (
            (time, "time", "; time=None counts rows"),
            (id, "id", ""),
        ):
            if name is not None:
                table.need(name, parameter, fix)
        given = {"past": _names("past", past), "known": _names("known", known)}
        if target is not None:
            given["target"] = _names("target", [target] if isinstance(target, str) else target)
        taken = {name: role for name, role in ((time, "time"), (id, "id")) if name is not None}
        for role, names in given.items():
            for name in names:
                table.need(name, role)
                if name in taken:
                    raise ConfigError(f"{role}: {name!r} is given as {taken[name]} already")
                taken[name] = role
        if target is None:
            given["target"] = _find_targets(table, taken)
        parts = cls(time, id, given["target"], given["past"], given["known"])
        if not parts.columns:
            raise ConfigError("target: wanted at least one column, as target, past or known")
        return parts


def _names(role: str, given: Sequence[str]) -> tuple[str, ...]:
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise ConfigError(f"{role}: wanted a list of column names, given {given!r}")
    return tuple(given)


def _find_targets(table: Table, taken: dict[str, str]) -> tuple[str, ...]:
    """The column "y", or all others of numbers."""
    others = [name for name in table.frame.columns if name and name not in taken]
    targets = ["y"] if "y" in others else [name for name in others if _holds_numbers(table, name)]
    if not targets:
        raise DataError(
            f"{table.path} has no column of numbers to forecast; "
            f"there are {', '.join(table.frame.columns)}"
        )
    return tuple(targets)


def _holds_numbers(table: Table, name: str) -> bool:
    """Whether most cells of a column, among those that are filled, are numbers."""
    import polars as pl

    column = table.frame[name]
    if column.dtype != pl.String:
        return column.dtype.is_numeric()
    text = column.str.strip_chars()
    filled = text.filter(~text.str.to_lowercase().is_in(sorted(MISSING_MARKS))).drop_nulls()
    return 2 * filled.cast(pl.Float64, strict=False).count() > len(filled)


def _series(table: Table, name: str | None) -> tuple[NDArray[Any], list[NDArray[np.int64]]]:
    """[B] ids in the order of the table, and the positions of the rows of each series."""
    if name is None:
        return np.arange(1), [np.arange(len(table.frame))]
    column = table.ids(name)
    _, first, codes = np.unique(column, return_index=True, return_inverse=True)
    order = np.argsort(codes, kind="stable")
    rows = np.split(order, np.cumsum(np.bincount(codes))[:-1])
    return column[np.sort(first)], [rows[at] for at in np.argsort(first)]


def _times(table: Table, parts: _Parts, rows: list[NDArray[np.int64]]) -> list[NDArray[Any]]:
    name = str(parts.time)
    column = read_times(table, name)
    times = [column[own] for own in rows]
    if parts.id is None:
        hints = (
            "; leave one of them out, or name the column that tells series apart (id)",
            f"; sort the table by {name}, or name the column that tells series apart (id)",
        )
    else:
        hints = ("; leave one of them out", f"; sort the table by {parts.id}, {name}")
    series = "" if parts.id is None else " of series {}"
    ids = None if parts.id is None else table.frame[parts.id]
    check_ascending(
        times,
        place=lambda b, t: table.place(int(rows[b][t]), name),
        row=lambda b, t: (
            f"row {table.rows[rows[b][t]]}"
            + ("" if ids is None else series.format(ids[int(rows[b][t])]))
        ),
        hints=hints,
    )
    return times


def _settled(
    table: Table,
    columns: tuple[str, ...],
    numbers: NDArray[np.float64],
    rows: NDArray[np.int64],
    positions: NDArray[np.int64],
    steps: int,
    missing: Missing,
) -> NDArray[np.float64]:
    """[C, T] the values of a series, none of them missing."""
    values = np.full((len(columns), steps), np.nan)
    values[:, positions] = numbers[:, rows]

    def place(_: int, column: int, step: int) -> str:
        at = max(0, int(np.searchsorted(positions, step, side="right")) - 1)
        return table.place(int(rows[at]), columns[column])

    settled = settle_missing(values[None], np.array([steps]), missing=missing, place=place)
    return np.asarray(settled[0])
