"""Series as JSON, as a service gets them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError, did_you_mean

__all__ = ["series_form", "series_of"]

_EXAMPLE = 64  # most steps of it


def series_form(
    channels: Sequence[str], steps: tuple[int, int], ranges: Sequence[tuple[float, float]]
) -> dict[str, Any]:
    """The JSON schema of a series.

    Parameters:
        channels: C names.
        steps: fewest and most of the training part.
        ranges: C pairs of the lowest and highest value of the training part, or none.
    """
    count = min(steps[1], _EXAMPLE)
    ends = ranges or [(0.0, 1.0)] * len(channels)
    rows = [np.linspace(low, high, count).round(4).tolist() for low, high in ends]
    numbers = {"type": "array", "items": {"type": ["number", "null"]}, "minItems": 1}
    trained = f"trained on {steps[0]} to {steps[1]} steps"
    listed = {
        "type": "array",
        "items": numbers,
        "minItems": len(channels),
        "maxItems": len(channels),
        "description": f"A list of numbers for each of {', '.join(channels)}; {trained}.",
    }
    named = {
        "type": "object",
        "properties": dict.fromkeys(channels, numbers),
        "required": list(channels),
        "additionalProperties": False,
        "description": "The same by the names of the channels.",
    }
    if len(channels) > 1:
        return {"anyOf": [listed, named], "examples": [rows]}
    one = {**numbers, "description": f"The numbers of the series; {trained}."}
    return {"anyOf": [one, listed, named], "examples": [rows[0]]}


def series_of(value: Any, channels: Sequence[str]) -> NDArray[np.float64]:
    """[C, steps] of a value of this form; null is a missing value.

    >>> series_of({"x": [1, None]}, ["x"]).tolist()
    [[1.0, nan]]
    """
    wanted = "a case: wanted a list of numbers" + (
        f" for each of {len(channels)} channels" if len(channels) > 1 else ""
    )
    rows = value
    if isinstance(value, dict):
        for name in value:
            if name not in channels:
                raise DataError(
                    f"a case: there is no channel {name!r}{did_you_mean(name, channels)}"
                )
        for name in channels:
            if name not in value:
                raise DataError(f"a case: the channel {name!r} is missing")
        rows = [value[name] for name in channels]
    elif len(channels) == 1 and isinstance(value, list) and not isinstance(_first(value), list):
        rows = [value]
    if not isinstance(rows, list):
        raise DataError(f"{wanted}, given {_named(rows)}")
    if len(rows) != len(channels):
        raise DataError(
            f"a case: wanted {len(channels)} channels ({', '.join(channels)}), given {len(rows)}"
        )
    for row in rows:
        if not isinstance(row, list):
            raise DataError(f"{wanted}, given {_named(row)} in place of one")
        if not row:
            raise DataError("a case: has no steps")
        strange = {type(each) for each in row} - {int, float, type(None)}
        if strange:
            given = next(each for each in row if type(each) in strange)
            raise DataError(f"{wanted}, given {_named(given)} among them")
    lengths = {len(row) for row in rows}
    if len(lengths) > 1:
        raise DataError(f"a case: its channels have {min(lengths)} to {max(lengths)} steps")
    return np.array(rows, np.float64)


def _first(rows: list[Any]) -> Any:
    return rows[0] if rows else None


def _named(value: Any) -> str:
    """A value of JSON in a word or two."""
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return "null" if value is None else kinds.get(type(value), "a number")
