"""Missing values of a panel: refused, or filled and remembered.

A column of zeros and ones stays one: its gaps have the value before, as a promotion is on or off.
The gaps of other columns are interpolated, see `regard.tables.missing`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.tables.missing import settle_missing
from regard.tables.problems import Problems

__all__ = ["Settled", "settle_gaps"]

_NAMED = 3  # in a note


class Settled(NamedTuple):
    """Series without gaps.

    Attributes:
        values: B arrays [C, T].
        filled: B arrays [C, T], True where a value was missing; empty if none was.
        notes: what was filled.
    """

    values: tuple[NDArray[np.float64], ...]
    filled: tuple[NDArray[np.bool_], ...]
    notes: tuple[str, ...]


def settle_gaps(
    series: Sequence[NDArray[np.float64]],
    *,
    missing: str,
    source: object,
    place: Callable[[int, int, int], str],
    ids: Sequence[Any],
    columns: Sequence[str],
) -> Settled:
    """Find missing and infinite values, and fill gaps if they may be filled.

    Parameters:
        series: B arrays [C, T], NaN where a value is missing.
        missing: "refuse" or "interpolate".
        source: of the series, for messages.
        place: of a value within the source, given its series, column and step.
        ids: B names of the series.
        columns: C names.

    Raises:
        DataError: A value is infinite, or missing and not to be filled.
    """
    problems, values = Problems(source), []
    filled = tuple(np.isnan(own) for own in series)
    switches = np.logical_and.reduce(
        [(gaps | np.isin(own, (0, 1))).all(1) for own, gaps in zip(series, filled, strict=True)]
    )
    for at, own in enumerate(series):
        if missing == "interpolate":
            own = np.where(switches[:, None], _value_before(own), own)
        settled = settle_missing(
            own[None],
            np.array([own.shape[1]]),
            missing=missing,
            place=lambda _, column, step, at=at: place(at, column, step),  # type: ignore[misc]
            problems=problems,
        )
        values.append(settled[0])
    problems.refuse()
    if not any(gaps.any() for gaps in filled):
        return Settled(tuple(values), (), ())
    return Settled(tuple(values), filled, tuple(_notes(filled, ids, columns, switches)))


def _value_before(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """[C, T] each gap with the last value before it in its row; those before the first remain."""
    at = np.where(np.isnan(values), 0, np.arange(values.shape[1]))
    return np.take_along_axis(values, np.maximum.accumulate(at, axis=1), axis=1)


def _notes(
    filled: Sequence[NDArray[np.bool_]],
    ids: Sequence[Any],
    columns: Sequence[str],
    switches: NDArray[np.bool_],
) -> list[str]:
    """How many values of which columns are filled, and with what."""
    found: dict[str, list[str]] = {}
    for name, gaps in zip(ids, filled, strict=True):
        for column, own, switch in zip(columns, gaps, switches, strict=True):
            if own.any():
                where = f"series {name}, {column}" if len(ids) > 1 else column
                how = "with the value before" if switch else "by linear interpolation"
                found.setdefault(how, []).append(f"{where}: {own.sum()} of {len(own)} values")
    notes = [f"missing values are filled {how} ({_listed(each)})" for how, each in found.items()]
    ends = [
        f"{column}: {count}"
        for c, column in enumerate(columns)
        if (count := sum(_at_ends(gaps[c]) for gaps in filled))
    ]
    if ends:
        notes.append(
            f"values before the first or after the last known one are constant ({_listed(ends)}); "
            "in a long table each series has its own rows and needs none"
        )
    return notes


def _at_ends(gaps: NDArray[np.bool_]) -> int:
    """Gaps before the first and after the last value."""
    return int(np.logical_and.accumulate(gaps).sum() + np.logical_and.accumulate(gaps[::-1]).sum())


def _listed(texts: Sequence[str]) -> str:
    more = [f"{len(texts) - _NAMED} more"] if len(texts) > _NAMED else []
    return ", ".join([*texts[:_NAMED], *more])
