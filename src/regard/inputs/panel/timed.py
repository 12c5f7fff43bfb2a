"""The rows of a table in order of time, without gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.inputs.panel.calendar import show_time
from regard.inputs.panel.regular import Places, check_unique, closed_gaps, missing_times
from regard.inputs.panel.timestamps import read_times
from regard.inputs.panel.zones import on_clock
from regard.tables.frames import Table

if TYPE_CHECKING:
    from regard.inputs.panel.tables import PanelOptions

__all__ = ["Timed", "timed"]


class Timed(NamedTuple):
    """The rows of each series in order of time.

    Attributes:
        rows: B arrays of positions of rows.
        closed: for each series its times [T], and the position among them of each row.
        zone: of the times.
        day_first: see `Times`.
        notes: what was done to the times.
    """

    rows: list[NDArray[np.int64]]
    closed: list[tuple[NDArray[Any], NDArray[np.int64]]]
    zone: str | None = None
    day_first: bool | None = None
    notes: tuple[str, ...] = ()


def timed(
    table: Table,
    rows: list[NDArray[np.int64]],
    *,
    time: str | None,
    id: str | None,  # noqa: A002 - as in `PanelOptions`
    options: PanelOptions,
) -> Timed:
    """Sort the rows of each series by time, and close gaps.

    Parameters:
        table: of the series.
        rows: B arrays of the positions of their rows.
        time: column of times; None if rows are steps.
        id: column that names the series of a row.
        options: how to read times and gaps.

    Raises:
        DataError: Times cannot be read, are repeated or irregular.
    """
    if time is None:
        return Timed(rows, [(np.arange(len(own)), np.arange(len(own))) for own in rows])
    column, zone, day_first = read_times(
        table,
        time,
        time_format=options.time_format,
        time_zone=options.time_zone,
        day_first=options.day_first,
    )
    orders = [np.argsort(column[own], kind="stable") for own in rows]
    moved = sum(bool((np.diff(order) < 0).any()) for order in orders)
    rows = [own[order] for own, order in zip(rows, orders, strict=True)]
    times = [column[own] for own in rows]
    ids = None if id is None else table.frame[id]

    def row(series: int, step: int) -> str:
        at = int(rows[series][step])
        return f"row {table.rows[at]}" + ("" if ids is None else f" of series {ids[at]}")

    places = Places(
        lambda series, step: table.place(int(rows[series][step]), time),
        row,
        lambda at: show_time(on_clock(np.asarray([at]), zone)[0]),
        lambda series: "the series" if ids is None else f"series {ids[int(rows[series][0])]}",
    )
    name_id = "" if id else ", or name the column that tells series apart (id)"
    check_unique(times, places, hint=f"; remove one of them{name_id}")
    notes = []
    if moved:
        which = f" of {moved} of {len(rows)} series" if len(rows) > 1 else ""
        notes.append(f"the rows{which} are not in order of time, and are sorted")
    if options.frequency == "infer":
        fill = options.missing == "interpolate"
        closed, holidays = closed_gaps(times, places, fill=fill, zone=zone)
        inserted = missing_times(closed)
        if len(inserted):
            notes.append(f"missing times are inserted: {places.times(inserted)}")
        if holidays:
            notes.append(
                f"{len(holidays)} business days without a row are closed up, so that later weeks "
                f"move: {places.times(np.array(holidays, column.dtype))}; `missing` interpolate "
                "inserts them"
            )
    else:
        closed = [(own, np.arange(len(own))) for own in times]
    return Timed(rows, closed, zone, day_first, tuple(notes))
