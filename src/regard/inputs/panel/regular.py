"""Checks that times differ and are regular; missing steps are refused or inserted.

Holidays of exchanges are unknown here. So where gaps are not filled, a series of business days may
lack up to seven weekdays in a row, and up to a tenth of all (at least seven): its rows count as its
steps, which the caller says. All other gaps are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_choice
from regard.errors import DataError
from regard.inputs.panel.calendar import Step, common_step

__all__ = [
    "Frequency",
    "Places",
    "check_frequency",
    "check_unique",
    "closed_gaps",
    "gap_in",
    "missing_times",
]

Frequency = Literal["infer", "rows"]

_ROWS = ("frequency", "rows")
_HOLIDAYS = 0.1  # the largest share of business days without a row
_HOLIDAYS_IN_A_ROW = 7  # exchanges have closed for six weekdays (China) and four (New York)
_LISTED = 3  # times in a message


class Places(NamedTuple):
    """Name the place of a time in messages, given the positions of its series and step.

    Attributes:
        cell: in full, with file, row and column.
        row: in short.
        time: a time as text.
        series: the name of a series, given its position.
    """

    cell: Callable[[int, int], str]
    row: Callable[[int, int], str]
    time: Callable[[Any], str]
    series: Callable[[int], str]

    def times(self, times: NDArray[Any]) -> str:
        """The first of some times, and how many more there are."""
        shown = ", ".join(map(self.time, times[:_LISTED]))
        return f"{shown} and {len(times) - _LISTED} more" if len(times) > _LISTED else shown


def check_frequency(frequency: str) -> None:
    """Refuse an unknown frequency."""
    check_choice("frequency", frequency, ("infer", "rows"))


def check_unique(times: Sequence[NDArray[Any]], places: Places, *, hint: str) -> None:
    """Refuse repeated times.

    Parameters:
        times: B arrays [T], sorted.
        places: names the place of a time in messages.
        hint: how to fix a repeated time.

    Raises:
        DataError: A series has a time twice.
    """
    for series, one in enumerate(times):
        repeated = one[1:] == one[:-1]
        if repeated.any():
            at = int(repeated.argmax())
            raise DataError(
                f"{places.cell(series, at + 1)}: {places.time(one[at])} is already the time of "
                f"{places.row(series, at)}{hint}"
            )


def closed_gaps(
    times: Sequence[NDArray[Any]], places: Places, *, fill: bool, zone: str | None = None
) -> tuple[list[tuple[NDArray[Any], NDArray[np.int64]]], list[Any]]:
    """The times of every series without gaps, which are refused or filled.

    Parameters:
        times: B arrays [T] of ascending times.
        places: names the place of a time in messages.
        fill: whether to insert missing times.
        zone: of the data.

    Returns:
        For each series its times, and the position among them of each given time; and the business
        days that are not there and not inserted.

    Raises:
        DataError: A time is not a whole number of steps after the first, there is a gap and `fill`
            is False, or more times are missing than given.
    """
    step = common_step(times, zone)
    closed, holidays, first = [], set(), ""
    for series, one in enumerate(times):
        if step is None or not len(one) or (found := gap_in(one, step)) is None:
            closed.append((one, np.arange(len(one))))
            continue
        at, off = found
        here = f"{places.cell(series, at)}: {places.time(one[at])}"
        before = f"{places.time(one[at - 1])} of {places.row(series, at - 1)}"
        own = common_step([one], zone)
        if len(times) > 1 and own and (own.count, own.unit) != (step.count, step.unit):
            raise DataError(
                f"{here} follows {before}: {places.series(series)} has steps of {own}, the most "
                f"frequent step of all series is {step}; leave {places.series(series)} out, or "
                "train it on its own",
                fixes=(_ROWS,),
            )
        if off:
            raise DataError(
                f"{here} does not fit the most frequent step, {step}, after {before}",
                fixes=(_ROWS,),
            )
        positions = step.positions(one, one[0])
        if positions[-1] >= 2 * len(one):
            raise DataError(
                f"{here} follows {before}; {positions[-1] + 1 - len(one)} steps of {step} are "
                f"missing and {len(one)} are present, too few to interpolate",
                fixes=(_ROWS,),
            )
        whole = step.times(one[0], np.arange(positions[-1] + 1))
        if not fill and step.unit == "business day" and _few(np.diff(positions) - 1):
            holidays |= set(np.delete(whole, positions).tolist())
            closed.append((one, np.arange(len(one))))
            continue
        first = first or f"{here} follows {before}, a gap in steps of {step}"
        closed.append((whole, positions))
    if first and not fill:
        absent = missing_times(closed)
        raise DataError(
            f"{first}; missing: {places.times(absent)}",
            fixes=(("missing", "interpolate"), _ROWS),
        )
    return closed, sorted(holidays)


def _few(missing: NDArray[np.int64]) -> bool:
    """Whether business days without a row are as few as holidays; missing [T - 1] before a row."""
    most = max(_HOLIDAYS_IN_A_ROW, _HOLIDAYS * (len(missing) + 1 + missing.sum()))
    return bool(missing.sum() <= most and missing.max() <= _HOLIDAYS_IN_A_ROW)


def missing_times(closed: Sequence[tuple[NDArray[Any], NDArray[np.int64]]]) -> NDArray[Any]:
    """The times that `closed_gaps` inserts in any series, ascending."""
    return np.unique(np.concatenate([np.delete(times, given) for times, given in closed]))


def gap_in(times: NDArray[Any], step: Step) -> tuple[int, bool] | None:
    """The first time that is not one step after the time before it.

    Parameters:
        times: [T] ascending.
        step: the wanted step.

    Returns:
        Its position, and whether it is not a whole number of steps after the first; None if all
        times are regular.
    """
    positions = step.positions(times, times[0])
    off = step.times(times[0], positions) != times
    if off.any():
        return max(1, int(off.argmax())), True
    gaps = np.diff(positions) != 1
    return (int(gaps.argmax()) + 1, False) if gaps.any() else None
