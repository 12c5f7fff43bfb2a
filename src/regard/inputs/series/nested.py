"""Data frames of Python whose cells are series, or that hold the row numbers as a column."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.tables.index import counts_rows, is_index_name

__all__ = ["unnested"]


def unnested(X: Any) -> Any:
    """A column of series, or a frame with a column of series for each channel, as a list of cases.

    Anything else is returned as it is.

    Parameters:
        X: A pandas or polars Series of arrays or lists, [B] times [steps] or [C, steps]; a frame
            whose cells are series, [B, C] times [steps].

    Raises:
        DataError: The channels of a case differ in length; some cells are series and others are
            not, or have two axes; a column is the row number.
    """
    if hasattr(X, "to_list") and hasattr(X, "name"):
        cells = X.to_list()
        return [np.asarray(cell) for cell in cells] if cells and _is_series(cells[0]) else X
    if not (hasattr(X, "columns") and hasattr(X, "to_numpy")):
        return X
    columns = [_cells(X, at) for at in range(len(X.columns))]
    nested = [bool(len(cells)) and _is_series(cells[0]) for cells in columns]
    if columns and is_index_name(str(X.columns[0])) and counts_rows(columns[0]):
        raise DataError(f"X: the column {X.columns[0]!r} counts the rows; leave it out")
    if not any(nested):
        return X
    if not all(nested):
        raise DataError(
            f"X: the cells of column {X.columns[nested.index(False)]!r} are not series, those of "
            f"{X.columns[nested.index(True)]!r} are"
        )
    return [_stacked(case, cells) for case, cells in enumerate(zip(*columns, strict=True))]


def _cells(X: Any, column: int) -> Any:
    if hasattr(X, "iloc"):
        return X.iloc[:, column].to_list()
    return X.to_series(column).to_list()


def _is_series(cell: Any) -> bool:
    return hasattr(cell, "__len__") and not isinstance(cell, str | bytes | dict)


def _stacked(case: int, cells: tuple[Any, ...]) -> NDArray[Any]:
    channels = [np.asarray(cell) for cell in cells]
    for channel in channels:
        if channel.ndim != 1:
            shape = list(channel.shape)
            raise DataError(f"X: a cell of case {case} has the shape {shape}; wanted [steps]")
    if len({len(channel) for channel in channels}) > 1:
        raise DataError(f"X: the channels of case {case} differ in length")
    return np.stack(channels)
