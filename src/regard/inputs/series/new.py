"""New cases for a trained model, from a file of the same form as its training file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from regard.errors import ConfigError, DataError, nearest
from regard.inputs.series.cases import Cases
from regard.inputs.series.delimited import by_place, is_place, roles_of
from regard.inputs.series.load import READERS, kind_of
from regard.inputs.series.sheet import Roles, Sheet
from regard.inputs.series.table import read_table
from regard.registry import call_with
from regard.tables.frames import Table

__all__ = ["Columns", "read_new"]

_SHOWN = 3  # columns left out


class Columns(NamedTuple):
    """Names in the header of a CSV file with one series a row; nothing where it has none.

    Attributes:
        values: of the steps.
        labels: of the class or the targets.
    """

    values: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


def read_new(
    path: Path,
    data: Any,
    *,
    targets: int | None,
    texts: bool = False,
    channels: Sequence[str],
    columns: Columns,
    steps: tuple[int, int],
    labelled: bool | None,
    encoding: str | None = None,
) -> Cases:
    """Read new cases; values that are missing stay NaN.

    Parameters:
        path: CSV, TSV, .ts, .npz, or a table if the model was trained on one.
        data: the section `data` of the configuration.
        targets: how many numbers to predict a case has; None for classes and texts.
        texts: whether labels are texts to write, of which a CSV has none.
        channels: C names of the training part.
        columns: names in the header of the training file.
        steps: fewest and most steps of the training part.
        labelled: whether a CSV has labels first, and a table columns with them. None infers it:
            for a CSV from its number of columns if all training series have the same length, for a
            table from whether those columns have values.
        encoding: of a text file with one series a row; None for that trained on.

    Raises:
        DataError: the file cannot be read, or has another form.
    """
    kind = kind_of(path)
    if kind == "table" and data.kind != "table":  # Parquet or JSON lines with one series a row
        kind = "csv"
    if encoding is not None and (kind != "csv" or data.kind == "table"):
        raise ConfigError(f"encoding: {path} is read as {kind}, which has no encoding to choose")
    if kind in ("csv", "table") and data.kind == "table":
        label = data.target if texts else data.label
        names = (label,) if isinstance(label, str) else tuple(label)
        table = Table.open(path)
        if labelled is None:
            labelled = table.filled.issuperset(names)
        wanted = names[0] if targets is None else names
        return read_table(
            table,
            case=data.case,
            time=data.time,
            label=wanted if labelled else None,
            channels=channels,
            texts=texts,
            missing="keep",
        )
    if kind == "csv" and texts:
        raise DataError(
            f"{path}: the run was trained on {data.kind}; wanted a file that ends in .npz or .ts"
        )
    if kind == "csv":
        return _read_rows(path, data, targets, columns, steps, labelled, encoding)
    given = {"path": path, "missing": "keep", "targets": targets is not None, "texts": texts}
    cases: Cases = call_with(f"kind {kind!r}", READERS[kind], given)
    return cases


def _read_rows(
    path: Path,
    data: Any,
    targets: int | None,
    columns: Columns,
    steps: tuple[int, int],
    labelled: bool | None,
    encoding: str | None,
) -> Cases:
    """One series a row: by the names in the header trained on, otherwise by place."""
    given: dict[str, Any] = {"label": "first", "id": None, "ignore": (), "header": None}
    given |= {"encoding": "utf-8"}
    given |= data.model_dump(include=set(given))
    label, count = given["label"], targets or 1

    def is_labelled(wide: int) -> bool:
        return _infer_labelled(path, wide, targets, *steps) if labelled is None else labelled

    def places(wide: int) -> range:
        unlabelled = labelled is False or (labelled is None and steps == (wide, wide))
        return by_place("none" if unlabelled else label, count)

    sheet = Sheet.open(
        path,
        header=given["header"],
        labels=places,
        known=columns.values,
        encoding=encoding or given["encoding"],
    )
    if sheet.names and columns.values and columns.labels:
        roles = _named_roles(sheet, given["id"], columns, labelled)
        sheet = _noted(sheet, roles, given["id"], columns.labels, given["ignore"])
    else:
        known = [name for name in given["ignore"] if name in sheet.names]
        names = given["id"] if given["id"] in sheet.names else None
        left = len(sheet.columns) - len(known) - (names is not None)
        by = (label if is_place(label) else "first") if is_labelled(left) else "none"
        roles = roles_of(sheet, label=by, count=count, case=names, ignore=known)
    return sheet.cases(roles, targets=targets is not None, missing="keep")


def _named_roles(sheet: Sheet, case: str | None, columns: Columns, labelled: bool | None) -> Roles:
    values = [sheet.find(name, "a step of the series trained on") for name in columns.values]
    labels: list[int] = []
    present = bool(columns.labels) and set(columns.labels) <= set(sheet.names)
    if labelled or (labelled is None and present):
        labels = [sheet.find(name, "label") for name in columns.labels]
        if labelled is None and all(sheet.is_empty(at) for at in labels):
            labels = []
    return Roles(
        tuple(labels), tuple(values), sheet.names.index(case) if case in sheet.names else None
    )


def _noted(
    sheet: Sheet, roles: Roles, case: str | None, labels: Sequence[str], ignored: Sequence[str]
) -> Sheet:
    """The sheet with notes on the columns that are left out and the ids that are not there.

    Raises:
        DataError: the column of ids is not there and another looks like it: predictions without
            ids cannot be joined.
    """
    used = {*roles.values, *roles.labels, roles.id}
    known = {*ignored, *labels}
    others = [sheet.names[at] for at in sheet.columns if at not in used]
    others = [name for name in others if name not in known]
    notes: list[str] = []  # by the names, the header and the index are certain
    if case is not None and roles.id is None:
        if (near := nearest(case, others)) is not None:
            raise DataError(
                f"{sheet.path} has no column {case!r} (id); did you mean {near!r}? Rename it"
            )
        notes.append(f"no column {case!r}: cases are numbered from 0")
    if labels and not roles.labels:
        for name in labels:
            if name not in sheet.names and (near := nearest(name, others)) is not None:
                notes.append(f"no column {name!r} (label): did you mean {near!r}?")
    if others:
        shown = [*map(repr, others[:_SHOWN]), *["..."] * (len(others) > _SHOWN)]
        noun = "column" if len(others) == 1 else f"{len(others)} columns"
        notes.append(f"{noun} left out: {', '.join(shown)}")
    return replace(sheet, notes=tuple(notes))


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
