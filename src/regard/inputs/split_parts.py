"""The part of the data that each row of a table belongs to."""

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.tables.frames import Table
from regard.tables.jsonl import JsonLines
from regard.tables.problems import Problems

__all__ = ["PARTS", "split_parts", "where_parts"]

PARTS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("valid", "validation", "val", "dev"), "valid"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""Names of parts, in lower case, and the part that each is."""


def split_parts(table: Table | JsonLines, column: str, problems: Problems) -> NDArray[np.str_]:
    """[rows] "train", "valid" or "test", of a column.

    Parameters:
        table: with the column.
        column: its name.
        problems: takes what is none of these.
    """
    table.need(column, "split")
    parts = []
    for row, given in enumerate(table.values(column)):
        name = "" if given is None else str(given).strip()
        parts.append(PARTS.get(name.lower(), ""))
        if not parts[-1]:
            problems.add(
                f"{name!r} is no part: wanted train, valid or test", [table.cell(row, column)]
            )
    return np.array(parts)


def where_parts(
    parts: NDArray[np.str_], *, path: str, column: str, validation: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64] | None, NDArray[np.int64] | None]:
    """Positions of the cases to train on, for early stopping and for the figures; None if none is.

    Parameters:
        parts: [B] of the cases.
        path, column: where they are from, in errors.
        validation: whether early stopping is wanted; otherwise part valid is trained on, too.

    Raises:
        DataError: there is nothing to train on.
    """
    if not validation:
        parts = np.where(parts == "valid", "train", parts)
    train, held, test = (np.flatnonzero(parts == name) for name in ("train", "valid", "test"))
    if not train.size:
        raise DataError(f"{path}: no row of column {column!r} (split) is of part train")
    return train, held if held.size else None, test if test.size else None
