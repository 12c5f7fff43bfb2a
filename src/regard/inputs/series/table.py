"""Long tables, CSV or Parquet: a row for each step of each case.

    case, time, label, x, y
    a,    0,    left,  0.1, 7
    a,    1,    left,  0.3, 8
    b,    0,    right, 0.2, 5

Rows may come in any order. Rows in messages count from 1: the header of a CSV file is row 1, in a
Parquet file, which has no header, row 1 is the first row of data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, DataError
from regard.inputs.labels import missing_labels
from regard.inputs.series.cases import Cases
from regard.inputs.series.gaps import settled
from regard.inputs.target_texts import column_texts
from regard.tables.cells import tidy_labels
from regard.tables.files import FilePath
from regard.tables.frames import Table
from regard.tables.index import index_note
from regard.tables.missing import Missing, check_missing
from regard.tables.problems import Problems

__all__ = ["read_table"]

_NOUNS = {"f": "number", "O": "text"}  # what a label is called, by the kind of its array


def read_table(
    path: FilePath | Table,
    *,
    case: str = "case",
    time: str = "time",
    label: str | Sequence[str] | None = "label",
    channels: Sequence[str] | None = None,
    texts: bool = False,
    missing: Missing = "refuse",
) -> Cases:
    """Read a table with a row for each step of each case.

    Parameters:
        path: A CSV file (tab, semicolon or comma, UTF-8, with a header) or a Parquet file; or a
            table that is open already.
        case: The column that says which case a row belongs to.
        time: The column that orders the steps of a case: numbers, or dates and times written year
            first. Only the order counts, not the distances.
        label: The column with the class of the case, the same in all its rows; a list of columns
            with numbers to predict; None for a table without labels.
        channels: The columns with the values; None for all others, in the order of the file.
        texts: Whether the label is a text to write, and not a class.
        missing: "refuse"; "interpolate"; "skip" leaves out cases with missing values or labels.

    Returns:
        B cases, in the order of their first rows, of C channels and up to T steps. ids are the
        values of the case column; labels are strings, or float64 [B, columns] for a list of
        columns, whose names are then `targets`.

    Raises:
        DataError: The file cannot be read, a column is missing, a case has two labels or two rows
            of the same time, a value is not a number, infinite or missing.
    """
    check_missing(missing, skip=True)
    table = path if isinstance(path, Table) else Table.open(path)
    targets = () if label is None or isinstance(label, str) else tuple(label)
    used = (case, time, *([label] if isinstance(label, str) else targets))
    index = table.index(used) if channels is None else None
    for name, parameter in zip((case, time), ("case", "time"), strict=True):
        table.need(name, parameter)
    for name in used[2:]:
        table.need(name, "target" if texts else "label")
    names = _channels(table, used, channels, index)
    layout = _layout(table, case, time)
    numbers = table.numbers(names)  # [rows, C]
    lengths = np.bincount(layout.case)
    values = np.zeros((len(lengths), len(names), lengths.max()))
    values[layout.case, :, layout.step] = numbers[layout.row]
    starts = np.cumsum(lengths) - lengths
    ids = table.ids(case)[layout.row[starts]]
    labels: NDArray[Any] | None = None
    problems = Problems(table.path)
    empty = np.zeros(len(layout.row), bool)  # [rows] without a label, sorted by case and time
    if isinstance(label, str) and texts:
        written = column_texts(table, label)
        empty = (written == "")[layout.row]
        labels = _labels(table, label, layout, ids, written, empty)
    elif isinstance(label, str):
        given = table.labels(label)
        empty = np.array([each is None for each in given])[layout.row]
        tidied = tidy_labels([each or "" for each in given])
        labels = _labels(table, label, layout, ids, tidied, empty)
    elif label is not None:
        numbers = table.numbers(targets)
        empty = missing_labels(numbers)[layout.row]
        columns = zip(targets, numbers.T, strict=True)
        labels = np.stack(
            [_labels(table, name, layout, ids, own, empty) for name, own in columns], axis=1
        )

    def label_cell(case: int) -> str:
        at = int(np.flatnonzero(empty & (layout.case == case))[0])
        return table.cell(int(layout.row[at]), label if isinstance(label, str) else targets[0])

    return settled(
        Cases(
            values,
            lengths,
            labels,
            ids=ids,
            channels=names,
            targets=targets,
            notes=() if index is None else (index_note(index),),
        ),
        problems,
        missing=missing,
        place=lambda b, c, t: table.cell(int(layout.row[starts[b] + t]), names[c]),
        unlabelled=np.bincount(layout.case[empty], minlength=len(lengths)) > 0,
        row=label_cell,
        noun="target" if targets else "text" if texts else "label",
    )


class _Layout(NamedTuple):
    """The rows of a table, sorted by case and time."""

    row: NDArray[np.int64]  # [rows] position in the table
    case: NDArray[np.int64]  # [rows] number of the case, from 0 in the order of first appearance
    step: NDArray[np.int64]  # [rows] step within the case, from 0


def _layout(table: Table, case: str, time: str) -> _Layout:
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
    return _Layout(row, index, step)


def _channels(
    table: Table, used: Sequence[str], channels: Sequence[str] | None, index: str | None
) -> tuple[str, ...]:
    """The names of the columns with values; refuses columns that the table does not have.

    Parameters:
        table: with the columns.
        used: the columns with case and time, and those with labels.
        channels: as for `read_table`.
        index: a column to leave out.
    """
    if channels is None:
        names = [name for name in table.frame.columns if name not in (*used, index)]
        table.need_names(names)
        if not names:
            raise DataError(
                f"{table.path} has no columns beside {used[0]!r}, {used[1]!r} and the label"
            )
        return tuple(names)
    if isinstance(channels, str) or not channels:
        raise ConfigError(f"channels: wanted a list of column names, given {channels!r}")
    for name in channels:
        table.need(name, "channels")
    return tuple(channels)


def _labels(
    table: Table,
    name: str,
    layout: _Layout,
    ids: NDArray[Any],
    given: NDArray[Any],
    empty: NDArray[np.bool_],
) -> NDArray[Any]:
    """[B] the class or target of each case, of those `given` for each row of the table.

    Cases with an empty row have no label, which is not checked here.
    """
    values = given[layout.row]
    firsts = values[layout.step == 0]
    numeric = values.dtype.kind == "f"
    infinite = np.isinf(values) if numeric else np.zeros(len(values), dtype=bool)
    unlabelled = np.isin(layout.case, layout.case[empty])
    wrong = (infinite | (values != firsts[layout.case])) & ~unlabelled
    if wrong.any():
        at = int(wrong.argmax())
        place, case = table.place(layout.row[at], name), layout.case[at]
        if infinite[at]:
            raise DataError(f"{place}: the target of case {ids[case]} is infinite")
        here, first = (f"{x:g}" if numeric else repr(str(x)) for x in (values[at], firsts[case]))
        raise DataError(
            f"{place}: case {ids[case]} has {here} here and {first} in its first row; "
            f"wanted one {_NOUNS.get(values.dtype.kind, 'label')} for each case"
        )
    return np.asarray(firsts)
