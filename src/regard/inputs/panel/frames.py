"""Data frames, arrays and lists of arrays from Python as panels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, DataError
from regard.inputs.panel.gaps import settle_gaps
from regard.inputs.panel.panel import Panel
from regard.inputs.panel.regular import check_frequency
from regard.inputs.panel.tables import PanelOptions, panel_of
from regard.inputs.panel.zones import as_zone
from regard.tables.frames import Table
from regard.tables.missing import check_missing

if TYPE_CHECKING:
    import polars as pl

__all__ = ["as_panel"]


def as_panel(X: Any, *, source: str = "X", **options: Any) -> Panel:
    """Convert Python objects to a panel.

    Parameters:
        X: A polars or pandas data frame, long or wide as for `read_panel`; the times may be the
            index of a pandas frame or series. Or an array [T] or [T, M], of M targets, or a list
            of such arrays, one for each series, with the times 0, 1, ... T - 1. A panel is
            returned unchanged.
        source: name of X in errors.
        options: `time`, `id`, `target`, `known`, `past`, `missing`, `frequency`, `time_format`,
            `time_zone` and `day_first`, as for `read_panel`. Arrays have no columns to name.

    Returns:
        B series.

    Raises:
        ConfigError: A column has two roles, or columns are named and X has none.
        DataError: A column does not exist, times are repeated or irregular, a value
            is not a number, infinite or missing, or X has another shape.

    Example:
        >>> panel = as_panel([[1.0, 2.0, 3.0], [4.0, 5.0]])
        >>> panel.lengths.tolist(), panel.targets
        ([3, 2], ('y',))
    """
    if isinstance(X, Panel):
        return X
    chosen = PanelOptions(**options)
    check_missing(chosen.missing)
    check_frequency(chosen.frequency)
    frame = _as_frame(X, chosen.time, source)
    if frame is not None:
        return panel_of(Table(source, frame, np.arange(len(frame))), chosen)
    for name in ("id", "target", "known", "past"):
        if getattr(chosen, name):
            raise ConfigError(f"{name}: {source} is an array and has no columns; give a data frame")
    series = _arrays(X, source)
    count = len(series[0])
    targets = ("y",) if count == 1 else tuple(f"target {at}" for at in range(count))
    settled = settle_gaps(
        series,
        missing=chosen.missing,
        source=source,
        place=lambda at, target, step: f"series {at}, target {target}, step {step}",
        ids=range(len(series)),
        columns=targets,
    )
    return Panel(
        settled.values,
        tuple(np.arange(one.shape[1]) for one in settled.values),
        np.arange(len(series)),
        targets,
        notes=settled.notes,
        filled=settled.filled,
    )


def _as_frame(X: Any, time: str | None, source: str) -> pl.DataFrame | None:
    """X as a polars data frame; None if it is not a frame or series."""
    import polars as pl

    if isinstance(X, pl.DataFrame):
        frame = X
    elif isinstance(X, pl.Series):
        frame = X.rename(X.name or "y").to_frame()
    elif hasattr(X, "columns") and hasattr(X, "index"):
        frame = _from_pandas(X, time, source)
    elif hasattr(X, "to_frame") and hasattr(X, "index"):
        frame = _from_pandas(X.to_frame(X.name or "y"), time, source)
    else:
        return None
    if not len(frame):
        raise DataError(f"{source} has no rows")
    return frame


def _from_pandas(X: Any, time: str | None, source: str) -> pl.DataFrame:
    import polars as pl

    if X.index.nlevels > 1:  # such as an id and a time
        X = X.reset_index()
    if not X.columns.is_unique:
        name = X.columns[X.columns.duplicated()][0]
        raise DataError(f"{source} has two columns {str(name)!r}; rename one")
    index = X.index
    if hasattr(index, "to_timestamp"):  # periods, such as months
        index = index.to_timestamp()
    columns = {str(name): _column(X.iloc[:, at]) for at, name in enumerate(X.columns)}
    is_times = index.dtype.kind in "Mm" or index.name == time
    if time is not None and time not in columns and is_times:
        columns = {time: _column(index), **columns}
    return pl.DataFrame(columns)


def _column(column: Any) -> pl.Series:
    import polars as pl

    tz = getattr(column.dtype, "tz", None)
    if tz is not None:
        zone = as_zone(str(tz))
        if zone.startswith(("+", "-")):  # polars knows zones by name alone
            return pl.Series([time.isoformat() for time in column])
        clock = getattr(column, "dt", column).tz_convert("UTC")
        utc = getattr(clock, "dt", clock).tz_localize(None).to_numpy().astype("M8[us]")
        return pl.Series(utc).dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    if hasattr(column, "dt") and hasattr(column.dt, "to_timestamp"):
        column = column.dt.to_timestamp()
    array = column.to_numpy()
    if array.dtype.kind in "Mm":
        array = array.astype(f"{array.dtype.kind}8[us]")
    if array.dtype != object:
        return pl.Series(array)
    # pandas marks missing values as None, NaN, NA or NaT.
    missing = [type(cell).__name__ in ("NAType", "NaTType") or cell != cell for cell in array]
    cells: list[Any] = [None if gap else cell for cell, gap in zip(array, missing, strict=True)]
    if any(getattr(cell, "tzinfo", None) is not None for cell in cells):  # with their offsets
        cells = [cell.isoformat() if hasattr(cell, "isoformat") else cell for cell in cells]
    return pl.Series(cells, strict=False)


def _arrays(X: Any, source: str) -> list[NDArray[np.float64]]:
    """B arrays [M, T]."""
    of_series = isinstance(X, list | tuple) and any(
        isinstance(one, list | tuple | np.ndarray) for one in X[:1]
    )
    parts = list(X) if of_series else [X]
    series: list[NDArray[np.float64]] = []
    for at, part in enumerate(parts):
        name = f"{source}: series {at}" if of_series else source
        try:
            array = np.asarray(part)
            values = array.astype(np.float64) if array.dtype.kind in "biufO" else None
        except (TypeError, ValueError):
            raise DataError(f"{name} holds values that are not numbers") from None
        if values is None:
            raise DataError(f"{name} holds {array.dtype}; wanted real numbers")
        if values.ndim not in (1, 2):
            raise DataError(
                f"{name} has the shape {list(values.shape)}; wanted [steps] or [steps, targets], "
                "or a list of such arrays"
            )
        if not values.size:
            raise DataError(f"{name} has no values: its shape is {list(values.shape)}")
        values = values.reshape(len(values), -1).T  # [M, T]
        if series and len(values) != len(series[0]):
            raise DataError(
                f"{name} has {len(values)} targets, series 0 has {len(series[0])}; "
                "wanted the same for all"
            )
        series.append(np.ascontiguousarray(values))
    return series
