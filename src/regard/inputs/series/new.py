"""New cases for a model that was trained, from a file of the form it was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from regard.errors import DataError
from regard.inputs.series.cases import Cases
from regard.inputs.series.delimited import parse_rows, read_rows
from regard.inputs.series.load import READERS, kind_of
from regard.inputs.series.table import cases_of
from regard.registry import call_with
from regard.tables.frames import Table

__all__ = ["read_new"]


def read_new(
    path: Path,
    data: Any,
    *,
    targets: int | None,
    channels: Sequence[str],
    steps: tuple[int, int],
    labelled: bool | None,
) -> Cases:
    """Read new cases.

    Parameters:
        path: CSV, TSV, .ts, .npz, or a table where the model was trained on one.
        data: the section `data` of the configuration.
        targets: how many numbers a case is labelled with; None where it has a class.
        channels: C names of those trained on.
        steps: fewest and most steps of the training part.
        labelled: whether a CSV has labels first, and a table columns with them. None tells it, of
            a CSV from its number of columns where all series trained on were equally long, of a
            table from whether those columns are filled.

    Raises:
        DataError: the file cannot be read, or has another form.
    """
    kind = kind_of(path)
    if kind == "csv" and data.kind == "table":
        kind = "table"
    if kind == "csv":
        return _read_csv(path, targets, steps, labelled, data.missing)
    if kind == "table":
        if data.kind != "table":
            raise DataError(f"{path}: is a table, but the run was not trained on one")
        return _read_table(path, data, targets, channels, labelled)
    given = {"path": path, "missing": data.missing, "targets": targets is not None}
    cases: Cases = call_with(f"kind {kind!r}", READERS[kind], given)
    return cases


def _read_table(
    path: Path, data: Any, targets: int | None, channels: Sequence[str], labelled: bool | None
) -> Cases:
    names = (data.label,) if isinstance(data.label, str) else tuple(data.label)
    table = Table.open(path)
    if labelled is None:
        labelled = table.filled.issuperset(names)
    label = names[0] if targets is None else names
    return cases_of(
        table,
        case=data.case,
        time=data.time,
        label=label if labelled else None,
        channels=channels,
        missing=data.missing,
    )


def _read_csv(
    path: Path,
    targets: int | None,
    steps: tuple[int, int],
    labelled: bool | None,
    missing: Any,
) -> Cases:
    columns, rows = read_rows(path)
    cells, (shortest, longest) = targets or 1, steps  # the cells before the series
    if labelled is None and shortest == longest:
        if columns not in (longest, longest + cells):
            labels = "a label" if targets is None else "a number"
            labels = f"{cells} numbers" if cells > 1 else labels
            raise DataError(
                f"{path}: has {columns} columns; the run was trained on series of {longest} steps "
                f"({longest + cells} columns with {labels} first), so that it may have labels or "
                "not",
                fixes=("labelled",),
            )
        labelled = columns > longest
    label: Any = "none" if labelled is False else "first"
    return parse_rows(path, rows, label=label, targets=targets or 0, missing=missing)
