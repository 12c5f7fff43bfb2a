"""Long tables, CSV or Parquet: a row for each step of each case.

    case, time, label, x, y
    a,    0,    left,  0.1, 7
    a,    1,    left,  0.3, 8
    b,    0,    right, 0.2, 5

Rows may come in any order. Rows in messages count from 1, the header of a CSV file being row 1;
in a Parquet file, which has no header, the first row of data is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, DataError
from regard.inputs.series.cases import Cases
from regard.tables.cells import tidy_labels
from regard.tables.files import FilePath
from regard.tables.frames import Table
from regard.tables.missing import Missing, check_missing, settle_missing

__all__ = ["cases_of", "read_table"]


def read_table(
    path: FilePath,
    *,
    case: str = "case",
    time: str = "time",
    label: str | Sequence[str] | None = "label",
    channels: Sequence[str] | None = None,
    missing: Missing = "refuse",
) -> Cases:
    """Read a table with a row for each step of each case.

    Parameters:
        path: A CSV file (tab, semicolon or comma, UTF-8, with a header) or a Parquet file.
        case: The column that says which case a row belongs to.
        time: The column by which the steps of a case are ordered: numbers, or dates and times
            written year first. Only the order counts, not the distances.
        label: The column with the class of the case, the same in all its rows; a list of columns
            with numbers to predict; None for a table without labels.
        channels: The columns with the values; None for all others, in the order of the file.
        missing: "refuse" or "interpolate".

    Returns:
        B cases, in the order in which the table first names them, of C channels and up to T steps.
        ids are the values of the case column; labels are strings, numbers to predict float64
        [B, columns], and then `targets` has their names.

    Raises:
        DataError: The file cannot be read, a column is not there, a case has two labels or two
            rows of the same time, a value is no number, infinite or missing.
    """
    check_missing(missing)
    return cases_of(
        Table.open(path), case=case, time=time, label=label, channels=channels, missing=missing
    )


def cases_of(
    table: Table,
    *,
    case: str,
    time: str,
    label: str | Sequence[str] | None,
    channels: Sequence[str] | None,
    missing: Missing,
) -> Cases:
    """The cases of a table; see `read_table`."""
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
    labels: NDArray[Any] | None = None
    targets: tuple[str, ...] = ()
    if isinstance(label, str):
        labels = _labels(table, label, layout, ids)
    elif label is not None:
        targets = tuple(label)
        labels = np.stack([_targets(table, name, layout, ids) for name in targets], axis=1)
    return Cases(values, lengths, labels, ids=ids, channels=names, targets=targets)


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
    def of(cls, table: Table, *, case: str, time: str) -> _Layout:
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
    table: Table,
    *,
    case: str,
    time: str,
    label: str | Sequence[str] | None,
    channels: Sequence[str] | None,
) -> tuple[str, ...]:
    """The names of the columns that hold values, once all columns are known to be there."""
    table.need(case, "case")
    table.need(time, "time")
    labels = [label] if isinstance(label, str) else list(label or ())
    for name in labels:
        table.need(name, "label", "; set label=None for a table without labels")
    if channels is None:
        table.need_names()
        names = [name for name in table.frame.columns if name not in (case, time, *labels)]
        if not names:
            raise DataError(f"{table.path} has no columns beside {case!r}, {time!r} and the label")
        return tuple(names)
    if isinstance(channels, str) or not channels:
        raise ConfigError(f"channels: wanted a list of column names, given {channels!r}")
    for name in channels:
        table.need(name, "channels")
    return tuple(channels)


def _labels(table: Table, label: str, layout: _Layout, ids: NDArray[Any]) -> NDArray[np.str_]:
    labels = tidy_labels(table.texts(label))[layout.row]
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


def _targets(table: Table, name: str, layout: _Layout, ids: NDArray[Any]) -> NDArray[np.float64]:
    numbers = table.numbers(name)[layout.row]
    firsts = numbers[layout.step == 0]
    strange = ~np.isfinite(numbers)
    differing = numbers != firsts[layout.case]
    if (strange | differing).any():
        at = int((strange | differing).argmax())
        place, case = table.place(layout.row[at], name), ids[layout.case[at]]
        if strange[at]:
            raise DataError(f"{place}: the target of case {case} is missing or infinite")
        raise DataError(
            f"{place}: case {case} has {numbers[at]:g} here and {firsts[layout.case[at]]:g} "
            "before; wanted one number for a case"
        )
    return np.asarray(firsts)
