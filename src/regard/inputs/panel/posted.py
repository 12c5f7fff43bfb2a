"""Tables of times as JSON, as a service gets them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regard.errors import DataError

__all__ = ["frames_of", "panel_form"]

_WANTED = 'a case: wanted an object with "past" and "future", each a list for every column'


def panel_form(columns: Sequence[str], known: Sequence[str], data: Any) -> dict[str, Any]:
    """The JSON schema of a past to continue, and of the known columns of the future.

    Parameters:
        columns: C names of the values.
        known: F of them whose future is known.
        data: the section of the configuration.
    """
    cell = {"type": ["number", "string", "boolean", "null"]}
    table = {"type": "object", "additionalProperties": {"type": "array", "items": cell}}
    others = [name for name in (data.time or "ds", data.id) if name]
    form: dict[str, Any] = {
        "type": "object",
        "properties": {
            "past": {
                **table,
                "description": f"A list for each column, of one length: {', '.join(others)} and "
                f"{', '.join(columns)}. Without it the training data are continued.",
            }
        },
        "additionalProperties": False,
        "examples": [{}],
    }
    if known:
        form["properties"]["future"] = {
            **table,
            "description": f"The same of the {data.horizon} steps to forecast, with "
            f"{', '.join(known)}.",
        }
        form["required"] = ["future"]
        del form["examples"]
    return form


def frames_of(value: Any) -> tuple[Any, Any]:
    """Past and future of a value of this form, as data frames; None where one is not given."""
    if not isinstance(value, dict):
        raise DataError(f"{_WANTED}, given no object")
    if more := set(value) - {"past", "future"}:
        raise DataError(f"{_WANTED}, given {min(more)!r}")
    return _frame(value.get("past"), "past"), _frame(value.get("future"), "future")


def _frame(table: Any, name: str) -> Any:
    import polars as pl

    if table is None:
        return None
    if not (isinstance(table, dict) and all(isinstance(each, list) for each in table.values())):
        raise DataError(f"a case: {name}: wanted a list for every column")
    lengths = {len(each) for each in table.values()}
    if len(lengths) > 1:
        raise DataError(f"a case: {name}: its columns have {min(lengths)} to {max(lengths)} values")
    for column, cells in table.items():
        if any(isinstance(cell, list | dict) for cell in cells):
            raise DataError(f"a case: {name}: the column {column!r} has lists in its cells")
    return pl.DataFrame({column: pl.Series(cells, strict=False) for column, cells in table.items()})
