"""New cases for a trained model, from a file of the same form as its training file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from regard.errors import DataError
from regard.inputs.series.cases import Cases
from regard.inputs.series.delimited import parse_csv
from regard.inputs.series.load import READERS, kind_of
from regard.inputs.series.table import read_table
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
        path: CSV, TSV, .ts, .npz, or a table if the model was trained on one.
        data: the section `data` of the configuration.
        targets: how many numbers to predict a case has; None for classes.
        channels: C names of the training part.
        steps: fewest and most steps of the training part.
        labelled: whether a CSV has labels first, and a table columns with them. None infers it:
            for a CSV from its number of columns if all training series have the same length, for a
            table from whether those columns have values.

    Raises:
        DataError: the file cannot be read, or has another form.
    """
    kind = kind_of(path)
    if kind == "table" and data.kind != "table":
        raise DataError(f"{path}: is a table, but the run was not trained on one")
    if kind in ("csv", "table") and data.kind == "table":
        names = (data.label,) if isinstance(data.label, str) else tuple(data.label)
        table = Table.open(path)
        if labelled is None:
            labelled = table.filled.issuperset(names)
        label = names[0] if targets is None else names
        return read_table(
            table,
            case=data.case,
            time=data.time,
            label=label if labelled else None,
            channels=channels,
            missing=data.missing,
        )
    if kind == "csv":

        def is_labelled(columns: int) -> bool:
            return _infer_labelled(path, columns, targets, *steps) if labelled is None else labelled

        return parse_csv(path, is_labelled, targets=targets or 0, missing=data.missing)
    given = {"path": path, "missing": data.missing, "targets": targets is not None}
    cases: Cases = call_with(f"kind {kind!r}", READERS[kind], given)
    return cases


def _infer_labelled(
    path: Path, columns: int, targets: int | None, shortest: int, longest: int
) -> bool:
    """Whether a CSV with this number of columns has labels, or targets, before the values."""
    before = targets or 1
    if shortest == longest and columns not in (longest, longest + before):
        labels = f"{before} numbers" if before > 1 else "a number" if targets else "a label"
        raise DataError(
            f"{path}: has {columns} columns; the run was trained on series of {longest} steps: "
            f"wanted {longest} columns, or {longest + before} with {labels} first",
            fixes=("labelled",),
        )
    return shortest < longest or columns > longest
