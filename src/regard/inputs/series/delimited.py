"""Delimited text: one univariate series a row, as in the UCR archive.

    label, value, value, ...

Cells are separated by tabs, semicolons or commas, see `find_separator`, or by blanks. All rows have
the same length. Rows and columns in messages count from 1, as in editors.
"""

from __future__ import annotations

from collections.abc import Sequence

from regard.checks import check_count
from regard.errors import ConfigError, DataError
from regard.inputs.series.cases import Cases
from regard.inputs.series.sheet import Roles, Sheet
from regard.tables.files import FilePath
from regard.tables.missing import Missing, check_missing

__all__ = ["by_place", "is_place", "read_csv", "roles_of"]

_PLACES = ("first", "last", "none")
_LABEL_NAMES = ("label", "class", "target")


def read_csv(
    path: FilePath,
    *,
    label: str | Sequence[str] = "first",
    targets: int = 0,
    id: str | None = None,  # noqa: A002 - the name that every reader gives it
    ignore: Sequence[str] = (),
    header: bool | None = None,
    encoding: str = "utf-8",
    missing: Missing = "refuse",
) -> Cases:
    """Read a file with one series a row, beside its label or its targets.

    Blank rows are skipped. Empty cells and NaN, NA, N/A, null, none and ? are missing values. A
    first column that counts the rows under the name of an index, as pandas writes it, is left out.

    Parameters:
        path: A text file; or a Parquet or Feather file, or JSON lines in a file named .jsonl, where
            a cell may also hold a list, which is as many columns.
        label: The column with the class, "first", "last" or its name in the header; "none" if
            there is none. With targets, also a list of names.
        targets: How many numbers to predict a row begins (or ends) with; 0 for a class.
        id: The column that names the cases.
        ignore: Columns to leave out.
        header: Whether the first row names the columns. None recognises it: a row without a number
            beside the label is a header, and a row of numbers that count or rise as no other row
            does, unless it may be a series as well, which is refused.
        encoding: Character encoding of a text file, such as "utf-8" or "cp1252".
        missing: "refuse"; "interpolate"; "skip" leaves out cases with missing values or labels.

    Returns:
        B cases of one channel and T steps. Labels are strings, see `tidy_labels` for those that
        are numbers. Targets are float64, [B], or [B, targets] for several. `columns` and `targets`
        are the names in the header.

    Raises:
        ConfigError: A parameter is wrong.
        DataError: The file cannot be read, a row is longer or shorter than the first, a cell is
            not a number, a value is infinite or missing, a label is missing, a column does not
            exist, the first row may be a header or a series.
    """
    check_missing(missing, skip=True)
    check_count("targets", targets, least=0)
    count = targets or 1
    if header is None and (id or ignore or not is_place(label)):
        header = True
    sheet = Sheet.open(
        path, header=header, labels=lambda _: by_place(label, count), encoding=encoding
    )
    roles = roles_of(sheet, label=label, count=count, case=id, ignore=ignore)
    return sheet.cases(roles, targets=targets > 0, missing=missing)


def roles_of(
    sheet: Sheet,
    *,
    label: str | Sequence[str],
    count: int,
    case: str | None,
    ignore: Sequence[str],
) -> Roles:
    """The roles of the columns.

    Parameters:
        sheet: the cells.
        label, ignore: as for `read_csv`.
        count: of the labels, where they are found by their place.
        case: the column of ids.

    Raises:
        DataError: a column does not exist, or none is left for the values.
    """
    if isinstance(ignore, str):
        raise ConfigError(f"ignore: wanted a list of names of columns, given {ignore!r}")
    ignored = {sheet.find(name, "ignore") for name in ignore}
    id_at = None if case is None else sheet.find(case, "id")
    left = [at for at in sheet.columns if at not in ignored and at != id_at]
    assumed = ""
    if label == "none":
        labels: list[int] = []
    elif is_place(label):
        labels = left[:count] if label == "first" else left[-count:]
        columns = "column was" if count == 1 else f"{count} columns were"
        assumed = f"the {label} {columns} taken as {'label' if count == 1 else 'targets'}"
        _check_label(sheet, labels)
    else:
        names = (label,) if isinstance(label, str) else tuple(label)
        labels = [sheet.find(name, "label") for name in names]
        if id_at in labels or ignored & set(labels):
            raise ConfigError(f"label, id, ignore: {', '.join(names)} cannot be two of them")
    values = [at for at in left if at not in labels]
    if not values:
        kind = "targets" if count > 1 else "a label"
        raise DataError(f"{sheet.path}, row {sheet.rows[0][0]} has {kind} and no values")
    return Roles(tuple(labels), tuple(values), id_at, assumed)


def is_place(label: str | Sequence[str]) -> bool:
    """Whether a label is found by its place, and not by its name."""
    return isinstance(label, str) and label in _PLACES


def by_place(label: str | Sequence[str], count: int) -> range:
    """Positions of the labels before the header is read, which may name them."""
    places = {"first": range(count), "last": range(-count, 0)}
    return places.get(label, range(0)) if isinstance(label, str) else range(0)


def _check_label(sheet: Sheet, labels: Sequence[int]) -> None:
    """Refuse a label by its place where another column is called one."""
    for at, name in enumerate(sheet.names):
        if name.lower() in _LABEL_NAMES and at not in labels:
            taken = ", ".join(repr(sheet.names[each]) for each in labels)
            raise DataError(
                f"{sheet.path} has a column {name!r}, but {taken} is taken as label by its place",
                fixes=(("label", name),),
            )
