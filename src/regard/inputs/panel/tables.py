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

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, DataError, Fix
from regard.inputs.panel.gaps import settle_gaps
from regard.inputs.panel.panel import Panel
from regard.inputs.panel.regular import Frequency, check_frequency
from regard.inputs.panel.timed import timed
from regard.tables.cells import is_number
from regard.tables.files import FilePath
from regard.tables.frames import Table
from regard.tables.index import index_note
from regard.tables.missing import Missing, check_missing

__all__ = ["PanelOptions", "panel_of", "read_panel"]

_ID = "unique_id"
_NAMED = 3  # targets named in a note


class PanelOptions(NamedTuple):
    """How to read a panel, see `read_panel`."""

    time: str | None = "ds"
    id: str | None = None
    target: str | Sequence[str] | None = None
    known: Sequence[str] = ()
    past: Sequence[str] = ()
    missing: Missing = "refuse"
    frequency: Frequency = "infer"
    time_format: str | None = None
    time_zone: str | None = None
    day_first: bool | None = None


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
    time_format: str | None = None,
    time_zone: str | None = None,
    day_first: bool | None = None,
) -> Panel:
    """Read a table of one or many series, long or wide.

    Parameters:
        path: CSV file (tab, semicolon or comma, UTF-8, with a header, optionally gzipped) or
            Parquet file. The rows of a series are sorted by time.
        time: column of times: whole numbers, or dates and times. None if rows are steps without
            times.
        id: column that names the series of a row; None for "unique_id" if there is such a column,
            and otherwise for a single series.
        target: column or columns to forecast; `[]` for a table of known columns alone. None for
            "y" if there is such a column, and otherwise for all named columns of numbers that have
            no other role.
        known: columns whose future is known.
        past: columns known only up to the present.
        missing: "refuse", or "interpolate" to insert missing steps and to fill missing values,
            linearly between the values before and after; in columns of zeros and ones with the
            value before.
        frequency: "infer" requires regular times: a month, a business day (a few may lack),
            or any other step apart. "rows" counts rows as steps and ignores the times.
        time_format: how times are written, in the notation of `datetime.strptime`, such as
            "%d.%m.%Y"; None for the year first, or where a day above 12 tells day and month apart.
        time_zone: whose days and months times with different offsets follow, such as
            "Europe/Berlin"; None for the zone that all times have.
        day_first: the order in dates such as 01/02/2024, where no day above 12 tells it; None to
            refuse them.

    Returns:
        B series, in order of first appearance in the table.

    Raises:
        ConfigError: A column has two roles, or a format or zone is unknown.
        DataError: The file cannot be read, a column does not exist, times are repeated or
            irregular, or a value is not a number, infinite or missing.
    """
    options = PanelOptions(
        time, id, target, known, past, missing, frequency, time_format, time_zone, day_first
    )
    return panel_of(Table.open(path), options)


def panel_of(table: Table, options: PanelOptions) -> Panel:
    """The panel in a table; options and errors are those of `read_panel`."""
    check_missing(options.missing)
    check_frequency(options.frequency)
    parts = _parts(table, options)
    ids, rows = _series(table, parts.id)
    columns = parts.targets + parts.past + parts.known
    numbers = table.numbers(columns).T  # [C, rows]
    found = timed(table, rows, time=parts.time, id=parts.id, options=options)
    spreads = []
    for own, (times, positions) in zip(found.rows, found.closed, strict=True):
        spread = np.full((len(columns), len(times)), np.nan)
        spread[:, positions] = numbers[:, own]
        spreads.append(spread)

    def place(series: int, column: int, step: int) -> str:
        before = int(np.searchsorted(found.closed[series][1], step, side="right")) - 1
        return table.cell(int(found.rows[series][max(0, before)]), columns[column])

    settled = settle_gaps(
        spreads,
        missing=options.missing,
        source=table.path,
        place=place,
        ids=ids.tolist(),
        columns=columns,
    )
    return Panel(
        settled.values,
        tuple(own for own, _ in found.closed),
        ids,
        parts.targets,
        parts.past,
        parts.known,
        found.zone,
        (*parts.notes, *found.notes, *settled.notes),
        settled.filled,
        found.day_first,
    )


class _Parts(NamedTuple):
    """The role of each column of a table."""

    time: str | None
    id: str | None
    targets: tuple[str, ...]
    past: tuple[str, ...]
    known: tuple[str, ...]
    notes: tuple[str, ...]


def _parts(table: Table, options: PanelOptions) -> _Parts:
    present, time, target = table.frame.columns, options.time, options.target
    if all(is_number(name) for name in present):
        raise DataError(
            f"{table.path}: the first row holds numbers; wanted a header with the names of the "
            "columns, and a column of times (or time=None)"
        )
    id = _ID if options.id is None and _ID in present else options.id  # noqa: A001
    taken: dict[str, str] = {}
    fixes: dict[str, tuple[Fix, ...]] = {"time": (("time", None),), "id": ()}
    for name, role in ((time, "time"), (id, "id")):
        if name is not None:
            table.need(name, role, fixes[role])
            taken[name] = role
    given = {"past": _names("past", options.past), "known": _names("known", options.known)}
    if target is not None:
        given["target"] = _names("target", [target] if isinstance(target, str) else target)
    for role, names in given.items():
        for name in names:
            table.need(name, role)
            if name in taken:
                raise ConfigError(f"{role}: {name!r} is already given as {taken[name]}")
            taken[name] = role
    notes = []
    if target is None:
        index = table.index(taken)
        given["target"] = targets = _find_targets(table, [*taken, index])
        if index is not None:
            notes.append(index_note(index))
        if len(targets) > 1:
            more = [f"{len(targets) - _NAMED} more"] if len(targets) > _NAMED else []
            notes.append(
                f"all columns of numbers without another role are forecast: "
                f"{', '.join([*targets[:_NAMED], *more])}; name those to forecast as `target`"
            )
    if not any(given.values()):
        raise ConfigError("target: wanted at least one column, as target, past or known")
    return _Parts(time, id, given["target"], given["past"], given["known"], tuple(notes))


def _names(role: str, given: Sequence[str]) -> tuple[str, ...]:
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise ConfigError(f"{role}: wanted a list of column names, given {given!r}")
    return tuple(given)


def _find_targets(table: Table, taken: Collection[str | None]) -> tuple[str, ...]:
    """The column "y", or all columns of numbers that have no role yet."""
    others = [name for name in table.frame.columns if name and name not in taken]
    targets = ["y"] if "y" in others else table.of_numbers(others)
    for name in targets:
        table.need(name, "target")
    if not targets:
        raise DataError(
            f"{table.path} has no column of numbers to forecast; "
            f"there are {', '.join(table.frame.columns)}"
        )
    return tuple(targets)


def _series(table: Table, name: str | None) -> tuple[NDArray[Any], list[NDArray[np.int64]]]:
    """[B] ids in order of appearance, and the positions of the rows of each series."""
    if name is None:
        return np.arange(1), [np.arange(len(table.frame))]
    column = table.ids(name)
    if column.dtype.kind == "U":
        column = np.char.strip(column)
        if (column == "").any():
            raise DataError(f"{table.place(int((column == '').argmax()), name)} is empty")
    _, first, codes = np.unique(column, return_index=True, return_inverse=True)
    order = np.argsort(codes, kind="stable")
    rows = np.split(order, np.cumsum(np.bincount(codes))[:-1])
    return column[np.sort(first)], [rows[at] for at in np.argsort(first)]
